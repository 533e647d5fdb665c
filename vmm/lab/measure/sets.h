/*
 * The working sets of a workload: those that the user named, or its own as far as they fit. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_SETS_H
#define MINIVMM_LAB_MEASURE_SETS_H

#include "vmm/core/machine/config.h"

#define SETS_MAX SPEC_MAX_SETS

/*
 * Of a workload that c's machine can run (see needs_check), into sets_bytes[SETS_MAX], in the order they will run,
 * each a multiple of 4 KiB and no larger than a slice; what is rounded or left out is noted in *c. Returns how many,
 * at least one; or -EINVAL with STATUS_USAGE: a named set below the least or above a slice.
 */
int sets_choose(const struct run_spec *r, const struct workload_info *workload, struct config *c,
		uint64_t *sets_bytes, struct error *e);

#endif
