/*
 * One run as a process of its own: this very program, its record on a pipe.
 */
#ifndef MINIVMM_LAB_SWEEP_CHILD_H
#define MINIVMM_LAB_SWEEP_CHILD_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/util/error.h"

/* What is left of a run that has ended. */
struct child_end {
	int status;   /* exit status; 128 + n: killed by signal n */
	char *output; /* its stdout, NUL-terminated; owned: free() */
	size_t output_bytes;
	char message[512]; /* what it said last on stderr, one line without the program's name */
	int64_t wall_ns;
};

/*
 * Run this program with the words of `command` (its first is argv[0]) and "--quiet --json -" behind them, and wait. A
 * stop signal ends it (status 128 + SIGTERM or its own), as does `limit_s`; it dies with us whatever happens. 0, or
 * -errno with *e set where it could not be started or its output not read; then nothing of it is left.
 */
int child_run(const json_t *command, uint32_t limit_s, struct child_end *end, struct error *e);

#endif
