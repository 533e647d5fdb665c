/*
 * Which guest shows one address: the smallest plan that touches that address and, of the arena, nothing else. Pure.
 */
#ifndef MINIVMM_LAB_EXPLAIN_PLAN_H
#define MINIVMM_LAB_EXPLAIN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/explain/spec.h"
#include "vmm/core/machine/config.h"
#include "vmm/lab/measure/spec.h"
#include "vmm/util/error.h"

/* The address to explain. */
struct explain_address {
	uint64_t gva;
	bool touched; /* it lies in the arena, so the guest reads and writes it */
};

/*
 * Of a run as the user asked for it: choose one vCPU and the workload, `peek` for an address in the arena and none for any
 * other, and plan the machine for a backing of page_bytes (backing_resolve). *r is changed to say what will run. An address
 * beyond the arena is no error: it has no translation, and that is the answer. 0 or -errno as config_make, or STATUS_USAGE
 * for arena+SIZE that is more than an address can be.
 */
int explain_plan(const struct explain_spec *x, uint64_t page_bytes, struct run_spec *r, struct config *c,
		 struct error *e);

/* Of what was asked and the plan made of it. */
struct explain_address explain_address_of(const struct explain_spec *x, const struct config *c);

/*
 * Of a run with --before-after: what its two runs ask for. The first has 4K guest pages on 4K memory; the second the
 * larger page in the dimensions asked for, on the user's own backing where one was given, else on THP or hugetlb. With THP
 * both are populated beforehand. Memory is raised to two of the larger pages where it is less.
 */
void explain_before_after(const struct explain_spec *x, const struct run_spec *r, struct run_spec *before,
			  struct run_spec *after);

/*
 * Whether a backing that the user chose, of page_bytes (backing_resolve), can show what --before-after asks for: pages of that
 * size, and no choice where the host's pages are to stay small. 0, or -errno with STATUS_USAGE.
 */
int explain_check_after(const struct explain_spec *x, enum backing_kind backing, uint64_t page_bytes,
			struct error *e);

#endif
