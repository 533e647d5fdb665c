/*
 * What the VM costs beside its memory: KVM's page tables and the faults that filled them. Host-wide where the kernel
 * counts no finer, so another VM that starts or ends meanwhile is in the figure too. Internal to run/.
 */
#ifndef MINIVMM_RUN_COST_H
#define MINIVMM_RUN_COST_H

#include <stdint.h>

struct machine;

struct vm_cost {
	int64_t before_bytes; /* of SecPageTables, before there was a VM; -1: this kernel has no such line */
	int64_t part;         /* the last part of the plan that was sampled */
};

/* Before the VM is created. */
void cost_start(struct machine *m);

/*
 * At the end of a part of the plan, m->lock held: keep the peak in rec->kvm_tables_bytes. `part` is any number that
 * grows from part to part; only the first vCPU to end a part reads the file (40 us). The kernel folds a CPU's last
 * hundred pages in once a second, so a small figure may come late or be missing.
 */
void cost_sample(struct machine *m, int64_t part);

/* Once no vCPU runs any more, m->lock held: the last sample, and rec->kvm_page_faults. */
void cost_finish(struct machine *m);

#endif
