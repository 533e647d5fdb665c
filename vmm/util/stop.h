/*
 * One place that knows whether the user asked us to stop (SIGINT, SIGTERM). Long work asks between pieces.
 */
#ifndef MINIVMM_UTIL_STOP_H
#define MINIVMM_UTIL_STOP_H

#include "vmm/util/error.h"

/* Install the handlers. 0 or -errno. The first signal asks for a clean stop; a second one kills at once. */
int stop_install(struct error *e);

/* The signal that asked us to stop, or 0. Async-signal-safe, callable from any thread. */
int stop_requested(void);

/*
 * Block SIGINT and SIGTERM in the calling thread, so that they reach (and wake) the main thread instead.
 * To be called first thing in every other thread. 0 or -errno.
 */
int stop_block_in_thread(void);

#endif
