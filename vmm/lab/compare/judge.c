/*
 * Ratios of all pairs, and which of them are marked.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/compare/parts.h"
#include "vmm/lab/compare/unpaired.h"
#include "vmm/lab/record/stats.h"

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

	/* find_rounds has taken every one. */
	return found != NULL ? first + (uint32_t)(found - l->round_names[side]) : first;
}

static int take_logs(const struct comparison *c, struct logs *l)
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
	return (x->figures[SIDE_A] > y->figures[SIDE_A]) - (x->figures[SIDE_A] < y->figures[SIDE_A]);
}

static int take_ratio(struct compared *pair)
{
	const struct matrix_figure *a = pair->figures[SIDE_A], *b = pair->figures[SIDE_B];
	int ret = unpaired_ratio(a->values, a->count, b->values, b->count, &pair->ratio);

	if (ret == 0)
		pair->excess = fmax(pair->ratio.value, 1 / pair->ratio.value) - 1;
	return ret;
}

/* A drift of the whole host moves all figures at once: their median shows it, whatever single ones do. */
static int take_together(struct comparison *c)
{
	double *ratios = calloc(c->count, sizeof(*ratios));

	if (ratios == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->count; i++)
		ratios[i] = c->figures[i].ratio.value;
	stats_sort(ratios, c->count);
	c->together = stats_median(ratios, c->count);
	c->least = ratios[0];
	c->greatest = ratios[c->count - 1];
	free(ratios);
	return 0;
}

int judge_pairs(struct comparison *c)
{
	struct logs l = { .contrasts = NULL };
	int ret = take_logs(c, &l);

	if (ret == 0)
		ret = relabel_judge(l.contrasts, c->count, l.rounds[SIDE_A], l.rounds[SIDE_B], c->threshold,
				    &c->how);
	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		struct compared *pair = &c->figures[i];

		ret = take_ratio(pair);
		pair->tested = l.contrasts[i].stratum != 0;
		pair->p = l.contrasts[i].p;
		pair->marked = pair->tested && pair->p <= FAMILY_LEVEL && pair->excess >= c->threshold &&
			       (pair->ratio.low > 1 || pair->ratio.high < 1);
		c->marked += pair->marked;
	}
	if (ret == 0) {
		qsort(c->figures, c->count, sizeof(*c->figures), by_mark);
		ret = take_together(c);
	}
	logs_free(&l);
	return ret;
}
