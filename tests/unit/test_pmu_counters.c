/*
 * Property: whatever the PMU has counters for, a phase's counts are what happened between start and stop, scaled and
 * marked where the counters took turns, and "not known" where they did not run; and nothing stays open. It could break
 * in the fall from one group to single counters, in sums that share a counter, and by believing a counter that never
 * ran.
 */

#include "test.h"
#include "fake_pmu.h"
#include "vmm/lab/pmu/counters.h"

static struct pmu_plan plan;

/* An event whose parts have these configs; 0 ends the list. */
static void add_event(bool split, uint64_t first, uint64_t second)
{
	struct pmu_event *e = &plan.events[plan.event_count++];

	*e = (struct pmu_event){ .role = PMU_ROLE_NONE, .split = split, .available = true };
	e->part[e->part_count++] = (struct pmu_code){ .type = PERF_TYPE_RAW, .config = first };
	if (second != 0)
		e->part[e->part_count++] = (struct pmu_code){ .type = PERF_TYPE_RAW, .config = second };
}

static int fresh(void **state)
{
	(void)state;
	fake_reset();
	memset(&plan, 0, sizeof(plan));
	return 0;
}

static struct pmu_counters *open_all(void)
{
	uint32_t event;
	int err;
	struct pmu_counters *c = pmu_counters_open(&plan, &err, &event);

	assert_non_null(c);
	assert_int_equal(err, 0);
	return c;
}

static struct pmu_counts *phase(struct pmu_counters *c)
{
	struct pmu_counts *counts;

	pmu_counters_start(c);
	pmu_counters_stop(c);
	counts = pmu_counters_read(c, 10, 3, 7);
	assert_non_null(counts);
	return counts;
}

static void close_all(struct pmu_counters *c, struct pmu_counts *counts)
{
	free(counts);
	pmu_counters_close(c);
	assert_int_equal(fake_open_count(), 0);
}

TEST_WITH(one_group_for_the_thread, fresh, NULL)
{
	struct pmu_counters *c;
	struct pmu_counts *counts;

	add_event(false, 3, 0);
	add_event(false, 5, 0);
	add_event(false, 7, 0);
	c = open_all();
	assert_int_equal(fake.opened, 3);
	LOOP (uint32_t, i, 0, i < 3, i++) {
		const struct fake_event *e = &fake.events[i];

		assert_int_equal(e->leader, 0);
		assert_int_equal(e->attr.disabled, i == 0);
		assert_int_equal(e->attr.size, sizeof(struct perf_event_attr));
		assert_int_equal(e->attr.read_format,
				 PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING);
		assert_false(e->attr.exclude_host || e->attr.exclude_guest || e->attr.exclude_kernel);
		assert_true(e->pid == 0 && e->cpu == -1 && e->flags == PERF_FLAG_FD_CLOEXEC);
	}
	fake.starts = 0;
	free(phase(c));
	assert_int_equal(fake.starts, 1);
	/* The counters go on from where they were: only this phase is told. */
	fake.phase_ns = 500;
	counts = phase(c);
	assert_int_equal(counts->operations, 37);
	assert_int_equal(counts->count[0][PMU_THREAD].count, 3 * 500);
	assert_int_equal(counts->count[2][PMU_THREAD].count, 7 * 500);
	assert_true(counts->count[2][PMU_THREAD].running_share == 1);
	assert_int_equal(counts->count[0][PMU_GUEST].count, -1);
	assert_int_equal(counts->count[0][PMU_HOST].count, -1);
	assert_int_equal(counts->count[3][PMU_THREAD].count, -1);
	close_all(c, counts);
}

TEST_WITH(guest_and_host_apart, fresh, NULL)
{
	struct pmu_counters *c;
	struct pmu_counts *counts;

	add_event(true, 3, 0);
	add_event(false, 5, 0);
	plan.events[0].part[0].exclude_kernel = true;
	c = open_all();
	assert_int_equal(fake.opened, 3);
	assert_true(fake.events[0].attr.exclude_host && !fake.events[0].attr.exclude_guest);
	assert_true(!fake.events[1].attr.exclude_host && fake.events[1].attr.exclude_guest);
	assert_true(!fake.events[2].attr.exclude_host && !fake.events[2].attr.exclude_guest);
	assert_true(fake.events[1].attr.exclude_kernel && !fake.events[2].attr.exclude_kernel);
	/* Each share is a group of its own. */
	LOOP (int, i, 0, i < 3, i++)
		assert_int_equal(fake.events[i].leader, i);
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_GUEST].count, 3000);
	assert_int_equal(counts->count[0][PMU_HOST].count, 3000);
	assert_int_equal(counts->count[0][PMU_THREAD].count, -1);
	assert_int_equal(counts->count[1][PMU_THREAD].count, 5000);
	close_all(c, counts);
}

