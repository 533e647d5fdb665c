/*
 * What CPUID tells of TLBs and caches: Intel's leaves 2, 4 and 18H (SDM vol. 2A, CPUID), AMD's 80000005H, 80000006H,
 * 80000019H and 8000001DH (APM vol. 3, appendix E). Pure: registers come from a callback. Hypervisors leave much of it
 * out, and CPUs do not tell everything: what is missing is taken from a description and marked as assumed.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CPU_CPUID_H
#define MINIVMM_THEORY_SIMULATE_CPU_CPUID_H

#include "vmm/theory/simulate/cpu.h"

struct cpuid_registers {
	uint32_t eax, ebx, ecx, edx;
};

/* One leaf; all zero for one that the CPU has not. */
typedef struct cpuid_registers (*cpuid_read)(void *self, uint32_t leaf, uint32_t subleaf);

/* This CPU's own; self is not looked at. */
struct cpuid_registers cpuid_of_host(void *self, uint32_t leaf, uint32_t subleaf);

/* Name of the description that is nearest to the CPU, by maker, family and model; never NULL. */
const char *cpu_base_name(cpuid_read read, void *self);

/*
 * *base with what CPUID tells in its place. Where CPUID has as many entries as the description, the description's sets and
 * ways stay: CPUID is known to divide them wrongly. Parameters that CPUID does not tell, or that are out of bounds, stay
 * and become ORIGIN_ASSUMED. The name becomes "host", the title the CPU's brand.
 */
void cpu_from_cpuid(cpuid_read read, void *self, const struct cpu_model *base, struct cpu_model *cpu);

#endif
