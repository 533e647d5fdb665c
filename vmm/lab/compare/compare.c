/*
 * A comparison of two sweeps from beginning to end.
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/util/workloads.h"

static int refuse_pairs(const struct comparison *c, struct error *e)
{
	return error_set(
		e, STATUS_USAGE, 0, "compare", "no cell has a figure on both sides that can be compared: %s",
		json_array_size(c->left_out) == 0
			? "there are none at all"
			: json_string_value(json_object_get(json_array_get(c->left_out, 0), "reason")));
}

static int refuse(const struct comparison *c, const struct mismatch *mismatch, struct error *e)
{
	if (mismatch->count != 0) {
		(void)error_set(e, STATUS_USAGE, 0, "compare",
				"the two did not measure the same (%" PRIu32 " difference%s): %s%s",
				mismatch->count, mismatch->count == 1 ? "" : "s", mismatch->first,
				mismatch->count > 3 ? "; ..." : "");
		return error_hint(
			e, "repeat one sweep with the options of the other: its member \"command\" has them");
	}
	if (c->count != 0)
		return 0;
	if (c->paired)
		return refuse_pairs(c, e);
	(void)error_set(
		e, STATUS_USAGE, 0, "compare",
		"no figure is in both: %zu cells are only in A, %zu only in B, %zu are in both, but without "
		"figures to compare",
		json_array_size(c->only[SIDE_A]), json_array_size(c->only[SIDE_B]),
		json_array_size(c->left_out));
	return error_hint(e, "the two need cells with the same key: see the members \"key\" of \"cells\"");
}

/* json_put and json_push leave NULL where memory ran out. */
static bool is_whole(const struct comparison *c)
{
	return c->differences != NULL && c->only[SIDE_A] != NULL && c->only[SIDE_B] != NULL &&
	       c->left_out != NULL;
}

/* All figures on a logarithmic scale, with the rounds of both sweeps numbered through. */
struct logs {
	uint32_t rounds[SIDES], *round_names[SIDES]; /* how many, and which, ascending */
	struct contrast *contrasts;
	bool *is_rate; /* of each contrast: more is faster */
	double *logs;
	uint32_t *numbers;
	double *effects; /* of each round, of A then of B: what all figures have in common */
	double *scratch; /* one for each round */
};

static void logs_free(struct logs *l)
{
	free(l->round_names[SIDE_A]);
	free(l->round_names[SIDE_B]);
	free(l->contrasts);
	free(l->is_rate);
	free(l->logs);
	free(l->numbers);
	free(l->effects);
	free(l->scratch);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Which rounds that side's figures are of. */
static int find_rounds(const struct comparison *c, int side, size_t values, struct logs *l)
{
	uint32_t *names = calloc(values, sizeof(*names));
	size_t used = 0, kept = 0;

	if (names == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct matrix_figure *f = c->figures[i].figures[side];

		memcpy(names + used, f->rounds, f->count * sizeof(*names));
		used += f->count;
	}
	qsort(names, used, sizeof(*names), by_number);
	for (size_t i = 0; i < used; i++) {
		if (i == 0 || names[i] != names[i - 1])
			names[kept++] = names[i];
	}
	l->round_names[side] = names;
	l->rounds[side] = (uint32_t)kept;
	return 0;
}

static uint32_t number_of(const struct logs *l, int side, uint32_t round)
{
	const uint32_t *found =
		bsearch(&round, l->round_names[side], l->rounds[side], sizeof(round), by_number);
	uint32_t first = side == SIDE_A ? 0 : l->rounds[SIDE_A];

	/* Always found: find_rounds has collected every round. */
	return found != NULL ? first + (uint32_t)(found - l->round_names[side]) : first;
}

static int collect_logs(const struct comparison *c, struct logs *l)
{
	size_t values[SIDES] = { 0, 0 }, used = 0;
	int ret;

	for (uint32_t i = 0; i < c->count; i++) {
		values[SIDE_A] += c->figures[i].figures[SIDE_A]->count;
		values[SIDE_B] += c->figures[i].figures[SIDE_B]->count;
	}
	l->contrasts = calloc(c->count + (size_t)1, sizeof(*l->contrasts));
	l->is_rate = calloc(c->count, sizeof(*l->is_rate));
	l->logs = calloc(values[SIDE_A] + values[SIDE_B], sizeof(*l->logs));
	l->numbers = calloc(values[SIDE_A] + values[SIDE_B], sizeof(*l->numbers));
	if (l->contrasts == NULL || l->is_rate == NULL || l->logs == NULL || l->numbers == NULL)
		return -ENOMEM;
	ret = find_rounds(c, SIDE_A, values[SIDE_A], l);
	if (ret == 0)
		ret = find_rounds(c, SIDE_B, values[SIDE_B], l);
	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		l->contrasts[i] = (struct contrast){ .logs = l->logs + used,
						     .rounds = l->numbers + used,
						     .count_a = c->figures[i].figures[SIDE_A]->count,
						     .count_b = c->figures[i].figures[SIDE_B]->count };
		l->is_rate[i] = !unit_name_is_latency(c->figures[i].figures[SIDE_A]->unit);
		for (int side = SIDE_A; side < SIDES; side++) {
			const struct matrix_figure *f = c->figures[i].figures[side];

			for (uint32_t v = 0; v < f->count; v++, used++) {
				l->logs[used] = log(f->values[v]);
				l->numbers[used] = number_of(l, side, f->rounds[v]);
			}
		}
	}
	return ret;
}

