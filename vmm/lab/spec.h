/*
 * What can be asked of a run, in a guest or natively: a machine, the work it does, and how that is measured.
 */
#ifndef MINIVMM_LAB_SPEC_H
#define MINIVMM_LAB_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/spec.h"
#include "vmm/util/workloads.h"

/* Of a label, with its NUL: what a sweep's file has room for. */
#define SPEC_LABEL_BYTES 128

struct run_spec {
	const char *label; /* the user's own name for it; NULL: none */
	bool native;       /* in this process, without a VM */
	struct machine_spec machine;
	struct work_spec work;
	bool workloads_given; /* else the list of work is the default, and may be cut to fit */
	uint32_t repeat;      /* samples of each part; 0: as many as each workload has by itself */
	const char *pmu_list; /* what to count; NULL: nothing */
	bool predict;         /* what the model says beside what was measured */
};

/* What a run is where nothing is said: the defaults of the options. */
void run_spec_init(struct run_spec *spec);

#endif
