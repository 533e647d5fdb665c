/*
 * Property: what a sweep says beyond its raw samples equals what one works out by hand, round by round, and nothing is
 * derived from a cell whose pages are not those asked for. A pair of different rounds, another statistic on one side, or a
 * quotient upside down would look like any other figure.
 */
#include "matrix_make.h"

#include <errno.h>
#include <math.h>

#include "vmm/lab/sweep/key.h"

#define EXACT 1e-9

TEST(keys_by_axis)
{
	const char *text =
		"guest-page=4K,backing=path:/mnt/huge,prealloc=on,smp=1,workload=chase,working-set=4M";
	char a[KEY_JOINED_BYTES], b[KEY_JOINED_BYTES];
	struct key key, other;

	assert_int_equal(key_parse(text, &key), 0);
	assert_string_equal(key.values[AXIS_BACKING], "path:/mnt/huge");
	assert_string_equal(key.values[AXIS_IRQCHIP], "default");
	assert_int_equal(key_parse("working-set=4M,workload=chase,smp=1,prealloc=on,guest-page=2M", &other),
			 0);
	assert_int_equal(key_override(&other, "guest-page=4K,backing=path:/mnt/huge"), 0);
	key_join(&key, 0, a);
	key_join(&other, 0, b);
	assert_string_equal(a, b);
	assert_int_equal(key_override(&key, "working-set=8M"), 0);
	key_join(&key, 0, a);
	assert_string_not_equal(a, b);
	key_join(&key, 1U << KEY_WORKING_SET, a);
	key_join(&other, 1U << KEY_WORKING_SET, b);
	assert_string_equal(a, b);
	assert_int_equal(key_override(&key, "colour=red"), -EINVAL);
	assert_int_equal(key_override(&key, "backing"), -EINVAL);
	assert_int_equal(key_override(&key, ""), 0);
}

/* In core each allocation stands by its least sample, beyond by its median, with one sample a run by that. */
TEST(figures_by_regime)
{
	const double samples[3][3] = { { 5, 4, 9 }, { 3, 8, 7 }, { 6, 6, 5 } };
	struct matrix m;
	struct matrix_cell *cell;

	make_matrix(&m, 1);
	cell = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", 0);
	for (uint32_t i = 3; i-- > 0;) {
		struct matrix_run *run = make_run(cell, 2 * i);

		(void)make_row(run, "", 1024, LATENCY_UNIT, samples[i], 3);
		(void)make_row(run, "", 1025, LATENCY_UNIT, samples[i], 3);
		(void)make_row(run, "first", 64, LATENCY_UNIT, samples[i], 1);
		(void)make_row(run, "read", 64, RATE_UNIT, samples[i], 3);
	}
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(cell->figure_count, 4);
	assert_true(cell->figures[0].least);
	assert_float_equal(cell->figures[0].values[0], 4, EXACT);
	assert_float_equal(cell->figures[0].value.value, 4, EXACT);
	assert_int_equal(cell->figures[0].rounds[2], 4);
	assert_false(cell->figures[1].least);
	assert_float_equal(cell->figures[1].values[1], 7, EXACT);
	assert_float_equal(cell->figures[1].value.value, 6, EXACT);
	assert_float_equal(cell->figures[1].least_value, 3, EXACT);
	assert_false(cell->figures[2].least);
	assert_float_equal(cell->figures[2].value.value, 5, EXACT);
	assert_false(cell->figures[3].least);
	assert_float_equal(cell->figures[3].least_value, 9, EXACT);
	matrix_free(&m);
}

TEST(counts_and_rows_without_samples)
{
	const int64_t exits[] = { 10, -1, 30, 50 };
	struct matrix m;
	struct matrix_cell *cell;
	const struct matrix_figure *f;

	make_matrix(&m, 1);
	cell = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "exit", 0);
	LOOP (uint32_t, i, 0, i < 4, i++) {
		struct matrix_row *row = make_row(make_run(cell, i), "cpuid", 0, LATENCY_UNIT, NULL, 0);

		row->exits = exits[i];
		row->operations = i == 3 ? 0 : 10;
		row->refs_theory = i == 2 ? 24 : 0;
		(void)snprintf(row->note, sizeof(row->note), "none here");
	}
	assert_int_equal(matrix_derive(&m), 0);
	f = &cell->figures[0];
	assert_int_equal(f->count, 0);
	assert_int_equal(f->value.count, 0);
	assert_string_equal(f->note, "none here");
	assert_int_equal(f->refs_theory, 24);
	assert_float_equal(f->exits, 30, EXACT);
	assert_float_equal(f->exits_per_operation, 2, EXACT);
	assert_true(isnan(f->page_faults) && isnan(f->faults_per_operation));
	matrix_free(&m);
}

