/*
 * The main thread while the guest runs: start the vCPU threads, wait for the end, the watchdog or a signal.
 */
#ifndef MINIVMM_CORE_MACHINE_WATCH_H
#define MINIVMM_CORE_MACHINE_WATCH_H

#include "vmm/core/machine/machine.h"

/* Start all vCPU threads. On error those already started are stopped and joined. 0 or -errno. */
int watch_start(struct machine *m, struct error *e);

/*
 * Wait until the guest ended, a thread failed, the watchdog's time is over or a signal asked us to stop; then stop
 * and join all threads. 0 for a clean end or a stop by signal (rec->verdict says so), else -errno.
 */
int watch_wait(struct machine *m, struct error *e);

#endif
