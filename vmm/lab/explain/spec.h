/*
 * What can be asked of `explain` beyond the machine, and the plan made of it: the smallest guest that touches
 * the address and, of the arena, nothing else.
 */
#ifndef MINIVMM_LAB_EXPLAIN_SPEC_H
#define MINIVMM_LAB_EXPLAIN_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/spec.h"

struct config;
struct error;
struct run_spec;

/* Which dimensions --before-after changes. */
enum dimensions { DIMENSIONS_BOTH, DIMENSIONS_GUEST, DIMENSIONS_HOST };

struct explain_spec {
	bool gva_given;    /* else the arena's first address */
	bool gva_in_arena; /* gva is counted from the arena's first address */
	uint64_t gva;
	bool window_given; /* through that window of twin (include/twin.h), else as the guest maps its arena */
	uint32_t window;
	uint64_t after_bytes; /* --before-after: the larger page; 0: not asked */
	enum dimensions after;
	bool backing_given; /* --backing, --mem-path or --page-size: else --before-after chooses */
};

/* The address to explain. */
struct explain_address {
	uint64_t gva;
	bool touched; /* it lies in the arena, so the guest reads and writes it, or through a window reads it */
};

/*
 * Choose for a run as the user asked for it: one vCPU, and the workload `peek` for an address in the arena, `twin` for one
 * in a window, none for any other. Plan the machine for a backing of page_bytes (backing_resolve). *r is changed to say
 * what will run. An address beyond the arena is no error: it has no translation, and that is the answer. 0 or
 * -errno as config_make, or STATUS_USAGE for arena+SIZE that is more than an address can be, an address that no window
 * shows, and a window that the backing cannot have.
 */
int explain_plan(const struct explain_spec *x, uint64_t page_bytes, struct run_spec *r, struct config *c,
		 struct error *e);

/* Of what was asked and the plan made of it. */
struct explain_address explain_address_of(const struct explain_spec *x, const struct config *c);

/*
 * What the two runs of --before-after ask for. The first has 4K guest pages on 4K memory. The second has the
 * larger page in the dimensions asked for, on the user's own backing where one was given, else on THP or
 * hugetlb. With THP both are populated beforehand. Memory is raised to two of the larger pages where it is
 * less.
 */
void explain_before_after(const struct explain_spec *x, const struct run_spec *r, struct run_spec *before,
			  struct run_spec *after);

/*
 * Whether a backing that the user chose, of page_bytes (backing_resolve), can show what --before-after asks
 * for: it has pages of that size, and there is no choice where the host's pages are to stay small. 0, or
 * -errno with STATUS_USAGE.
 */
int explain_check_after(const struct explain_spec *x, enum backing_kind backing, uint64_t page_bytes,
			struct error *e);

#endif
