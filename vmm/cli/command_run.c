/*
 * `minivmm run` and `minivmm native`: plan, facts, run, judge, write; or dump the plan.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/cli/command.h"
#include "vmm/core/boot/boot.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/facts.h"
#include "vmm/host/limits.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/measure/run.h"
#include "vmm/lab/record/record.h"
#include "vmm/output/output.h"
#include "vmm/output/scribe.h"
#include "vmm/util/clock.h"
#include "vmm/util/size.h"

static int plan(struct record *rec, struct error *e)
{
	struct backing_spec spec;
	int ret = backing_resolve(&rec->spec.machine, &spec, e);

	if (ret != 0)
		return ret;
	return plan_make(&rec->spec, spec.page_bytes, &rec->config, e);
}

OUTPUT_WRITER(text, const struct record *rec, record_text(rec, out))
OUTPUT_WRITER(json, const struct record *rec, record_json(rec, out))
OUTPUT_WRITER(csv, const struct record *rec, record_csv(rec, out))

/* Where the record stands while the run goes on; "": it is not asked for in a file. */
static void partial_path(const struct output_paths *paths, char path[PATH_MAX])
{
	path[0] = '\0';
	if (paths->json != NULL && !output_is_direct(paths->json) &&
	    snprintf(path, PATH_MAX, "%s.partial", paths->json) >= PATH_MAX)
		path[0] = '\0';
}

static void print_console(const struct request *r, const struct console *console, bool failed)
{
	if (console->used == 0 || (!r->verbose && !failed))
		return;
	(void)fprintf(r->program.err, "minivmm: the guest's serial port said:\n%s%s", console->text,
		      console->text[console->used - 1] == '\n' ? "" : "\n");
	if (console->dropped_bytes != 0)
		(void)fprintf(r->program.err, "minivmm: and %llu bytes more\n",
			      (unsigned long long)console->dropped_bytes);
}

/* Steps that touch more than this part of what the group leaves are told as they end: others may take the rest. */
#define RISKY_PART 4

struct keeper {
	const struct request *r;
	bool tells_rows;
	char partial[PATH_MAX]; /* "": nothing is kept in a file */
};

/*
 * Where a control group limits memory, the kernel may end this process at any time. So what is done is told as it comes
 * where that is likely, and the record so far stands in FILE.partial until the whole one does.
 */
static void keep(const struct record *rec, const void *argument)
{
	const struct keeper *keeper = argument;
	const struct request *r = keeper->r;
	const struct result *row = &rec->results[rec->result_count - 1];
	struct record *part;
	struct error ignored = { .status = STATUS_OK };
	char size[24];

	if (keeper->tells_rows)
		(void)fprintf(r->program.err, "minivmm: done: %s, %s: median %.4g, of %u samples\n",
			      workload_table[row->workload].name, size_format(row->working_set_bytes, size),
			      row->sample_count != 0 ? row->summary.median : 0.0, row->sample_count);
	if (keeper->partial[0] == '\0')
		return;
	part = malloc(sizeof(*part));
	if (part == NULL)
		return;
	*part = *rec;
	record_reason(part, VERDICT_INTERRUPTED, "partial: the run was going on when this was written");
	/* It is a precaution: a run that cannot have it goes on. */
	(void)output_file(keeper->partial, json, part, &ignored);
	free(part);
}

/* The run may touch more than its group allows, which need not be: told before it starts. */
static void warn_of_limit(struct keeper *keeper, struct record *rec)
{
	const bool quiet = keeper->r->output.quiet;
	struct limits limits = { .count = 0 };
	uint64_t bytes = measure_touched_bytes(rec, false);

	limits_add("", LIMIT_MEMORY, 0, &limits);
	if (limits.count != 0) {
		rec->kept = keep;
		rec->kept_argument = keeper;
		partial_path(&keeper->r->output, keeper->partial);
	}
	keeper->tells_rows = !quiet && bytes > limits_room(&limits) / RISKY_PART;
	if (bytes > limits_room(&limits) && !quiet)
		(void)fprintf(keeper->r->program.err,
			      "minivmm: the workloads may touch %" PRIu64 " MiB, and %s leaves %" PRIu64
			      ": the kernel may swap, or kill this run\n",
			      bytes / MIB, limits.list[0].path, limits_room(&limits) / MIB);
	limits_free(&limits);
}

