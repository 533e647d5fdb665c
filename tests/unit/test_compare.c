/*
 * Property: a comparison marks what differs, and only that; refuses what did not measure the same; and says whatever else
 * differs. Two sweeps that share a key and not the meaning, or a cell that is not what was asked for, would give a ratio
 * as believable as any.
 */
#include "matrix_make.h"

#include <math.h>

#include "random.h"
#include "vmm/lab/compare/compare.h"

#define THRESHOLD 0.01
#define ROUNDS 5
#define CELLS 200

static const char *const names[SIDES] = { "a.json", "b.json" };

/* Sweeps of `cells` chase cells with 0.5 % noise; the first cell of B reads `factor` times A's. */
static void make_sweeps(struct matrix sweeps[SIDES], uint32_t cells, double factor, uint64_t *rng)
{
	LOOP (int, side, SIDE_A, side < SIDES, side++) {
		make_matrix(&sweeps[side], cells + 4);
		sweeps[side].host =
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:{s:s}}", "kernel", "6.1.0", "cpu_model",
				  "A CPU", "kvm_module", "kvm_intel", "second_dimension", "ept", "cpus", 2,
				  "params", "kvm_intel.ept", "Y");
		assert_non_null(sweeps[side].host);
		LOOP (uint32_t, i, 0, i < cells, i++) {
			struct matrix_cell *cell = make_cell(&sweeps[side], PAGE_4K, "anon", PAGE_4K, "chase",
							     (i + 1) * (uint64_t)PAGE_4K);
			double values[ROUNDS];

			for (uint32_t v = 0; v < ROUNDS; v++)
				values[v] = 20 * exp(0.005 * random_normal(rng)) *
					    (side == SIDE_B && i == 0 ? factor : 1);
			make_rounds(cell, values, ROUNDS);
		}
	}
}

static int compare(struct matrix sweeps[SIDES], struct comparison *c, struct error *e)
{
	*e = (struct error){ .status = STATUS_OK };
	assert_int_equal(matrix_derive(&sweeps[SIDE_A]), 0);
	assert_int_equal(matrix_derive(&sweeps[SIDE_B]), 0);
	return comparison_make(&sweeps[SIDE_A], &sweeps[SIDE_B], names, THRESHOLD, c, e);
}

static void free_sweeps(struct matrix sweeps[SIDES])
{
	matrix_free(&sweeps[SIDE_A]);
	matrix_free(&sweeps[SIDE_B]);
}

