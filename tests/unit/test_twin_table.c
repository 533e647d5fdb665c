/*
 * The samples of interleaved blocks come back to the windows that they were taken through, whatever the order; costs are
 * differences within a block; and what has to be nothing is judged. It could break by an order that VMM and guest compute
 * differently, by a pair from two blocks (then a host that drifts would show as translation), or by a control that cannot
 * fail.
 */
#include <errno.h>
#include <math.h>

#include "test.h"
#include "sample_record.h"
#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/twin_table.h"

#define SEED 11
#define ACCESSES 1000
#define BLOCKS 40

/* On 2M pages without 1G pages in the guest. */
static const uint32_t windows = 1U << 0 | 1U << 1 | 1U << 3 | 1U << 4;

struct made {
	struct record rec;
	uint64_t cycles[RESULT_MAX_SAMPLES];
	uint32_t count;
};

/* TSC cycles of an access through that entry. A core cycle is half of one here (sample_record.h). */
struct truth {
	uint64_t entry[TWIN_ENTRIES];
	uint64_t drift; /* more in each block */
};

static void add_firsts(struct record *rec)
{
	LOOP (uint32_t, w, 0, w < TWIN_WINDOWS, w++) {
		const uint64_t cycles[] = { 77 * ACCESSES };
		struct result r = { .workload = WORKLOAD_twin,
				    .variant = (enum workload_variant)(VARIANT_FIRST_4K_4K + w),
				    .working_set_bytes = 64 * MIB,
				    .pages = 16384,
				    .accesses = ACCESSES,
				    .may_exit = true };

		sample_row(rec, &r, cycles, (windows >> w & 1) != 0 ? 1 : 0);
	}
}

static void make(struct made *m, const struct truth *truth, uint32_t samples)
{
	uint32_t entries[TWIN_ENTRIES], count;
	struct result r = { .workload = WORKLOAD_twin,
			    .variant = VARIANT_BLOCKS,
			    .working_set_bytes = 64 * MIB,
			    .pages = 16384,
			    .accesses = ACCESSES };

	memset(m, 0, sizeof(*m));
	sample_machine(&m->rec);
	m->rec.config.seed = SEED;
	m->rec.config.map.view_count = 2;
	m->rec.kvm_pages_4k = 3 * 16384 + 500;
	m->rec.kvm_pages_2m = 32;
	add_firsts(&m->rec);
	for (m->count = 0; m->count < samples; m->count++) {
		uint64_t block;

		count = twin_entries(windows, entries);
		block = m->count / count;
		twin_shuffle(SEED, block, entries, count);
		m->cycles[m->count] =
			ACCESSES * (truth->entry[entries[m->count % count]] + block * truth->drift);
	}
	sample_row(&m->rec, &r, m->cycles, samples);
	assert_int_equal(record_settle_clock(&m->rec), 0);
}

static const struct truth usual = {
	.entry = { [0] = 60, [1] = 60, [3] = 52, [4] = 40, [TWIN_PACKED] = 30, [TWIN_AGAIN] = 40 },
	.drift = 100,
};

static void assert_cost(const struct estimate *e, double value)
{
	assert_int_equal(e->count, BLOCKS);
	assert_float_equal(e->value, value, 1e-9);
	assert_float_equal(e->low, value, 1e-9);
	assert_float_equal(e->high, value, 1e-9);
}

TEST(costs_are_free_of_what_drifts)
{
	struct twin_table t;
	struct made m;

	make(&m, &usual, 6 * BLOCKS);
	assert_int_equal(record_divide_twin(&m.rec), 0);
	assert_int_equal(m.rec.result_count, TWIN_WINDOWS + 1 + 6);
	assert_int_equal(twin_table_make(&m.rec, twin_next(&m.rec, NULL), &t), 0);
	assert_int_equal(t.largest, 4);
	assert_int_equal(t.block_count, BLOCKS);
	assert_int_equal(t.entry_count, 6);
	assert_cost(&t.cost[0], 20 * 2);
	assert_cost(&t.cost[1], 20 * 2);
	assert_cost(&t.cost[3], 12 * 2);
	assert_cost(&t.cost[4], 0);
	assert_cost(&t.layout, 10 * 2);
	assert_cost(&t.again, 0);
	assert_cost(&t.shadow, 0);
	assert_null(t.window[2]);
	assert_int_equal(t.window[3]->guest_page_bytes, PAGE_2M);
	assert_int_equal(strlen(t.window[3]->marks), BLOCKS);
	assert_null(twin_next(&m.rec, twin_next(&m.rec, NULL)));
	record_judge(&m.rec);
	assert_int_equal(record_judge_twin(&m.rec), 0);
	assert_int_equal(m.rec.verdict, VERDICT_OK);
	record_free(&m.rec);
}

static void assert_judged(const struct truth *truth, uint64_t pages_4k, enum second_dimension second,
			  enum verdict verdict, const char *reason)
{
	struct made m;

	make(&m, truth, 6 * BLOCKS);
	m.rec.host.second_dimension = second;
	m.rec.kvm_pages_4k = pages_4k;
	assert_int_equal(record_divide_twin(&m.rec), 0);
	assert_int_equal(record_judge_twin(&m.rec), 0);
	assert_int_equal(m.rec.verdict, verdict);
	if (reason != NULL)
		assert_non_null(strstr(m.rec.reasons[0], reason));
	record_free(&m.rec);
}

