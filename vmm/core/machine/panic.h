/*
 * How a guest ends itself: the byte on the exit port, and what its block says about why.
 */
#ifndef MINIVMM_CORE_MACHINE_PANIC_H
#define MINIVMM_CORE_MACHINE_PANIC_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/core/machine/machine.h"

/* "#PF" and the like (SDM vol. 3A, table 6-1); "reserved" for a vector without a name. Never NULL. */
const char *vector_name(uint64_t vector);

/* One readable message of a panic record; always NUL-terminated. Pure. */
void panic_format(const struct panic_record *p, char *buf, size_t bytes);

/* A byte on PORT_EXIT: 1 for a clean end, else -errno with *e set. */
int guest_ended(struct vcpu_task *task, uint32_t code, struct error *e);

#endif
