/*
 * Property: latencies are in core cycles whatever the core's clock does meanwhile, and a sample is marked by the add chains
 * beside it alone. It could break by a reading that an interrupt lengthened, by a TSC that advances in steps or is slow to
 * read, by one vCPU's clock on another's samples, or by readings that a hostile guest made up.
 */
#include <math.h>

#include "test.h"
#include "sample_record.h"

/* TSC cycles that timing a chain costs. */
#define OVERHEAD 40

/* A reading of a core that takes `tsc` TSC cycles for a thousand of its own. */
static struct core_clock read_at(uint32_t tsc)
{
	uint32_t once = (uint32_t)(CORE_CLOCK_ADDS * (uint64_t)tsc / 1000);

	return (struct core_clock){ once + OVERHEAD, 2 * once + OVERHEAD };
}

struct made {
	struct record rec;
	struct guest_result g;
	struct result row;
};

/* A row of `count` samples: 1000 accesses of 5 core cycles at the clocks before and after each. */
static void make(struct made *m, const uint32_t *tsc, uint32_t count)
{
	memset(m, 0, sizeof(*m));
	record_init(&m->rec);
	m->row = (struct result){ .workload = WORKLOAD_chase, .accesses = 1000, .sample_count = count };
	for (uint32_t i = 0; i <= count; i++)
		m->g.clock[i] = read_at(tsc[i]);
	for (uint32_t i = 0; i < count; i++)
		m->g.samples_cycles[i] = 5 * (tsc[i] + tsc[i + 1]) / 2;
}

/* Add the row as that vCPU's. */
static void add(struct made *m, int32_t vcpu)
{
	m->row.vcpu = vcpu;
	assert_int_equal(record_add(&m->rec, &m->row, &m->g, SAMPLE_TSC_KHZ), 0);
}

/* The marks and the cycles of the only row. */
static void assert_settled(struct made *m, const char *marks)
{
	const struct result *r;

	assert_int_equal(record_settle_clock(&m->rec), 0);
	r = &m->rec.results[0];
	assert_int_equal(r->unit, UNIT_CYCLES_PER_ACCESS);
	assert_string_equal(r->marks, marks);
	for (uint32_t i = 0; i < r->sample_count; i++)
		assert_float_equal(r->samples[i], 5.0, 0.02);
}

TEST(latencies_do_not_follow_the_clock)
{
	const uint32_t tsc[] = { 600, 600, 602, 604, 606, 606 };
	struct made m;

	make(&m, tsc, 5);
	add(&m, 0);
	assert_settled(&m, ".....");
	assert_float_equal(m.rec.results[0].median_ns, 5 * 0.602 / 2, 0.01);
	assert_true(m.rec.results[0].samples_tsc_cycles[0] == 3000);
	record_free(&m.rec);
}

TEST(a_clock_that_moves_is_marked)
{
	/* By 0.4 %, 0.9 %, back, and by 9 %, where it stays: a frequency like any other. */
	const uint32_t tsc[] = { 1000, 1004, 1013, 1004, 1094, 1094 };
	struct clock_summary sum;
	struct made m;

	make(&m, tsc, 5);
	add(&m, 0);
	assert_settled(&m, ".mmm.");
	assert_true(record_clock(&m.rec, &sum));
	assert_int_equal(sum.samples, 5);
	assert_int_equal(sum.moved, 3);
	assert_int_equal(sum.disturbed, 0);
	assert_float_equal(sum.low, 1 / 1.094, 1e-3);
	assert_float_equal(sum.high, 1 / 1.002, 1e-3);
	record_free(&m.rec);
}

enum { SAMPLES = 12 };

/* What moves a clock, and which samples that disturbs. Sample k lies between the readings k and k + 1. */
static const struct {
	const char *what, *marks;
	uint32_t tsc[SAMPLES + 1];
	uint32_t at, once, twice; /* what the chains of that reading take longer, in TSC cycles */
} clock_cases[] = {
	{ .what = "turbo ends and comes back",
	  .marks = "...m....m...",
	  .tsc = { 656, 656, 656, 656, 720, 720, 720, 720, 720, 656, 656, 656, 656 } },
	{ .what = "a drift of 0.4 % a sample",
	  .marks = "............",
	  .tsc = { 700, 702, 704, 706, 708, 710, 712, 714, 716, 718, 720, 722, 724 } },
	{ .what = "all slow but for the first: throttled",
	  .marks = "m...........",
	  .tsc = { 700, 900, 900, 900, 900, 900, 900, 900, 900, 900, 900, 900, 900 } },
	{ .what = "one reading 3 % over those beside it",
	  .marks = "....xx......",
	  .tsc = { 700, 700, 700, 700, 700, 721, 700, 700, 700, 700, 700, 700, 700 } },
	{ .what = "two of them: a frequency, if not for long",
	  .marks = "....m.m.....",
	  .tsc = { 700, 700, 700, 700, 700, 721, 721, 700, 700, 700, 700, 700, 700 } },
	{ .what = "an SMI in the short chain, which makes the core look fast",
	  .marks = "...xx.......",
	  .tsc = { 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700 },
	  .at = 4,
	  .once = 300 },
	{ .what = "preempted in the long chain",
	  .marks = "...xx.......",
	  .tsc = { 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700 },
	  .at = 4,
	  .twice = 9000000 },
	{ .what = "held up in both chains by as much",
	  .marks = "x...........",
	  .tsc = { 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700, 700 },
	  .at = 0,
	  .once = 100,
	  .twice = 100 },
};