static int by_mark(const void *a, const void *b)
{
	const struct compared *x = a, *y = b;

	if (x->alone.marked != y->alone.marked)
		return x->alone.marked ? -1 : 1;
	if (x->alone.excess != y->alone.excess)
		return x->alone.excess > y->alone.excess ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

void ratio_judge(struct tested_ratio *tested, const struct contrast *contrast, double threshold)
{
	const struct estimate *ratio = &tested->ratio;

	tested->excess = fmax(ratio->value, 1 / ratio->value) - 1;
	tested->tested = contrast->stratum != 0;
	tested->p = contrast->p;
	tested->marked = tested->tested && tested->p <= FAMILY_LEVEL && tested->excess >= threshold &&
			 (ratio->low > 1 || ratio->high < 1);
}

/* Take the common effect of its round from each value. */
static void center(struct comparison *c, struct logs *l)
{
	double *log = l->logs;
	const uint32_t *number = l->numbers;

	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t values = l->contrasts[i].count_a + l->contrasts[i].count_b;

		for (uint32_t v = 0; v < values; v++, log++, number++)
			*log -= l->is_rate[i] ? -l->effects[*number] : l->effects[*number];
	}
}

/* B / A of logarithms, of A's values and then of B's. */
static int ratio_of_logs(struct logs *l, const double *logs, uint32_t count_a, uint32_t count_b,
			 struct estimate *ratio)
{
	for (uint32_t i = 0; i < count_a + count_b; i++)
		l->scratch[i] = exp(logs[i]);
	return ratio_interval(l->scratch, count_a, l->scratch + count_a, count_b, ratio);
}

/* The rounds' common effects as one figure. */
static int test_common(struct comparison *c, struct logs *l)
{
	uint32_t rounds = l->rounds[SIDE_A] + l->rounds[SIDE_B];
	uint32_t *numbers = calloc(rounds + (size_t)1, sizeof(*numbers));
	struct contrast all = { .logs = l->effects,
				.rounds = numbers,
				.count_a = l->rounds[SIDE_A],
				.count_b = l->rounds[SIDE_B] };
	struct permutation_summary how;
	int ret;

	if (numbers == NULL)
		return -ENOMEM;
	for (uint32_t r = 0; r < rounds; r++)
		numbers[r] = r;
	ret = permutation_test(&all, 1, all.count_a, all.count_b, c->threshold, &how);
	if (ret == 0)
		ret = ratio_of_logs(l, l->effects, all.count_a, all.count_b, &c->common.ratio);
	ratio_judge(&c->common, &all, c->threshold);
	free(numbers);
	return ret;
}

static int test_alone(struct comparison *c, struct logs *l)
{
	int ret;

	center(c, l);
	ret = permutation_test(l->contrasts, c->count, l->rounds[SIDE_A], l->rounds[SIDE_B], c->threshold,
			       &c->test);
	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		const struct contrast *contrast = &l->contrasts[i];
		struct compared *pair = &c->figures[i];

		ret = ratio_of_logs(l, contrast->logs, contrast->count_a, contrast->count_b,
				    &pair->alone.ratio);
		ratio_judge(&pair->alone, contrast, c->threshold);
		c->marked += pair->alone.marked;
	}
	return ret;
}

