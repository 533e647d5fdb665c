/*
 * The one table of commands: the parser, its messages, the help and main read it.
 */
#ifndef MINIVMM_CLI_COMMAND_H
#define MINIVMM_CLI_COMMAND_H

#include "vmm/cli/request.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/check/requirement.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/util/error.h"

struct command_spec {
	const char *name; /* as typed: "run", "pool plan"; also the help topic */
	enum command command;
	unsigned int options; /* FOR_...: the options that apply */
	const char *synopsis; /* behind "minivmm " */
	const char *summary;  /* one line of the program's help */
	const char *purpose;  /* a paragraph of the command's own help, wrapped by hand */
	const char *examples; /* lines, each indented by two */
	const char *statuses; /* the exit statuses, as lines; NULL: those of a run */
	/* Writes its products to r->output; returns the program's exit status. Where that is not STATUS_OK, *e may say why. */
	enum status (*run)(const struct request *r, struct error *e);
};

#define COMMAND_SPECS 11
extern const struct command_spec command_table[COMMAND_SPECS];

/* The row of a command; of run for those that have none (help, version). Never NULL. */
const struct command_spec *command_spec(enum command command);

/* The row of a help topic, or NULL. */
const struct command_spec *command_find(const char *name);

/*
 * The command in front of the options, if there is one, into r->command and r->help_topic (that of --help: NULL where
 * no command is named). *first is where the options start. 0, or -errno with *e a usage error.
 */
int command_choose(int argc, char **argv, struct request *r, int *first, struct error *e);

/* Run what was asked for. The program's exit status; where *e is set, it is to be printed. */
enum status command_execute(const struct request *r, struct error *e);

/* STATUS_REQUIRE where something of r->require is not met. */
enum status command_check(const struct request *r, struct error *e);

/* What --require takes. */
enum status command_require_help(const struct requirement_rules *rules, const struct request *r,
				 struct error *e);

/*
 * VMs of others. STATUS_REQUIRE where something of r->require is not met, STATUS_MISMATCH where leaves are not those expected,
 * STATUS_CANNOT where there is no VM or none whose leaves can be seen; what was seen is written all the same.
 */
enum status command_observe(const struct request *r, struct error *e);

/* Runs a sweep of half a minute: STATUS_CANNOT where that cannot run here, or no VM is there to advise from. */
enum status command_advise(const struct request *r, struct error *e);

/* What --pmu and --cpu take, with this CPU's events and the descriptions that there are. */
enum status command_pmu_help(const struct request *r, struct error *e);
enum status command_cpu_help(const struct request *r, struct error *e);

/* `pool show` and `pool plan`. A plan for pages that are not there is an answer too: STATUS_OK. */
enum status command_pool(const struct request *r, struct error *e);

/*
 * STATUS_MISMATCH where page sizes of a cell are not those asked for, STATUS_CANNOT where this host can do none of them;
 * else cells without figures are part of the answer. What a stopped sweep has is written.
 */
enum status command_sweep(const struct request *r, struct error *e);

/*
 * Two sweeps' files, r->compare.paths. A difference is an answer, not an error: STATUS_OK; STATUS_USAGE where they cannot be
 * compared.
 */
enum status command_compare(const struct request *r, struct error *e);

/*
 * The description of a CPU that --cpu names, or of `otherwise` where it is not given: "host" is measured, for some four
 * seconds. *cpu is the caller's to free. 0, or -errno with *e set.
 */
int command_cpu(const struct request *r, const char *otherwise, struct cpu_model **cpu, struct error *e);

/* The theory: reference counts, simulations, predictions. What r->model asks for. */
enum status command_model(const struct request *r, struct error *e);

/* Boot a guest, or two, and explain one address: as text, JSON and SVG. */
enum status command_explain(const struct request *r, struct error *e);

/* One run, in a guest or natively. Of two errors, one of the run and one of its products, the latter is printed here. */
enum status command_run(const struct request *r, struct error *e);

/*
 * What a run gives up before its guest runs: settle whom root becomes, into *spec, and start what writes the files of r->output
 * and `partial` (NULL: none), and reads what only root may where `refreshes`. scribe_end() ends that. 0 or -errno with *e set.
 */
int command_confine(const struct request *r, const char *partial, bool refreshes, struct sandbox_spec *spec,
		    struct error *e);

/*
 * What check and pool begin with: whether r->root is a directory and the files of r->output can be written. *root is what
 * to read below, "" for this host. 0, or -errno with *e set.
 */
int command_prepare(const struct request *r, const char **root, struct error *e);

/* progress.c: what shows on r->err while RAM of so many bytes is populated, or a sweep runs; NULL: nothing is to be shown. */
prealloc_progress progress_of_populating(const struct request *r, uint64_t host_bytes);
sweep_progress_fn progress_of_sweep(const struct request *r);

#endif