/* More than fit: the kernel refuses the group, or takes it and never runs it. */
TEST_WITH(single_where_no_group_counts, fresh, NULL)
{
	LOOP (int, how, 0, how < 2, how++) {
		struct pmu_counters *c;
		struct pmu_counts *counts;

		(void)fresh(state);
		if (how == 0)
			fake.group_limit = 2;
		else
			fake.run_limit = 2;
		for (uint64_t config = 1; config <= 4; config++)
			add_event(false, config, 0);
		c = open_all();
		assert_int_equal(fake_open_count(), 4);
		LOOP (uint32_t, i, 0, i < fake.opened, i++)
			assert_true(!fake.events[i].open || fake.events[i].leader == (int)i);
		counts = phase(c);
		LOOP (uint32_t, i, 0, i < 4, i++)
			assert_int_equal(counts->count[i][PMU_THREAD].count, (i + 1) * 1000);
		close_all(c, counts);
	}
}

TEST_WITH(turns_are_scaled_and_marked, fresh, NULL)
{
	struct pmu_counters *c;
	struct pmu_counts *counts;

	add_event(false, 3, 0);
	c = open_all();
	fake.percent = 25;
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, 3000);
	assert_true(counts->count[0][PMU_THREAD].running_share == 0.25);
	free(counts);
	fake.percent = 0;
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, -1);
	free(counts);
	/* Nor is 0 what a counter says that was never started. */
	fake.phase_ns = 0;
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, -1);
	free(counts);
	fake.phase_ns = 1000;
	/* A count that scales beyond 63 bits is not known. */
	fake.percent = 10;
	fake.events[0].attr.config = UINT64_C(1) << 55;
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, -1);
	free(counts);
	fake.percent = 100;
	fake.read_fails = true;
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, -1);
	close_all(c, counts);
}

/* The sum's terms are counted once, also where another event needs them. */
TEST_WITH(sums_share_counters, fresh, NULL)
{
	struct pmu_counters *c;
	struct pmu_counts *counts;

	add_event(true, 3, 5);
	add_event(true, 5, 0);
	add_event(false, 5, 0);
	c = open_all();
	assert_int_equal(fake_open_count(), 5);
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_GUEST].count, 8000);
	assert_int_equal(counts->count[0][PMU_HOST].count, 8000);
	assert_int_equal(counts->count[1][PMU_GUEST].count, 5000);
	assert_int_equal(counts->count[2][PMU_THREAD].count, 5000);
	close_all(c, counts);
}

/* A thread may meet a limit that the probe did not: the others count, and the first failure is named. */
TEST_WITH(one_that_cannot_be_opened, fresh, NULL)
{
	struct pmu_counters *c;
	struct pmu_counts *counts;
	uint32_t event = 9;
	int err = 0;

	add_event(false, 3, 0);
	add_event(false, 5, 6);
	add_event(false, 7, 0);
	fake.refuse_errno = EMFILE;
	fake.refuse_config = 6;
	c = pmu_counters_open(&plan, &err, &event);
	assert_non_null(c);
	assert_int_equal(err, EMFILE);
	assert_int_equal(event, 1);
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, 3000);
	assert_int_equal(counts->count[1][PMU_THREAD].count, -1);
	assert_int_equal(counts->count[2][PMU_THREAD].count, 7000);
	close_all(c, counts);
}

TEST_WITH(nothing_to_count, fresh, NULL)
{
	struct pmu_counts *counts;
	struct pmu_counters *c;
	uint32_t event;
	int err = 1;

	assert_null(pmu_counters_open(NULL, &err, &event));
	assert_int_equal(err, 0);
	pmu_counters_start(NULL);
	pmu_counters_stop(NULL);
	assert_null(pmu_counters_read(NULL, 1, 1, 1));
	pmu_counters_close(NULL);
	add_event(false, 3, 0);
	plan.events[0].available = false;
	c = open_all();
	assert_int_equal(fake.opened, 0);
	counts = phase(c);
	assert_int_equal(counts->count[0][PMU_THREAD].count, -1);
	free(counts);
	counts = pmu_counters_read(c, UINT64_MAX, 2, 0);
	assert_int_equal(counts->operations, 0);
	close_all(c, counts);
}

TEST_WITH(threads_add_up, fresh, NULL)
{
	static struct pmu_counts sum, term;

	sum.operations = term.operations = 5;
	sum.count[0][PMU_GUEST] = (struct pmu_count){ 10, 1 };
	term.count[0][PMU_GUEST] = (struct pmu_count){ 3, 0.5 };
	sum.count[1][PMU_HOST] = (struct pmu_count){ -1, 0 };
	term.count[1][PMU_HOST] = (struct pmu_count){ 3, 1 };
	pmu_counts_add(&sum, &term);
	assert_int_equal(sum.operations, 10);
	assert_int_equal(sum.count[0][PMU_GUEST].count, 13);
	assert_true(sum.count[0][PMU_GUEST].running_share == 0.5);
	assert_int_equal(sum.count[1][PMU_HOST].count, -1);
	term.operations = 0;
	pmu_counts_add(&sum, &term);
	assert_int_equal(sum.operations, 0);
}
