/*
 * Guest RAM as one run sees it: taken, watched and given back, with everything that has to be told about that
 * written into the record on the way. The steps are the same for a virtual machine and for the native runner.
 */
#ifndef MINIVMM_CORE_MACHINE_RAM_H
#define MINIVMM_CORE_MACHINE_RAM_H

#include "vmm/core/memory/backing.h"
#include "vmm/core/memory/prealloc.h"
#include "vmm/util/error.h"

struct record;

/* Zeroed memory is a valid "nothing taken". Owns the mapping. */
struct ram {
	struct backing backing;
};

/*
 * Map RAM and, where rec->spec.machine.populate >= POPULATE_PREALLOC asks for it, populate it.
 * Fills in rec: share, reserve, pool_page_bytes, pool[POOL_BEFORE, POOL_MAPPED, POOL_POPULATED] (a lazy run has
 * the same counts mapped and populated), prealloc_threads, timing.map and timing.populate (ns).
 * progress may be NULL. 0, or -errno with *e set: nothing stays mapped then and pool[POOL_CLOSED] is taken too.
 */
int ram_acquire(struct record *rec, const struct backing_spec *spec, struct ram *ram,
		prealloc_progress progress, struct error *e);

/*
 * Once the guest has run and while RAM is still mapped: fill in rec->observed, pool[POOL_RAN], vmm_rss_bytes and
 * the process's faults and context switches. 0 or -errno with *e set.
 */
int ram_observe(struct record *rec, const struct ram *ram, struct error *e);

/* Give RAM back and fill in pool[POOL_CLOSED]; safe on a zeroed ram and safe twice. */
void ram_release(struct record *rec, struct ram *ram);

#endif
