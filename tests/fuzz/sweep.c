/*
 * What files and guests say of measurements, through all that is made of it: a sweep's file, its journal, the record that a
 * run's process writes, and the figures of a guest's block. It could break where a number is believed, where two of them
 * contradict each other, or where one of them is not finite in the end.
 */
#include "tests/fuzz/fuzz.h"

#include <jansson.h>

#include "units.h"
#include "vmm/cli/request.h"
#include "vmm/lab/advise/advise.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/measure/phases.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/record/twin_table.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/lab/sweep/journal.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/lab/sweep/matrix.h"
#include "vmm/theory/simulate/cpu.h"

static const struct cpu_model *a_cpu(void)
{
	static struct cpu_model cpu;
	struct error e = { .status = STATUS_OK };

	if (cpu.name[0] == '\0' && cpu_load("skylake", &cpu, &e) != 0)
		abort();
	return &cpu;
}

static void write_matrix(struct matrix *m)
{
	(void)matrix_predict(m, a_cpu());
	FUZZ_TEXT(matrix_text(m, out));
	FUZZ_TEXT(matrix_csv(m, out));
	FUZZ_JSON(matrix_json(m, out));
}

static void write_comparison(struct comparison *c)
{
	FUZZ_TEXT(comparison_text(c, true, out));
	FUZZ_TEXT(comparison_text(c, false, out));
	FUZZ_JSON(comparison_json(c, out));
	comparison_free(c);
}

/* What was read is written so that it can be read again. */
static void read_again(const struct matrix *m)
{
	struct error e = { .status = STATUS_OK };
	struct matrix again;
	const char *path;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	int ret;

	if (out == NULL)
		abort();
	ret = matrix_json(m, out);
	if (fclose(out) != 0)
		abort();
	(void)fuzz_file((const uint8_t *)text, bytes, &path);
	if (ret == 0 && matrix_read(path, &again, &e) != 0)
		fuzz_fail(__FILE__, __LINE__, e.what, text);
	if (ret == 0)
		matrix_free(&again);
	free(text);
}

FUZZ(matrix)
{
	static const char *const names[SIDES] = { "a", "b" };
	struct matrix a, b;
	struct comparison c = { .count = 0 };
	struct error e = { .status = STATUS_OK };
	const char *path;

	(void)fuzz_file(data, size, &path);
	if (matrix_read(path, &a, &e) != 0)
		return;
	if (matrix_derive(&a) == 0) {
		write_matrix(&a);
		if (matrix_read(path, &b, &e) == 0 && matrix_derive(&b) == 0 &&
		    comparison_make(&a, &b, names, 0.01, &c, &e) == 0)
			write_comparison(&c);
		if (comparison_of_sides(&a, names, 0.01, &c, &e) == 0) {
			comparison_note(&c, &a);
			write_comparison(&c);
			write_matrix(&a);
		}
		matrix_free(&b);
		read_again(&a);
	}
	matrix_free(&a);
}

/* A plan of two cells, whose rounds a journal may hold. */
static void make_plan(struct matrix *m)
{
	*m = (struct matrix){ .allocations = 2, .started = "2026-01-01T00:00:00Z", .datum_count = 2 };
	m->host = json_pack("{s:s, s:s, s:s, s:s}", "kernel", "K", "cpu_model", "C", "kvm_module",
			    "kvm_intel", "second_dimension", "ept");
	m->command = json_pack("[s, s]", "minivmm", "sweep");
	m->cells = calloc(2, sizeof(*m->cells));
	if (m->host == NULL || m->command == NULL || m->cells == NULL)
		abort();
	for (int i = 0; i < 2; i++) {
		m->cells[i] = (struct matrix_cell){ .guest_page_bytes = PAGE_4K, .vcpus = 1 };
		m->cells[i].command = json_pack("[s, s]", "minivmm", "run");
		cell_set_workload(&m->cells[i], i == 0 ? WORKLOAD_packed : WORKLOAD_chase);
		matrix_cell_name(&m->cells[i]);
	}
}

