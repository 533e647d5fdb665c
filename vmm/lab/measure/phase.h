/*
 * The doorbell: where a timed phase begins and ends, as the VMM sees it.
 */
#ifndef MINIVMM_LAB_MEASURE_PHASE_H
#define MINIVMM_LAB_MEASURE_PHASE_H

#include "vmm/core/machine/machine.h"

/*
 * Serve one doorbell of the task's vCPU. 0 to go on, or -errno with *e set: an unknown number, doorbells out of
 * order, a result that is not believable. A vCPU that is done has task->done set.
 */
int phase_doorbell(struct vcpu_task *task, uint32_t number, struct error *e);

/* Into the record: KVM's counts of installed leaves, where they are higher than any seen before. m->lock is held. */
void phase_keep_peak_pages(struct machine *m);

/* How many results the plan has for each vCPU. Pure. */
uint32_t phase_expected_results(const struct config *config);

#endif
