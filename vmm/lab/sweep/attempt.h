/*
 * One attempt at one round of a cell: run it as a process of its own, read its record, say how it went.
 */
#ifndef MINIVMM_LAB_SWEEP_ATTEMPT_H
#define MINIVMM_LAB_SWEEP_ATTEMPT_H

#include <jansson.h>
#include <stdint.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/util/error.h"

struct attempt {
	/*
	 * OK and MISMATCH have a run; UNAVAILABLE and REFUSED hold for every other attempt too; FAILED may go better next
	 * time; PENDING: the user stopped it.
	 */
	enum cell_state state;
	char reason[512];      /* where the state is not OK */
	struct matrix_run run; /* owned by the caller: matrix_run_free */
};

/* Run `cell` once; `round` and `number` (from 1) go into the run. 0, or -errno with *e set where nothing can be run. */
int attempt_make(const struct matrix_cell *cell, uint32_t round, uint32_t number, uint32_t limit_s,
		 struct attempt *a, struct error *e);

/* What is left of a run that has ended. */
struct child_end {
	int status;   /* exit status; 128 + n: killed by signal n */
	char *output; /* its stdout, NUL-terminated; owned: free() */
	size_t output_bytes;
	char message[512]; /* its first line on stderr, without the program's name */
	int64_t wall_ns;
};

/*
 * Run this program with the words of `command` (its first is argv[0]) and "--quiet --json -" behind them, and wait. A
 * stop signal ends it (status 128 + SIGTERM or its own), as does `limit_s`; it dies with us whatever happens. 0, or
 * -errno with *e set where it could not be started or its output not read; then nothing of it is left.
 */
int child_run(const json_t *command, uint32_t limit_s, struct child_end *end, struct error *e);

/*
 * What an ended run means: exit status, message and record. Pure but for the memory of a->run, whose counts of the host
 * stay -1. 0 or -ENOMEM.
 */
int attempt_judge(const struct child_end *end, struct attempt *a);

/*
 * The run of a record (schema minivmm.run/2) in the terms of a matrix, rows of all vCPUs alone: a new reference, or NULL
 * where it is no such record or there is no memory.
 */
json_t *attempt_extract(const json_t *record);

#endif
