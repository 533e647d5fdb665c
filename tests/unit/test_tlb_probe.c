/*
 * What the analysis says of a TLB is what the TLB is: here it is simulated exactly, so the truth is known. It could
 * break by taking one noisy point for a knee, by reading the first level's knee as the second's, by calling hashed or
 * associative TLBs divided into ways, or by taking a data cache's capacity for a TLB's.
 */

#include "test.h"
#include "include/random.h"
#include "units.h"
#include "vmm/theory/walk/tlb_probe.h"
#include "sim_tlb.h"

static const uint32_t usual_pages[] = { 4,   6,   8,   12,  16,  24,   32,   48,   64,   96,  128,
					192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096 };
#define PAGES_COUNT (sizeof(usual_pages) / sizeof(usual_pages[0]))

static struct tlb_point points[1024];
static size_t point_count;

static void add(uint64_t pages, uint64_t stride_bytes, uint64_t leaf_bytes, double cycles)
{
	assert_true(point_count < sizeof(points) / sizeof(points[0]));
	points[point_count++] = (struct tlb_point){ pages, stride_bytes, leaf_bytes, cycles };
}

/* The whole plan of a probe, in an order that helps no search. */
static void probe(struct sim *s, uint64_t leaf_bytes, bool control)
{
	point_count = 0;
	for (size_t i = PAGES_COUNT; i-- > 0;) {
		LOOP (uint64_t, multiple, 256, multiple > 0, multiple /= 2)
			add(usual_pages[i], multiple * leaf_bytes, leaf_bytes,
			    sim_cycles(s, usual_pages[i], multiple * leaf_bytes));
		LOOP (uint64_t, inside, PAGE_4K, inside < leaf_bytes && usual_pages[i] <= 512, inside *= 512)
			add(usual_pages[i], inside, leaf_bytes, sim_cycles(s, usual_pages[i], inside));
		if (control)
			add(usual_pages[i], CACHE_LINE_BYTES, leaf_bytes,
			    s->base + (s->data_lines != 0 && usual_pages[i] > s->data_lines ? s->data_miss
											    : 0));
	}
}

static struct sim usual(uint64_t page_bytes)
{
	return (struct sim){
		.first = { .sets = 16, .ways = 4, .page_bytes = page_bytes },
		.second = { .sets = 128, .ways = 12, .page_bytes = page_bytes },
		.base = 5,
		.first_miss = 7,
		.second_miss = 30,
	};
}

static struct tlb_findings find(bool distinct_lines)
{
	struct tlb_findings f;

	assert_true(tlb_findings_make(points, point_count, distinct_lines, &f));
	return f;
}

static void assert_between(const struct tlb_knee *k, uint64_t low, uint64_t high)
{
	assert_true(k->found);
	assert_int_equal(k->low_pages, low);
	assert_int_equal(k->high_pages, high);
	assert_true(k->low_pages == 0 || k->low_cycles < k->high_cycles);
}

/* Several real shapes: what is found holds the truth between its two figures. */
TEST(linear_sets_and_ways)
{
	static const struct {
		uint32_t sets1, ways1, sets2, ways2;
	} shapes[] = { { 16, 4, 128, 12 }, { 16, 6, 128, 16 }, { 8, 8, 256, 8 }, { 16, 4, 256, 6 } };

	EACH (i, shapes) {
		struct sim s = usual(PAGE_4K);
		struct tlb_findings f;

		s.first.sets = shapes[i].sets1;
		s.first.ways = shapes[i].ways1;
		s.second.sets = shapes[i].sets2;
		s.second.ways = shapes[i].ways2;
		probe(&s, PAGE_4K, true);
		f = find(false);
		assert_in_range(shapes[i].sets1 * shapes[i].ways1, f.dtlb.reach.low_pages,
				f.dtlb.reach.high_pages - 1);
		assert_int_equal(f.dtlb.sets, TLB_SETS_LINEAR);
		assert_in_range(shapes[i].ways1, f.dtlb.ways.low_pages, f.dtlb.ways.high_pages - 1);
		assert_in_range(shapes[i].sets2 * shapes[i].ways2, f.stlb.reach.low_pages,
				f.stlb.reach.high_pages - 1);
		/* One more stride than the widest would be needed to see 256 sets end. */
		assert_int_equal(f.stlb.sets, shapes[i].sets2 == 256 ? TLB_SETS_MORE : TLB_SETS_LINEAR);
		assert_in_range(shapes[i].ways2, f.stlb.ways.low_pages, f.stlb.ways.high_pages - 1);
		assert_true(f.base_cycles > 4.9 && f.base_cycles < 5.1);
		assert_true(f.miss_cycles > 11.9 && f.miss_cycles < 12.1);
		assert_int_equal(f.fracture, TLB_FRACTURE_UNKNOWN);
	}
}