/* One line, every run of blanks and newlines a blank; no line of it was longer than the screen. */
static char *text_of(const struct comparison *c, bool all)
{
	char *data = NULL, *to;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(comparison_text(c, all, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	assert_fits_screen(data);
	to = data;
	for (const char *from = data; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\n')
			*to++ = *from;
		else if (to == data || to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	return data;
}

static void text_says(const struct comparison *c, bool all, const char *words)
{
	char *data = text_of(c, all);

	if (strstr(data, words) == NULL)
		fail_msg("not in the text: %s\n%s", words, data);
	free(data);
}

static json_t *json_of(const struct comparison *c)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);
	json_t *root;

	assert_non_null(memory);
	assert_int_equal(comparison_json(c, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	root = json_loads(data, 0, NULL);
	assert_non_null(root);
	free(data);
	return root;
}

TEST(one_cell_of_many_differs)
{
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;
	uint64_t rng = 19;
	json_t *root;

	make_sweeps(sweeps, CELLS, 1.03, &rng);
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.count, CELLS);
	assert_int_equal(c.marked, 1);
	assert_ptr_equal(c.figures[0].cells[SIDE_A], &sweeps[SIDE_A].cells[0]);
	assert_float_equal(c.figures[0].ratio.value, 1.03, 0.006);
	assert_float_equal(c.figures[0].alone.ratio.value, 1.03, 0.006);
	assert_true(c.figures[0].alone.ratio.low > 1.01 && c.figures[0].alone.ratio.high < 1.05);
	assert_float_equal(c.common.ratio.value, 1, 0.002);
	assert_false(c.common.marked);
	text_says(&c, false, "marked 1 of 200 figures:");
	text_says(&c, false, "core cyc slower chase 4K");
	text_says(&c, false, "differ nothing: the same version, plan and host");
	text_says(&c, false, "not marked 199 of 200 figures; furthest apart: B / A = ");
	text_says(&c, false, "the rounds of both files are then shared out between A and B in all 252 ways");
	text_says(&c, true, "chase 800K");
	root = json_of(&c);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), COMPARE_SCHEMA);
	assert_int_equal(json_array_size(json_object_get(root, "figures")), CELLS);
	json_decref(root);
	comparison_free(&c);
	free_sweeps(sweeps);
}

/* As a whole: with the threshold and the interval besides p, in at most 5 % of comparisons of what is the same. */
TEST(repetitions_mark_nothing)
{
	enum { TRIES = 30 };
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;
	uint64_t rng = 23;
	int marked = 0;

	LOOP (int, try, 0, try < TRIES, try++) {
		make_sweeps(sweeps, 20, 1, &rng);
		assert_int_equal(compare(sweeps, &c, &e), 0);
		marked += c.marked != 0;
		comparison_free(&c);
		free_sweeps(sweeps);
	}
	assert_in_range(marked, 0, TRIES / 20);
}

/* Three cells of A and B, each of `count` rounds; the first of B is as given, all others as A. */
static void make_three(struct matrix sweeps[SIDES], const double *a, const double *b, uint32_t count)
{
	LOOP (int, side, SIDE_A, side < SIDES, side++) {
		make_matrix(&sweeps[side], 3);
		LOOP (uint32_t, i, 1, i <= 3, i++)
			make_rounds(make_cell(&sweeps[side], PAGE_4K, "anon", PAGE_4K, "chase", i * MIB),
				    side == SIDE_B && i == 1 ? b : a, count);
	}
}

/* The same 0.5 %, certain as it may be, does not matter at 1 %; and against itself nothing differs at all. */
TEST(what_does_not_matter)
{
	const double a[] = { 20, 20, 20, 20, 20 }, b[] = { 20.1, 20.1, 20.1, 20.1, 20.1 };
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;

	make_three(sweeps, a, b, ROUNDS);
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.marked, 0);
	assert_false(c.figures[0].alone.tested);
	assert_float_equal(c.figures[0].ratio.value, 1.005, 1e-9);
	assert_float_equal(c.figures[0].alone.ratio.value, 1.005, 1e-9);
	text_says(&c, false, "none was needed: no figure has values further apart than 1 %");
	comparison_free(&c);
	e = (struct error){ .status = STATUS_OK };
	assert_int_equal(comparison_make(&sweeps[SIDE_B], &sweeps[SIDE_B], names, 0, &c, &e), 0);
	assert_int_equal(c.marked, 0);
	assert_float_equal(c.common.ratio.value, 1, 1e-12);
	comparison_free(&c);
	/* Without a threshold it is marked: constants that differ. */
	assert_int_equal(comparison_make(&sweeps[SIDE_A], &sweeps[SIDE_B], names, 0, &c, &e), 0);
	assert_int_equal(c.marked, 1);
	text_says(&c, false, "1.005 1.005 1.005 1.005 0.0079 20.00 20.10 core cyc slower chase 1M");
	comparison_free(&c);
	free_sweeps(sweeps);
}

/* All move by 3 %: no figure is marked, what they have in common is. Rates go the other way round. */
TEST(what_all_have_in_common)
{
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;
	uint64_t rng = 37;

	make_sweeps(sweeps, 7, 1, &rng);
	LOOP (uint32_t, i, 0, i < 7, i++) {
		LOOP (uint32_t, round, 0, round < ROUNDS, round++) {
			LOOP (int, side, SIDE_A, side < SIDES, side++) {
				struct matrix_row *row = &sweeps[side].cells[i].runs[round].rows[0];

				sweeps[side].cells[i].runs[round].core_per_tsc = side == SIDE_A ? 1.4 : 1.3;
				if (i == 6)
					(void)snprintf(row->unit, sizeof(row->unit), RATE_UNIT);
				for (uint32_t s = 0; side == SIDE_B && s < row->sample_count; s++)
					row->samples[s] *= i == 6 ? 1 / 1.03 : 1.03;
			}
		}
	}
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.marked, 0);
	assert_true(c.common.marked);
	assert_float_equal(c.common.ratio.value, 1.03, 0.004);
	text_says(&c, false, "p 0.0079): what the 7 figures have in common, rates the other way round");
	text_says(&c, false,
		  "what differs between them, alone or together, is something in the host or in the "
		  "code. minivmm sweep --versus");
	text_says(&c, false,
		  "clock core/TSC 1.400 in A (1.400 to 1.400), 1.300 in B (1.300 to 1.300): B / A = "
		  "0.929");
	comparison_free(&c);
	free_sweeps(sweeps);
}

