/*
 * The same workloads on the same backing in this very process, without a virtual machine: what the guest's
 * figures are compared with.
 */
#ifndef MINIVMM_LAB_MEASURE_NATIVE_H
#define MINIVMM_LAB_MEASURE_NATIVE_H

#include "vmm/core/memory/prealloc.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

/*
 * Run the plan of rec->config on rec->config.vcpus threads. The caller has filled rec->spec, rec->config
 * (by config_make_native) and rec->host; everything else of the record is filled here, except the combined rows
 * (record_combine) and the verdict on page sizes (record_judge).
 *
 * progress, while RAM is preallocated, may be NULL.
 *
 * 0: the plan ran, or the user stopped it (then rec->verdict is VERDICT_INTERRUPTED and results hold what was
 * complete). -errno with *e set: STATUS_WATCHDOG when a thread was stuck beyond rec->spec.machine.timeout_s, its memory
 * is left mapped then; STATUS_FAILED when a workload's own check failed; whatever ram_acquire says.
 * The record may be shown after an error too: results hold what was complete.
 */
int native_run(struct record *rec, prealloc_progress progress, struct error *e);

#endif
