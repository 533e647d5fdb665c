/*
 * What can be asked of the theory: which walk, on which CPU, of which working sets. A header of its own: cli fills
 * it and includes nothing else of the theory.
 */
#ifndef MINIVMM_THEORY_SPEC_H
#define MINIVMM_THEORY_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"

struct model_spec {
	const char *cpu; /* a description's name, "host" or a file; NULL: not given */
	bool kind_given; /* else all kinds, where there is room for them */
	enum walk_kind kind;
	uint32_t guest_levels, host_levels; /* 0: not given */
	uint64_t host_page_bytes;           /* 0: not given */
	double fault_ns;                    /* of one fault; 0: not given */
	bool guest_page_given, memory_given, work_given;
};

#endif
