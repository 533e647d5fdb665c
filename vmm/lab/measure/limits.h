/*
 * What of a plan this KVM and the guest's CPU cannot have, told before any memory is taken. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_LIMITS_H
#define MINIVMM_LAB_MEASURE_LIMITS_H

#include <stdint.h>

#include "vmm/core/machine/config.h"
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

/*
 * Whether the guest's CPU has the leaf that its tables are planned with; has_1g_pages as kvm_cpuid_has_1g_pages says it.
 * 0, or -errno with STATUS_CANNOT. What KVM does not tell is left to the guest, which asks its CPU itself.
 */
int limits_check_leaf(const struct config *c, int has_1g_pages, struct error *e);

/*
 * The most that KVM itself allocates, beside its page tables, for slots of so many bytes of guest-physical memory. That
 * much where it keeps reverse maps (shadow paging, or tdp_mmu=N); with EPT or NPT by the tdp_mmu a fifth, or nothing to
 * speak of.
 */
uint64_t limits_slots_cost(uint64_t guest_bytes);

/*
 * Whether room_bytes of host memory are enough for KVM to take next_bytes more of guest-physical memory beside the
 * done_bytes that it has. KVM's memory belongs to no process, so a host that runs out of it kills everyone else first.
 * 0, or -ENOMEM with the largest -m that would do.
 */
int limits_check_slots_cost(const struct config *c, uint64_t done_bytes, uint64_t next_bytes,
			    uint64_t room_bytes, struct error *e);

/* The option because of which the machine has an APIC, into buf; "--kernel-irqchip on" where no workload needs one. */
const char *limits_apic_asker(const struct config *c, char *buf, size_t bytes);

#endif
