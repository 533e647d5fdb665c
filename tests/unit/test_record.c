/*
 * Property: cycles become the workload's unit by the right formula, and the combined row of several vCPUs averages
 * latencies and adds rates. A swapped mean and sum gives figures that look plausible on two vCPUs.
 */
#include <errno.h>

#include "test.h"
#include "sample_record.h"

#define EXACT 1e-9

TEST(converts_units)
{
	struct record rec;
	const struct result *r;

	sample_machine(&rec);
	sample_rows(&rec);
	assert_int_equal(rec.result_count, 8);
	r = &rec.results[2];
	assert_float_equal(r->summary.min, 3.84, EXACT);
	assert_float_equal(r->summary.median, 3.85, EXACT);
	/* 64 MiB in 41e6 cycles at 2 GHz; 1e5 updates in 9.1e6 cycles. */
	assert_float_equal(rec.results[6].summary.median, 67108864.0 * 2e9 / 41e6, 1.0);
	assert_float_equal(rec.results[7].summary.median, 1e5 * 2e9 / 9.1e6, 1e-3);
	record_free(&rec);
	record_free(&rec);
}

TEST(refuses_impossible_rows)
{
	const uint64_t cycles[] = { 100, 0 };
	struct result r = { .workload = WORKLOAD_chase, .accesses = 10, .sample_count = 1 };
	struct record rec;

	record_init(&rec);
	r.workload = WORKLOAD_COUNT;
	assert_int_equal(record_add(&rec, &r, sample_result(cycles, 2), 1), -EINVAL);
	r.workload = WORKLOAD_seq;
	assert_int_equal(record_add(&rec, &r, sample_result(cycles, 2), 0), -EINVAL);
	r.workload = WORKLOAD_chase;
	r.variant = VARIANT_COUNT;
	assert_int_equal(record_add(&rec, &r, sample_result(cycles, 2), 1), -EINVAL);
	r.variant = VARIANT_ONLY;
	r.sample_count = 2;
	assert_int_equal(record_add(&rec, &r, sample_result(cycles, 2), 1), -EINVAL);
	r.sample_count = RESULT_MAX_SAMPLES + 1;
	assert_int_equal(record_add(&rec, &r, sample_result(cycles, 2), 1), -EINVAL);
	r.sample_count = 1;
	r.accesses = 0;
	assert_int_equal(record_add(&rec, &r, sample_result(cycles, 2), 1), -EINVAL);
	assert_int_equal(rec.result_count, 0);
	record_free(&rec);
}

/* What came in turns with something else is one row in the end, with the clock beside each sample its own. */
TEST(rounds_are_one_row)
{
	const uint64_t first[] = { 1000, 2000 }, second[] = { 3000 };
	struct result r = { .workload = WORKLOAD_chase, .accesses = 100, .sample_count = 2, .checksum = 7 };
	struct guest_result *g;
	struct record rec;

	record_init(&rec);
	r.counts = (struct phase_counts){ .exits = 1, .interrupts = 2, .page_faults = -1, .switches = 4 };
	r.leaves_4k = 5;
	assert_int_equal(record_add(&rec, &r, sample_result(first, 2), SAMPLE_TSC_KHZ), 0);
	r.workload = WORKLOAD_packed;
	r.step = 1;
	assert_int_equal(record_add(&rec, &r, sample_result(first, 2), SAMPLE_TSC_KHZ), 0);
	r.workload = WORKLOAD_chase;
	r.step = 0;
	r.sample_count = 1;
	r.leaves_4k = 6;
	g = sample_result(second, 1);
	g->clock[0].once_cycles = 1234;
	assert_int_equal(record_add(&rec, &r, g, SAMPLE_TSC_KHZ), 0);
	assert_int_equal(rec.result_count, 2);
	assert_int_equal(rec.results[0].rounds, 2);
	assert_int_equal(rec.results[0].sample_count, 3);
	assert_float_equal(rec.results[0].summary.median, 20, EXACT);
	assert_float_equal(rec.results[0].samples[2], 30, EXACT);
	assert_int_equal(rec.results[0].readings[2][0].once_cycles, 1234);
	assert_int_equal(rec.results[0].readings[1][1].once_cycles, 2088);
	assert_true(rec.results[0].counts.exits == 2 && rec.results[0].counts.page_faults == -1);
	assert_int_equal(rec.results[0].leaves_4k, 6);
	/* A round that did something else is none. */
	r.checksum = 8;
	assert_int_equal(record_add(&rec, &r, g, SAMPLE_TSC_KHZ), -EINVAL);
	record_free(&rec);
}