/* Without the control's rows the least of each curve serves as well where data stays in the L1 cache. */
TEST(control_is_not_needed_for_it)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	probe(&s, PAGE_4K, false);
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_between(&f.dtlb.ways, 4, 6);
	assert_between(&f.stlb.reach, 1536, 2048);
	assert_between(&f.stlb.ways, 12, 16);
}

TEST(no_sets_are_said_to_be_none)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	/* As on AMD: the second level's ways hide behind a first level that keeps more pages of one set. */
	s.first.sets = 1;
	s.first.ways = 72;
	probe(&s, PAGE_4K, true);
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_int_equal(f.dtlb.sets, TLB_SETS_NONE);
	assert_false(f.dtlb.ways.found);
	assert_between(&f.stlb.reach, 1536, 2048);
	assert_int_equal(f.stlb.sets, TLB_SETS_MORE);
	assert_int_equal(f.stlb.ways.high_pages, 96);
}

TEST(hashed_sets_are_said_to_be_none)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	s.second.hashed = true;
	s.second.ways = 16;
	probe(&s, PAGE_4K, true);
	f = find(false);
	assert_int_equal(f.dtlb.sets, TLB_SETS_LINEAR);
	assert_int_equal(f.stlb.sets, TLB_SETS_NONE);
	/* Some set of 128 is full long before all are. */
	assert_true(f.stlb.reach.found && f.stlb.reach.low_pages < 2048 && f.stlb.reach.low_pages >= 512);
}

TEST(flat_curves_find_nothing)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	s.first_miss = 0;
	s.second_miss = 0;
	probe(&s, PAGE_4K, true);
	f = find(false);
	assert_false(f.dtlb.reach.found || f.stlb.reach.found || f.dtlb.ways.found || f.stlb.ways.found);
	assert_int_equal(f.dtlb.sets, TLB_SETS_UNKNOWN);
	assert_true(f.miss_cycles == 0);
	/* A second level that is never exceeded is not found, the first is. */
	s = usual(PAGE_4K);
	s.second.ways = 64;
	probe(&s, PAGE_4K, true);
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_false(f.stlb.reach.found);
}

/* Noise makes dearer: every point by up to 4 %, and some, alone, threefold. */
TEST(noise_does_not_move_a_knee)
{
	LOOP (uint64_t, seed, 0, seed < 50, seed++) {
		struct sim s = usual(PAGE_4K);
		uint64_t rng = seed;
		struct tlb_findings f;

		probe(&s, PAGE_4K, true);
		for (size_t i = 0; i < point_count; i++) {
			points[i].cycles *= 1 + (double)random_below(&rng, 400) / 10000;
			/* Not the last but one of a curve: with the last it would be a rise that persists. */
			if (random_below(&rng, 40) == 0 && points[i].pages < 3072 &&
			    points[i].stride_bytes >= PAGE_4K)
				points[i].cycles *= 3;
		}
		f = find(false);
		assert_true(f.dtlb.reach.low_pages >= 48 && f.dtlb.reach.high_pages <= 128);
		assert_int_equal(f.dtlb.sets, TLB_SETS_LINEAR);
		assert_true(f.stlb.reach.low_pages >= 1024 && f.stlb.reach.high_pages <= 3072);
	}
}

/* Beyond a knee only some loads may miss at first: the second level's knee is measured from where all do. */
TEST(partial_misses_are_no_plateau)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	probe(&s, PAGE_4K, true);
	for (size_t i = 0; i < point_count; i++) {
		if (points[i].pages == 96 && points[i].stride_bytes == PAGE_4K)
			points[i].cycles = s.base + 0.4 * s.first_miss;
	}
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_between(&f.stlb.reach, 1536, 2048);
	assert_true(f.miss_cycles > 11.9);
}

