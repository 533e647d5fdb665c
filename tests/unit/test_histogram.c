/*
 * Each latency has exactly one bucket, a longer one never an earlier bucket, and what is shown of the buckets neither loses
 * loads nor sees a mode that is none: else a tail or a second mode could come from the counting.
 */
#include <inttypes.h>
#include <math.h>

#include "render.h"
#include "include/random.h"
#include "vmm/lab/record/histogram.h"

static void is_in_its_bucket(uint64_t cycles)
{
	uint32_t bucket = histogram_bucket(cycles);

	assert_true(bucket < HISTOGRAM_BUCKETS);
	if (histogram_least(bucket) > cycles)
		fail_msg("%" PRIu64 " lies below its bucket %u", cycles, bucket);
	if (bucket + 1 < HISTOGRAM_BUCKETS && histogram_least(bucket + 1) <= cycles)
		fail_msg("%" PRIu64 " lies beyond its bucket %u", cycles, bucket);
}

TEST(every_latency_has_one_bucket)
{
	uint64_t seed = 1;

	/* Buckets begin where the one before ends, so that a value in its bucket is in no other. */
	LOOP (uint32_t, i, 0, i + 1 < HISTOGRAM_BUCKETS, i++) {
		uint64_t least = histogram_least(i), end = histogram_least(i + 1);

		assert_true(least < end);
		assert_true(end - least <= 1 || end - least <= least / HISTOGRAM_OCTAVE);
		assert_int_equal(histogram_bucket(least), i);
		assert_int_equal(histogram_bucket(end - 1), i);
	}
	LOOP (uint64_t, cycles, 0, cycles < 70000, cycles++)
		is_in_its_bucket(cycles);
	LOOP (uint32_t, i, 0, i < 100000, i++)
		is_in_its_bucket(random_next(&seed) >> (i % 64));
	is_in_its_bucket(UINT64_MAX);
}

TEST(a_longer_latency_has_no_earlier_bucket)
{
	uint64_t seed = 2;

	LOOP (uint64_t, cycles, 1, cycles < 70000, cycles++)
		assert_in_range(histogram_bucket(cycles) - histogram_bucket(cycles - 1), 0, 1);
	LOOP (uint32_t, i, 0, i < 100000, i++) {
		uint64_t a = random_next(&seed) >> (i % 64), b = random_next(&seed) >> (i / 64 % 64);

		assert_true((a <= b) == (histogram_bucket(a) < histogram_bucket(b)) ||
			    histogram_bucket(a) == histogram_bucket(b));
	}
}

static struct histogram *h;

static int fresh(void **state)
{
	static const struct guest_histogram none;

	(void)state;
	h = histogram_new(&none);
	return h != NULL ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	free(h);
	return 0;
}

static void add(uint64_t cycles, uint64_t loads)
{
	h->loads[histogram_bucket(cycles)] += loads;
	h->total += loads;
}

/* Loads around `cycles`, most of them there. */
static void add_peak(uint64_t cycles, uint64_t loads)
{
	add(cycles, loads);
	add(cycles - (cycles + 5) / 7, loads / 8);
	add(cycles + (cycles + 4) / 5, loads / 4);
}

static uint32_t modes_are(const uint64_t *cycles, uint32_t expected)
{
	struct histogram_bar bars[HISTOGRAM_MOST_BARS] = { 0 };
	struct histogram_mode modes[HISTOGRAM_MOST_MODES] = { 0 };
	uint32_t bar_count = histogram_bars(h, bars), count = histogram_modes(bars, bar_count, modes);
	uint64_t in_bars = 0, in_modes = 0;

	LOOP (uint32_t, i, 0, i < bar_count, i++) {
		assert_int_equal(bars[i].first, i == 0 ? 0 : bars[i - 1].end);
		in_bars += bars[i].loads;
	}
	assert_int_equal(bars[bar_count - 1].first, HISTOGRAM_BUCKETS - 1);
	assert_int_equal(bars[bar_count - 1].end, HISTOGRAM_BUCKETS);
	assert_int_equal(in_bars, h->total);
	assert_int_equal(count, expected);
	LOOP (uint32_t, m, 0, m < expected, m++) {
		assert_in_range(histogram_bucket(cycles[m]), bars[modes[m].peak].first,
				bars[modes[m].peak].end - 1);
		in_modes += modes[m].loads;
	}
	if (count != 0)
		assert_int_equal(in_modes, h->total - bars[bar_count - 1].loads);
	return count;
}

TEST_WITH(modes_are_the_peaks_that_stand_out, fresh, drop)
{
	static const uint64_t cycles[] = { 5, 70, 400 };

	(void)modes_are(cycles, 0);
	add_peak(70, 4000);
	(void)modes_are(&cycles[1], 1);
	add_peak(5, 1000);
	add_peak(400, 2000);
	add(UINT64_C(1) << 30, 100000);
	h->total -= 100000;
	h->loads[HISTOGRAM_BUCKETS - 1] -= 99999;
	h->total += 1;
	(void)modes_are(cycles, 3);
	/* A shoulder, and a peak of next to no loads. */
	add(500, 1000);
	add(100000, 20);
	(void)modes_are(cycles, 3);
}

