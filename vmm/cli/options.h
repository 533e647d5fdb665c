/*
 * The one table of options: the parser, the checks and the help text all read it.
 */
#ifndef MINIVMM_CLI_OPTIONS_H
#define MINIVMM_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/cli/request.h"

#define FOR_RUN 1U
#define FOR_NATIVE 2U
#define FOR_BOTH (FOR_RUN | FOR_NATIVE)
#define FOR_CHECK 4U
#define FOR_POOL 8U
#define FOR_POOL_PLAN 16U
#define FOR_SWEEP 32U
#define FOR_COMPARE 64U
/* Of a sweep, and may also stand in an --axes file or a preset: it says what is measured, not where to write it. */
#define IN_AXES 128U
#define FOR_AXES (FOR_SWEEP | IN_AXES)
#define FOR_MODEL 256U
#define FOR_EXPLAIN 512U
/* Those that boot our guest, once, and those that have memory of their own. */
#define FOR_GUEST (FOR_RUN | FOR_EXPLAIN)
#define FOR_MEMORY (FOR_BOTH | FOR_EXPLAIN)
#define FOR_HOST (FOR_CHECK | FOR_POOL | FOR_POOL_PLAN)
#define FOR_ALL (FOR_BOTH | FOR_HOST | FOR_SWEEP | FOR_COMPARE | FOR_MODEL | FOR_EXPLAIN)

/* In the order of the help. Where a sweep takes a list under the name of run's option, it has a row of its own. */
enum option_id {
	OPTION_PRESET,
	OPTION_AXES,
	OPTION_MEMORY,
	OPTION_ALIAS_MEMORY,
	OPTION_MEM_PATH,
	OPTION_BACKING,
	OPTION_BACKINGS,
	OPTION_PAGE_SIZE,
	OPTION_PREALLOC,
	OPTION_PREALLOCS,
	OPTION_PREALLOC_THREADS,
	OPTION_PREFAULT,
	OPTION_SHARE,
	OPTION_RESERVE,
	OPTION_HOST_NODES,
	OPTION_POLICY,
	OPTION_SMP,
	OPTION_SMPS,
	OPTION_PIN,
	OPTION_KERNEL_IRQCHIP,
	OPTION_KERNEL_IRQCHIPS,
	OPTION_GUEST_PAGE,
	OPTION_GUEST_PAGES,
	OPTION_NATIVE_CELLS,
	OPTION_NO_NATIVE_CELLS,
	OPTION_GUEST_AD,
	OPTION_MODEL_MEMORY,
	OPTION_MODEL_WORKLOAD,
	OPTION_MODEL_SETS,
	OPTION_MODEL_PAGE,
	OPTION_HOST_PAGE,
	OPTION_KIND,
	OPTION_GUEST_LEVELS,
	OPTION_HOST_LEVELS,
	OPTION_CPU,
	OPTION_FAULT_COST,
	OPTION_GVA,
	OPTION_BEFORE_AFTER,
	OPTION_WORKLOAD,
	OPTION_SWEEP_WORKLOAD,
	OPTION_WORKING_SET,
	OPTION_SWEEP_SETS,
	OPTION_ACCESSES,
	OPTION_REPEAT,
	OPTION_ALLOCATIONS,
	OPTION_RETRIES,
	OPTION_BASELINE,
	OPTION_THRESHOLD,
	OPTION_SEED,
	OPTION_GUEST,
	OPTION_TIMEOUT,
	OPTION_PMU,
	OPTION_PREDICT,
	OPTION_SVG,
	OPTION_JSON,
	OPTION_CSV,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_COMPARE_VERBOSE,
	OPTION_PROGRESS,
	OPTION_RESUME,
	OPTION_DUMP_CONFIG,
	OPTION_DUMP_FDT,
	OPTION_REQUIRE,
	OPTION_TAP,
	OPTION_ROOT,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_COUNT
};

struct option_spec;

/* One argv while it is parsed. */
struct parse {
	struct request *r;
	struct error *e;
	const struct option_spec *option; /* the one at hand */
	bool given[OPTION_COUNT];
	bool done; /* --help, --version: what follows is not looked at */
};

struct option_spec {
	const char *name;
	const char *alias; /* a second long name, or NULL */
	char letter;       /* short form, or 0 */
	const char *arg;   /* name of the argument in the help, NULL: takes none */
	unsigned int commands;
	const char *help; /* for the help text: one sentence, the default in it; lines cut at '\n' */
	/* Store value (NULL where arg is NULL). 0, or -errno with p->e set. */
	int (*parse)(struct parse *p, const char *value);
};

/* Indexed by enum option_id. */
extern const struct option_spec option_table[OPTION_COUNT];