/* The lines behind a header that is right, and the same bytes as a whole journal. */
FUZZ(journal)
{
	struct error e = { .status = STATUS_OK };
	uint32_t rounds = 0;
	int64_t bytes = 0;
	json_t *words = NULL, *header;
	const char *path;
	struct matrix m;
	char *first;
	size_t length;
	int fd;

	make_plan(&m);
	header = journal_header(&m);
	first = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	length = first != NULL ? strlen(first) : 0;
	first = realloc(first, length + 1 + size);
	if (first == NULL)
		abort();
	first[length] = '\n';
	if (size != 0)
		memcpy(first + length + 1, data, size);
	fd = fuzz_file((const uint8_t *)first, length + 1 + size, &path);
	free(first);
	if (journal_restore(fd, &m, &bytes, &e) == 0 && matrix_derive(&m) == 0)
		write_matrix(&m);
	FUZZ_CHECK(journal_count(fd, &rounds) == 0);
	fd = fuzz_file(data, size, &path);
	(void)journal_count(fd, &rounds);
	(void)journal_header_words(fd, &words);
	json_decref(words);
	matrix_free(&m);
}

/* What another process says it measured: a run of a sweep's cell, and what advise takes from its own sweep and twin. */
FUZZ(report)
{
	static struct advice advice;
	struct attempt a = { .state = STATE_PENDING };
	struct child_end end = { .status = 0, .output = fuzz_text(data, size), .output_bytes = size };
	json_t *record = json_loadb(end.output, size, 0, NULL);

	(void)attempt_judge(&end, &a);
	matrix_run_free(&a.run);
	memset(&advice, 0, sizeof(advice));
	advise_translation(record, &advice);
	if (advise_gains(record, &advice) == 0) {
		FUZZ_TEXT(advise_text(&advice, out));
		FUZZ_JSON(advise_json(&advice, out));
	}
	json_decref(record);
	free(end.output);
}

static char program[] = "minivmm", memory_option[] = "-m", memory[] = "512M",
	    workload_option[] = "--workload", smp_option[] = "--smp", repeat_option[] = "--repeat",
	    repeat[] = "3";

/* A run that was asked for: which of some lists of workloads, on how many vCPUs. */
static bool plan_run(struct feed *feed, struct record *rec)
{
	static char lists[][24] = {
		"touch,packed,chase", "alias",       "tlb-probe",   "scatter", "seq,gups",
		"vpid,exit",          "dirty,remap", "malloc,peek", "twin",    "mlock,overcommit"
	};
	static char one[] = "1", two[] = "2";
	static char *argv[] = { program,    memory_option, memory,        workload_option, NULL,
				smp_option, NULL,          repeat_option, repeat,          NULL };
	struct error e = { .status = STATUS_OK };
	static struct request r;

	argv[4] = lists[feed_below(feed, COUNT_OF(lists))];
	argv[6] = feed_byte(feed) & 1 ? one : two;
	if (request_parse(9, argv, &r, &e) != 0)
		abort();
	rec->spec = r.run;
	rec->argc = 9;
	rec->argv = argv;
	return plan_make(&rec->spec, PAGE_4K, &rec->config, &e) == 0;
}

static void feed_host(struct feed *feed, struct record *rec)
{
	static const enum second_dimension seconds[] = { SECOND_SHADOW, SECOND_EPT, SECOND_NPT,
							 SECOND_UNKNOWN };

	rec->host.second_dimension = seconds[feed_below(feed, COUNT_OF(seconds))];
	rec->host.second_dimension_levels = is_two_dimensional(rec->host.second_dimension) ? 4 : 0;
	rec->host.cpus = 2;
	rec->host.tsc_khz = 2600000;
	rec->have_kvm_pages = feed_byte(feed) & 1;
	rec->kvm_pages_4k = feed_number(feed) >> 1;
	rec->kvm_pages_2m = feed_number(feed) >> 1;
	rec->kvm_page_faults = (int64_t)(feed_number(feed) >> 1);
	rec->machine.observed.page_bytes = PAGE_4K;
	rec->machine.observed.rss_bytes = feed_number(feed);
	rec->in_core_bytes = feed_byte(feed) & 1 ? MIB : 0;
}

/* What a guest says in its block of a part of the plan. */
static void feed_block(struct feed *feed, const struct plan_step *step, uint32_t number, uint32_t variant,
		       struct vcpu_block *block)
{
	struct guest_result *g = &block->result;

