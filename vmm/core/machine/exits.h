/*
 * Why a vCPU left the guest, and what we do about it.
 */
#ifndef MINIVMM_CORE_MACHINE_EXITS_H
#define MINIVMM_CORE_MACHINE_EXITS_H

#include <stdint.h>

#include "vmm/core/machine/machine.h"

/* "KVM_EXIT_IO", or "unknown": bounds-checked, never NULL. */
const char *exit_name(uint32_t reason);

/*
 * Serve the exit in task->vcpu.run. 0: enter the guest again. -errno with *e set: the machine has to end.
 * 1: it ended itself cleanly.
 */
int exit_serve(struct vcpu_task *task, struct error *e);

#endif
