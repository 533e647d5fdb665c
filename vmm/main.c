/*
 * The table of contents: argv -> request -> facts and plan -> run -> judge -> report. Only this file prints and exits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/lab/check/report.h"
#include "vmm/cli/request.h"
#include "vmm/cli/commands.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/explain/explanation.h"
#include "vmm/host/facts.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/measure/run.h"
#include "vmm/lab/record/emit.h"
#include "vmm/host/pool/pool.h"
#include "vmm/output/output.h"
#include "vmm/lab/record/record.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/clock.h"
#include "vmm/util/stop.h"
#include "vmm/util/streams.h"

static void print_error(const struct error *e)
{
	const char *name = strerror(e->err);
	size_t what_bytes = strlen(e->what);
	size_t name_bytes = strlen(name);
	bool named = what_bytes >= name_bytes && strcmp(e->what + what_bytes - name_bytes, name) == 0;

	(void)fprintf(stderr, "minivmm: %s: %s", e->where, e->what);
	if (e->err != 0)
		(void)fprintf(stderr, named ? " (errno %d)" : " (errno %d, %s)", e->err, name);
	(void)fputc('\n', stderr);
	if (e->hint[0] != '\0')
		(void)fprintf(stderr, "minivmm: try: %s\n", e->hint);
}

static void show_progress(uint64_t done_bytes, uint64_t total_bytes, uint64_t elapsed_ns)
{
	double seconds = (double)elapsed_ns / 1e9;
	double gib = (double)done_bytes / (double)GIB;
	const char *end = done_bytes < total_bytes ? "" : "\n";

	(void)fprintf(stderr, "\rminivmm: populated %.1f of %.1f GiB, %.1f s, %.1f GiB/s  %s", gib,
		      (double)total_bytes / (double)GIB, seconds, seconds > 0 ? gib / seconds : 0.0, end);
}

static prealloc_progress choose_progress(const struct request *r, const struct record *rec)
{
	bool long_wait = memmap_host_bytes(&rec->config.map) >= 4 * GIB;

	if (r->progress)
		return show_progress;
	return !r->output.quiet && long_wait && isatty(STDERR_FILENO) == 1 ? show_progress : NULL;
}

/* One line that is written over; the last one stays. */
static void show_sweep_progress(const struct sweep_progress *p)
{
	char left[40] = "";

	if (p->key == NULL) {
		(void)fprintf(stderr, "\r\033[Kminivmm: %u rounds of all cells in %.0f s\n", p->rounds,
			      p->elapsed_s);
		return;
	}
	if (p->left_s >= 0)
		(void)snprintf(left, sizeof(left), ", about %.0f s left", p->left_s);
	(void)fprintf(stderr, "\r\033[Kminivmm: round %u of %u, run %u of %u, %.0f s%s", p->round, p->rounds,
		      p->done + 1, p->total, p->elapsed_s, left);
}

static sweep_progress_fn choose_sweep_progress(const struct request *r)
{
	if (r->progress)
		return show_sweep_progress;
	return !r->output.quiet && isatty(STDERR_FILENO) == 1 ? show_sweep_progress : NULL;
}

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

static void print_console(const struct console *console, const struct request *r, bool failed)
{
	if (console->used == 0 || (!r->verbose && !failed))
		return;
	(void)fprintf(stderr, "minivmm: the guest's serial port said:\n%s%s", console->text,
		      console->text[console->used - 1] == '\n' ? "" : "\n");
	if (console->dropped_bytes != 0)
		(void)fprintf(stderr, "minivmm: and %llu bytes more\n",
			      (unsigned long long)console->dropped_bytes);
}

/* Run and report. The status of the program; every error is printed here. */
static enum status execute(const struct request *r, struct record *rec, uint64_t start_ns)
{
	static const struct output_writers writers = { .text = text, .json = json, .csv = csv };
	struct output_paths paths = r->output;
	struct error run_error = { .status = STATUS_OK };
	struct error report_error = { .status = STATUS_OK };
	bool ran = measure_run(rec, choose_progress(r, rec), &run_error) == 0;