/* Several vCPUs measured the same: the least counts, whatever its place among them. */
TEST(least_of_equals_counts)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;
	size_t count;

	probe(&s, PAGE_4K, true);
	count = point_count;
	LOOP (size_t, i, 0, i < count, i++) {
		double cycles = points[i].cycles;

		points[i].cycles *= i % 2 == 0 ? 5 : 1;
		add(points[i].pages, points[i].stride_bytes, PAGE_4K, cycles * (i % 2 == 0 ? 1 : 5));
	}
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_between(&f.dtlb.ways, 4, 6);
	assert_between(&f.stlb.reach, 1536, 2048);
}

/* One dear point, even the last, is not a knee. */
TEST(one_point_is_no_rise)
{
	struct tlb_findings f;

	point_count = 0;
	LOOP (size_t, i, 0, i < PAGES_COUNT, i++)
		add(usual_pages[i], PAGE_4K, PAGE_4K,
		    usual_pages[i] == 128 || usual_pages[i] == 4096 ? 40 : 5);
	f = find(false);
	assert_false(f.dtlb.reach.found);
}

/* But with coarser steps the last one may be all there is of a rise: a wider stride that rises earlier vouches for it. */
TEST(wider_stride_vouches_for_one_point)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	s.second.ways = 16;
	point_count = 0;
	LOOP (uint64_t, pages, 4, pages <= 4096, pages *= 2) {
		add(pages, CACHE_LINE_BYTES, PAGE_4K, s.base);
		LOOP (uint64_t, multiple, 1, multiple <= 256, multiple *= 2)
			add(pages, multiple * PAGE_4K, PAGE_4K, sim_cycles(&s, pages, multiple * PAGE_4K));
	}
	f = find(false);
	assert_between(&f.stlb.reach, 2048, 4096);
	assert_int_equal(f.stlb.sets, TLB_SETS_LINEAR);
	assert_between(&f.stlb.ways, 16, 32);
}

TEST(fractured_pages_are_told)
{
	struct sim whole = usual(PAGE_1G), in_2m = usual(PAGE_2M), in_4k = usual(PAGE_4K);
	struct tlb_findings f;

	probe(&whole, PAGE_1G, true);
	f = find(false);
	assert_int_equal(f.fracture, TLB_FRACTURE_WHOLE);
	assert_int_equal(f.inside_pages, 256); /* as far as any L1 cache holds distinct lines */
	assert_false(f.inside.found);
	assert_between(&f.dtlb.reach, 64, 96);

	probe(&in_2m, PAGE_1G, true);
	f = find(false);
	assert_int_equal(f.fracture, TLB_FRACTURE_2M);
	assert_between(&f.inside, 64, 96);

	probe(&in_4k, PAGE_1G, true);
	f = find(false);
	assert_int_equal(f.fracture, TLB_FRACTURE_4K);
	assert_int_equal(f.inside.stride_bytes, PAGE_4K);
	assert_between(&f.inside, 64, 96);

	probe(&in_4k, PAGE_2M, true);
	f = find(false);
	assert_int_equal(f.fracture, TLB_FRACTURE_4K);
	/* Few places inside a page prove nothing. */
	point_count = 0;
	LOOP (size_t, i, 0, i < PAGES_COUNT && usual_pages[i] <= 64, i++)
		add(usual_pages[i], PAGE_4K, PAGE_2M, 5);
	f = find(false);
	assert_int_equal(f.fracture, TLB_FRACTURE_UNKNOWN);
}

/* Natively each load has its own line, so the L1 cache is full at 512 lines: not a TLB's knee. */
TEST(data_cache_is_no_tlb)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	s.data_lines = 512;
	s.data_miss = 10;
	probe(&s, PAGE_4K, true);
	f = find(true);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_between(&f.dtlb.ways, 4, 6);
	assert_between(&f.stlb.reach, 1536, 2048);
	assert_between(&f.stlb.ways, 12, 16);
	/* Without a control nothing is said beyond what any L1 cache holds. */
	probe(&s, PAGE_4K, false);
	f = find(true);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_false(f.stlb.reach.found);
}