/* One figure is all there is in common: it is tested as that, and not marked alone. */
TEST(one_figure_cannot_be_told_from_its_session)
{
	const double a[] = { 20, 20.1, 20.2, 20.1, 20 }, b[] = { 40, 40.1, 40.2, 40, 40.1 };
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;
	json_t *root;

	LOOP (int, side, SIDE_A, side < SIDES, side++) {
		make_matrix(&sweeps[side], 1);
		make_rounds(make_cell(&sweeps[side], PAGE_4K, "anon", PAGE_4K, "chase", MIB),
			    side == SIDE_A ? a : b, ROUNDS);
	}
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.marked, 0);
	assert_true(c.common.marked);
	assert_float_equal(c.common.ratio.value, 40.1 / 20.1, 1e-9);
	text_says(&c, false, "no figure can be told from what all have in common: that takes 3 figures");
	text_says(&c, false, "clock core/TSC is not known in either");
	root = json_of(&c);
	assert_true(
		json_is_null(json_object_get(json_array_get(json_object_get(root, "figures"), 0), "alone")));
	json_decref(root);
	comparison_free(&c);
	free_sweeps(sweeps);
}

/* The least of twenty samples is below the least of ten, of the same thing: no ratio of such is one. */
TEST(minima_of_unequal_counts_are_left_out)
{
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;
	uint64_t rng = 43;

	make_sweeps(sweeps, 5, 1, &rng);
	LOOP (uint32_t, round, 0, round < ROUNDS, round++) {
		struct matrix_row *row = &sweeps[SIDE_B].cells[0].runs[round].rows[0];
		const double samples[] = { row->samples[0], row->samples[0], row->samples[0] };

		free(row->samples);
		row->samples = calloc(3, sizeof(*row->samples));
		assert_non_null(row->samples);
		memcpy(row->samples, samples, sizeof(samples));
		row->sample_count = 3;
	}
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.count, 4);
	text_says(&c, false, "1: a minimum of 2 samples in A, of 3 in B: the more, the less: guest-page=4K");
	comparison_free(&c);
	free_sweeps(sweeps);
}

static void refused_with(struct matrix sweeps[SIDES], const char *words)
{
	struct comparison c;
	struct error e;

	assert_true(compare(sweeps, &c, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	if (strstr(e.what, words) == NULL)
		fail_msg("not refused for: %s, but: %s", words, e.what);
}

TEST(another_meaning_is_refused)
{
	struct matrix sweeps[SIDES];
	struct error e = { 0 };
	struct comparison c;
	struct matrix *b = &sweeps[SIDE_B];
	uint64_t rng = 29;

	make_sweeps(sweeps, 5, 1, &rng);
	b->accesses = 5000;
	refused_with(sweeps, "(1 difference): accesses in a sample (--accesses): 0 and 5000");
	b->accesses = 0;
	b->alias_bytes = MIB;
	refused_with(sweeps, "aliased memory (--alias-memory): 0 and 1048576 bytes");
	b->alias_bytes = 0;
	b->guest_ad = true;
	refused_with(sweeps, "--guest-ad): off and on");
	b->guest_ad = false;
	for (uint32_t i = 0; i < 5; i++)
		b->cells[i].memory_bytes = MIB;
	refused_with(sweeps, "(5 differences): guest-page=4K,backing=anon,prealloc=on,smp=1,workload=chase,"
			     "working-set=4K: memory of 67108864 and 1048576 bytes; guest-page");
	for (uint32_t i = 0; i < 5; i++)
		b->cells[i].memory_bytes = 64 * MIB;
	for (uint32_t i = 0; i < ROUNDS; i++)
		b->cells[0].runs[i].rows[0].sample_count = 1;
	refused_with(sweeps, "working-set=4K: least and median of the samples");
	/* Of cores that hold different amounts that figure alone has no counterpart. */
	sweeps[SIDE_A].in_core_bytes = MIB;
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.count, 4);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(c.left_out, 0), "reason")),
		"guest-page=4K,backing=anon,prealloc=on,smp=1,workload=chase,working-set=4K: least "
		"and median of the samples");
	comparison_free(&c);
	sweeps[SIDE_A].in_core_bytes = 0;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		b->cells[0].runs[i].rows[0].sample_count = 2;
		b->cells[0].runs[i].rows[0].pages = 7;
	}
	refused_with(sweeps, "working-set=4K: 1 pages and 7");
	for (uint32_t i = 0; i < ROUNDS; i++) {
		b->cells[0].runs[i].rows[0].pages = 1;
		(void)snprintf(b->cells[0].runs[i].rows[0].unit, sizeof(b->cells[0].runs[i].rows[0].unit),
			       RATE_UNIT);
	}
	refused_with(sweeps, "working-set=4K: core cycles/access and bytes/s");
	for (uint32_t i = 0; i < 5; i++)
		b->cells[i].key[strlen("guest-page=")] = '9';
	refused_with(sweeps, "no figure is in both: 5 cells are only in A, 5 only in B, 0 are in both");
	free_sweeps(sweeps);
}