TEST(controls_and_leaves_are_judged)
{
	struct truth again = usual, shadow = usual;

	again.entry[TWIN_AGAIN]++;
	shadow.entry[1]--;
	assert_judged(&usual, 3 * 16384, SECOND_SHADOW, VERDICT_OK, NULL);
	assert_judged(&again, 3 * 16384, SECOND_SHADOW, VERDICT_DISTURBED, "the same window");
	assert_judged(&again, 3 * 16384, SECOND_EPT, VERDICT_DISTURBED, "the same window");
	assert_judged(&shadow, 3 * 16384, SECOND_SHADOW, VERDICT_DISTURBED, "4K guest pages");
	/* There the two windows have different leaves, and a third of them is enough. */
	assert_judged(&shadow, 16384, SECOND_EPT, VERDICT_OK, NULL);
	assert_judged(&usual, 16384, SECOND_SHADOW, VERDICT_MISMATCH, "leaves of 4K");
	assert_judged(&usual, 16000, SECOND_NPT, VERDICT_MISMATCH, "leaves of 4K");
}

/* Between -0.5 and 0.5, as likely everywhere. */
static double uniform(uint64_t *state)
{
	return (double)random_below(state, 1U << 30) / (1U << 30) - 0.5;
}

/*
 * What a busy host does to the samples of one entry: noise that lasts for some blocks, now and then a sample of several times
 * the time, and a load that comes and goes, by which all costs are up to a tenth more than at other times.
 */
#define ENTRIES 9 /* the largest window, and eight that cost more */
#define SIMULATED_BLOCKS 80

static void simulate(uint64_t *state, double entries[ENTRIES][SIMULATED_BLOCKS])
{
	double phase = 6.28 * uniform(state);

	LOOP (uint32_t, entry, 0, entry < ENTRIES, entry++) {
		double lasting = 0;

		LOOP (uint32_t, block, 0, block < SIMULATED_BLOCKS, block++) {
			double load = 1 + 0.1 * sin(phase + 6.28 * block / SIMULATED_BLOCKS);

			lasting = 0.4 * lasting + 30 * uniform(state);
			entries[entry][block] = 100 * load + 10 * entry * load + lasting + 50.0 * block;
			if (random_below(state, 10) == 0)
				entries[entry][block] *= 2 + 4 * (uniform(state) + 0.5);
		}
	}
}

struct agreement {
	uint32_t tables, hold, pairs, agree, nulls;
};

/* One table at that level; whether all of its costs hold the truth. */
static bool costs_hold(uint64_t *state, double level, struct estimate costs[ENTRIES], struct estimate *null)
{
	static double entries[ENTRIES][SIMULATED_BLOCKS], again[ENTRIES][SIMULATED_BLOCKS];
	bool hold = true;

	simulate(state, entries);
	LOOP (uint32_t, w, 1, w < ENTRIES, w++) {
		assert_int_equal(twin_difference(entries[w], entries[0], SIMULATED_BLOCKS, level, &costs[w]),
				 0);
		hold = hold && costs[w].low <= 10.0 * w && costs[w].high >= 10.0 * w;
	}
	simulate(state, again);
	assert_int_equal(twin_difference(again[0], entries[0], SIMULATED_BLOCKS, TWIN_NULL_LEVEL, null), 0);
	return hold;
}

#define PAIRS 400

/* Pairs of tables of the same truth: how many of the tables hold it, of the pairs overlap in all costs, of the nulls are. */
static void simulate_pairs(double level, uint32_t *hold, uint32_t *agree, uint32_t *nulls)
{
	uint64_t state = 5;

	*hold = *agree = *nulls = 0;
	LOOP (uint32_t, pair, 0, pair < PAIRS, pair++) {
		struct estimate e[2][ENTRIES], null[2];
		bool overlap = true;

		LOOP (uint32_t, side, 0, side < 2, side++) {
			*hold += costs_hold(&state, level, e[side], &null[side]);
			*nulls += twin_is_null(&null[side]);
		}
		LOOP (uint32_t, w, 1, w < ENTRIES, w++)
			overlap = overlap && e[0][w].low <= e[1][w].high && e[1][w].low <= e[0][w].high;
		*agree += overlap;
	}
}

TEST(tables_of_the_same_truth_agree)
{
	uint32_t hold, agree, nulls;

	simulate_pairs(twin_cost_level(ENTRIES), &hold, &agree, &nulls);
	assert_in_range(agree, PAIRS * 99 / 100, PAIRS);
	assert_in_range(hold, 2 * PAIRS * 93 / 100, 2 * PAIRS);
	assert_in_range(nulls, 2 * PAIRS * 99 / 100, 2 * PAIRS);
	/* Eight intervals of 95 % each do not hold at once: what the level is for. */
	simulate_pairs(TWIN_FAMILY_LEVEL, &hold, &agree, &nulls);
	assert_in_range(hold, 0, 2 * PAIRS * 90 / 100);
}

TEST(what_is_no_whole_block_is_not_divided)
{
	struct made m;

	make(&m, &usual, 6 * BLOCKS - 1);
	assert_int_equal(record_divide_twin(&m.rec), 0);
	assert_int_equal(m.rec.verdict, VERDICT_FAILED);
	assert_int_equal(m.rec.result_count, TWIN_WINDOWS + 1);
	record_free(&m.rec);
}

TEST_GROUP(NULL, NULL)
