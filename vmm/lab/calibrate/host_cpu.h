/*
 * A description of the CPU that this process runs on: what CPUID has, and the rest measured with the workloads
 * themselves, natively. All cycles are core cycles; where the core's clock is not known, TSC cycles.
 */
#ifndef MINIVMM_LAB_CALIBRATE_HOST_CPU_H
#define MINIVMM_LAB_CALIBRATE_HOST_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/theory/walk/tlb_probe.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/util/error.h"

#define HOST_STLB_POINTS 10

/* One working set of 4K pages, natively; cycles an access. */
struct stlb_point {
	uint64_t pages;
	double packed_cycles, chase_cycles;
};

/* What was measured, in cycles an access; 0: it was not. */
struct host_measurements {
	const char *unit;                                      /* "core cycles" or "TSC cycles" */
	double l1_cycles, l2_cycles, l3_cycles, memory_cycles; /* packed, inside each level */
	double stlb_cycles;      /* the cost of a miss of the dTLB alone: chase - packed */
	struct tlb_findings tlb; /* tlb-probe at pages of 4 KiB */
	bool have_tlb;
	uint32_t stlb_points; /* of curve[] */
	struct stlb_point curve[HOST_STLB_POINTS];
	enum tlb_fracture fracture; /* of a 2M page, by a second probe */
};

/*
 * Put what was measured into *cpu, which cpu_from_cpuid() made: each parameter that is put becomes ORIGIN_MEASURED. Cycles
 * that were not measured are the description's, in the unit of the others by the ratio of both L1 latencies. The dTLB's sets and ways
 * are taken from the probe where it found other entries than CPUID has, the sets of the STLB from the curve around its
 * end. Pure.
 */
void host_cpu_apply(struct cpu_model *cpu, const struct host_measurements *measured);

/*
 * The sets of the second-level TLB for 4K pages (a power of two), from the curve of chase and packed around its end. Ways
 * and all other parameters are those of *cpu. Of numbers that fit equally well the least is taken: an STLB that no point
 * fills has at least so many. 0: fewer than three points, or *cpu has no ways. Pure.
 */
uint64_t stlb_fit_sets(const struct cpu_model *cpu, const struct stlb_point *points, size_t count);

/*
 * CPUID, then six short native runs: some 4 seconds; behind an L3 larger than 32 MiB, memory stays assumed. What a run
 * could not measure stays assumed. 0, or -errno with *e set where there is no description to start from, or the user
 * stopped it.
 */
int host_cpu_make(struct cpu_model *cpu, struct error *e);

#endif
