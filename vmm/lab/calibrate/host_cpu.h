/*
 * A description of the CPU that this process runs on: what CPUID tells, and the rest measured with the workloads
 * themselves, natively. All cycles are the TSC's.
 */
#ifndef MINIVMM_LAB_CALIBRATE_HOST_CPU_H
#define MINIVMM_LAB_CALIBRATE_HOST_CPU_H

#include "vmm/lab/calibrate/fit_stlb.h"
#include "vmm/theory/walk/tlb_probe.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/util/error.h"

#define HOST_STLB_POINTS 10

/* What was measured, in TSC cycles an access; 0: it was not. */
struct host_figures {
	double l1_cycles, l2_cycles, l3_cycles, memory_cycles; /* packed, inside each level */
	double stlb_cycles;      /* what a load costs more that misses the dTLB alone: chase - packed */
	struct tlb_findings tlb; /* tlb-probe at pages of 4 KiB */
	bool have_tlb;
	uint32_t stlb_points; /* of curve[] */
	struct stlb_point curve[HOST_STLB_POINTS];
	enum tlb_fracture fracture; /* of a 2M page, by a second probe */
};

/*
 * Put the figures into *cpu, which cpu_from_cpuid() made: each that is put becomes ORIGIN_MEASURED. Cycles that were not
 * measured are the description's, in TSC cycles by the ratio of both L1 latencies. The dTLB's sets and ways are taken
 * from the probe where it found other entries than CPUID has, the sets of the STLB from the curve around its end. Pure.
 */
void host_cpu_apply(struct cpu_model *cpu, const struct host_figures *figures);

/*
 * CPUID, then six short native runs: some 4 seconds; a larger L3 than 32 MiB leaves memory assumed. What a run could not
 * measure stays assumed. 0, or -errno with *e set where there is no description to start from, or the user stopped it.
 */
int host_cpu_make(struct cpu_model *cpu, struct error *e);

#endif