/* The whole record is there, so the one of a part of the run goes. One that cannot is left: it says what it is. */
static void drop_partial(const struct keeper *keeper)
{
	struct error ignored = { .status = STATUS_OK };

	if (keeper->partial[0] == '\0')
		return;
	if (scribe_has(keeper->partial))
		(void)scribe_remove(keeper->partial, &ignored);
	else
		(void)unlink(keeper->partial);
}

/* Of a sandbox that nobody insisted on. */
static void tell_missing(const struct request *r, struct record *rec)
{
	const char *why_not = rec->machine.sandbox.why_not;

	if (why_not[0] == '\0')
		return;
	note_add(&rec->config, "without all of a sandbox: %s", why_not);
	if (!r->output.quiet)
		(void)fprintf(r->program.err, "minivmm: without all of a sandbox: %s\n", why_not);
}

static enum status execute(const struct request *r, struct keeper *keeper, struct record *rec,
			   struct error *e)
{
	static const struct output_writers writers = { .text = text, .json = json, .csv = csv };
	struct output_paths paths = r->output;
	struct error write_error = { .status = STATUS_OK };
	bool ran;

	ran = measure_run(rec, progress_of_populating(r, memmap_host_bytes(&rec->config.map)), e) == 0;

	rec->machine.timing.total = clock_ns() - r->program.start_ns;
	print_console(r, &rec->machine.console, !ran);
	tell_missing(r, rec);
	/* A run that could not start has no table, but its record has the reason. */
	paths.quiet = r->output.quiet || (!ran && rec->result_count == 0);
	(void)outputs_write(&paths, &writers, rec, NULL, &write_error);
	if (write_error.status == STATUS_OK)
		drop_partial(keeper);
	if (ran) {
		*e = write_error;
		return e->status != STATUS_OK ? e->status : record_status(rec);
	}
	if (write_error.status == STATUS_OK)
		return e->status;
	/* Of two errors the first is the cause, and its status the program's. */
	r->program.print_error(e);
	write_error.status = e->status;
	*e = write_error;
	return e->status;
}

static void dump_fdt(const char *path, const struct record *rec, struct error *e)
{
	char *blob = malloc(FDT_MAX_BYTES);
	size_t bytes = 0;

	if (blob == NULL)
		(void)error_set(e, STATUS_FAILED, ENOMEM, "malloc", "no memory for the device tree");
	else if (fdt_write(&rec->config, true, blob, FDT_MAX_BYTES, &bytes, e) == 0)
		(void)output_put(path, blob, bytes, e);
	free(blob);
}

/*
 * --dump-config and --dump-fdt: print the effective configuration, write the device tree to dump_fdt_path, whichever is asked
 * for.
 */
static enum status dump(const struct request *r, const struct record *rec, struct error *e)
{
	int ret = r->dump_config ? plan_dump(&rec->spec, &rec->config, r->program.out) : 0;

	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "stdout", "cannot write");
	if (r->dump_fdt_path != NULL && e->status == STATUS_OK)
		dump_fdt(r->dump_fdt_path, rec, e);
	return e->status;
}

/* What a run needs before it: its plan, where its products go, this host, the CPU to predict with, its events. */
static enum status start(const struct request *r, struct record *rec, struct error *e)
{
	struct keeper keeper = { .r = r };

	rec->argc = r->argc;
	rec->argv = r->argv;
	rec->spec = r->run;
	if (r->run.pmu_list != NULL && pmu_plan_new(r->run.pmu_list, &rec->pmu, e) != 0)
		return e->status;
	if (plan(rec, e) != 0)
		return e->status;
	if (r->dump_config || r->dump_fdt_path != NULL)
		return dump(r, rec, e);
	/* Now rather than after an hour of measuring. */
	if (outputs_check(&r->output, e) != 0)
		return e->status;
	warn_of_limit(&keeper, rec);
	if (command_confine(r, keeper.partial, !r->run.native && rec->config.step_count != 0,
			    &rec->spec.machine.sandbox, e) != 0)
		return e->status;
	facts_read("", &rec->host);
	if (r->run.predict && command_cpu(r, "host", &rec->cpu, e) != 0)
		return e->status;
	if (rec->pmu != NULL)
		pmu_plan_probe(rec->pmu, !rec->spec.native && pmu_can_split(rec->host.kvm_module));
	return execute(r, &keeper, rec, e);
}

enum status command_run(const struct request *r, struct error *e)
{
	struct record *rec = calloc(1, sizeof(*rec));
	enum status status;

	if (rec == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the record");
		return e->status;
	}
	record_init(rec);
	status = start(r, rec, e);
	scribe_end();
	record_free(rec);
	free(rec);
	return status;
}
