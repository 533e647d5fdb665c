/*
 * Why a run could not have its huge pages, told by the same analysis as `minivmm pool plan`.
 */
#ifndef MINIVMM_HOST_POOL_EXPLAIN_H
#define MINIVMM_HOST_POOL_EXPLAIN_H

#include <stdint.h>

#include "vmm/util/error.h"

/*
 * Fill *e with the shortage in numbers (page size, node, needed, free, reserved, surplus, control group's limit where
 * one is in force) and, as the hint, the commands that cure it. host_nodes: mask of the nodes it is bound to, 0: any.
 * own_bytes: what of needed_bytes the kernel has promised to this very mapping, and so counts as reserved.
 * `where` names the call that failed, err its errno. Returns -err, or -ENOMEM where err is 0.
 */
int pool_explain(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t own_bytes,
		 uint64_t host_nodes, int err, const char *where, struct error *e);

/*
 * Before a mapping: are there pages for it, in the pool or made on demand, and on those nodes? Limits of control
 * groups are left to the kernel: which of them bites depends on the mapping. 0, or -ENOMEM explained as above. A host
 * that does not tell is not refused anything.
 */
int pool_check(const char *root, uint64_t page_bytes, uint64_t needed_bytes, uint64_t host_nodes,
	       const char *where, struct error *e);

#endif
