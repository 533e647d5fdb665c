/*
 * The commands that start no guest: gather, write, answer.
 */
#ifndef MINIVMM_CLI_COMMANDS_H
#define MINIVMM_CLI_COMMANDS_H

#include <stdio.h>

#include "vmm/cli/request.h"
#include "vmm/lab/record/record.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/error.h"

/*
 * Each writes its products to r->output and returns the program's exit status;
 * where that is not STATUS_OK, *e says why.
 */

/* STATUS_REQUIRE where something of r->require is not met. */
enum status command_check(const struct request *r, struct error *e);

/* What --pmu takes, with this CPU's events. */
enum status command_pmu_help(FILE *out, struct error *e);

/* `pool show` and `pool plan`. A plan for pages that are not there is an answer too: STATUS_OK. */
enum status command_pool(const struct request *r, struct error *e);

/*
 * STATUS_MISMATCH where page sizes of a cell are not those asked for, STATUS_CANNOT where this host can do none of them;
 * else cells without figures are part of the answer. What a stopped sweep has is written. progress may be NULL.
 */
enum status command_sweep(const struct request *r, sweep_progress_fn progress, struct error *e);

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

/*
 * --dump-config and --dump-fdt: of a planned *rec, the effective configuration to `out` and the device tree to
 * dump_fdt_path, whichever is asked for.
 */
enum status command_dump(const struct request *r, const struct record *rec, FILE *out, struct error *e);

/*
 * What check and pool begin with: whether r->root is a directory and the files of r->output can be written. *root is what to read below,
 * "" for this host. 0, or -errno with *e set.
 */
int command_prepare(const struct request *r, const char **root, struct error *e);

#endif
