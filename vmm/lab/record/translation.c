/*
 * How two rows differ, round by round: what took turns shared the machine's good and bad moments. The cost of translation is
 * chase less packed.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "vmm/lab/record/rows.h"

/* Of so many sorted values: what a quarter of them lie below. */
static double lower_quartile(const double *sorted, uint32_t count)
{
	double rank = (count - 1) / 4.0, below = floor(rank);
	uint32_t at = (uint32_t)below;

	return at + 1 < count ? sorted[at] + (rank - below) * (sorted[at + 1] - sorted[at]) : sorted[at];
}

/*
 * What stands for a round; work has room for its samples. In the core's caches its least sample: nothing makes one faster
 * than it is. Beyond, where neighbours may also leave more of a shared cache than usual, its lower quartile; a median would
 * need half of a busy machine's samples to be good ones. NAN: all its samples are left out.
 */
static double round_value(const struct result *r, uint32_t first, uint32_t count, double *work)
{
	const char worst = stats_worst_mark(r->marks, r->sample_count);
	uint32_t kept = 0;

	for (uint32_t i = first; i < first + count; i++) {
		if (r->marks == NULL || r->marks[i] <= worst)
			work[kept++] = r->samples[i];
	}
	if (kept == 0)
		return NAN;
	if (r->in_core)
		return stats_min(&r->samples[first], r->marks != NULL ? &r->marks[first] : NULL, count);
	stats_sort(work, kept);
	return lower_quartile(work, kept);
}

/* A part that did not take turns is divided into so many rounds, as far as it has samples. */
#define ROUNDS_OF_ONE 8

static uint32_t rounds_of(const struct result *r)
{
	return r->rounds > 1 ? r->rounds : (uint32_t)min_u64(ROUNDS_OF_ONE, r->sample_count);
}

/* One value a round into values[0..rounds_of(r)). 0 or -ENOMEM. */
static int round_values(const struct result *r, double *values)
{
	double *work = calloc((size_t)r->sample_count + 1, sizeof(*work));
	uint32_t first = 0;

	if (work == NULL)
		return -ENOMEM;
	for (uint32_t round = 0; round < rounds_of(r); round++) {
		uint32_t count = round_samples(r->sample_count, rounds_of(r), round);

		values[round] = round_value(r, first, count, work);
		first += count;
	}
	free(work);
	return 0;
}

int rows_pair(const struct result *a, const struct result *b, enum pairing how, struct estimate *out)
{
	/* An interrupted run may have one round more of the one. */
	uint32_t rounds = (uint32_t)min_u64(rounds_of(a), rounds_of(b)), count = 0;
	double *values = calloc((size_t)rounds_of(a) + rounds_of(b) + 1, sizeof(*values));
	int ret = -ENOMEM;

	*out = (struct estimate){ .count = 0 };
	if (values != NULL && round_values(a, values) == 0 && round_values(b, &values[rounds_of(a)]) == 0) {
		for (uint32_t i = 0; i < rounds; i++) {
			double of_a = values[i], of_b = values[rounds_of(a) + i];

			values[count] = how == PAIR_RATIO ? of_a / of_b : of_a - of_b;
			count += isfinite(values[count]);
		}
		ret = estimate_make(values, count, out);
	}
	free(values);
	return ret;
}

int record_translation(const struct record *rec, const struct result *chase, struct estimate *cost)
{
	const struct result *packed = packed_partner(rec, chase);

	*cost = (struct estimate){ .count = 0 };
	if (chase->workload != WORKLOAD_chase || chase->variant != VARIANT_ONLY || row_has_chains(chase) ||
	    !row_has_figure(rec, chase) || packed == NULL)
		return 0;
	return rows_pair(chase, packed, PAIR_DIFFERENCE, cost);
}
