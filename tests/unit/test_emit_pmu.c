/*
 * Property: JSON and text are exactly the golden files. They say of each event what was counted and for whom, null or "?"
 * where nothing is known, each reason once, and mark what was scaled; the row of all vCPUs is their sum. It could break on
 * an event without a name or role, on counts without a number of operations, and on text wider than the screen.
 */
#include "golden.h"
#include "sample_record.h"
#include "test.h"
#include "vmm/lab/record/rows.h"
#include "vmm/lab/pmu/counters.h"
#include "vmm/output/json.h"

static struct record rec;
static char *text;

static struct pmu_event *add_event(enum pmu_role role, const char *name, bool split)
{
	struct pmu_event *e = &rec.pmu->events[rec.pmu->event_count++];

	*e = (struct pmu_event){ .role = role, .part_count = 1, .split = split, .available = true };
	(void)snprintf(e->name, sizeof(e->name), "%s", name);
	return e;
}

static void add_unavailable(enum pmu_role role, const char *name, const char *reason)
{
	struct pmu_event *e = add_event(role, name, true);

	e->available = false;
	(void)snprintf(e->reason, sizeof(e->reason), "%s", reason);
}

/* A row of one vCPU with these counts of the first event (guest, host) and the second (thread). */
static void add_row(int32_t vcpu, int64_t guest, int64_t host, int64_t thread, double running_share)
{
	const uint64_t cycles[] = { 1000000 };
	struct result r = { .step = 1,
			    .workload = WORKLOAD_chase,
			    .vcpu = vcpu,
			    .working_set_bytes = 256 * KIB,
			    .pages = 64,
			    .accesses = 100000,
			    .pmu = calloc(1, sizeof(*r.pmu)) };

	assert_non_null(r.pmu);
	for (uint32_t i = 0; i < PMU_MAX_EVENTS; i++) {
		for (int share = 0; share < PMU_SHARES; share++)
			r.pmu->count[i][share].count = -1;
	}
	r.pmu->operations = 200000;
	r.pmu->count[0][PMU_GUEST] = (struct pmu_count){ guest, running_share };
	r.pmu->count[0][PMU_HOST] = (struct pmu_count){ host, 1 };
	r.pmu->count[1][PMU_THREAD] = (struct pmu_count){ thread, 1 };
	sample_row(&rec, &r, cycles, 1);
}

static int fresh(void **state)
{
	(void)state;
	sample_machine(&rec);
	rec.pmu = calloc(1, sizeof(*rec.pmu));
	assert_non_null(rec.pmu);
	(void)snprintf(rec.pmu->pmu, sizeof(rec.pmu->pmu), "skx");
	rec.pmu->model = pmu_model_find("skx");
	(void)add_event(PMU_ROLE_stlb_misses, "skx::DTLB_LOAD_MISSES:MISS_CAUSES_A_WALK", true);
	(void)add_event(PMU_ROLE_NONE, "perf::PAGE-FAULTS", false);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	record_free(&rec);
	free(text);
	text = NULL;
	return 0;
}

static const char *text_of(void)
{
	size_t bytes = 0;
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	put_pmu(&rec, out);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	assert_fits_screen(text);
	return text;
}

static void wants(const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in\n%s", part, text);
}

TEST_WITH(golden_files, fresh, drop)
{
	size_t bytes;
	json_t *both;
	FILE *out;

	add_unavailable(PMU_ROLE_cycles, "", "this model has no such event");
	add_row(0, 50000, 1000, 3, 0.5);
	golden_compare(text_of(), TESTS_DIR "/golden/pmu.txt");
	both = json_pack("{s:o, s:o, s:o, s:o}", "plan", pmu_plan_json(rec.pmu), "counts",
			 pmu_counts_json(rec.pmu, rec.results[0].pmu), "no plan", pmu_plan_json(NULL),
			 "no counts", pmu_counts_json(rec.pmu, NULL));
	assert_non_null(both);
	free(text);
	out = open_memstream(&text, &bytes);
	assert_non_null(out);
	assert_int_equal(json_finish(both, out), 0);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	golden_compare(text, TESTS_DIR "/golden/pmu.json");
}

