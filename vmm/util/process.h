/*
 * The process: its standard streams are made safe before anything else is opened or written; signals ask it to stop.
 *
 * A header of its own: it acts on the process as a whole, and nothing else of util does.
 */
#ifndef MINIVMM_UTIL_PROCESS_H
#define MINIVMM_UTIL_PROCESS_H

#include <stdbool.h>

#include "vmm/util/error.h"

/*
 * Leave behind what of the environment would put this program's own memory into the pools of huge pages that it measures,
 * or make it THP: glibc's malloc (GLIBC_TUNABLES=glibc.malloc.hugetlb), libhugetlbfs, and any other malloc (LD_PRELOAD) that has
 * taken such pages already. All act before main, so the program is started again without; then this does not return. Children inherit what is left. 0 where there
 * is nothing of that kind, or -errno.
 */
int process_leave_huge_heap(char **argv, struct error *e);

/* Pure: take the words out of `list` in which `part` stands, in place. False where there was none. */
bool list_drop(char *list, const char *separators, const char *part);

/*
 * Fill those of descriptors 0 to 2 that the caller left closed, so that guest RAM or a record never becomes stdout;
 * reading or writing them fails with EBADF, as it would have. And a reader that has gone (SIGPIPE) or a file size
 * limit (SIGXFSZ) become errors of write(2) instead of the end of the process with its record; SIGUSR1, of which a machine
 * makes use, means nothing before and without one.
 */
int streams_init(struct error *e);

/*
 * Install the handlers of SIGINT, SIGTERM, SIGQUIT and SIGHUP, unless that is ignored. 0 or -errno. The first one asks for a
 * clean stop; the same once more kills at once.
 */
int stop_install(struct error *e);

/* The signal that asked us to stop, or 0. Async-signal-safe, callable from any thread. */
int stop_requested(void);

/*
 * Block those signals in the calling thread, so that they reach (and wake) the main thread instead.
 * To be called first thing in every other thread. 0 or -errno.
 */
int stop_block_in_thread(void);

/* CPUs that the calling thread may run on: the lowest, and how many; 0 and 1 where that cannot be read. */
unsigned int first_allowed_cpu(void);
unsigned int allowed_cpu_count(void);

#endif