TEST(all_else_is_said)
{
	struct matrix sweeps[SIDES];
	struct matrix *a = &sweeps[SIDE_A], *b = &sweeps[SIDE_B];
	struct comparison c;
	struct error e;
	uint64_t rng = 31;

	make_sweeps(sweeps, 5, 1, &rng);
	(void)make_cell(a, PAGE_2M, "anon", PAGE_4K, "chase", MIB);
	(void)make_cell(b, PAGE_1G, "anon", PAGE_4K, "chase", MIB);
	b->cells[1].state = STATE_MISMATCH;
	a->cells[2].runs[0].rows[0].samples[0] = 0;
	for (uint32_t i = 0; i < ROUNDS; i++)
		b->cells[3].runs[i].rows[0].sample_count = 0;
	b->complete = false;
	b->repeat = 20;
	(void)snprintf(b->version, sizeof(b->version), "0.2.0");
	assert_int_equal(json_object_set_new(b->host, "kernel", json_string("6.6.0")), 0);
	assert_int_equal(
		json_object_set_new(json_object_get(b->host, "params"), "kvm_intel.ept", json_string("N")),
		0);
	assert_int_equal(json_object_set_new(json_object_get(b->host, "params"), "kvm.x", json_string("1")),
			 0);
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.count, 2);
	text_says(&c, false, "minivmm_version: 0.1.0 in A, 0.2.0 in B");
	text_says(&c, false, "plan.repeat: 10 in A, 20 in B");
	text_says(&c, false, "host.kernel: 6.1.0 in A, 6.6.0 in B");
	text_says(&c, false, "host.params.kvm_intel.ept: Y in A, N in B");
	text_says(&c, false, "host.params.kvm.x: null in A, 1 in B");
	text_says(&c, false, "incomplete: it was interrupted");
	text_says(&c, false, "only in A 1 cell: guest-page=2M,");
	text_says(&c, false, "only in B 1 cell: guest-page=1G,");
	text_says(&c, false, "1: ok in A, mismatch in B: guest-page=4K");
	text_says(&c, false, "1: no figure in B: guest-page=4K");
	text_says(&c, false, "1: a value that is not above 0 has no ratio: guest-page=4K");
	comparison_free(&c);
	free_sweeps(sweeps);
}

/* Too few allocations to tell anything from chance: said, not hidden. */
TEST(three_allocations_prove_nothing)
{
	const double a[] = { 20, 20.1, 20.2 }, b[] = { 40, 40.1, 40.2 };
	struct matrix sweeps[SIDES];
	struct comparison c;
	struct error e;

	make_three(sweeps, a, b, 3);
	assert_int_equal(compare(sweeps, &c, &e), 0);
	assert_int_equal(c.marked, 0);
	text_says(&c, false, "no corrected p is below 0.1; 4 in each sweep are enough");
	text_says(&c, false, "; alone 1.995 (1.990 to 2.000, corrected p 0.1)");
	comparison_free(&c);
	free_sweeps(sweeps);
}

TEST_WRITES()
