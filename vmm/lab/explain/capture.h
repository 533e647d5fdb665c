/*
 * The guest that shows one address, and what it shows. The plan is the smallest one that touches that address
 * and, of the arena, nothing else; the capture boots the guest and writes down what its tables and the host
 * say at each moment.
 */
#ifndef MINIVMM_LAB_EXPLAIN_CAPTURE_H
#define MINIVMM_LAB_EXPLAIN_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/explain/explanation.h"
#include "vmm/lab/explain/spec.h"
#include "vmm/lab/measure/spec.h"
#include "vmm/lab/record/record.h"
#include "vmm/core/machine/config.h"
#include "vmm/util/error.h"

/* The address to explain. */
struct explain_address {
	uint64_t gva;
	bool touched; /* it lies in the arena, so the guest reads and writes it */
};

/*
 * Choose for a run as the user asked for it: one vCPU, and the workload `peek` for an address in the arena,
 * none for any other. Plan the machine for a backing of page_bytes (backing_resolve). *r is changed to say
 * what will run. An address beyond the arena is no error: it has no translation, and that is the answer. 0 or
 * -errno as config_make, or STATUS_USAGE for arena+SIZE that is more than an address can be.
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

/*
 * Run the guest and fill in *x. In rec spec, config (by explain_plan) and host are filled in after
 * record_init; the rest is filled as by measure_guest. 0, or -errno with *e set as by measure_guest.
 */
int explain_capture(const struct explain_spec *spec, struct record *rec, struct explanation *x,
		    struct error *e);

#endif
