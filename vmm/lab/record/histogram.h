/*
 * How the latencies of single loads are distributed: what the guest counted (include/load_histogram.h), and what people and files
 * are shown of it. Buckets are in TSC cycles, what is shown in the cycles of the row's figures.
 */
#ifndef MINIVMM_LAB_RECORD_HISTOGRAM_H
#define MINIVMM_LAB_RECORD_HISTOGRAM_H

#include <jansson.h>
#include <stdint.h>

#include "load_histogram.h"

struct histogram {
	uint64_t loads[HISTOGRAM_BUCKETS];
	uint64_t total;        /* of all buckets */
	uint32_t empty_cycles; /* TSC cycles taken off each load; the most of all rounds and vCPUs */
	double tsc_per_cycle; /* TSC cycles in a cycle that is shown: one of the core, or 1 where its clock is not known */
	double step_cycles; /* the TSC counts in steps of so many; 0 or 1: in single cycles */
};

/* A copy of what a guest counted, from malloc; no clock is known yet. NULL: no memory. */
struct histogram *histogram_new(const struct guest_histogram *g);

/* Add what the guest counted in the part's next round. */
void histogram_count(struct histogram *h, const struct guest_histogram *g);

/* Add another vCPU's loads; of the clocks the mean, this being the `count`-th that is added to one. */
void histogram_add(struct histogram *sum, const struct histogram *other, uint32_t count);

/* Buckets that are shown as one: four of them an octave, none narrower than a step of the TSC. */
struct histogram_bar {
	uint32_t first, end; /* buckets, `end` excluded */
	uint64_t loads;
};

#define HISTOGRAM_MOST_BARS 96

/* All bars, in order; the last one is the last bucket, which has no end. Returns how many. */
uint32_t histogram_bars(const struct histogram *h, struct histogram_bar *bars);

/* A peak that stands out: on either side loads fall to half of it, or to nothing, before they rise above it. */
struct histogram_mode {
	uint32_t peak;       /* a bar */
	uint32_t first, end; /* bars around it up to the valleys between it and the next modes */
	uint64_t loads;      /* of these */
};

#define HISTOGRAM_MOST_MODES 8

/* The modes of these bars, from fast to slow; a peak of less than half a percent of all loads is none. How many. */
uint32_t histogram_modes(const struct histogram_bar *bars, uint32_t count, struct histogram_mode *modes);

/* The least latency of a bucket, in the cycles that are shown. */
double histogram_cycles(const struct histogram *h, uint32_t bucket);

/* That part (0 to 1) of all loads took less than so many cycles; INFINITY: the last bucket has it. */
double histogram_quantile(const struct histogram *h, double part);

/* As the member of a result; null for NULL. */
json_t *histogram_json(const struct histogram *h);

#endif
