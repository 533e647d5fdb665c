/*
 * One run, in a guest or natively: from a planned record to a judged one.
 */
#ifndef MINIVMM_LAB_MEASURE_RUN_H
#define MINIVMM_LAB_MEASURE_RUN_H

#include "vmm/core/machine/machine.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/error.h"

/*
 * Run the plan of rec->config (plan_make), combine the vCPUs' rows, find the TLB, predict where rec->cpu says how, judge.
 * The caller has filled rec->spec, config, host and pmu. progress, while RAM is populated, may be NULL.
 *
 * 0: the work is done, or the user stopped it (then the verdict is VERDICT_INTERRUPTED). -errno with *e set otherwise; the
 * record may be shown after an error too: results hold what was complete, reasons what went wrong.
 */
int measure_run(struct record *rec, prealloc_progress progress, struct error *e);

/*
 * What the plan touches of the host's memory at its largest step, on all vCPUs: bytes; `certain`: of workloads that touch all
 * of their sets, else of any. 0 where the payload is not the embedded guest. Pure.
 */
uint64_t measure_touched_bytes(const struct record *rec, bool certain);

/*
 * Whether there is room for what a run certainly touches, the guest's page tables included, where it does not populate its memory
 * beforehand. 0 or -ENOMEM.
 */
int measure_check_room(const struct record *rec, struct error *e);

/*
 * Only the guest's part of it: run, and nothing combined or judged. The doorbell of `beside`, which may be NULL, is called,
 * too: before a phase begins, and after its result is in the record, so never inside anything that is timed or counted.
 */
int measure_guest(struct record *rec, const struct machine_observer *beside, prealloc_progress progress,
		  struct error *e);

/*
 * Run the plan natively on rec->config.vcpus threads; nothing is combined or judged. STATUS_WATCHDOG when a thread was
 * stuck beyond rec->spec.machine.timeout_s, its memory is left mapped then; STATUS_FAILED when a workload's own check
 * failed; what ram_acquire returns.
 */
int measure_native(struct record *rec, prealloc_progress progress, struct error *e);

#endif
