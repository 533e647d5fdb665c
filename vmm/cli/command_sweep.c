/*
 * `minivmm sweep`: plan, run, derive, write.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vmm/lab/sweep/spec.h"
#include "vmm/util/size.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/host/facts.h"
#include "vmm/output/json.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/sweep/journal.h"
#include "vmm/lab/sweep/versus.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/text.h"

/* What the plan, the host and the clock say of the sweep before its first run. */
static void describe(const struct request *r, struct matrix *m)
{
	const struct preset *preset = r->sweep.preset != NULL ? preset_find(r->sweep.preset) : NULL;
	struct host_facts *host = calloc(1, sizeof(*host));
	time_t now = time(NULL);
	struct tm utc;

	append(m->version, sizeof(m->version), "%s", MINIVMM_VERSION);
	if (preset != NULL) {
		append(m->preset, sizeof(m->preset), "%s", preset->name);
		(void)preset_teaches(preset, m->teaches);
	}
	if (gmtime_r(&now, &utc) != NULL)
		(void)strftime(m->started, sizeof(m->started), "%Y-%m-%dT%H:%M:%SZ", &utc);
	append(m->label, sizeof(m->label), "%s", r->run.label != NULL ? r->run.label : "");
	m->seed = r->run.work.seed;
	m->allocations = r->sweep.allocations;
	m->retries = r->sweep.retries;
	m->set_pages = r->sweep.set_pages;
	m->repeat = r->run.repeat;
	m->accesses = r->run.work.accesses;
	m->memory_bytes = r->sweep.memory_given ? r->run.machine.memory_bytes : 0;
	m->alias_bytes = r->run.machine.alias_bytes;
	m->guest_ad = r->run.machine.guest_ad;
	m->axes = sweep_axes_json(&r->run.work, &r->sweep);
	sweep_baseline(&r->sweep, m->baseline, sizeof(m->baseline));
	m->command = json_array();
	for (int i = 0; i < r->argc; i++)
		json_push(&m->command, json_words(r->argv[i]));
	if (host == NULL)
		return;
	facts_read("", host);
	if (host->tsc_khz == 0)
		host->tsc_khz = facts_tsc_khz();
	m->host = fields_json(&host_fields, host);
	m->in_core_bytes = cpuid_in_core_bytes(cpuid_of_host, NULL);
	m->tlb_leaves = cpuid_tlb_leaves(cpuid_of_host, NULL);
	free(host);
}

static int dump(const struct matrix *m, FILE *out, struct error *e)
{
	char size[24];

	(void)fprintf(out, "%" PRIu32 " cells, %" PRIu32 " rounds\n", m->datum_count, m->allocations);
	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		(void)fprintf(out, "%s: ", cell->key);
		if (cell->state == STATE_PENDING)
			(void)fprintf(out, "memory %s\n", size_format(cell->memory_bytes, size));
		else
			(void)fprintf(out, "%s: %s\n", cell_state_name(cell->state), cell->reason);
	}
	if (fflush(out) != 0 || ferror(out) != 0)
		return error_set(e, STATUS_FAILED, errno, "--dump-config", "cannot write");
	return 0;
}

/* What a sweep writes. */
struct products {
	struct matrix *m;
	struct comparison comparison; /* of its two sides; count 0: there is none */
	struct error nothing;         /* why there is none, of a sweep with two sides */
};

static int put_text(const struct products *p, FILE *out)
{
	int ret = matrix_text(p->m, out);

	if (p->nothing.status != STATUS_OK)
		paragraph(out, "versus", "%s", p->nothing.what);
	if (ret != 0 || p->comparison.count == 0)
		return ret;
	return comparison_text(&p->comparison, true, out);
}

OUTPUT_WRITER(text, const struct products *p, put_text(p, out))
OUTPUT_WRITER(json, const struct products *p, matrix_json(p->m, out))
OUTPUT_WRITER(csv, const struct products *p, matrix_csv(p->m, out))

/* Compare the two sides, where there are two, and have the results in the matrix as well, for its files. */
static int compare_sides(const struct request *r, struct products *p, struct error *e)
{
	static char words[VERSUS_WORDS_BYTES];
	const char *const names[SIDES] = { "this program (minivmm " MINIVMM_VERSION ")",
					   versus_words(p->m, words) };

	if (p->m->versus == NULL)
		return 0;
	if (comparison_of_sides(p->m, names, r->compare.threshold, &p->comparison, &p->nothing) != 0) {
		/* A sweep in which nothing pairs is one all the same. */
		if (p->nothing.status == STATUS_USAGE)
			return 0;
		*e = p->nothing;
		return -ENOMEM;
	}
	comparison_note(&p->comparison, p->m);
	p->m->comparison = comparison_document(&p->comparison);
	return 0;
}

/* *kept: the JSON file, which has everything, is written. */
static int write_out(const struct request *r, struct matrix *m, const struct cpu_model *cpu, bool *kept,
		     struct error *e)
{
	static const struct output_writers writers = { .text = text, .json = json, .csv = csv };
	struct products p = { .m = m };
	int ret = matrix_derive(m), failed;

	*kept = false;
	if (ret == 0 && cpu != NULL)
		ret = matrix_predict(m, cpu);
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "sweep", "the figures cannot be combined");
	ret = compare_sides(r, &p, e);
	if (ret != 0)
		return ret;
	failed = outputs_write(&r->output, &writers, &p, "sweep", e);
	comparison_free(&p.comparison);
	*kept = (failed & OUTPUT_JSON) == 0;
	return failed;
}

