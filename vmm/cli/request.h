/*
 * What the user asked for, as plain values: the output of argv parsing, the input of planning.
 */
#ifndef MINIVMM_CLI_REQUEST_H
#define MINIVMM_CLI_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/cli/model_request.h"
#include "vmm/cli/sweep_request.h"
#include "vmm/util/error.h"
#include "workload.h"

enum command {
	COMMAND_RUN,
	COMMAND_NATIVE,
	COMMAND_CHECK,
	COMMAND_POOL, /* show */
	COMMAND_POOL_PLAN,
	COMMAND_SWEEP,
	COMMAND_COMPARE,
	COMMAND_MODEL,
	COMMAND_EXPLAIN,
	COMMAND_PRESET_HELP, /* the presets and what each teaches */
	COMMAND_HELP,        /* text already chosen by the parser: see help_topic */
	COMMAND_VERSION,
	COMMAND_PMU_HELP, /* needs libpfm4, so the text is not the parser's */
	COMMAND_CPU_HELP, /* needs the descriptions of CPUs */
};

enum backing_kind {
	BACKING_ANON,    /* private or shared anonymous memory, 4K, THP forbidden */
	BACKING_THP,     /* anonymous, 2M-aligned, MADV_HUGEPAGE */
	BACKING_HUGETLB, /* anonymous MAP_HUGETLB of page_bytes */
	BACKING_MEMFD,   /* memfd_create, MFD_HUGETLB where page_bytes > 4K */
	BACKING_FILE,    /* --mem-path: hugetlbfs or tmpfs; page size from statfs */
};

#define REQUEST_MAX_CPUS 1024
#define REQUEST_MAX_WORKLOADS 32
#define REQUEST_MAX_SETS 48
#define REQUEST_MAX_NODES 64

enum numa_policy { NUMA_POLICY_DEFAULT, NUMA_POLICY_BIND, NUMA_POLICY_PREFERRED, NUMA_POLICY_INTERLEAVE };

enum guest_tristate { CHOICE_DEFAULT, CHOICE_ON, CHOICE_OFF };

struct request {
	enum command command;
	const char *
		help_topic; /* COMMAND_HELP: NULL for the program, a command's name ("pool plan"), "workload" or "preset" */
	int argc; /* as given, for the record */
	char **argv;

	uint64_t memory_bytes; /* as asked, before rounding up to the backing page */
	enum backing_kind backing;
	uint64_t
		page_bytes; /* --page-size; 0: the kind's default (4K; 2M for thp and hugetlb; statfs for a path) */
	const char *mem_path; /* NULL unless BACKING_FILE; borrowed from argv */
	bool prealloc;
	uint32_t prealloc_threads; /* 0: as many as useful */
	bool prefault;
	enum guest_tristate share;   /* default: shared for files and memfd, private for anonymous */
	enum guest_tristate reserve; /* default: on (hugetlb pages reserved at mmap) */
	uint64_t host_nodes;         /* bit mask of NUMA nodes, 0: not asked */
	enum numa_policy policy;

	uint32_t vcpus;
	uint32_t pin_count; /* 0: not pinned; vCPU i runs on pin[i % pin_count] */
	uint16_t pin[REQUEST_MAX_CPUS];

	uint64_t guest_page_bytes;
	uint64_t alias_bytes;     /* --alias-memory; 0: all of RAM is distinct memory */
	bool guest_ad;            /* --guest-ad on: page-table entries start with A = D = 1 */
	enum guest_tristate apic; /* --kernel-irqchip; default: where a workload needs it */
	bool workloads_given; /* --workload was given; else the list is the default, and may be cut to fit */
	uint32_t workload_count; /* 0: `none` */
	enum workload_id workloads[REQUEST_MAX_WORKLOADS];
	uint32_t set_count; /* 0: each workload's default */
	uint64_t sets_bytes[REQUEST_MAX_SETS];
	uint64_t accesses; /* 0: the workload's own */
	uint32_t repeat;
	uint64_t seed;
	const char *guest_path; /* NULL: the embedded guest */
	uint32_t timeout_s;
	const char *pmu_list; /* what to count; NULL: nothing */

	const char *json_path; /* NULL: none; "-": stdout */
	const char *csv_path;
	const char *dump_fdt_path;
	bool dump_config;
	const char *require; /* check: the list, NULL: nothing is required */
	bool tap;
	const char *root; /* check, pool: the host recorded below this directory; NULL: this host */
	bool quiet, verbose, progress;
	bool predict; /* run, native, sweep: what the model says beside what was measured */

	struct sweep_request sweep;
	struct compare_request compare;
	struct model_request model;
	struct explain_request explain;
};

/*
 * Parse argv (GNU style, plus QEMU's single-dash spellings). Pure but for getopt's state: no file is touched.
 * 0 and *r complete; or -errno with e->status STATUS_USAGE naming the option, the value and what is accepted.
 */
int request_parse(int argc, char **argv, struct request *r, struct error *e);

/*
 * Of a sweep with --axes FILE, whose request is complete only then: read r->sweep.file and parse all again, the preset
 * below the file below the command line. Without a file nothing is done. 0, or -errno with *e set: STATUS_USAGE with
 * "FILE:LINE" and what is accepted there, or what a file without this one would be refused for.
 */
int request_read_axes(struct request *r, struct error *e);

/* Help text of a topic (see help_topic), as one string that lives until the next call. Never NULL. */
const char *request_help(const char *topic);

#endif