TEST(ratios_pair_by_round)
{
	const double base[] = { 10, 20, 40 }, other[] = { 20, 30, 120 };
	struct matrix m;
	struct matrix_cell *anon, *huge, *native, *lone;

	make_matrix(&m, 4);
	anon = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", MIB);
	huge = make_cell(&m, PAGE_2M, "hugetlb", PAGE_2M, "chase", MIB);
	native = make_cell(&m, 0, "anon", PAGE_4K, "chase", MIB);
	lone = make_cell(&m, PAGE_2M, "hugetlb", PAGE_2M, "chase", 2 * MIB);
	make_rounds(anon, base, 3);
	make_rounds(huge, other, 2);
	make_rounds(native, base, 1);
	make_rounds(lone, base, 3);
	assert_int_equal(matrix_derive(&m), 0);
	assert_null(anon->figures[0].baseline);
	assert_ptr_equal(huge->figures[0].baseline, anon);
	/* 2 and 1.5. */
	assert_int_equal(huge->figures[0].ratio.count, 2);
	assert_float_equal(huge->figures[0].ratio.value, 1.75, EXACT);
	assert_float_equal(huge->figures[0].ratio.low, 1.5, EXACT);
	assert_ptr_equal(native->figures[0].baseline, anon);
	assert_float_equal(native->figures[0].ratio.value, 1, EXACT);
	assert_null(lone->figures[0].baseline);
	assert_int_equal(lone->figures[0].ratio.count, 0);
	/* Again, and of what is there only what may be compared. */
	anon->state = STATE_MISMATCH;
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(anon->figure_count, 1);
	assert_null(huge->figures[0].baseline);
	matrix_free(&m);
}

/* 4096 pages: 512 lines of leaf entries; of packed 64, 256 and 1024 lines the middle ones are what a reference costs. */
TEST(translation_and_its_references)
{
	const double chase[] = { 54, 60, 57 }, packed[] = { 16, 14, 15 }, lines[] = { 8, 8, 10 };
	const double cheap[] = { 4, 4, 4 };
	static const uint64_t too_many[] = { 1025, 4096, UINT64_MAX, 0 };
	struct matrix m;
	struct matrix_cell *cells[5];

	make_matrix(&m, 5);
	cells[0] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", 16 * MIB);
	cells[1] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "packed", 16 * MIB);
	cells[2] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "packed", 4 * MIB);
	cells[3] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "packed", MIB);
	cells[4] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "packed", MIB / 4);
	make_rounds(cells[0], chase, 3);
	make_rounds(cells[1], packed, 3);
	make_rounds(cells[2], packed, 3);
	make_rounds(cells[3], lines, 3);
	make_rounds(cells[4], cheap, 3);
	cells[0]->runs[0].rows[0].refs_theory = 24;
	m.tlb_leaves = 1024;
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.translation_count, 1);
	assert_ptr_equal(m.translations[0].chase, cells[0]);
	assert_ptr_equal(m.translations[0].packed, cells[1]);
	assert_int_equal(m.translations[0].pages, 4096);
	assert_int_equal(m.translations[0].refs_theory, 24);
	/* 38, 46, 42; over 8, 8, 10: 4.75, 5.75, 4.2. */
	assert_float_equal(m.translations[0].cost.value, 42, EXACT);
	assert_float_equal(m.translations[0].cost.low, 38, EXACT);
	assert_float_equal(m.translations[0].reference_cycles, 8, EXACT);
	assert_float_equal(m.translations[0].loads_worth.value, 4.75, EXACT);
	assert_float_equal(m.translations[0].loads_worth.low, 4.2, EXACT);
	assert_float_equal(m.translations[0].loads_worth.high, 5.75, EXACT);
	/* TLBs that hold a quarter of the leaves and more, or nobody knows how many: many an access may hit. */
	EACH (i, too_many) {
		m.tlb_leaves = too_many[i];
		assert_int_equal(matrix_derive(&m), 0);
		assert_float_equal(m.translations[0].cost.value, 42, EXACT);
		assert_int_equal(m.translations[0].loads_worth.count, 0);
		assert_true(m.translations[0].reference_cycles == 0);
	}
	m.tlb_leaves = 1024;
	/* 64 and 4096 lines lie in other caches than 512: rather no reference than one of those. */
	cells[2]->state = cells[3]->state = STATE_MISMATCH;
	assert_int_equal(matrix_derive(&m), 0);
	assert_float_equal(m.translations[0].cost.value, 42, EXACT);
	assert_true(m.translations[0].reference_cycles == 0);
	assert_int_equal(m.translations[0].loads_worth.count, 0);
	cells[1]->state = STATE_MISMATCH;
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.translation_count, 0);
	matrix_free(&m);
}

