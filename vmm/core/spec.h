/*
 * What can be asked of a machine, as plain values: memory, backing, vCPUs, guest. The input of planning.
 */
#ifndef MINIVMM_CORE_SPEC_H
#define MINIVMM_CORE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/host/pool/pool.h"
#include "vmm/util/names.h"

#define SPEC_MAX_CPUS 1024

enum backing_kind {
	BACKING_ANON,    /* private or shared anonymous memory, 4K, THP forbidden */
	BACKING_THP,     /* anonymous, 2M-aligned, MADV_HUGEPAGE */
	BACKING_HUGETLB, /* anonymous MAP_HUGETLB of page_bytes */
	BACKING_MEMFD,   /* memfd_create, MFD_HUGETLB where page_bytes > 4K */
	BACKING_FILE,    /* --mem-path: hugetlbfs or tmpfs; page size from statfs */
};

/* When guest RAM is populated. Each does what those before it do. */
enum populate {
	POPULATE_LAZY,     /* at the guest's first touch */
	POPULATE_PREALLOC, /* all of it before the guest runs */
	/* The same by threads that run on known nodes, so that memory without a policy comes from there. */
	POPULATE_NEAR,  /* one, on the node of the first vCPU's CPU */
	POPULATE_FAR,   /* one, on the node farthest from that */
	POPULATE_NODES, /* one on each node, for equal shares */
	/*
	 * KVM's tables of the second dimension, too. KVM prefaults by a read, and a read of anonymous memory that is not
	 * there yet would map the shared zero page: so all RAM is populated first.
	 */
	POPULATE_PREFAULT,
};

enum numa_policy { NUMA_POLICY_DEFAULT, NUMA_POLICY_BIND, NUMA_POLICY_PREFERRED, NUMA_POLICY_INTERLEAVE };

/* An option that is on, off, or left to the default of what it stands for. */
enum choice { CHOICE_DEFAULT, CHOICE_ON, CHOICE_OFF };

/* Their words, as options take them and records have them. */
extern const struct names backing_names, populate_names, policy_names, choice_names;

static inline const char *backing_name(enum backing_kind kind)
{
	return name_of(&backing_names, kind);
}

static inline const char *populate_name(enum populate populate)
{
	return name_of(&populate_names, populate);
}

static inline const char *policy_name(enum numa_policy policy)
{
	return name_of(&policy_names, policy);
}

static inline const char *choice_name(enum choice choice)
{
	return name_of(&choice_names, choice);
}

/* What a process gives up before a guest runs in it. */
struct sandbox_spec {
	enum choice
		wanted;   /* default: on, but where this kernel has no such thing the machine runs without */
	const char *user; /* --user, as given; NULL: not */
	/* Whom root becomes, with sandbox_find_user(); 0: it stays root. */
	uint32_t uid, gid;
};

/* Strings are borrowed: they live as long as the command line. */
struct machine_spec {
	uint64_t memory_bytes; /* as asked, before rounding up to the backing page */
	enum backing_kind backing;
	uint64_t page_bytes;  /* 0: the kind's default (4K; 2M for thp and hugetlb; statfs for a path) */
	const char *mem_path; /* NULL unless BACKING_FILE */
	enum populate populate;
	uint32_t prealloc_threads; /* 0: as many as useful */
	enum choice share;         /* default: shared for files and memfd, private for anonymous */
	enum choice reserve;       /* default: on (hugetlb pages reserved at mmap) */
	uint64_t host_nodes;       /* bit mask of NUMA nodes, 0: not asked */
	enum numa_policy policy;

	uint32_t vcpus;
	uint32_t pin_count; /* 0: not pinned; vCPU i runs on pin[i % pin_count] */
	uint16_t pin[SPEC_MAX_CPUS];

	uint64_t guest_page_bytes;
	uint64_t alias_bytes;   /* --alias-memory; 0: all of RAM is distinct memory */
	bool guest_ad;          /* page-table entries of the arena start with A = D = 1 */
	enum choice apic;       /* --kernel-irqchip; default: where a workload needs it */
	const char *guest_path; /* NULL: the embedded guest */
	uint32_t timeout_s;
	struct sandbox_spec sandbox;
};

#endif
