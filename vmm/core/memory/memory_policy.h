/*
 * NUMA: which nodes there are, and binding a mapping to some of them before it is populated.
 */
#ifndef MINIVMM_CORE_MEMORY_MEMORY_POLICY_H
#define MINIVMM_CORE_MEMORY_MEMORY_POLICY_H

#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/*
 * Refuse a policy without nodes, nodes that do not exist (STATUS_USAGE, naming those that do), and any of it on
 * a kernel without NUMA (STATUS_CANNOT). Sets the policy to bind where only nodes were named.
 */
int memory_policy_check(struct backing_spec *spec, struct error *e);

/* mbind of [hva, hva + spec->bytes): nothing in it may be populated yet. Nothing to do without nodes. */
int memory_policy_bind(const struct backing_spec *spec, void *hva, struct error *e);

/* Let the calling thread run on the CPUs of those nodes, where the fewest zeroed lines cross a socket. */
void memory_policy_run_near(uint64_t host_nodes);

#endif
