/*
 * Buckets for latencies of single loads: 16 in each octave, so that a bucket is at most 1/16 of its value wide, and one for
 * each value below 16. What takes 2^22 TSC cycles and more, a millisecond or two, is no load any more: the CPU was elsewhere.
 * All of that is in the last bucket.
 */
#ifndef MINIVMM_LOAD_HISTOGRAM_H
#define MINIVMM_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_OCTAVE 16
#define HISTOGRAM_OCTAVE_BITS 4
#define HISTOGRAM_MOST_BITS 22
#define HISTOGRAM_BUCKETS (HISTOGRAM_OCTAVE * (HISTOGRAM_MOST_BITS - HISTOGRAM_OCTAVE_BITS + 1) + 1)

/* Of the loads of one part; the counters hold as many as a part may make (HISTOGRAM_MOST_LOADS). */
struct guest_histogram {
	uint32_t empty_cycles; /* TSC cycles that timing took where nothing was timed: taken off each load */
	uint32_t loads[HISTOGRAM_BUCKETS];
};

#define HISTOGRAM_MOST_LOADS UINT32_MAX

/* The one bucket of a latency in TSC cycles; never falls where cycles grow. */
static inline uint32_t histogram_bucket(uint64_t cycles)
{
	uint32_t octave;

	if (cycles < HISTOGRAM_OCTAVE)
		return (uint32_t)cycles;
	if (cycles >> HISTOGRAM_MOST_BITS != 0)
		return HISTOGRAM_BUCKETS - 1;
	octave = 63 - (uint32_t)__builtin_clzll(cycles) - HISTOGRAM_OCTAVE_BITS;
	return (octave + 1) * HISTOGRAM_OCTAVE + (uint32_t)(cycles >> octave) % HISTOGRAM_OCTAVE;
}

/* The least latency of a bucket; of HISTOGRAM_BUCKETS none: the last bucket has no end. */
static inline uint64_t histogram_least(uint32_t bucket)
{
	if (bucket < HISTOGRAM_OCTAVE)
		return bucket;
	return (uint64_t)(HISTOGRAM_OCTAVE + bucket % HISTOGRAM_OCTAVE) << (bucket / HISTOGRAM_OCTAVE - 1);
}

#endif
