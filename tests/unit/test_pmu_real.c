/*
 * Property: what the kernel's own counters say of a thread between start and stop is what getrusage says, and nothing
 * of other threads or other times is in it. Software events are real on every host, so the whole path is. It could
 * break because events belong to threads, and because members of a group start with their leader or not at all.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "test.h"
#include "units.h"
#include "vmm/lab/pmu/counters.h"

#define PAGES 512

static struct pmu_plan plan;

/* First touches of so many fresh 4K pages. */
static void touch(uint32_t pages)
{
	unsigned char *p =
		mmap(NULL, pages * PAGE_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	assert_int_equal(madvise(p, pages * PAGE_4K, MADV_NOHUGEPAGE), 0);
	for (uint32_t i = 0; i < pages; i++)
		((volatile unsigned char *)p)[i * PAGE_4K] = 1;
	assert_int_equal(munmap(p, pages * PAGE_4K), 0);
}

static void *touch_in_thread(void *pages)
{
	touch(*(uint32_t *)pages);
	return NULL;
}

static int64_t own_faults(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_minflt + usage.ru_majflt;
}

static void skip_unless(const char *list)
{
	struct error e = { .status = STATUS_OK };
	struct pmu_plan *made;

	assert_int_equal(pmu_plan_new(list, &made, &e), 0);
	plan = *made;
	free(made);
	pmu_plan_probe(&plan, false);
	for (uint32_t i = 0; i < plan.event_count; i++) {
		if (plan.events[i].available)
			continue;
		print_message("skipped: %s: %s\n", plan.events[i].name, plan.events[i].reason);
		skip();
	}
}

TEST(faults_as_getrusage_counts_them)
{
	static const char *const lists[] = {
		"perf::PAGE-FAULTS", "perf::PAGE-FAULTS,perf::TASK-CLOCK",
		/* Another PMU leads: a member that did not start with it would miss faults. */
		"perf::TASK-CLOCK,perf::PAGE-FAULTS,perf::MINOR-FAULTS"
	};

	EACH (l, lists) {
		uint32_t event, other = 100, at = l == 2;
		struct pmu_counters *c;
		int64_t before;
		int err;

		skip_unless(lists[l]);
		c = pmu_counters_open(&plan, &err, &event);
		assert_int_equal(err, 0);
		touch(other);
		LOOP (uint32_t, pages, 1, pages <= PAGES, pages *= 8) {
			struct pmu_counts *counts;
			pthread_t thread;
			int64_t faults;

			/* The thread's start has faults of its own, in this thread too: both count them. */
			before = own_faults();
			pmu_counters_start(c);
			touch(pages);
			assert_int_equal(pthread_create(&thread, NULL, touch_in_thread, &other), 0);
			assert_int_equal(pthread_join(thread, NULL), 0);
			pmu_counters_stop(c);
			faults = own_faults() - before;
			touch(other);
			counts = pmu_counters_read(c, pages, 1, 0);
			assert_non_null(counts);
			assert_in_range(faults, pages, pages + 90);
			assert_int_equal(counts->count[at][PMU_THREAD].count, faults);
			assert_true(counts->count[at][PMU_THREAD].running_share == 1);
			assert_int_equal(counts->operations, pages);
			free(counts);
		}
		pmu_counters_close(c);
	}
}

/* User mode alone sees the faults that user code makes; kernel mode alone does not. */
TEST(modes_are_told_apart)
{
	struct pmu_counts *counts;
	struct pmu_counters *c;
	uint32_t event;
	int err;

	skip_unless("perf::PAGE-FAULTS:u,perf::PAGE-FAULTS:k");
	c = pmu_counters_open(&plan, &err, &event);
	assert_int_equal(err, 0);
	pmu_counters_start(c);
	touch(PAGES);
	pmu_counters_stop(c);
	counts = pmu_counters_read(c, 0, 0, 0);
	assert_non_null(counts);
	assert_in_range(counts->count[0][PMU_THREAD].count, PAGES, PAGES + 90);
	assert_in_range(counts->count[1][PMU_THREAD].count, 0, 90);
	free(counts);
	pmu_counters_close(c);
}
