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

/*
 * The same behind stores: LFENCE does not wait until they have left the store buffer, MFENCE does (Intel SDM vol. 3A, 9.2.5;
 * AMD APM vol. 2, 7.1.3). Up to a hundred of them would end untimed otherwise.
 */
static inline uint64_t tsc_read_after_stores(void)
{
	__asm__ volatile("mfence" : : : "memory");
	return tsc_read();
}

/* Makes the compiler compute `value` here, although nothing else may need it. */
static inline void keep_value(uint64_t value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

#endif