/* What the states of all cells mean for the program's exit status. */
static void judge(const struct matrix *m, bool resumable, struct error *e)
{
	const struct matrix_counts counts = matrix_count(m);

	if (!m->complete) {
		(void)error_set(e, STATUS_FAILED, EINTR, "sweep",
				"stopped by a signal; the results so far are written");
		if (resumable)
			error_hint(e, "--resume");
	} else if (counts.cells[STATE_MISMATCH] != 0) {
		(void)error_set(e, STATUS_MISMATCH, 0, "sweep",
				"in %" PRIu32 " of %" PRIu32
				" cells requested and observed page sizes disagree",
				counts.cells[STATE_MISMATCH], m->datum_count);
	} else if (counts.cells[STATE_OK] == 0) {
		const char *reason = m->cells[0].reason, *cure = strstr(reason, CURE_MARK);

		(void)error_set(e, counts.cells[STATE_FAILED] != 0 ? STATUS_FAILED : STATUS_CANNOT, 0,
				"sweep", "not one of %" PRIu32 " cells has a figure; the first, %s: %.*s",
				m->datum_count, m->cells[0].key,
				cure != NULL ? (int)(cure - reason) : (int)strlen(reason), reason);
		if (cure != NULL)
			(void)error_hint(e, "%s", cure + strlen(CURE_MARK));
	}
}

/* Run the plan and write the products, also of a sweep that ended early. */
static void carry_out(const struct request *r, struct matrix *m, sweep_progress_fn progress, struct error *e)
{
	struct error run_error = { .status = STATUS_OK };
	struct cpu_model *cpu = NULL;
	struct journal journal;
	bool kept, resumable;
	int ret;

	if (outputs_check(&r->output, e) != 0 || (r->run.predict && command_cpu(r, "host", &cpu, e) != 0))
		return;
	if (journal_open(r->output.json, r->sweep.resume, m, &journal, e) != 0) {
		free(cpu);
		return;
	}
	if (sweep_run(m, r->run.machine.timeout_s, &journal, progress, &run_error) == 0)
		(void)versus_check(m, &run_error);
	ret = write_out(r, m, cpu, &kept, e);
	free(cpu);
	resumable = journal_close(&journal, m->complete && kept, e);
	/* Of two errors the first is the cause. */
	if (run_error.status != STATUS_OK)
		*e = run_error;
	else if (ret == 0 && e->status == STATUS_OK)
		judge(m, resumable, e);
}

/* The command of an interrupted sweep. */
struct resume {
	json_t *words; /* owned */
	char **argv;   /* owned; its words are borrowed from `words` */
};

static int read_words(struct resume *resume, const char *json_path, int *argc, struct error *e)
{
	size_t index;
	json_t *word;

	resume->words = journal_command(json_path, e);
	if (resume->words == NULL)
		return -EINVAL;
	resume->argv = calloc(json_array_size(resume->words) + 1, sizeof(*resume->argv));
	if (resume->argv == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--resume", "no memory for a command");
	json_array_foreach(resume->words, index, word)
	{
		if (!json_is_string(word))
			return error_set(e, STATUS_FAILED, EINVAL, "--resume", "the journal has no command");
		resume->argv[index] = (char *)json_string_value(word);
	}
	*argc = (int)index;
	return 0;
}

/*
 * Fill *r with what is to be run, the --axes file read: *given, or with --resume and without axes the command of the
 * interrupted sweep. Strings of *r live until resume_free. 0, or -errno with *e set.
 */
static int resume_request(const struct request *given, struct request *r, struct resume *resume,
			  struct error *e)
{
	bool parsed_again = given->sweep.resume && !request_has_plan(given);
	int argc = 0, ret = 0;

	*r = *given;
	if (parsed_again) {
		ret = read_words(resume, given->output.json, &argc, e);
		if (ret == 0)
			ret = request_parse(argc, resume->argv, r, e);
		if (ret == 0 && r->command != COMMAND_SWEEP)
			ret = error_set(e, STATUS_FAILED, EINVAL, "--resume",
					"the journal's command is not a sweep");
	}
	if (ret == 0)
		ret = request_read_axes(r, e);
	/* All is parsed again with the file, so this call's own comes last. */
	if (ret == 0 && parsed_again)
		options_carry(given, r);
	r->program = given->program;
	return ret;
}

static void resume_free(struct resume *resume)
{
	json_decref(resume->words);
	free(resume->argv);
	*resume = (struct resume){ .words = NULL };
}

enum status command_sweep(const struct request *given, struct error *e)
{
	struct request *r = malloc(sizeof(*r));
	struct matrix m = { .datum_count = 0 };
	struct resume resume = { .words = NULL };

	if (r == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for the plan");
		return e->status;
	}
	if (resume_request(given, r, &resume, e) == 0 && versus_prepare(&r->sweep, &m, e) == 0 &&
	    sweep_plan(&r->run, &r->sweep, &m, e) == 0) {
		describe(r, &m);
		if (m.host == NULL || m.command == NULL || m.axes == NULL)
			(void)error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for the plan");
		else if (r->dump_config)
			(void)dump(&m, outputs_text_stream(&r->output), e);
		else
			carry_out(r, &m, progress_of_sweep(r), e);
	}
	matrix_free(&m);
	resume_free(&resume);
	free(r);
	return e->status;
}
