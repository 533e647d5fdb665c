/*
 * What the VM costs beside its memory: KVM's page tables and the faults that filled them. Host-wide where the kernel
 * counts no finer, so another VM that starts or ends meanwhile is in the figure too. Internal to run/.
 */
#ifndef MINIVMM_LAB_MEASURE_COST_H
#define MINIVMM_LAB_MEASURE_COST_H

#include <stdint.h>

struct machine;

struct vm_cost {
	int64_t before_bytes; /* of SecPageTables, before there was a VM; -1: this kernel has no such line */
	int64_t part;         /* the last part of the plan that a vCPU ended */
	uint32_t ended;       /* vCPUs that ended it */
};

/* Before the VM is created. */
void cost_start(struct machine *m);

/*
 * A vCPU ended a part of the plan, m->lock held: keep the peak in rec->kvm_tables_bytes. `part` is any number that
 * tells parts apart. Only at the last vCPU's end is there something to do (0.3 ms): the others wait at the gate then,
 * and no phase of theirs is disturbed.
 */
void cost_sample(struct machine *m, int64_t part);

/* Once no vCPU runs any more, m->lock held: the last sample, and rec->kvm_page_faults. */
void cost_finish(struct machine *m);

#endif