static int compute_ratios(struct comparison *c)
{
	int ret = 0;

	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		struct compared *pair = &c->figures[i];
		const struct matrix_figure *a = pair->figures[SIDE_A], *b = pair->figures[SIDE_B];

		ret = ratio_interval(a->values, a->count, b->values, b->count, &pair->ratio);
		pair->alone.p = 1;
	}
	return ret;
}

static void find_extremes(struct comparison *c)
{
	c->least_ratio = INFINITY;
	c->greatest_ratio = 0;
	for (uint32_t i = 0; i < c->count; i++) {
		c->least_ratio = fmin(c->least_ratio, c->figures[i].ratio.value);
		c->greatest_ratio = fmax(c->greatest_ratio, c->figures[i].ratio.value);
	}
}

static int test_sessions(struct comparison *c)
{
	struct logs l = { .contrasts = NULL };
	int ret = collect_logs(c, &l);
	uint32_t rounds = l.rounds[SIDE_A] + l.rounds[SIDE_B];

	if (ret == 0) {
		l.effects = calloc(rounds + (size_t)1, sizeof(*l.effects));
		l.scratch = calloc(rounds + (size_t)1, sizeof(*l.scratch));
		ret = l.effects != NULL && l.scratch != NULL ? 0 : -ENOMEM;
	}
	if (ret == 0)
		ret = compute_ratios(c);
	if (ret == 0)
		ret = common_effects(l.contrasts, l.is_rate, c->count, rounds, l.effects);
	if (ret == 0)
		ret = test_common(c, &l);
	if (ret == 0 && c->count >= COMPARISON_LEAST_FIGURES)
		ret = test_alone(c, &l);
	logs_free(&l);
	return ret;
}

static int make(struct comparison *c, struct error *e)
{
	struct mismatch mismatch = { .count = 0 };
	int ret;

	c->differences = json_array();
	c->only[SIDE_A] = json_array();
	c->only[SIDE_B] = json_array();
	c->left_out = json_array();
	c->test.least_p = 1;
	find_differences(c, &mismatch);
	ret = pair_sweeps(c, &mismatch);
	if (ret == 0 && !is_whole(c))
		ret = -ENOMEM;
	if (ret == 0)
		ret = refuse(c, &mismatch, e);
	if (ret == 0)
		ret = c->paired ? test_rounds(c) : test_sessions(c);
	if (ret == 0) {
		qsort(c->figures, c->count, sizeof(*c->figures), by_mark);
		find_extremes(c);
		return 0;
	}
	(void)error_set(e, STATUS_FAILED, -ret, "compare",
			ret == -ENOMEM ? "no memory for the comparison"
				       : "a ratio of two figures is not finite");
	comparison_free(c);
	return ret;
}

int comparison_make(const struct matrix *a, const struct matrix *b, const char *const names[SIDES],
		    double threshold, struct comparison *c, struct error *e)
{
	*c = (struct comparison){ .sweeps = { a, b },
				  .names = { names[SIDE_A], names[SIDE_B] },
				  .threshold = threshold };
	return make(c, e);
}

int comparison_of_sides(const struct matrix *m, const char *const names[SIDES], double threshold,
			struct comparison *c, struct error *e)
{
	*c = (struct comparison){ .paired = true,
				  .sweeps = { m, m },
				  .names = { names[SIDE_A], names[SIDE_B] },
				  .threshold = threshold };
	if (m->versus != NULL)
		return make(c, e);
	return error_set(e, STATUS_USAGE, 0, "compare",
			 "%.200s is a sweep with one side: two files are compared, or one that was made with "
			 "--versus or --versus-options",
			 names[SIDE_A]);
}

void comparison_free(struct comparison *c)
{
	free(c->figures);
	json_decref(c->differences);
	json_decref(c->only[SIDE_A]);
	json_decref(c->only[SIDE_B]);
	json_decref(c->left_out);
	*c = (struct comparison){ .count = 0 };
}
