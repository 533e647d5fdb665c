/*
 * Property: a run is called disturbed for exactly what could have reached its figure: exits, stolen time, switches beyond
 * those that its statistic withstands. Were it stricter, a shared machine would never finish; were it laxer, a
 * neighbour's load would pass for a page walk.
 */
#include "test.h"
#include "vmm/lab/sweep/engine.h"

#define MS INT64_C(1000000)

static struct matrix_run quiet_run(struct matrix_row *row)
{
	*row = (struct matrix_row){ .sample_count = 10, .switches = 2 };
	return (struct matrix_run){ .verdict = "ok", .wall_ns = 100 * MS, .row_count = 1, .rows = row };
}

TEST(leaves_a_quiet_run_alone)
{
	struct matrix_row row;
	struct matrix_run run = quiet_run(&row);

	/* A leftover of an earlier judgement goes. */
	(void)snprintf(run.disturbed, sizeof(run.disturbed), "%s", "something");
	assert_true(disturb_judge(&run, 1, 2) == 0);
	assert_string_equal(run.disturbed, "");
	row.switches = -1; /* not known */
	run.steal_ns = -1;
	assert_true(disturb_judge(&run, 1, 2) == 0);
}

TEST(counts_switches_against_samples)
{
	struct matrix_row row;
	struct matrix_run run = quiet_run(&row);

	/* 10 samples bear two; two vCPUs twice as many. */
	row.switches = 3;
	assert_true(disturb_judge(&run, 1, 2) > 0);
	assert_non_null(strstr(run.disturbed, "1 involuntary switches"));
	assert_true(disturb_judge(&run, 2, 2) == 0);
	/* A single sample bears one, and one more each 50 ms. */
	row.sample_count = 1;
	assert_true(disturb_judge(&run, 1, 2) == 0);
	row.switches = 4;
	assert_true(disturb_judge(&run, 1, 2) > 0);
	/* A part without a figure has nothing to spoil. */
	row.sample_count = 0;
	assert_true(disturb_judge(&run, 1, 2) == 0);
}

TEST(more_vcpus_than_cpus_have_to_switch)
{
	struct matrix_row row;
	struct matrix_run run = quiet_run(&row);

	row.switches = 1000;
	assert_true(disturb_judge(&run, 4, 2) == 0);
	assert_true(disturb_judge(&run, 4, 0) > 0); /* CPUs not known */
}

TEST(tells_steal_and_exits)
{
	struct matrix_row row;
	struct matrix_run run = quiet_run(&row);
	double steal;

	run.steal_ns = 2 * MS; /* one per cent of two CPUs is borne */
	assert_true(disturb_judge(&run, 1, 2) == 0);
	run.steal_ns = 20 * MS;
	steal = disturb_judge(&run, 1, 2);
	assert_true(steal > 0);
	assert_non_null(strstr(run.disturbed, "steal time: 10.0 %"));
	/* Of two attempts the one with exits is the worse. */
	(void)snprintf(run.verdict, sizeof(run.verdict), "%s", "disturbed");
	assert_true(disturb_judge(&run, 1, 2) > steal);
	assert_non_null(strstr(run.disturbed, "exits"));
	assert_non_null(strstr(run.disturbed, "; steal"));
}
