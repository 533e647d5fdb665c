/*
 * Boot the guest, have it touch the address, and write down what its tables and the host say at each moment.
 */
#ifndef MINIVMM_LAB_EXPLAIN_CAPTURE_H
#define MINIVMM_LAB_EXPLAIN_CAPTURE_H

#include "vmm/lab/explain/explanation.h"
#include "vmm/lab/explain/spec.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

/*
 * rec: record_init, then spec, config (whose plan explain_plan made) and host filled in. Runs the guest; rec is filled
 * as by run_guest. 0, or -errno with *e set as by run_guest.
 */
int explain_capture(const struct explain_spec *spec, struct record *rec, struct explanation *x,
		    struct error *e);

#endif
