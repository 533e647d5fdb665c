/*
 * How many sets the second-level TLB has, from what chase costs more than packed around its end. Pure.
 *
 * A curve has no clean knee there: with a hashed index some sets overflow long before all are full. So the closed form is
 * held against the curve for each number of sets, with a walk constant of its own, and the number that comes closest wins.
 */
#ifndef MINIVMM_LAB_CALIBRATE_FIT_STLB_H
#define MINIVMM_LAB_CALIBRATE_FIT_STLB_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/theory/simulate/cpu.h"

/* One working set of 4K pages, natively; cycles an access. */
struct stlb_point {
	uint64_t pages;
	double packed_cycles, chase_cycles;
};

/*
 * Sets of 4K entries (a power of two; the ways are those of *cpu, whose other figures are taken as they are). Of numbers that
 * are as good the least: an STLB that no point fills has so many at least. 0: fewer than three points, or *cpu has no ways.
 */
uint64_t stlb_fit_sets(const struct cpu_model *cpu, const struct stlb_point *points, size_t count);

#endif
