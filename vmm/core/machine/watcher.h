/*
 * Somebody who looks at the guest while it is stopped at a doorbell. Runs that nobody watches pay nothing for it.
 */
#ifndef MINIVMM_CORE_MACHINE_WATCHER_H
#define MINIVMM_CORE_MACHINE_WATCHER_H

#include <linux/kvm.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"
#include "vmm/core/machine/memmap.h"
#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/* The machine as it is at that moment. All of it is lent for the call. */
struct run_view {
	const struct kvm_vcpu *vcpu; /* stopped; its registers may be asked for on this thread */
	const struct kvm_vm *vm;
	const struct memmap *map;
	const struct backing *backing;
	const struct kvm_cpuid2 *cpuid; /* the guest's */
};

/*
 * look() is called on the vCPU's own thread at DOORBELL_MAIN, at DOORBELL_BEGIN before a part's counters start, and at
 * DOORBELL_END once its result is in the record: never inside anything that is timed or counted. With more than one vCPU
 * the calls may overlap. 0 to go on; -errno with *e set ends the run with that error.
 */
struct run_watcher {
	void *self;
	int (*look)(void *self, const struct run_view *view, uint32_t doorbell, struct error *e);
};

#endif