static const struct matrix_speed_up *find_speed_up(const struct matrix *m, enum speed_up_dimension dimension,
						   const struct matrix_cell *to)
{
	for (uint32_t i = 0; i < m->speed_up_count; i++) {
		if (m->speed_ups[i].dimension == dimension && m->speed_ups[i].to == to)
			return &m->speed_ups[i];
	}
	fail_msg("no speed-up of that kind");
	return NULL;
}

TEST(speed_ups_in_each_dimension)
{
	const double slow = 120, mid = 60, fast = 30;
	const struct matrix_speed_up *s;
	struct matrix_cell *c[6];
	struct matrix m;

	make_matrix(&m, 6);
	c[0] = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", MIB);
	c[1] = make_cell(&m, PAGE_4K, "hugetlb", PAGE_2M, "chase", MIB);
	c[2] = make_cell(&m, PAGE_2M, "hugetlb", PAGE_2M, "chase", MIB);
	c[3] = make_cell(&m, PAGE_4K, "memfd", PAGE_4K, "chase", MIB);
	c[4] = make_cell(&m, PAGE_4K, "memfd", PAGE_2M, "chase", MIB);
	c[5] = make_cell(&m, 0, "hugetlb", PAGE_2M, "chase", MIB);
	LOOP (uint32_t, i, 0, i < 6, i++)
		make_rounds(c[i], i == 0 ? &slow : i == 1 || i == 3 ? &mid : &fast, 1);
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.speed_up_count, 4);
	s = find_speed_up(&m, SPEED_UP_GUEST, c[2]);
	assert_ptr_equal(s->from, c[1]);
	assert_float_equal(s->speed_up.value, 2, EXACT);
	s = find_speed_up(&m, SPEED_UP_BACKING, c[1]);
	assert_ptr_equal(s->from, c[0]);
	assert_float_equal(s->speed_up.value, 2, EXACT);
	/* The same kind of memory comes before anonymous memory. */
	assert_ptr_equal(find_speed_up(&m, SPEED_UP_BACKING, c[4])->from, c[3]);
	s = find_speed_up(&m, SPEED_UP_BOTH, c[2]);
	assert_ptr_equal(s->from, c[0]);
	assert_float_equal(s->speed_up.value, 4, EXACT);
	matrix_free(&m);
}

/* More bytes a second are faster: the quotient turns round; and another working set is another thing. */
TEST(rates_and_other_sizes)
{
	const double small[] = { 1e9, 1e9 }, large[] = { 3e9, 3e9 };
	struct matrix m;
	struct matrix_cell *from, *to;

	make_matrix(&m, 2);
	from = make_cell(&m, 0, "anon", PAGE_4K, "seq", 0);
	to = make_cell(&m, 0, "thp", PAGE_2M, "seq", 0);
	(void)make_row(make_run(from, 0), "read", 64, RATE_UNIT, small, 2);
	(void)make_row(&from->runs[0], "write", 64, RATE_UNIT, small, 2);
	(void)make_row(make_run(to, 0), "read", 64, RATE_UNIT, large, 2);
	(void)make_row(&to->runs[0], "write", 128, RATE_UNIT, large, 2);
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(m.speed_up_count, 1);
	assert_int_equal(m.speed_ups[0].dimension, SPEED_UP_BACKING);
	assert_float_equal(m.speed_ups[0].speed_up.value, 3, EXACT);
	matrix_free(&m);
}

TEST(nothing_and_what_is_not_finite)
{
	const double bad[] = { 1, INFINITY };
	struct matrix m;
	struct matrix_cell *cell;

	make_matrix(&m, 1);
	assert_int_equal(matrix_derive(&m), 0);
	cell = make_cell(&m, PAGE_4K, "anon", PAGE_4K, "chase", MIB);
	assert_int_equal(matrix_derive(&m), 0);
	assert_int_equal(cell->figure_count, 0);
	(void)make_row(make_run(cell, 0), "", 256, LATENCY_UNIT, bad, 2);
	assert_int_equal(matrix_derive(&m), -EINVAL);
	assert_int_equal(cell->figure_count, 0);
	matrix_free(&m);
}
