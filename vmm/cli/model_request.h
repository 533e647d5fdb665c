/*
 * What the user asked of model and explain, and of --predict, beyond what a run takes.
 */
#ifndef MINIVMM_CLI_MODEL_REQUEST_H
#define MINIVMM_CLI_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"

/* --guest-page, --workload, --working-set, --memory, --accesses and --seed are those of struct request. */
struct model_request {
	const char *cpu; /* a description's name, "host" or a file; NULL: not given */
	bool kind_given; /* else all kinds, where there is room for them */
	enum walk_kind kind;
	uint32_t guest_levels, host_levels; /* 0: not given */
	uint64_t host_page_bytes;           /* 0: not given */
	double fault_ns;                    /* of one fault; 0: not given */
	/* Of options that struct request has with a default. */
	bool guest_page_given, memory_given, work_given;
};

/* Which dimensions --before-after changes. */
enum dimensions { DIMENSIONS_BOTH, DIMENSIONS_GUEST, DIMENSIONS_HOST };

struct explain_request {
	bool gva_given;    /* else the arena's first address */
	bool gva_in_arena; /* gva is counted from the arena's first address */
	uint64_t gva;
	const char *svg_path; /* NULL: none; "-": stdout */
	uint64_t after_bytes; /* --before-after: the larger page; 0: not asked */
	enum dimensions after;
	bool backing_given; /* --backing, --mem-path or --page-size: else --before-after chooses */
};

#endif
