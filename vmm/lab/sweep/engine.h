/*
 * The experiment: from axes to cells, decided before any of them runs; rounds over all cells, each round in a shuffled order of
 * its own; one round of one cell; one attempt at it, a process of its own; and whether a run was left alone.
 */
#ifndef MINIVMM_LAB_SWEEP_ENGINE_H
#define MINIVMM_LAB_SWEEP_ENGINE_H

#include "vmm/lab/spec.h"
#include "vmm/lab/sweep/journal.h"
#include "vmm/lab/sweep/matrix.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/util/error.h"

#define SWEEP_MAX_CELLS 20000

/*
 * Fill the cells of *m, which has none, and what it says of the plan: each combination of the axes of *sweep, the
 * workloads and working sets of *run is one cell, with the least memory that it needs where the sweep names none. A
 * combination that contradicts itself is a cell too, in STATE_REFUSED with the reason. Cells of one workload and working set lie together,
 * backings innermost; where m->versus says that there are two sides, each cell A has its B behind it. Touches no memory; asks the kernel for page sizes only.
 *
 * 0, or -errno with *e set: more than SWEEP_MAX_CELLS, not one cell that could run (with the first reason), no memory.
 */
int sweep_plan(const struct run_spec *run, const struct sweep_spec *sweep, struct matrix *m, struct error *e);

/*
 * A number for all that has to be equal where a sweep is resumed: the cells, the command of each, and B's program. Rounds
 * and retries may differ.
 */
uint64_t sweep_plan_digest(const struct matrix *m);

/*
 * Of one cell: *r with the cell's values and memory_bytes, as the run's planner sees it. Decides the memory, resolves the
 * backing's page, names the cell, and makes its command. What the planner refuses is the cell's state and reason. 0 or
 * -ENOMEM.
 */
int plan_cell(const struct run_spec *r, const struct sweep_spec *sweep, struct matrix_cell *cell);

/* What the record says of the axes, an object of arrays: a new reference, or NULL. */
json_t *sweep_axes_json(const struct work_spec *work, const struct sweep_spec *sweep);

/* The baseline as axis=value parts: what was asked, or the first guest page and the first backing. */
void sweep_baseline(const struct sweep_spec *sweep, char *text, size_t size);

/* How far a sweep is, for a progress line. */
struct sweep_progress {
	uint32_t round, rounds; /* from 1 */
	uint32_t done, total;   /* rounds of cells */
	double elapsed_s;
	double left_s;           /* by what each cell took so far; negative: not known yet */
	const char *key;         /* the cell that starts now; NULL: all is done */
	const char *waiting_for; /* who has the turn, instead of all the above; NULL: nobody is waited for */
};

typedef void (*sweep_progress_fn)(const struct sweep_progress *p);

/*
 * Run what is missing of m->allocations rounds in *m, which is planned and may hold the rounds of an interrupted sweep, and
 * write each into the journal. Every run is a process and an allocation of its own, runs of several sweeps on one host take
 * turns. A disturbed run is repeated up to m->retries times and the least disturbed one kept; a cell that failed more often
 * than that without a single good run is given up. progress may be NULL.
 *
 * 0: all rounds were run (m->complete), or the user stopped it (not complete). -errno with *e set where the sweep itself
 * cannot go on; *m then holds what it has.
 */
int sweep_run(struct matrix *m, uint32_t timeout_s, struct journal *j, sweep_progress_fn progress,
	      struct error *e);

/* A holder of the turn that does not change for so long is stopped, or no sweep. */
#define TURN_LIMIT_S 600

/* The lock of the turns; -1 where there is none. */
int turn_open(void);

/*
 * Wait for the turn, at once where fd is -1. `progress` (or NULL) is told who has it, once, after two seconds. Returns the ns
 * waited; -EINTR: a stop signal came; -EWOULDBLOCK with *e set: one process had it for limit_s.
 */
int64_t turn_wait(int fd, uint32_t limit_s, sweep_progress_fn progress, struct error *e);
void turn_leave(int fd);

/* The order of `count` cells in a round: a permutation into order[0..count). Pure, from seed and round alone. */
void sweep_order(uint64_t seed, uint32_t round, uint32_t count, uint32_t *order);

/*
 * The same where each cell A has its B behind it: `pairs` of them into order[0..2 * pairs), A and B of a cell next to each
 * other, which of them is first by a toss of its own. Pure.
 */
void sweep_order_pairs(uint64_t seed, uint32_t round, uint32_t pairs, uint32_t *order);

struct round_plan {
	uint32_t round;
	uint32_t retries;
	uint32_t limit_s; /* of one run */
	uint32_t cpus;    /* of the host; 0: not known */
};

/*
 * One round of one cell: attempts until one is quiet, and what they make of the cell. Returns 1 where the round is decided,
 * 0 where the user stopped it (the cell is as before but for its counts), or -errno with *e set.
 */
int round_run(const struct round_plan *plan, struct matrix_cell *cell, struct error *e);

/* Whether this cell still has a run to do in that round. Pure. */
bool round_is_open(const struct matrix_cell *cell, uint32_t round, uint32_t retries);

/* After the last round: a cell that never succeeded has failed. Pure. */
void round_settle(struct matrix_cell *cell);

/*
 * Judge *run, of a cell with `vcpus` on a host with `cpus` (0: not known), and write into run->disturbed what was wrong;
 * "" where nothing was. Three things count:
 *  - exits in a timed part that should have none: the record's verdict;
 *  - a hypervisor below that took more than one per cent of all CPUs' time during the run for others;
 *  - involuntary switches of a vCPU's thread that could have reached the figure. One switch spoils one sample, so a quarter
 *    of the samples of a part may have one: its minimum and its median stand. A part with a single sample may have one
 *    each 50 ms of the run. Where vCPUs share CPUs, switches are what is measured.
 * Returns how bad it is, 0 for quiet: of several attempts the least bad one is kept. Pure.
 */
double disturb_judge(struct matrix_run *run, uint32_t vcpus, uint32_t cpus);

struct attempt {
	/*
	 * OK and MISMATCH have a run; UNAVAILABLE and REFUSED hold for every other attempt too; FAILED may go better next
	 * time; PENDING: the user stopped it.
	 */
	enum cell_state state;
	char reason[CELL_REASON_BYTES]; /* where the state is not OK */
	struct matrix_run run;          /* owned by the caller: matrix_run_free */
};

/* Run `cell` once; `round` and `number` (from 1) go into the run. 0, or -errno with *e set where nothing can be run. */
int attempt_make(const struct matrix_cell *cell, uint32_t round, uint32_t number, uint32_t limit_s,
		 struct attempt *a, struct error *e);

/* What is left of a run that has ended. */
struct child_end {
	int status;   /* exit status; 128 + n: killed by signal n */
	char *output; /* its stdout, NUL-terminated; owned: free() */
	size_t output_bytes;
	char message[CELL_REASON_BYTES]; /* what it said on stderr: the error, CURE_MARK, the cure */
	int64_t wall_ns;
};

/*
 * Run this program, or the one that the first word of `command` is a path of, with its words (the first is argv[0]) and
 * "--quiet --json -" behind them, and wait. A
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