/* STATUS_USAGE for the option at hand: "--name value: what is accepted". Returns -errno. */
int refuse_value(struct parse *p, const char *value, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The row of that long name or alias among those with one of these FOR_..., IN_... bits, or -1. */
int option_find(const char *name, unsigned int bits);

/* STATUS_USAGE: p->option is of another command; where that one has a name for the same, it is the hint. -errno. */
int refuse_option(struct parse *p, const char *where);

/* Store the options and operands in argv[1..argc), which is spelled for getopt_long. 0, or -errno with p->e set. */
int arguments_take(struct parse *p, int argc, char **argv);

/* A new argv for that: argv[0], then argv[first..argc), QEMU's single dashes doubled. Strings borrowed. NULL: no memory. */
char **arguments_spell(int argc, char **argv, int first);

/*
 * request_parse with the text of the --axes file, which may be cut up and has to outlive *r; NULL: not read yet, then
 * what depends on it is not checked.
 */
int request_assemble(int argc, char **argv, char *text, size_t text_bytes, struct request *r,
		     struct error *e);

/* Options that contradict each other, once all are known. 0, or -errno with p->e set. */
int options_check(struct parse *p);

/* The parse functions behind the table, by group: values_memory.c, _work.c, _output.c, _axes.c, _sweep.c, _model.c. */
int set_memory(struct parse *p, const char *value);
int set_alias_memory(struct parse *p, const char *value);
int set_mem_path(struct parse *p, const char *value);
int set_backing(struct parse *p, const char *value);
int set_page_size(struct parse *p, const char *value);
int set_prealloc(struct parse *p, const char *value);
int set_prealloc_threads(struct parse *p, const char *value);
int set_prefault(struct parse *p, const char *value);
int set_share(struct parse *p, const char *value);
int set_reserve(struct parse *p, const char *value);
int set_host_nodes(struct parse *p, const char *value);
int set_policy(struct parse *p, const char *value);
int set_smp(struct parse *p, const char *value);
int set_pin(struct parse *p, const char *value);
int set_kernel_irqchip(struct parse *p, const char *value);
int set_guest_page(struct parse *p, const char *value);
int set_guest_ad(struct parse *p, const char *value);
int set_workload(struct parse *p, const char *value);
int set_working_set(struct parse *p, const char *value);
int set_accesses(struct parse *p, const char *value);
int set_repeat(struct parse *p, const char *value);
int set_seed(struct parse *p, const char *value);
int set_guest(struct parse *p, const char *value);
int set_timeout(struct parse *p, const char *value);
int set_pmu(struct parse *p, const char *value);
int set_json(struct parse *p, const char *value);
int set_csv(struct parse *p, const char *value);
int set_quiet(struct parse *p, const char *value);
int set_verbose(struct parse *p, const char *value);
int set_progress(struct parse *p, const char *value);
int set_dump_config(struct parse *p, const char *value);
int set_dump_fdt(struct parse *p, const char *value);
int set_require(struct parse *p, const char *value);
int set_tap(struct parse *p, const char *value);
int set_root(struct parse *p, const char *value);
int set_axis(struct parse *p, const char *value); /* the list of the axis that has the option's name */
int set_sweep_workload(struct parse *p, const char *value);
int set_sweep_sets(struct parse *p, const char *value);
int set_native_cells(struct parse *p, const char *value);
int set_no_native_cells(struct parse *p, const char *value);
int set_allocations(struct parse *p, const char *value);
int set_retries(struct parse *p, const char *value);
int set_baseline(struct parse *p, const char *value);
int set_preset(struct parse *p, const char *value);
int set_axes(struct parse *p, const char *value);
int set_resume(struct parse *p, const char *value);
int set_threshold(struct parse *p, const char *value);
int set_cpu(struct parse *p, const char *value);
int set_kind(struct parse *p, const char *value);
int set_guest_levels(struct parse *p, const char *value);
int set_host_levels(struct parse *p, const char *value);
int set_host_page(struct parse *p, const char *value);
int set_fault_cost(struct parse *p, const char *value);
int set_predict(struct parse *p, const char *value);
int set_gva(struct parse *p, const char *value);
int set_svg(struct parse *p, const char *value);
int set_before_after(struct parse *p, const char *value);
int set_help(struct parse *p, const char *value);
int set_version(struct parse *p, const char *value);

/* A decimal number within [min, max], refused with that range. Shared by the groups. */
int set_number(struct parse *p, const char *value, uint64_t min, uint64_t max, uint64_t *out);

/* "on" or "off". Shared by the groups. */
int set_choice(struct parse *p, const char *value, enum choice *choice);

#endif
