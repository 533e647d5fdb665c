/*
 * What can be asked of a sweep beyond what a run takes: an axis is a list of values, the sweep is their product.
 */
#ifndef MINIVMM_LAB_SWEEP_SPEC_H
#define MINIVMM_LAB_SWEEP_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/spec.h"

#define AXIS_MAX_VALUES 16

/* One value of --backing: KIND, KIND:PAGE or path:DIRECTORY. */
struct axis_backing {
	enum backing_kind kind;
	uint64_t page_bytes; /* 0: the kind's own */
	const char *path;    /* of path:DIRECTORY; NULL else */
};

/*
 * Workloads and working sets are the lists of struct measure_spec. The parser has filled in the defaults: no axis is
 * empty. Strings live until the next command line is parsed.
 */
struct sweep_spec {
	const char *preset; /* NULL: none */
	const char *file;   /* --axes FILE; NULL: none */
	uint32_t guest_page_count;
	uint64_t guest_pages_bytes[AXIS_MAX_VALUES];
	uint32_t backing_count;
	struct axis_backing backings[AXIS_MAX_VALUES];
	uint32_t populate_count;
	enum populate populates[AXIS_MAX_VALUES];
	uint32_t smp_count;
	uint32_t smps[AXIS_MAX_VALUES];
	uint32_t irqchip_count;
	enum choice irqchips[AXIS_MAX_VALUES];
	bool native;          /* native cells beside those of guests */
	bool memory_given;    /* else each cell has as little as its working set needs */
	uint32_t allocations; /* rounds */
	uint32_t retries;     /* of a disturbed run */
	/*
	 * "guest-page=4K,backing=anon": each part as a cell's key spells it, in the key's order; but kernel-irqchip=default
	 * is named, which a key leaves out. NULL: the first value of these two axes.
	 */
	const char *baseline;
	bool resume;
};

#endif
