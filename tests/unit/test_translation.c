/*
 * Property: the cost of translation is the median over rounds of what chase takes more than packed in the same round. It
 * could break by pairing a good moment of one with a bad one of the other, by rounds of unequal length taken for equal, or
 * by a limit of the core's caches that counts the lines and forgets their leaf entries.
 */
#include "test.h"
#include "sample_record.h"
#include "vmm/lab/record/rows.h"

/* Rounds of `count` samples each: 100 accesses of so many TSC cycles, and one slow sample in each round. */
static void add_rounds_of(struct record *rec, int32_t vcpu, enum workload_id workload, uint64_t pages,
			  const uint64_t *cycles, uint32_t rounds, uint32_t count)
{
	struct result r = { .step = workload,
			    .workload = workload,
			    .vcpu = vcpu,
			    .working_set_bytes = pages * PAGE_4K,
			    .pages = pages,
			    .accesses = 100 };

	for (uint32_t i = 0; i < rounds; i++) {
		uint64_t samples[8];

		for (uint32_t s = 0; s < count; s++)
			samples[s] = 100 * cycles[i] + (s == 0 ? 5000 : 0);
		sample_row(rec, &r, samples, count);
	}
}

static void add_rounds(struct record *rec, enum workload_id workload, uint64_t pages, const uint64_t *cycles,
		       uint32_t rounds, uint32_t count)
{
	add_rounds_of(rec, 0, workload, pages, cycles, rounds, count);
}

static struct estimate cost_of(const struct record *rec)
{
	struct estimate cost = { .count = 0 };

	for (uint32_t i = 0; i < rec->result_count && cost.count == 0; i++)
		assert_int_equal(record_translation(rec, &rec->results[i], &cost), 0);
	return cost;
}

/* The machine was slow in the third round and half as fast in the fifth: that is in both. */
TEST(rounds_are_paired)
{
	const uint64_t packed[] = { 10, 10, 90, 10, 20, 11, 10 }, chase[] = { 16, 16, 98, 16, 26, 16, 14 };
	struct record rec;
	struct estimate cost;

	LOOP (uint32_t, settled, 0, settled < 2, settled++) {
		sample_machine(&rec);
		add_rounds(&rec, WORKLOAD_packed, 64, packed, 7, 3);
		add_rounds(&rec, WORKLOAD_chase, 64, chase, 7, 3);
		if (settled)
			assert_int_equal(record_settle_clock(&rec), 0);
		cost = cost_of(&rec);
		/* The sample core has half a core cycle a TSC cycle. */
		assert_float_equal(cost.value, settled ? 12 : 6, 1e-9);
		assert_int_equal(cost.count, 7);
		assert_true(cost.low >= (settled ? 8 : 4) && cost.high <= (settled ? 16 : 8));
		record_free(&rec);
	}
}

/*
 * Two vCPUs take each turn together, and either may end its part first. The row of both has as many rounds, and its
 * differences are those of the means of a round: 6 on the one, 8, 10 and 12 on the other.
 */
TEST(rounds_of_two_vcpus)
{
	const uint64_t packed[2][3] = { { 10, 20, 30 }, { 40, 10, 20 } },
		       chase[2][3] = { { 16, 26, 36 }, { 48, 20, 32 } };
	struct record rec;
	struct estimate cost;

	sample_machine(&rec);
	rec.config.vcpus = 2;
	LOOP (uint32_t, round, 0, round < 3, round++) {
		for (uint32_t i = 0; i < 4; i++) {
			int32_t vcpu = (int32_t)((i + round) % 2);
			bool is_chase = i / 2 != 0;

			add_rounds_of(&rec, vcpu, is_chase ? WORKLOAD_chase : WORKLOAD_packed, 64,
				      is_chase ? &chase[vcpu][round] : &packed[vcpu][round], 1, 3);
		}
	}
	assert_int_equal(record_settle_clock(&rec), 0);
	assert_int_equal(record_combine(&rec), 0);
	assert_int_equal(rec.result_count, 6);
	LOOP (uint32_t, i, 0, i < 6, i++)
		assert_true(rec.results[i].rounds == 3 && rec.results[i].sample_count == 9);
	cost = cost_of(&rec);
	assert_int_equal(cost.count, 3);
	/* The sample core has half a core cycle a TSC cycle. */
	assert_float_equal(cost.value, 2 * 8, 1e-9);
	assert_float_equal(cost.low, 2 * 7, 1e-9);
	assert_float_equal(cost.high, 2 * 9, 1e-9);
	record_free(&rec);
}

TEST(a_round_too_many_has_no_partner)
{
	const uint64_t packed[] = { 10, 10, 10 }, chase[] = { 16, 17 };
	struct record rec;
	struct estimate cost;

	sample_machine(&rec);
	add_rounds(&rec, WORKLOAD_packed, 65536, packed, 3, 2);
	add_rounds(&rec, WORKLOAD_chase, 65536, chase, 2, 2);
	cost = cost_of(&rec);
	assert_int_equal(cost.count, 2);
	assert_float_equal(cost.value, 6.5, 1e-9);
	record_free(&rec);
}

TEST(nothing_to_subtract)
{
	const uint64_t chase[] = { 16, 17 };
	struct record rec;

	sample_machine(&rec);
	add_rounds(&rec, WORKLOAD_chase, 64, chase, 2, 2);
	assert_int_equal(cost_of(&rec).count, 0);
	record_free(&rec);
}

/* 1 MiB of L2: 768 KiB are 12288 lines, of which leaf entries of 4K take a ninth in one dimension, a fifth in two. */
TEST(leaf_entries_take_part_in_the_limit)
{
	static const struct {
		enum second_dimension second;
		uint64_t guest_bytes, host_bytes, most_pages;
	} cases[] = {
		{ SECOND_SHADOW, PAGE_4K, PAGE_4K, 10922 }, { SECOND_SHADOW, PAGE_2M, PAGE_4K, 10922 },
		{ SECOND_SHADOW, PAGE_2M, PAGE_2M, 12285 }, { SECOND_EPT, PAGE_4K, PAGE_4K, 9830 },
		{ SECOND_NPT, PAGE_4K, PAGE_2M, 10920 },
	};

	EACH (i, cases) {
		struct result r = { .workload = WORKLOAD_chase };
		struct record rec;

		sample_machine(&rec);
		rec.in_core_bytes = 768 * KIB;
		rec.host.second_dimension = cases[i].second;
		rec.config.guest_page_bytes = cases[i].guest_bytes;
		rec.config.page_bytes = cases[i].host_bytes;
		r.pages = cases[i].most_pages;
		assert_true(row_fits_core(&rec, &r));
		r.pages += 2;
		assert_false(row_fits_core(&rec, &r));
		/* The control of alias: one line after the other, in few pages. */
		r.stride_bytes = CACHE_LINE_BYTES;
		assert_true(row_fits_core(&rec, &r));
		/* Not known: what the smallest L2 has. */
		rec.in_core_bytes = 0;
		assert_false(row_fits_core(&rec, &r));
		record_free(&rec);
	}
}
