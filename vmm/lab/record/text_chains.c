/*
 * Where throughput stops growing with more chains, and why, as far as the rows show it: chase and packed have the same
 * number of loads under way, but only those of chase have to walk page tables.
 */
#include <math.h>

#include "vmm/lab/record/rows.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

/* A figure this near to the least one is no better: throughput no longer grows. */
#define NO_BETTER 1.05
/* One that more chains lower at least so much shows that throughput still grows. */
#define STILL_GROWS 1.15
/* So many times as fast as twice the chains can make it, or so much slower than fewer: something else had the CPU or memory. */
#define TOO_FAST 1.15
#define TOO_SLOW 1.25
/* A load of a single chain that takes longer misses the L1 cache: on every core of today a hit takes 3 to 5 core cycles. */
#define L1_MOST_CYCLES 8.0

/* The rows of one workload and working set, by number of chains; NULL: not measured. */
struct curve {
	const struct result *at[CHAINS_MAX + 1];
	uint32_t most; /* the largest number of chains measured; 0: none */
	uint32_t stop; /* from here on none is better, and something was measured beyond; 0: it still grows */
	double best;   /* the least figure, an access */
	uint32_t best_at; /* its number of chains */
};

/* What other loads take of a moment only ever lengthens a sample: the least is compared. */
static double figure_at(const struct curve *c, uint32_t chains)
{
	return c->at[chains]->summary.min;
}

static struct curve curve_of(const struct record *rec, enum workload_id workload, uint64_t set_bytes)
{
	struct curve c = { .best = INFINITY };

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == workload && r->variant == VARIANT_ONLY &&
		    r->working_set_bytes == set_bytes && r->chains >= 1 && r->chains <= CHAINS_MAX &&
		    row_has_figure(rec, r) && c.at[r->chains] == NULL)
			c.at[r->chains] = r;
	}
	for (uint32_t k = 1; k <= CHAINS_MAX; k++) {
		if (c.at[k] == NULL)
			continue;
		c.most = k;
		if (figure_at(&c, k) < c.best) {
			c.best = figure_at(&c, k);
			c.best_at = k;
		}
	}
	for (uint32_t k = c.most; k >= 1; k--) {
		if (c.at[k] != NULL && figure_at(&c, k) <= NO_BETTER * c.best)
			c.stop = k;
	}
	if (c.stop == c.most)
		c.stop = 0;
	return c;
}

/*
 * Whether from so many chains on each figure can be that of chains alone: twice as many make throughput twice as large at
 * most, and hardly smaller. Where not, samples were disturbed, which says nothing of walkers or buffers.
 */
static bool is_plausible(const struct curve *c, uint32_t from)
{
	uint32_t last = 0;

	for (uint32_t k = from; k <= c->most; k++) {
		double faster;

		if (c->at[k] == NULL)
			continue;
		faster = last != 0 ? figure_at(c, last) / figure_at(c, k) : 1;
		if (faster > TOO_FAST * k / (last != 0 ? last : k) || faster < 1 / TOO_SLOW)
			return false;
		last = k;
	}
	return true;
}

/* Whether packed goes on growing behind the number of chains at which chase stops. */
static bool grows_beyond(const struct curve *packed, uint32_t stop)
{
	return packed->at[stop] != NULL && figure_at(packed, stop) >= STILL_GROWS * packed->best &&
	       packed->best_at > stop;
}

/* Why chase stops there; "": the rows do not show it. */
static const char *reason(const struct curve *chase, const struct curve *packed)
{
	if (chase->stop == 0 || packed->most != chase->most || packed->at[1] == NULL ||
	    !is_plausible(packed, chase->stop))
		return "";
	if (grows_beyond(packed, chase->stop))
		return "; packed, with as many loads under way and next to nothing to walk, goes on growing: page "
		       "walks are the limit, as many as the core makes at once";
	if (packed->stop == chase->stop && figure_at(packed, 1) > L1_MOST_CYCLES)
		return "; so does packed, which has next to nothing to walk: misses under way (fill buffers) are "
		       "the limit, not page walks";
	return "";
}

static void put_curve(const struct record *rec, const struct result *first, bool is_first, FILE *out)
{
	struct curve c = curve_of(rec, first->workload, first->working_set_bytes);
	struct curve packed = curve_of(rec, WORKLOAD_packed, first->working_set_bytes);
	char line[512] = "", size[24], figure[48], low[48], high[48];
	struct estimate gain;

	append(line, sizeof(line), "%s %s: ", workload_table[first->workload].name,
	       size_format(first->working_set_bytes, size));
	if (c.at[1] != NULL) {
		format_real(figure_at(&c, 1), figure, sizeof(figure));
		append(line, sizeof(line), "%s with 1 chain, ", figure);
	}
	format_real(c.best, figure, sizeof(figure));
	append(line, sizeof(line), "%s with %u", figure, c.best_at);
	if (c.at[1] != NULL && is_plausible(&c, 1) &&
	    rows_pair(c.at[1], c.at[c.best_at], PAIR_RATIO, &gain) == 0 && gain.count != 0) {
		format_real(gain.value, figure, sizeof(figure));
		format_real(gain.low, low, sizeof(low));
		format_real(gain.high, high, sizeof(high));
		append(line, sizeof(line), ", %s times (%s to %s, %.3g %%) the throughput", figure, low, high,
		       100 * gain.coverage);
	}
	if (!is_plausible(&c, c.stop != 0 ? c.stop : 1))
		append(line, sizeof(line),
		       "; disturbed: figures differ by more than the number of chains can make");
	else
		append(line, sizeof(line), "; it %s at %u%s", c.stop != 0 ? "stops growing" : "still grows",
		       c.stop != 0 ? c.stop : c.most,
		       first->workload == WORKLOAD_chase ? reason(&c, &packed) : "");
	paragraph(out, is_first ? "throughput" : "", "%s", line);
}

void put_throughput(const struct record *rec, FILE *out)
{
	bool is_first = true;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		uint32_t before = 0;

		if (!row_has_chains(r) || !row_has_figure(rec, r))
			continue;
		/* Once for each workload and set: at the first of its rows. */
		for (; before < i; before++) {
			const struct result *b = &rec->results[before];

			if (row_has_chains(b) && row_has_figure(rec, b) && b->workload == r->workload &&
			    b->working_set_bytes == r->working_set_bytes)
				break;
		}
		if (before < i)
			continue;
		put_curve(rec, r, is_first, out);
		is_first = false;
	}
	if (!is_first)
		paragraph(out, "",
			  "(least %s an access, counted over all chains; it stops where more chains are less "
			  "than 5 %% better)",
			  latency_words(rec));
}