/* Where the TSC counts in steps of 26, the empty buckets between are no valleys. */
TEST_WITH(steps_of_the_tsc_are_no_modes, fresh, drop)
{
	static const uint64_t cycles[] = { 52 };
	struct histogram_bar bars[HISTOGRAM_MOST_BARS] = { 0 };

	h->step_cycles = 26;
	LOOP (uint64_t, i, 0, i < 6, i++)
		add(i * 26, i <= 2 ? 1000 + 100 * i : 1000 - 100 * i);
	(void)modes_are(cycles, 1);
	LOOP (uint32_t, i, 0, i + 1 < histogram_bars(h, bars), i++)
		assert_true(bars[i].end == HISTOGRAM_BUCKETS - 1 ||
			    histogram_least(bars[i].end) - histogram_least(bars[i].first) >= 26);
}

TEST_WITH(quantiles_are_upper_bounds, fresh, drop)
{
	h->tsc_per_cycle = 0.5;
	add(8, 500);
	add(100, 490);
	add(UINT64_MAX, 10);
	assert_true(histogram_quantile(h, 0.5) == 18);
	assert_true(histogram_quantile(h, 0.501) == 208 && histogram_quantile(h, 0.99) == 208);
	assert_true(isinf(histogram_quantile(h, 0.991)));
}

TEST_WITH(vcpus_add_up, fresh, drop)
{
	struct guest_histogram g = { .empty_cycles = 40, .loads = { [3] = UINT32_MAX, [7] = 1 } };
	struct histogram *other = histogram_new(&g);

	assert_non_null(other);
	h->tsc_per_cycle = 1;
	other->tsc_per_cycle = 4;
	add(3, 2);
	histogram_add(h, other, 1);
	histogram_add(h, other, 2);
	assert_int_equal(h->loads[3], 2 * UINT64_C(0xffffffff) + 2);
	assert_int_equal(h->loads[7], 2);
	assert_int_equal(h->total, 2 * UINT64_C(0xffffffff) + 4);
	assert_int_equal(h->empty_cycles, 40);
	assert_true(fabs(h->tsc_per_cycle - 3) < 1e-9);
	free(other);
}

/* A part of single loads over 256K: 60 % at 10 TSC cycles, 40 % at 80. The core makes two cycles in one of the TSC, which steps by 8. */
static void sample_single(struct record *rec)
{
	struct guest_result *g = sample_result((const uint64_t[]){ 3800000, 3800000 }, 2);
	struct result r = { .workload = WORKLOAD_chase,
			    .variant = VARIANT_SINGLE,
			    .single_loads = true,
			    .working_set_bytes = 64 * PAGE_4K,
			    .chains = 1,
			    .pages = 64,
			    .accesses = 100000,
			    .sample_count = 2,
			    .guest_page_bytes = PAGE_4K,
			    .dirty_pages = -1 };

	g->histogram.empty_cycles = 44;
	g->histogram.loads[histogram_bucket(10)] = 120000;
	g->histogram.loads[histogram_bucket(80)] = 79990;
	g->histogram.loads[HISTOGRAM_BUCKETS - 1] = 10;
	assert_int_equal(record_add(rec, &r, g, SAMPLE_TSC_KHZ), 0);
}

TEST(text_and_json_have_bars_modes_and_tail)
{
	struct record rec;
	char *text, *data;
	json_t *json, *histogram;

	sample_machine(&rec);
	sample_single(&rec);
	assert_int_equal(record_settle_clock(&rec), 0);
	text = render(&rec, text_plain);
	assert_non_null(
		strstr(text, "chase single 256K: each load timed by itself, in core cycles, without the 44"));
	assert_non_null(strstr(text, "   16.00    32.00   60.00 % ################"));
	assert_non_null(strstr(text, "\nmodes      at 16.00 to 32.00 (60.0 %"));
	assert_non_null(strstr(text, "; 10 took 8388608 and more"));
	assert_null(strstr(text, "tlb cost"));
	assert_narrow(&rec);
	data = render(&rec, record_json);
	json = json_loads(data, 0, NULL);
	histogram = json_object_get(json_array_get(json_object_get(json, "results"), 0), "histogram");
	assert_int_equal(json_integer_value(json_object_get(histogram, "loads")), 200000);
	assert_int_equal(json_array_size(json_object_get(histogram, "buckets")), 3);
	assert_int_equal(json_array_size(json_object_get(histogram, "modes")), 2);
	assert_true(json_real_value(json_object_get(histogram, "p50")) > 20);
	json_decref(json);
	free(data);
	free(text);
	record_free(&rec);
}

TEST_WRITES()
