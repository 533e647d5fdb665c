/*
 * What of a plan this KVM and the guest's CPU cannot have, told before any memory is taken. Pure.
 */
#ifndef MINIVMM_RUN_LIMITS_H
#define MINIVMM_RUN_LIMITS_H

#include <stdint.h>

#include "vmm/machine/config.h"
#include "vmm/util/error.h"

/*
 * Whether the map's memory slots are no more than `slots`, KVM's limit (KVM_CAP_NR_MEMSLOTS; 0: not told, then 32 as
 * api.rst has it). 0, or -errno with STATUS_USAGE and the least --alias-memory that would do.
 */
int limits_check_slots(const struct config *c, uint32_t slots, struct error *e);

/*
 * Whether guest-physical addresses of physical_bits reach the end of RAM. 0, or -errno with STATUS_CANNOT and the
 * largest -m that would do.
 */
int limits_check_width(const struct config *c, uint32_t physical_bits, struct error *e);

/* The option because of which the machine has an APIC, into buf; "--kernel-irqchip on" where no workload needs one. */
const char *limits_apic_asker(const struct config *c, char *buf, size_t bytes);

#endif