TEST_WITH(counts_an_operation, fresh, drop)
{
	add_row(0, 50000, 1000, 3, 1);
	(void)text_of();
	wants("pmu        skx (Intel Skylake or Cascade Lake); can be counted: stlb_misses, "
	      "perf::PAGE-FAULTS\n");
	wants("chase 256K: stlb_misses 0.25 + 0.005, perf::PAGE-FAULTS 1.5e-05\n");
	assert_null(strstr(text, "scaled"));
	rec.results[0].pmu->operations = 0;
	rec.results[0].pmu->count[0][PMU_HOST].count = -1;
	(void)text_of();
	wants("chase 256K: stlb_misses 50000 in all + ?, perf::PAGE-FAULTS 3 in all\n");
	rec.results[0].pmu->count[0][PMU_GUEST].running_share = 0.25;
	(void)text_of();
	wants("25 % at least, and is scaled");
}

/* Rows of one workload differ in their stride alone; others have no set. */
TEST_WITH(rows_are_told_apart, fresh, drop)
{
	add_row(0, 50000, 1000, 3, 1);
	rec.results[0].workload = WORKLOAD_alias;
	rec.results[0].stride_bytes = 2 * MIB;
	(void)text_of();
	wants("alias 256K stride 2M: stlb");
	rec.results[0].workload = WORKLOAD_cr8;
	rec.results[0].stride_bytes = 0;
	(void)text_of();
	wants(" cr8: stlb");
}

TEST_WITH(reasons_once, fresh, drop)
{
	char longest[PMU_NAME_BYTES];

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	add_unavailable(PMU_ROLE_cycles, "skx::A", "not counted here");
	add_unavailable(PMU_ROLE_instructions, "skx::B", "this model has no such event");
	add_unavailable(PMU_ROLE_walk_cycles, "skx::C", "not counted here");
	add_unavailable(PMU_ROLE_NONE, longest, "this model has no such event");
	add_row(0, 50000, 1000, 3, 1);
	(void)text_of();
	wants("unavailable: cycles, walk_cycles: not counted here\n");
	wants("unavailable: instructions,");
	rec.pmu->events[0].available = rec.pmu->events[1].available = false;
	(void)text_of();
	wants("can be counted: nothing\n");
	assert_null(strstr(text, "chase"));
	free(rec.pmu);
	rec.pmu = NULL;
	assert_string_equal(text_of(), "");
}

TEST_WITH(vcpus_add_up, fresh, drop)
{
	rec.config.vcpus = 2;
	add_row(0, 50000, 1000, 3, 1);
	add_row(1, 30000, -1, 4, 0.5);
	assert_int_equal(record_settle_clock(&rec), 0);
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.result_count, 3);
	assert_int_equal(rec.results[0].vcpu, -1);
	assert_int_equal(rec.results[0].pmu->count[0][PMU_GUEST].count, 80000);
	assert_true(rec.results[0].pmu->count[0][PMU_GUEST].running_share == 0.5);
	assert_int_equal(rec.results[0].pmu->count[0][PMU_HOST].count, -1);
	assert_int_equal(rec.results[0].pmu->count[1][PMU_THREAD].count, 7);
	assert_int_equal(rec.results[1].pmu->count[1][PMU_THREAD].count, 3);
	(void)text_of();
	wants("chase 256K: stlb_misses 0.2 + ?");
}

/* One vCPU without counts, for want of memory: nothing is known of all. */
TEST_WITH(one_row_without_counts, fresh, drop)
{
	rec.config.vcpus = 2;
	add_row(0, 50000, 1000, 3, 1);
	add_row(1, 30000, 1000, 4, 1);
	free(rec.results[1].pmu);
	rec.results[1].pmu = NULL;
	assert_int_equal(record_settle_clock(&rec), 0);
	assert_int_equal(record_combine(&rec), 0);
	assert_null(rec.results[0].pmu);
	assert_non_null(rec.results[1].pmu);
}

TEST_WRITES()
