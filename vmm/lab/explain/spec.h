/*
 * What can be asked of `explain` beyond the machine: which address, and what to hold beside it.
 */
#ifndef MINIVMM_LAB_EXPLAIN_SPEC_H
#define MINIVMM_LAB_EXPLAIN_SPEC_H

#include <stdbool.h>
#include <stdint.h>

/* Which dimensions --before-after changes. */
enum dimensions { DIMENSIONS_BOTH, DIMENSIONS_GUEST, DIMENSIONS_HOST };

struct explain_spec {
	bool gva_given;    /* else the arena's first address */
	bool gva_in_arena; /* gva is counted from the arena's first address */
	uint64_t gva;
	uint64_t after_bytes; /* --before-after: the larger page; 0: not asked */
	enum dimensions after;
	bool backing_given; /* --backing, --mem-path or --page-size: else --before-after chooses */
};

#endif
