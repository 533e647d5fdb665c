/*
 * CPUID as an instruction: an exit where a guest executes it, and what this CPU has.
 */
#ifndef MINIVMM_WORKLOADS_CPUID_H
#define MINIVMM_WORKLOADS_CPUID_H

#include <stdint.h>

struct cpuid_leaf {
	uint32_t eax, ebx, ecx, edx;
};

/* Subleaf 0. */
static inline struct cpuid_leaf cpuid_read(uint32_t leaf)
{
	struct cpuid_leaf l = { .eax = leaf, .ecx = 0 };

	__asm__ volatile("cpuid" : "+a"(l.eax), "=b"(l.ebx), "+c"(l.ecx), "=d"(l.edx));
	return l;
}

#endif
