/*
 * How far apart the pages of a step lie in guest-virtual space, for the workloads that map few pages of memory to
 * many addresses. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_STRIDES_H
#define MINIVMM_LAB_MEASURE_STRIDES_H

#include "vmm/core/machine/config.h"

#define STRIDES_MAX 16

/* Of a workload, into strides_bytes[STRIDES_MAX], ascending. Returns how many: one, of 0, where it has none. */
uint32_t strides_of(enum default_set set, struct config *c, uint64_t *strides_bytes);

/* Whether so many bytes of working set, a page of 4 KiB each `stride_bytes`, have addresses; if not, that is noted. */
bool strides_fit(enum default_set set, uint64_t set_bytes, uint64_t stride_bytes, struct config *c);

#endif
