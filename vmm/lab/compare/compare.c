/*
 * A comparison of two sweeps from beginning to end.
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/record/stats.h"

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
	double *logs;
	uint32_t *numbers;
};

static void logs_free(struct logs *l)
{
	free(l->round_names[SIDE_A]);
	free(l->round_names[SIDE_B]);
	free(l->contrasts);
	free(l->logs);
	free(l->numbers);
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
	l->contrasts = calloc(c->count, sizeof(*l->contrasts));
	l->logs = calloc(values[SIDE_A] + values[SIDE_B], sizeof(*l->logs));
	l->numbers = calloc(values[SIDE_A] + values[SIDE_B], sizeof(*l->numbers));
	if (l->contrasts == NULL || l->logs == NULL || l->numbers == NULL)
		return -ENOMEM;
	ret = find_rounds(c, SIDE_A, values[SIDE_A], l);
	if (ret == 0)
		ret = find_rounds(c, SIDE_B, values[SIDE_B], l);
	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		l->contrasts[i] = (struct contrast){ .logs = l->logs + used,
						     .rounds = l->numbers + used,
						     .count_a = c->figures[i].figures[SIDE_A]->count,
						     .count_b = c->figures[i].figures[SIDE_B]->count };
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

	if (x->marked != y->marked)
		return x->marked ? -1 : 1;
	if (x->excess != y->excess)
		return x->excess > y->excess ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static int compute_ratio(struct compared *pair)
{
	const struct matrix_figure *a = pair->figures[SIDE_A], *b = pair->figures[SIDE_B];
	int ret = ratio_interval(a->values, a->count, b->values, b->count, &pair->ratio);

	if (ret == 0)
		pair->excess = fmax(pair->ratio.value, 1 / pair->ratio.value) - 1;
	return ret;
}

/* A drift of the whole host moves all figures at once: their median shows it, whatever single ones do. */
static int summarize_ratios(struct comparison *c)
{
	double *ratios = calloc(c->count, sizeof(*ratios));

	if (ratios == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->count; i++)
		ratios[i] = c->figures[i].ratio.value;
	stats_sort(ratios, c->count);
	c->median_ratio = stats_median(ratios, c->count);
	c->least_ratio = ratios[0];
	c->greatest_ratio = ratios[c->count - 1];
	free(ratios);
	return 0;
}

static int test_pairs(struct comparison *c)
{
	struct logs l = { .contrasts = NULL };
	int ret = collect_logs(c, &l);

	if (ret == 0)
		ret = permutation_test(l.contrasts, c->count, l.rounds[SIDE_A], l.rounds[SIDE_B],
				       c->threshold, &c->test);
	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		struct compared *pair = &c->figures[i];

		ret = compute_ratio(pair);
		pair->tested = l.contrasts[i].stratum != 0;
		pair->p = l.contrasts[i].p;
		pair->marked = pair->tested && pair->p <= FAMILY_LEVEL && pair->excess >= c->threshold &&
			       (pair->ratio.low > 1 || pair->ratio.high < 1);
		c->marked += pair->marked;
	}
	if (ret == 0) {
		qsort(c->figures, c->count, sizeof(*c->figures), by_mark);
		ret = summarize_ratios(c);
	}
	logs_free(&l);
	return ret;
}

int comparison_make(const struct matrix *a, const struct matrix *b, const char *const names[SIDES],
		    double threshold, struct comparison *c, struct error *e)
{
	struct mismatch mismatch = { .count = 0 };
	int ret;

	*c = (struct comparison){
		.sweeps = { a, b },
		.names = { names[SIDE_A], names[SIDE_B] },
		.threshold = threshold,
		.differences = json_array(),
		.only = { json_array(), json_array() },
		.left_out = json_array(),
	};
	find_differences(c, &mismatch);
	ret = pair_sweeps(c, &mismatch);
	if (ret == 0 && !is_whole(c))
		ret = -ENOMEM;
	if (ret == 0)
		ret = refuse(c, &mismatch, e);
	if (ret == 0)
		ret = test_pairs(c);
	if (ret == 0)
		return 0;
	(void)error_set(e, STATUS_FAILED, -ret, "compare",
			ret == -ENOMEM ? "no memory for the comparison"
				       : "a ratio of two figures is not finite");
	comparison_free(c);
	return ret;
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
