/*
 * Reading the clock around a timed loop, and keeping the compiler honest about what is between two readings.
 */
#ifndef MINIVMM_TIMING_H
#define MINIVMM_TIMING_H

#include <stdint.h>

/*
 * The TSC in cycles, ordered against the loads around it: the first LFENCE waits until they have completed, the
 * second keeps later ones from starting early (Intel SDM vol. 2B, RDTSC; AMD APM vol. 3). RDTSCP is not
 * available to every guest. The memory clobber keeps the compiler from moving loads or stores across.
 */
static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Makes the compiler compute `value` here, although nothing else may need it. */
static inline void keep_value(uint64_t value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

#endif