TEST(a_change_of_frequency_is_no_disturbance)
{
	EACH (i, clock_cases) {
		struct made m;

		make(&m, clock_cases[i].tsc, SAMPLES);
		m.g.clock[clock_cases[i].at].once_cycles += clock_cases[i].once;
		m.g.clock[clock_cases[i].at].twice_cycles += clock_cases[i].twice;
		add(&m, 0);
		assert_int_equal(record_settle_clock(&m.rec), 0);
		if (strcmp(m.rec.results[0].marks, clock_cases[i].marks) != 0)
			fail_msg("%s: %s", clock_cases[i].what, m.rec.results[0].marks);
		for (uint32_t s = 0; s < SAMPLES; s++) {
			if (clock_cases[i].marks[s] == SAMPLE_QUIET)
				assert_float_equal(m.rec.results[0].samples[s], 5.0, 0.02);
		}
		record_free(&m.rec);
	}
}

TEST(between_two_readings_that_contradict_themselves)
{
	const uint32_t tsc[] = { 700, 700, 700, 700, 700, 700, 700 };
	struct made m;

	make(&m, tsc, 6);
	m.g.clock[4].twice_cycles += 100000;
	m.g.clock[5].once_cycles += 100000;
	add(&m, 0);
	assert_settled(&m, "...xxx");
	record_free(&m.rec);
}

/* Of two readings, as a part of one sample has, the undisturbed chains are the clock. */
TEST(few_readings_are_a_clock_all_the_same)
{
	const uint32_t tsc[] = { 700, 700 };
	struct made m;

	make(&m, tsc, 1);
	m.g.clock[0].once_cycles += 5000;
	add(&m, 0);
	assert_settled(&m, "x");
	record_free(&m.rec);
	/* Both are disturbed, in different chains. */
	make(&m, tsc, 1);
	m.g.clock[0].once_cycles += 5000;
	m.g.clock[1].twice_cycles += 9000;
	add(&m, 0);
	assert_settled(&m, "x");
	record_free(&m.rec);
}

TEST(a_coarse_or_slow_tsc_disturbs_nothing)
{
	static const uint32_t steps[] = { 2, 18, 36 };
	uint32_t tsc[33];

	for (int i = 0; i < 33; i++)
		tsc[i] = 705;
	EACH (s, steps) {
		struct made m;

		make(&m, tsc, 32);
		for (uint32_t i = 0; i <= 32; i++) {
			struct core_clock *c = &m.g.clock[i];

			/* Where the chain begins within a step differs from reading to reading. */
			c->once_cycles = (c->once_cycles + 2000 + i * 7 % steps[s]) / steps[s] * steps[s];
			c->twice_cycles = (c->twice_cycles + 2000 + i * 5 % steps[s]) / steps[s] * steps[s];
		}
		add(&m, 0);
		assert_int_equal(record_settle_clock(&m.rec), 0);
		assert_int_equal(m.rec.results[0].unit, UNIT_CYCLES_PER_ACCESS);
		assert_int_equal(strspn(m.rec.results[0].marks, "."), 32);
		record_free(&m.rec);
	}
}

TEST(each_vcpu_has_a_clock_of_its_own)
{
	const uint32_t fast[] = { 500, 500, 500 }, slow[] = { 900, 900, 900 };
	struct made m, other;

	make(&m, fast, 2);
	add(&m, 0);
	make(&other, slow, 2);
	m.g = other.g;
	add(&m, 1);
	assert_settled(&m, "..");
	assert_string_equal(m.rec.results[1].marks, "..");
	assert_float_equal(m.rec.results[1].samples[0], 5.0, 0.01);
	record_free(&m.rec);
	record_free(&other.rec);
}

/* An emulator, or a guest that makes readings up: nothing is converted, and the unit says so. */
TEST(without_a_clock_latencies_stay_in_tsc_cycles)
{
	static const struct core_clock impossible[] = {
		{ 0, 0 }, { 100, 50 }, { UINT32_MAX, UINT32_MAX }, { 1, UINT32_MAX }, { 0, UINT32_MAX }
	};
	const uint32_t tsc[] = { 1000, 1000, 1000 };

	EACH (i, impossible) {
		struct clock_summary sum;
		struct made m;

		make(&m, tsc, 2);
		for (int s = 0; s <= 2; s++)
			m.g.clock[s] = impossible[i];
		add(&m, 0);
		assert_int_equal(record_settle_clock(&m.rec), 0);
		assert_int_equal(m.rec.results[0].unit, UNIT_TSC_CYCLES_PER_ACCESS);
		assert_null(m.rec.results[0].marks);
		assert_float_equal(m.rec.results[0].samples[0], 5.0, 1e-9);
		assert_false(record_clock(&m.rec, &sum));
		record_free(&m.rec);
	}
}

TEST(rates_are_marked_but_not_converted)
{
	const uint32_t tsc[] = { 1000, 1010, 1010 };
	struct made m;
	double before;

	make(&m, tsc, 2);
	m.row.workload = WORKLOAD_gups;
	add(&m, 0);
	before = m.rec.results[0].samples[1];
	assert_int_equal(record_settle_clock(&m.rec), 0);
	assert_string_equal(m.rec.results[0].marks, "m.");
	assert_int_equal(m.rec.results[0].unit, UNIT_UPDATES_PER_SECOND);
	assert_float_equal(m.rec.results[0].samples[1], before, 0);
	record_free(&m.rec);
}

/* The driver's readings on the machine at hand: nothing is known of its clock but that there is one. */
TEST(reads_the_clock_of_this_machine)
{
	struct core_clock c = core_clock_read();

	for (int i = 0; i < 100 && c.twice_cycles <= c.once_cycles; i++)
		c = core_clock_read();
	assert_true(c.once_cycles > 0 && c.twice_cycles > c.once_cycles);
}
