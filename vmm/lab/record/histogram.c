#include "vmm/lab/record/histogram.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "vmm/output/json.h"

struct histogram *histogram_new(const struct guest_histogram *g)
{
	struct histogram *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->tsc_per_cycle = 1;
	histogram_count(h, g);
	return h;
}

void histogram_count(struct histogram *h, const struct guest_histogram *g)
{
	h->empty_cycles = g->empty_cycles > h->empty_cycles ? g->empty_cycles : h->empty_cycles;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		h->loads[i] += g->loads[i];
		h->total += g->loads[i];
	}
}

void histogram_add(struct histogram *sum, const struct histogram *other, uint32_t count)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->loads[i] += other->loads[i];
	sum->total += other->total;
	sum->tsc_per_cycle += (other->tsc_per_cycle - sum->tsc_per_cycle) / (count + 1);
	if (other->empty_cycles > sum->empty_cycles)
		sum->empty_cycles = other->empty_cycles;
}

/* A quarter of an octave, as far as buckets are not wider. */
static uint32_t bar_end(const struct histogram *h, uint32_t first)
{
	uint32_t width = first >= HISTOGRAM_OCTAVE ? 4 : first >= HISTOGRAM_OCTAVE / 2 ? 2 : 1;
	uint32_t end = first + width;

	while (end < HISTOGRAM_BUCKETS - 1 &&
	       (double)(histogram_least(end) - histogram_least(first)) < h->step_cycles)
		end++;
	return end < HISTOGRAM_BUCKETS - 1 ? end : HISTOGRAM_BUCKETS - 1;
}

uint32_t histogram_bars(const struct histogram *h, struct histogram_bar *bars)
{
	uint32_t count = 0, first = 0;

	while (first < HISTOGRAM_BUCKETS && count < HISTOGRAM_MOST_BARS) {
		uint32_t end = first == HISTOGRAM_BUCKETS - 1 ? HISTOGRAM_BUCKETS : bar_end(h, first);

		bars[count] = (struct histogram_bar){ first, end, 0 };
		for (; first < end; first++)
			bars[count].loads += h->loads[first];
		count++;
	}
	return count;
}

/* Whether loads fall to half of bars[at] on that side (step 1 or -1) before they rise above it. */
static bool stands_out(const struct histogram_bar *bars, uint32_t count, uint32_t at, int step)
{
	/* Of equal neighbours the first is the peak. */
	for (int64_t i = (int64_t)at + step; i >= 0 && i < count; i += step) {
		if (bars[i].loads > bars[at].loads || (step < 0 && bars[i].loads == bars[at].loads))
			return false;
		if (2 * bars[i].loads <= bars[at].loads)
			return true;
	}
	return true;
}

/* The bar with the fewest loads between two peaks. */
static uint32_t valley(const struct histogram_bar *bars, uint32_t from, uint32_t to)
{
	uint32_t least = from + 1;

	for (uint32_t i = least; i < to; i++) {
		if (bars[i].loads < bars[least].loads)
			least = i;
	}
	return least;
}

uint32_t histogram_modes(const struct histogram_bar *bars, uint32_t count, struct histogram_mode *modes)
{
	uint64_t total = 0;
	uint32_t found = 0;

	for (uint32_t i = 0; i < count; i++)
		total += bars[i].loads;
	/* What took longer than any load is no mode. */
	for (uint32_t i = 0; i + 1 < count && found < HISTOGRAM_MOST_MODES; i++) {
		if (bars[i].loads == 0 || 200 * bars[i].loads < total || !stands_out(bars, count, i, -1) ||
		    !stands_out(bars, count, i, 1))
			continue;
		modes[found] = (struct histogram_mode){ .peak = i, .end = count - 1 };
		if (found > 0)
			modes[found].first = modes[found - 1].end = valley(bars, modes[found - 1].peak, i);
		found++;
	}
	for (uint32_t m = 0; m < found; m++) {
		for (uint32_t i = modes[m].first; i < modes[m].end; i++)
			modes[m].loads += bars[i].loads;
	}
	return found;
}

double histogram_cycles(const struct histogram *h, uint32_t bucket)
{
	return (double)histogram_least(bucket) / h->tsc_per_cycle;
}

double histogram_quantile(const struct histogram *h, double part)
{
	uint64_t below = 0;

	for (uint32_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		below += h->loads[i];
		if ((double)below >= part * (double)h->total)
			return histogram_cycles(h, i + 1);
	}
	return INFINITY;
}

static json_t *range_json(const struct histogram *h, uint32_t first, uint32_t end, uint64_t loads)
{
	json_t *o = json_object();

	json_put(&o, "from", json_real(histogram_cycles(h, first)));
	json_put(&o, "below", end < HISTOGRAM_BUCKETS ? json_real(histogram_cycles(h, end)) : json_null());
	json_put(&o, "loads", json_u64(loads));
	return o;
}

static json_t *modes_json(const struct histogram *h)
{
	struct histogram_bar bars[HISTOGRAM_MOST_BARS] = { 0 };
	struct histogram_mode modes[HISTOGRAM_MOST_MODES] = { 0 };
	uint32_t bar_count = histogram_bars(h, bars);
	uint32_t count = histogram_modes(bars, bar_count, modes);
	json_t *array = json_array();

	for (uint32_t m = 0; m < count; m++) {
		const struct histogram_bar *peak = &bars[modes[m].peak];
		json_t *o =
			range_json(h, bars[modes[m].first].first, bars[modes[m].end - 1].end, modes[m].loads);

		json_put(&o, "peak", range_json(h, peak->first, peak->end, peak->loads));
		json_push(&array, o);
	}
	return array;
}

json_t *histogram_json(const struct histogram *h)
{
	static const struct {
		const char *name;
		double part;
	} quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };
	json_t *o, *buckets = json_array();

	if (h == NULL) {
		json_decref(buckets);
		return json_null();
	}
	o = json_object();
	json_put(&o, "loads", json_u64(h->total));
	json_put(&o, "timing_tsc_cycles", json_u64(h->empty_cycles));
	json_put(&o, "tsc_per_cycle", json_real(h->tsc_per_cycle));
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		json_put(&o, quantiles[i].name, json_real_or_null(histogram_quantile(h, quantiles[i].part)));
	json_put(&o, "modes", modes_json(h));
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (h->loads[i] != 0)
			json_push(&buckets, range_json(h, i, i + 1, h->loads[i]));
	}
	json_put(&o, "buckets", buckets);
	return o;
}
