/*
 * A comparison of the two sides of one sweep: A and B of a cell were run next to each other in each round, in random order,
 * so that each round has a ratio B / A of its own, and the host's drift is in both.
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/lab/record/stats.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/util/workloads.h"

/* Log ratios of all figures, then of what they have in common. */
struct pairs {
	uint32_t rounds;  /* from 0 on, those that have a ratio */
	uint32_t *number; /* of each round of the sweep */
	struct contrast *contrasts;
	double *ratios; /* of each figure in turn */
	double *logs;
	uint32_t *numbers;
	double *scratch; /* one for each figure or round */
};

static void pairs_free(struct pairs *p)
{
	free(p->number);
	free(p->contrasts);
	free(p->ratios);
	free(p->logs);
	free(p->numbers);
	free(p->scratch);
}

/* The ratios of one figure behind those before it; their rounds as the sweep has them. Returns how many. */
static uint32_t pair_values(const struct compared *pair, double *ratios, uint32_t *rounds)
{
	return series_pair(series_of(pair->figures[SIDE_B]), series_of(pair->figures[SIDE_A]), PAIR_RATIO,
			   ratios, rounds);
}

static uint32_t last_round(const struct comparison *c)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < c->count; i++) {
		const struct matrix_figure *a = c->figures[i].figures[SIDE_A];

		for (uint32_t v = 0; v < a->count; v++)
			last = a->rounds[v] > last ? a->rounds[v] : last;
	}
	return last;
}

static int pairs_reserve(const struct comparison *c, struct pairs *p)
{
	uint32_t rounds = last_round(c) + 1;
	size_t values = rounds;

	for (uint32_t i = 0; i < c->count; i++)
		values += c->figures[i].figures[SIDE_A]->count;
	p->number = calloc(rounds, sizeof(*p->number));
	p->contrasts = calloc(c->count + (size_t)1, sizeof(*p->contrasts));
	p->ratios = calloc(values, sizeof(*p->ratios));
	p->logs = calloc(values, sizeof(*p->logs));
	p->numbers = calloc(values, sizeof(*p->numbers));
	p->scratch = calloc(c->count + (size_t)rounds, sizeof(*p->scratch));
	return p->number != NULL && p->contrasts != NULL && p->ratios != NULL && p->logs != NULL &&
			       p->numbers != NULL && p->scratch != NULL
		       ? 0
		       : -ENOMEM;
}

/* Fill the contrasts of all figures. Returns the number of values. */
static size_t collect(const struct comparison *c, struct pairs *p)
{
	size_t used = 0;

	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t count = pair_values(&c->figures[i], p->ratios + used, p->numbers + used);

		p->contrasts[i] = (struct contrast){ .logs = p->logs + used,
						     .rounds = p->numbers + used,
						     .count_a = count };
		for (uint32_t v = 0; v < count; v++, used++) {
			p->logs[used] = log(p->ratios[used]);
			p->number[p->numbers[used]] = 1;
		}
	}
	/* Rounds without a pair have no sign to flip: the others are numbered through. */
	for (uint32_t r = 0; r <= last_round(c); r++)
		p->number[r] = p->number[r] != 0 ? p->rounds++ : 0;
	for (size_t v = 0; v < used; v++)
		p->numbers[v] = p->number[p->numbers[v]];
	return used;
}

/* The median over the figures that have this round, of log ratios that are larger where B is slower. */
static double common_of(const struct comparison *c, struct pairs *p, uint32_t round)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < c->count; i++) {
		bool latency = unit_name_is_latency(c->figures[i].figures[SIDE_A]->unit);
		const struct contrast *contrast = &p->contrasts[i];

		for (uint32_t v = 0; v < contrast->count_a; v++) {
			if (contrast->rounds[v] == round)
				p->scratch[found++] = latency ? contrast->logs[v] : -contrast->logs[v];
		}
	}
	stats_sort(p->scratch, found);
	return stats_median(p->scratch, found);
}

/* One more contrast, of what all figures have in common. */
static void add_common(const struct comparison *c, struct pairs *p, size_t used)
{
	for (uint32_t r = 0; r < p->rounds; r++) {
		p->logs[used + r] = common_of(c, p, r);
		p->numbers[used + r] = r;
	}
	p->contrasts[c->count] = (struct contrast){ .logs = p->logs + used,
						    .rounds = p->numbers + used,
						    .count_a = p->rounds };
}

static int judge(const struct comparison *c, struct pairs *p, const struct contrast *contrast,
		 struct tested_ratio *tested)
{
	int ret;

	for (uint32_t v = 0; v < contrast->count_a; v++)
		p->scratch[v] = exp(contrast->logs[v]);
	ret = estimate_make(p->scratch, contrast->count_a, &tested->ratio);
	if (ret == 0)
		ratio_judge(tested, contrast, c->threshold);
	return ret;
}

int test_rounds(struct comparison *c)
{
	struct pairs p = { .rounds = 0 };
	int ret = pairs_reserve(c, &p);

	if (ret == 0) {
		add_common(c, &p, collect(c, &p));
		ret = sign_flip_test(p.contrasts, c->count + 1, p.rounds, c->threshold, &c->test);
	}
	for (uint32_t i = 0; i < c->count && ret == 0; i++) {
		ret = judge(c, &p, &p.contrasts[i], &c->figures[i].alone);
		c->marked += c->figures[i].alone.marked;
		/* Nothing is taken from it: it is the ratio that was measured. */
		c->figures[i].ratio = c->figures[i].alone.ratio;
		c->figures[i].alone.ratio.count = 0;
	}
	if (ret == 0)
		ret = judge(c, &p, &p.contrasts[c->count], &c->common);
	pairs_free(&p);
	return ret;
}

/* The cell of this figure in a matrix that the caller may write. */
static struct matrix_figure *own_figure(struct matrix *m, const struct compared *pair)
{
	const struct matrix_cell *b = pair->cells[SIDE_B];
	struct matrix_cell *cell = &m->cells[b - m->cells];

	return &cell->figures[pair->figures[SIDE_B] - b->figures];
}

void comparison_note(const struct comparison *c, struct matrix *m)
{
	for (uint32_t i = 0; i < c->count; i++) {
		struct matrix_figure *figure = own_figure(m, &c->figures[i]);

		figure->versus = c->figures[i].ratio;
		figure->versus_p = c->figures[i].alone.tested ? c->figures[i].alone.p : NAN;
		figure->versus_marked = c->figures[i].alone.marked;
	}
}