/* A line that comes by changing addresses costs some CPUs more (see window.h); the control does too. */
TEST(control_takes_other_costs_away)
{
	struct sim s = usual(PAGE_4K);
	struct tlb_findings f;

	s.first.sets = 1;
	s.first.ways = 72;
	probe(&s, PAGE_4K, true);
	for (size_t i = 0; i < point_count; i++)
		points[i].cycles += points[i].pages < 24 ? 0 : points[i].pages < 32 ? 8 : 12;
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_true(f.base_cycles > 16.9 && f.base_cycles < 17.1);
	assert_true(f.miss_cycles > 23.9 && f.miss_cycles < 24.1);
	assert_between(&f.stlb.reach, 1536, 2048);
	/* And where addresses are far apart the control pays it alone: a smaller rise from below is still one. */
	s.second.ways = 200;
	probe(&s, PAGE_4K, true);
	for (size_t i = 0; i < point_count; i++) {
		if (points[i].stride_bytes <= PAGE_4K)
			points[i].cycles += points[i].pages < 24 ? 0 : points[i].pages < 32 ? 8 : 12;
	}
	f = find(false);
	assert_between(&f.dtlb.reach, 64, 96);
	assert_int_equal(f.dtlb.sets, TLB_SETS_NONE);
}

TEST(odd_rows_are_survived)
{
	struct tlb_findings f;

	assert_false(tlb_findings_make(NULL, 0, false, &f));
	point_count = 0;
	add(0, PAGE_4K, PAGE_4K, 5);
	add(4, 0, PAGE_4K, 5);
	add(4, PAGE_4K, PAGE_4K, 0);
	add(4, PAGE_4K, PAGE_4K, -1);
	add(4, CACHE_LINE_BYTES, PAGE_4K, 5);
	assert_false(tlb_findings_make(points, point_count, false, &f));
	add(4, PAGE_4K, PAGE_4K, 5);
	assert_false(find(false).dtlb.reach.found);
	/* More strides and pages than there is room for; other leaves than the first. */
	point_count = 0;
	LOOP (uint64_t, i, 0, i < 40, i++)
		add(4 + i, PAGE_4K << i % 40, PAGE_4K, 5);
	LOOP (uint64_t, i, 0, i < 300, i++)
		add(4 + i, PAGE_4K, i % 2 == 0 ? PAGE_4K : PAGE_2M, 5);
	f = find(false);
	assert_int_equal(f.leaf_bytes, PAGE_4K);
	/* All above the control from the first n on: fewer entries than that. */
	point_count = 0;
	LOOP (uint64_t, n, 4, n < 64, n *= 2) {
		add(n, PAGE_1G, PAGE_1G, 20);
		add(n, CACHE_LINE_BYTES, PAGE_1G, 5);
	}
	f = find(false);
	assert_true(f.dtlb.reach.found);
	assert_int_equal(f.dtlb.reach.low_pages, 0);
	assert_int_equal(f.dtlb.reach.high_pages, 4);
}

TEST(sentences_name_the_evidence)
{
	struct sim s = usual(PAGE_4K);
	char lines[TLB_MAX_LINES][TLB_LINE_BYTES];
	struct tlb_findings f;

	probe(&s, PAGE_2M, true);
	f = find(false);
	assert_int_equal(tlb_findings_lines(&f, lines), 4);
	assert_string_equal(lines[0],
			    "a load that misses no TLB: 5.0 cycles; one beyond the first level: 12.0");
	/* 2 MiB apart all 4 KiB entries fall into one set: the sentence about that comes last. */
	assert_non_null(strstr(lines[1], "first level (dTLB): 4 to 5 entries (4 pages 5.0 cycles, 6 "));
	assert_non_null(strstr(lines[3], "fractured below into entries of 4K (64 pages 5.0 cycles, 96 "));
	probe(&s, PAGE_4K, true);
	f = find(false);
	assert_int_equal(tlb_findings_lines(&f, lines), 3);
	assert_non_null(strstr(lines[1], "64 to 95 entries"));
	assert_non_null(strstr(lines[1], "; 4 to 5 ways (4 pages 5.0 cycles, 6 12.0, stride 64K)"));
	assert_non_null(strstr(lines[2], "1536 to 2047 entries"));
	f = (struct tlb_findings){ .leaf_bytes = PAGE_1G,
				   .fracture = TLB_FRACTURE_WHOLE,
				   .inside_pages = 512 };
	assert_int_equal(tlb_findings_lines(&f, lines), 4);
	assert_non_null(strstr(lines[1], "not found"));
	assert_non_null(strstr(lines[3], "a 1G page is one entry: no rise up to 512 places inside one"));
	assert_string_equal(name_of(&tlb_sets_names, 99), "unknown");
	assert_string_equal(name_of(&tlb_fracture_names, TLB_FRACTURE_2M), "2M");
	assert_string_equal(name_of(&tlb_fracture_names, 99), "unknown");
}
