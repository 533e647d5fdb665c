/*
 * A small CPU for tests of the simulator, in which every number can be worked out by hand.
 */
#ifndef MINIVMM_TESTS_SIM_CPU_H
#define MINIVMM_TESTS_SIM_CPU_H

#include <string.h>

#include "vmm/theory/simulate/cpu.h"

/* All caches off; L1 1, L2 10, L3 100, memory 1000 cycles, an STLB hit 7: what a sum of cycles is made of can be read. */
static inline struct cpu_model bare_cpu(void)
{
	struct cpu_model cpu;

	memset(&cpu, 0, sizeof(cpu));
	cpu.parameter[CPU_TLB_COMBINED] = 1;
	cpu.parameter[CPU_STLB_HIT_CYCLES] = 7 * CYCLE_PARTS;
	cpu.parameter[CPU_WALKS_AT_ONCE] = 1;
	cpu.parameter[CPU_MISSES_AT_ONCE] = 1;
	cpu.parameter[CPU_L1D_WAYS] = 8;
	cpu.parameter[CPU_L2_WAYS] = 8;
	cpu.parameter[CPU_L3_WAYS] = 8;
	cpu.parameter[CPU_L1D_CYCLES] = 1 * CYCLE_PARTS;
	cpu.parameter[CPU_L2_CYCLES] = 10 * CYCLE_PARTS;
	cpu.parameter[CPU_L3_CYCLES] = 100 * CYCLE_PARTS;
	cpu.parameter[CPU_MEMORY_CYCLES] = 1000 * CYCLE_PARTS;
	return cpu;
}

/* The array for 4K pages; the larger ones have their entries there too. */
static inline void give_tlb(struct cpu_model *cpu, bool stlb, uint64_t sets, uint64_t ways)
{
	cpu->parameter[stlb ? CPU_STLB_4K_SETS : CPU_DTLB_4K_SETS] = sets;
	cpu->parameter[stlb ? CPU_STLB_4K_WAYS : CPU_DTLB_4K_WAYS] = ways;
	cpu->parameter[stlb ? CPU_STLB_2M_IN : CPU_DTLB_2M_IN] = 1;
	cpu->parameter[stlb ? CPU_STLB_1G_IN : CPU_DTLB_1G_IN] = 1;
}

#endif