TEST(one_vcpu_has_no_combined_row)
{
	struct record rec;

	sample_machine(&rec);
	sample_rows(&rec);
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.result_count, 8);
	record_free(&rec);
}

TEST(combines_vcpus)
{
	const uint64_t fast[] = { 1000, 2000, 4000 }, slow[] = { 2000, 4000 };
	struct result r = { .step = 1, .workload = WORKLOAD_gups, .vcpu = 1, .accesses = 1000 };
	struct record rec;

	sample_machine(&rec);
	sample_row(&rec, &r, fast, 3);
	r.vcpu = 0;
	r.counts.exits = 2;
	r.counts.interrupts = -1;
	sample_row(&rec, &r, slow, 2);
	sample_chase(&rec, WORKLOAD_chase, 0, 1, 64, 300000);
	sample_chase(&rec, WORKLOAD_chase, 0, 0, 64, 500000);
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.result_count, 6);
	LOOP (uint32_t, i, 0, i < 6, i++) {
		assert_int_equal(rec.results[i].step, i / 3);
		assert_int_equal(rec.results[i].vcpu, (int)(i % 3) - 1);
	}
	assert_float_equal(rec.results[0].summary.min, 4.0, EXACT);
	assert_int_equal(rec.results[3].sample_count, 2);
	/* 2e9 + 1e9 updates a second, then half of it. */
	assert_float_equal(rec.results[3].samples[0], 3e9, 1e-3);
	assert_float_equal(rec.results[3].samples[1], 1.5e9, 1e-3);
	assert_int_equal(rec.results[3].counts.exits, 2);
	assert_int_equal(rec.results[3].counts.interrupts, -1);
	assert_int_equal(rec.results[3].accesses, 2000);
	record_free(&rec);
}

/* Counts hold where cycles do not: a part without a figure keeps its row, alone and combined, with its reason. */
TEST(keeps_rows_without_samples)
{
	const uint64_t cycles[] = { 1000, 2000 };
	struct result r = {
		.workload = WORKLOAD_chase, .accesses = 100, .operations = 300, .may_exit = true
	};
	const struct result *all;
	struct record rec;

	sample_machine(&rec);
	sample_row(&rec, &r, cycles, 2);
	r.vcpu = 1;
	r.counts.exits = 300;
	r.leaves_4k = 7;
	(void)snprintf(r.note, sizeof(r.note), "no cycles here");
	sample_row(&rec, &r, NULL, 0);
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.result_count, 3);
	all = &rec.results[0];
	assert_int_equal(all->vcpu, -1);
	assert_int_equal(all->sample_count, 0);
	assert_null(all->samples);
	assert_float_equal(all->summary.median, 0, EXACT);
	assert_string_equal(all->note, "no cycles here");
	assert_int_equal(all->counts.exits, 300);
	assert_int_equal(all->operations, 600);
	record_free(&rec);
}

/* Operations add up only where all are known; what KVM counts for the whole VM does not add up at all. */
TEST(combines_counts_of_the_vm)
{
	const uint64_t cycles[] = { 1000 };
	struct result r = { .workload = WORKLOAD_chase, .accesses = 100, .operations = 100 };
	struct record rec;

	sample_machine(&rec);
	sample_row(&rec, &r, cycles, 1);
	r.vcpu = 1;
	r.operations = 0;
	sample_row(&rec, &r, cycles, 1);
	rec.results[0].leaves_2m = 4;
	rec.results[1].dirty_pages = 9;
	rec.results[1].leaves_1g = -1;
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.results[0].operations, 0);
	assert_int_equal(rec.results[0].leaves_4k, 30300);
	assert_int_equal(rec.results[0].leaves_2m, 4);
	assert_int_equal(rec.results[0].leaves_1g, 0);
	assert_int_equal(rec.results[0].dirty_pages, 9);
	record_free(&rec);
}

TEST(grows)
{
	struct record rec;

	sample_machine(&rec);
	LOOP (uint32_t, i, 0, i < 100, i++)
		sample_chase(&rec, WORKLOAD_chase, 100 - i, 0, 64, 384000);
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.result_count, 100);
	assert_int_equal(rec.results[0].step, 1);
	record_free(&rec);
}
