/*
 * Memory that is not there: refused in numbers beforehand, explained in numbers afterwards.
 */
#ifndef MINIVMM_CORE_MEMORY_SHORTAGE_H
#define MINIVMM_CORE_MEMORY_SHORTAGE_H

#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/*
 * Refuse more than the host's memory and swap together, lazily or not: such a guest could only end in the OOM
 * killer. `root` as in host/facts.h. 0 or -ENOMEM.
 */
int room_check_total(const char *root, const struct backing_spec *spec, struct error *e);

/*
 * What the kernel may allocate on our behalf without bringing the host near its end: MemAvailable less a sixteenth of
 * all memory, and what the memory cgroup leaves. UINT64_MAX where neither is told.
 */
uint64_t room_to_spare(const char *root);

/*
 * Before populating: ordinary pages must fit MemAvailable, the nodes they are bound to, and the memory cgroup;
 * hugetlb pages the pool. 0 or -ENOMEM.
 */
int room_check_populate(const char *root, const struct backing_spec *spec, struct error *e);

/* A hugetlb mapping bound to nodes: the kernel reserves from the whole pool, so the nodes are checked here. */
int room_check_nodes(const char *root, const struct backing_spec *spec, struct error *e);

/*
 * Fill *e with what is missing of the whole of `b`, and why: a mount's size limit, a pool or its cgroup, or the host's
 * memory. `where` names the access that failed, err its errno. Returns -err.
 */
int shortage_explain(const struct backing *b, int err, const char *where, struct error *e);

#endif