	g->step = number;
	g->variant = variant;
	g->workload = step->workload;
	g->working_set_bytes = step->working_set_bytes;
	g->stride_bytes = step->stride_bytes;
	g->chains = step->chains;
	g->pages = 1 + feed_number(feed) % max_u64(step->working_set_bytes, 1);
	g->accesses = feed_number(feed) >> 16;
	g->warm_accesses = feed_number(feed) >> 16;
	g->checksum = feed_number(feed);
	g->touched_pages = feed_number(feed);
	g->untimed_pages = feed_number(feed);
	g->zero_pages = feed_number(feed);
	g->unavailable = feed_below(feed, 16) == 0 ? 1 : 0;
	g->samples = g->unavailable != 0 ? 0 : 1 + (uint32_t)feed_below(feed, 6);
	for (uint32_t i = 0; i <= g->samples; i++) {
		g->samples_cycles[i] = feed_number(feed) >> 4;
		g->clock[i] = (struct core_clock){ feed_number(feed), feed_number(feed) };
	}
	for (uint32_t i = 0; i < 4; i++)
		g->histogram.loads[feed_below(feed, HISTOGRAM_BUCKETS)] = (uint32_t)feed_number(feed);
}

/* KVM's and the host's counts beside it, as phases.c takes them: none is negative but for -1, none can overflow a sum. */
static void feed_counts(struct feed *feed, struct result *r)
{
	r->counts.exits = (int64_t)(feed_number(feed) >> 16) - 1;
	r->counts.page_faults = (int64_t)(feed_number(feed) >> 16) - 1;
	r->counts.interrupts = (int64_t)(feed_number(feed) >> 16) - 1;
	r->counts.switches = (int64_t)(feed_number(feed) >> 16) - 1;
	r->leaves_4k = (int64_t)(feed_number(feed) >> 16) - 1;
	r->leaves_2m = r->leaves_1g = -1;
	r->dirty_pages = (int64_t)(feed_number(feed) >> 16) - 1;
	r->faults_least = r->faults_most = -1;
	r->operations = r->accesses * r->sample_count;
}

static void feed_results(struct feed *feed, struct record *rec)
{
	static struct vcpu_block block;
	char why[160];

	for (uint32_t s = 0; s < rec->config.step_count; s++) {
		for (uint32_t i = 0; i < VARIANT_COUNT * rec->config.vcpus && feed->at < feed->end; i++) {
			const struct plan_step *step = &rec->config.steps[s];
			const uint32_t variant = i / rec->config.vcpus, vcpu = i % rec->config.vcpus;
			const struct workload_part *part = driver_part(step->workload, variant);
			struct result r;

			if (part == NULL)
				continue;
			memset(&block, 0, sizeof(block));
			block.magic = VCPU_BLOCK_MAGIC;
			block.abi_version = MINIVMM_ABI_VERSION;
			block.vcpu = vcpu;
			feed_block(feed, step, s, variant, &block);
			if (result_check(&block, vcpu, &rec->config, UINT64_MAX / 4, why, sizeof(why)) != 0)
				continue;
			r = result_from_guest(&block.result, vcpu, part);
			r.step = config_result(&rec->config, s);
			r.guest_page_bytes = rec->config.guest_page_bytes;
			feed_counts(feed, &r);
			(void)record_add(rec, &r, &block.result, 2600000);
		}
	}
}

FUZZ(record)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct feed feed = FEED(data, size);

	if (rec == NULL)
		abort();
	record_init(rec);
	if (plan_run(&feed, rec)) {
		const bool predicts = feed_byte(&feed) & 1;

		feed_host(&feed, rec);
		feed_results(&feed, rec);
		/* As measure_run ends. */
		if (record_settle_clock(rec) == 0 && record_divide_twin(rec) == 0 &&
		    record_combine(rec) == 0 && record_find_tlb(rec) == 0 &&
		    (!predicts || record_predict(rec, a_cpu()) == 0)) {
			record_judge(rec);
			(void)record_judge_twin(rec);
			FUZZ_TEXT(record_text(rec, out));
			FUZZ_TEXT(record_csv(rec, out));
			FUZZ_JSON(record_json(rec, out));
		}
	}
	record_free(rec);
	free(rec);
}
