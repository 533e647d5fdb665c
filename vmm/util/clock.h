/*
 * The two clocks: nanoseconds for durations of the VMM's own stages, TSC cycles for what a guest claims.
 */
#ifndef MINIVMM_UTIL_CLOCK_H
#define MINIVMM_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

static inline uint64_t clock_ns(void)
{
	struct timespec now = { 0, 0 };

	/* Cannot fail for CLOCK_MONOTONIC with a valid pointer (clock_gettime(2)). */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_tsc_cycles(void)
{
	uint32_t low = 0;
	uint32_t high = 0;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

#endif