	rec->machine.timing.total = clock_ns() - start_ns;
	print_console(&rec->machine.console, r, !ran);
	/* A run that could not start has nothing to tell in a table, but its record says why. */
	paths.quiet = r->output.quiet || (!ran && rec->result_count == 0);
	(void)outputs_write(&paths, &writers, rec, NULL, &report_error);
	if (!ran)
		print_error(&run_error);
	if (report_error.status != STATUS_OK)
		print_error(&report_error);
	if (!ran)
		return run_error.status;
	return report_error.status != STATUS_OK ? report_error.status : record_status(rec);
}

static enum status start(const struct request *r, struct record *rec, uint64_t start_ns, struct error *e)
{
	rec->argc = r->argc;
	rec->argv = r->argv;
	rec->spec = r->run;
	if (r->run.pmu_list != NULL && pmu_plan_new(r->run.pmu_list, &rec->pmu, e) != 0)
		return e->status;
	if (plan(rec, e) != 0)
		return e->status;
	if (r->dump_config || r->dump_fdt_path != NULL)
		return command_dump(r, rec, stdout, e);
	/* Now rather than after an hour of measuring. */
	if (outputs_check(&r->output, e) != 0)
		return e->status;
	facts_read("", &rec->host);
	if (r->run.predict && command_cpu(r, "host", &rec->cpu, e) != 0)
		return e->status;
	if (rec->pmu != NULL)
		pmu_plan_probe(rec->pmu, !rec->spec.native && pmu_can_split(rec->host.kvm_module));
	return execute(r, rec, start_ns);
}

/* The commands that only print. */
static enum status tell(const struct request *r, struct error *e)
{
	int ret = r->command != COMMAND_VERSION
			  ? puts(request_help(r->help_topic))
			  : printf("minivmm %s, ABI %d, schema %s, %s, %s, %s,\n  %s, %s, %s, %s\n",
				   MINIVMM_VERSION, MINIVMM_ABI_VERSION, RECORD_SCHEMA, CHECK_SCHEMA,
				   POOL_SCHEMA, POOL_PLAN_SCHEMA, MATRIX_SCHEMA, COMPARE_SCHEMA, MODEL_SCHEMA,
				   EXPLAIN_SCHEMA);

	if (ret < 0 || fflush(stdout) != 0)
		(void)error_set(e, STATUS_FAILED, errno, "stdout", "cannot write");
	return e->status;
}

static enum status command(const struct request *r, struct record *rec, uint64_t start_ns, struct error *e)
{
	switch (r->command) {
	case COMMAND_HELP:
	case COMMAND_PRESET_HELP:
	case COMMAND_VERSION:
		return tell(r, e);
	case COMMAND_CHECK:
		return command_check(r, e);
	case COMMAND_SWEEP:
		return command_sweep(r, choose_sweep_progress(r), e);
	case COMMAND_COMPARE:
		return command_compare(r, e);
	case COMMAND_MODEL:
	case COMMAND_CPU_HELP:
		return command_model(r, e);
	case COMMAND_EXPLAIN:
		return command_explain(r, e);
	case COMMAND_PMU_HELP:
		return command_pmu_help(stdout, e);
	case COMMAND_POOL:
	case COMMAND_POOL_PLAN:
		return command_pool(r, e);
	default:
		return start(r, rec, start_ns, e);
	}
}

int main(int argc, char **argv)
{
	uint64_t start_ns = clock_ns();
	struct error e = { .status = STATUS_OK };
	static struct request request;
	struct record *rec = calloc(1, sizeof(*rec));
	enum status status = STATUS_FAILED;

	if (rec == NULL) {
		(void)fputs("minivmm: no memory\n", stderr);
		return STATUS_FAILED;
	}
	record_init(rec);
	if (streams_init(&e) == 0 && stop_install(&e) == 0 && request_parse(argc, argv, &request, &e) == 0)
		status = command(&request, rec, start_ns, &e);
	if (e.status != STATUS_OK) {
		print_error(&e);
		status = e.status;
	}
	record_free(rec);
	free(rec);
	return status;
}
