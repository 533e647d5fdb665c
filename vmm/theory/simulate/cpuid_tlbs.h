/*
 * TLBs as CPUID tells them, before they become figures.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CPUID_TLBS_H
#define MINIVMM_THEORY_SIMULATE_CPUID_TLBS_H

#include "vmm/theory/simulate/cpu_cpuid.h"

enum { CPUID_4K, CPUID_2M, CPUID_1G, CPUID_SIZES };

/* Of one level and page size; ways add up where several arrays hold the size. */
struct cpuid_tlb {
	uint32_t entries; /* 0: CPUID tells nothing */
	uint32_t ways;    /* 0: fully associative */
	uint64_t arrays;  /* a bit for each array that holds the size */
	bool none;        /* CPUID tells that there are none */
};

struct cpuid_tlbs {
	struct cpuid_tlb dtlb[CPUID_SIZES], stlb[CPUID_SIZES];
};

/* Fill *tlbs from leaf 18H, or from leaf 2 where that is empty. */
void cpuid_tlbs_intel(cpuid_read read, void *self, struct cpuid_tlbs *tlbs);
/* From 80000005H, 80000006H and 80000019H. */
void cpuid_tlbs_amd(cpuid_read read, void *self, struct cpuid_tlbs *tlbs);

#endif
