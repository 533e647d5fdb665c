/*
 * Why there was no page when one was needed: for lazily populated RAM, whose shortage shows at an access.
 */
#ifndef MINIVMM_CORE_MEMORY_SHORTAGE_H
#define MINIVMM_CORE_MEMORY_SHORTAGE_H

#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/*
 * Fill *e with what is missing of the whole of `b`, and why: a mount's size limit, a pool or its cgroup, or the host's
 * memory. `where` names the access that failed, err its errno. Returns -err.
 */
int shortage_explain(const struct backing *b, int err, const char *where, struct error *e);

#endif
