/*
 * The plan of a run: the machine, and the steps that its work is made of. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_PLAN_H
#define MINIVMM_LAB_MEASURE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/core/plan/config.h"
#include "vmm/lab/spec.h"
#include "vmm/util/error.h"

/*
 * Plan a run for a backing of page_bytes (backing_resolve): the machine, then its steps, by workload in the order asked,
 * then by working set, then by stride, then by number of chains. 0, or -errno with *e set: what config_make refuses; with STATUS_USAGE a workload
 * that this machine lacks something for, a working set too small or above a vCPU's slice of the arena (with the --memory
 * that is enough), more than PLAN_MAX_STEPS steps.
 */
int plan_make(const struct run_spec *r, uint64_t page_bytes, struct config *c, struct error *e);

/*
 * Steps of workloads that take turns over the same working set (TAKES_TURNS) become rounds: A B A B, each with its part of
 * the samples. Whatever the machine does meanwhile then happens to both. *c has its steps; it gets more of them, no more than
 * PLAN_MAX_STEPS. 0 or -ENOMEM with *e set.
 */
int turns_take(struct config *c, struct error *e);

/*
 * Write the configuration as "name = value" lines: what was asked with its defaults, the memory map in GPA ranges (end
 * excluded), the steps. 0 or -errno.
 */
int plan_dump(const struct run_spec *r, const struct config *c, FILE *out);

/*
 * Bytes of the arena that each vCPU has, in whole 4 KiB and as the driver cuts it: whole guest pages, whole
 * repetitions of an alias, where there are enough of them.
 */
uint64_t plan_slice_bytes(const struct config *c);

/* One kind of working set. A kind without a list of pages is one set. */
struct set_kind {
	const char *help; /* a paragraph of --workload help */
	const uint32_t *pages;
	size_t page_count;
	uint64_t one_bytes; /* of that one set; 0: all of the slice */
	bool is_fixed;      /* --working-set does not change it */
	/* Into strides_bytes[STRIDES_MAX], ascending, a line first as the control; returns how many. NULL: no strides. */
	uint32_t (*strides)(struct config *c, uint64_t *strides_bytes);
	uint64_t inside_pages; /* at strides inside a leaf no more pages than that; 0: no limit */
};

extern const struct set_kind set_kinds[SET_COUNT];

/*
 * The working sets of a workload that c's machine can run (needs_check), into sets_bytes[SPEC_MAX_SETS], in the order they
 * will run: those named, or the kind's own as far as they fit. Each is a multiple of 4 KiB and no larger than a slice; what
 * is rounded or left out is noted in *c. Returns how many, at least one; or -EINVAL with STATUS_USAGE: a named set below
 * the least or above a slice.
 */
int sets_choose(const struct run_spec *r, const struct workload_info *workload, struct config *c,
		uint64_t *sets_bytes, struct error *e);

#define STRIDES_MAX 16

/* The strides of a kind, into strides_bytes[STRIDES_MAX], ascending. Returns how many: one, of 0, where it has none. */
uint32_t strides_of(enum default_set set, struct config *c, uint64_t *strides_bytes);

/* Whether so many bytes of working set, a page of 4 KiB each `stride_bytes`, have addresses; if not, that is noted. */
bool strides_fit(enum default_set set, uint64_t set_bytes, uint64_t stride_bytes, struct config *c);

/*
 * Whether the planned machine (all of *c but its steps) has what a workload needs (NEEDS_*, WORKS_ALIASED). 0, or -EINVAL
 * with STATUS_USAGE: which workload, why not, and the options that cure it.
 */
int needs_check(const struct workload_info *workload, const struct run_spec *r, const struct config *c,
		struct error *e);

/* The least working set of a workload on that machine: 4 KiB, or two leaves. */
uint64_t needs_least_bytes(const struct workload_info *workload, const struct config *c);

/*
 * The largest working set of a workload that its part of the arena has room for: all of it, unless the workload keeps
 * something that grows with its set beside it.
 */
uint64_t needs_most_bytes(const struct workload_info *workload, const struct config *c);

/* Whether some workload needs views of the arena. */
bool needs_views(const struct run_spec *r);

/* Whether the vCPUs get an APIC inside KVM: asked for, or not refused and needed by a workload. */
bool needs_apic(const struct run_spec *r);

/* Whether the machine is the native runner's, not a guest's. */
bool plan_is_native(const struct config *c);

/* The least --memory, in steps of 256 MiB or an alias, whose slices hold set_bytes; 0 where there is none. */
uint64_t plan_memory_for(const struct config *c, uint64_t set_bytes);

/* STATUS_USAGE for a working set larger than a slice, with the --memory that is enough as the hint. -EINVAL. */
int refuse_large_set(const struct config *c, uint64_t set_bytes, struct error *e);

#endif
