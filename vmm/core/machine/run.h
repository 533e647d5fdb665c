/*
 * One run of a guest, from /dev/kvm to the last page given back.
 */
#ifndef MINIVMM_CORE_MACHINE_RUN_H
#define MINIVMM_CORE_MACHINE_RUN_H

#include "vmm/core/memory/prealloc.h"
#include "vmm/lab/record/record.h"
#include "vmm/core/machine/console.h"
#include "vmm/core/machine/watcher.h"
#include "vmm/util/error.h"

/*
 * Build the machine of rec->config (config_make), run it, tear it down. The caller has filled rec->spec,
 * rec->config and rec->host; everything else of the record is filled here, except the combined rows
 * (record_combine) and the verdict on page sizes (record_judge).
 *
 * 0: the guest ended cleanly, or the user stopped it (then rec->verdict is VERDICT_INTERRUPTED). -errno with *e set
 * otherwise; the record may be shown after an error too: results hold what was complete. `console` gets what the
 * guest wrote on its serial port. Nothing of the machine is left in either case.
 */
int run_guest(struct record *rec, prealloc_progress progress, struct console *console, struct error *e);

/* The same, with somebody who looks at the stopped guest; *watcher is the caller's and may be NULL. */
int run_guest_watched(struct record *rec, const struct run_watcher *watcher, prealloc_progress progress,
		      struct console *console, struct error *e);

#endif
