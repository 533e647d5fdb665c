/*
 * A matrix of runs, as a sweep makes it and a comparison reads it: cells, their runs (one allocation each), and what
 * follows from them. Schema minivmm.sweep/2.
 */
#ifndef MINIVMM_LAB_SWEEP_MATRIX_H
#define MINIVMM_LAB_SWEEP_MATRIX_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/lab/record/estimate.h"
#include "vmm/lab/spec.h"
#include "vmm/lab/sweep/spec.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/util/error.h"

#define MATRIX_SCHEMA "minivmm.sweep/2"
/* Read as well: it has the same members, but its latencies are in TSC cycles and called "cycles/access". */
#define MATRIX_SCHEMA_TSC "minivmm.sweep/1"
#define MATRIX_KEY_BYTES 320
/* Why a cell has no figure: an error as the run told it, and behind CURE_MARK what helps. */
#define CELL_REASON_BYTES 1024
#define CURE_MARK "; try: "

/* One part of one run, all vCPUs together: a row of the run's record. -1 in a count, 0 in refs_theory: not known. */
struct matrix_row {
	char variant[24];      /* as the record has it; "" where the workload has one part only */
	uint64_t stride_bytes; /* 0: none */
	uint64_t working_set_bytes, pages, accesses, operations;
	char unit[24]; /* one of unit_names */
	uint32_t refs_theory;
	bool may_exit;
	int64_t exits, page_faults, interrupts, switches;
	uint32_t sample_count; /* 0: counts, but no figure here; the note says why */
	double *samples;       /* owned */
	char stable
		[8]; /* "min" or "median": what stands for the samples, by what fits the core's caches; "": an older file */
	char marks[RESULT_MAX_SAMPLES + 1]; /* of the samples (record.h); "": the core's clock is not known */
	char first_touch[8]; /* of the record; "void": no samples; "": none, or an older file */
	double median_ns;    /* of an access or update; 0: not known */
	double throttled_share; /* of its time, in which a CPU quota stopped it; 0: it did not, or is not known */
	char note[160];
};

/* One run: a process, a VM and an allocation of its own. -1: not known. */
struct matrix_run {
	uint32_t round;                     /* from 0 */
	uint32_t attempt;                   /* from 1: how often this round was tried */
	char verdict[16];                   /* of the record */
	char disturbed[160];                /* by what, after the last attempt; "" quiet */
	int64_t wall_ns;                    /* of the process */
	int64_t steal_ns;                   /* that a hypervisor below took from all CPUs meanwhile */
	int64_t minor_faults, major_faults; /* of the process */
	int64_t host_minor_faults, host_major_faults; /* of the whole host meanwhile (/proc/vmstat) */
	int64_t numa_hit, numa_miss;
	uint64_t observed_page_bytes;            /* by smaps; 0: mixed or not known */
	int64_t leaves_4k, leaves_2m, leaves_1g; /* installed by KVM, at their peak */
	double core_per_tsc; /* core cycles a TSC cycle, mean of all samples; 0: not known */
	uint32_t row_count;
	struct matrix_row *rows; /* owned */
};

enum cell_state {
	STATE_PENDING, /* not run yet: an interrupted sweep */
	STATE_OK,
	STATE_REFUSED,     /* contradicts itself: no host could run it */
	STATE_UNAVAILABLE, /* this host cannot (status 77) */
	STATE_FAILED,      /* no run of it succeeded */
	STATE_MISMATCH,    /* page sizes are not those asked for: figures are there, but are not compared */
	STATE_COUNT
};

struct matrix_cell;

/* One part of a cell over all its runs. */
struct matrix_figure {
	char variant[24];
	uint64_t stride_bytes, working_set_bytes, pages;
	char unit[24];
	uint32_t refs_theory;
	bool least;       /* each allocation stands by its minimum; else by its median */
	uint32_t count;   /* allocations with a figure */
	double *values;   /* owned; by allocation */
	uint32_t *rounds; /* owned; of each value: what pairs with what */
	struct estimate value;
	double least_value; /* of all samples of all allocations, in the unit's better direction */
	double exits, exits_per_operation, page_faults,
		faults_per_operation; /* medians over runs; NAN: not known */
	char note[160];
	/* B / A of a cell B, after comparison_note: paired by round; count 0: none. */
	struct estimate versus;
	double versus_p; /* NAN: not tested */
	bool versus_marked;
	const struct matrix_cell *baseline; /* NULL: none, or this is it */
	struct estimate ratio;              /* to the baseline, paired by round; count 0: none */
};

struct matrix_cell {
	char key[MATRIX_KEY_BYTES]; /* "guest-page=4K,backing=anon,prealloc=on,smp=1,workload=chase,working-set=4M" */
	bool is_b;                  /* of a sweep with two sides; else every cell is A */
	bool native;
	uint64_t guest_page_bytes; /* 0 natively */
	enum backing_kind backing;
	uint64_t page_bytes; /* of the backing, resolved; 0: not known */
	char path[128];      /* of a file; "" */
	enum populate populate;
	uint32_t vcpus;
	enum choice irqchip;
	char workload[24];
	char operation[24];         /* what its figures are the cost of, "an access"; "": not known */
	bool over_pages;            /* curves are drawn over pages, not over bytes of working set */
	uint64_t working_set_bytes; /* 0: the workload's own, or it has none */
	uint64_t asked_set_bytes;   /* where --set-pages raised it from that; else 0 */
	uint64_t memory_bytes;
	json_t *command; /* owned; array: what runs this cell alone */
	enum cell_state state;
	char reason[CELL_REASON_BYTES];       /* where state is not STATE_OK */
	uint32_t disturbed_runs, failed_runs; /* all that were, also those that were repeated */
	uint32_t run_count;
	struct matrix_run *runs; /* owned; those kept, one a round */
	uint32_t figure_count;
	struct matrix_figure *figures; /* owned; by matrix_derive */
};

/* chase - packed of one configuration and working set, paired by round. */
struct matrix_translation {
	const struct matrix_cell *chase, *packed;
	uint64_t pages;
	struct estimate cost; /* cycles an access */
	uint32_t refs_theory;
	/*
	 * Where each access walks (curves.c): what one reference costs, a packed load over as many lines as the leaf
	 * entries take, pages / 8 and 64 at least, or within a factor of two of that. 0: none was measured, or few walk.
	 */
	double reference_cycles;
	struct estimate loads_worth; /* cost / reference_cycles; count 0: none */
};

/*
 * Of one working set of twin: the difference of two entries of a block (include/twin.h), over VMs. A window less the one with
 * the largest leaves is the cost of translation; that one sampled again less itself is the control; that one less packed
 * lines is what chase - packed would count on top.
 */
struct matrix_twin {
	const struct matrix_cell *cell;
	uint32_t window, less; /* entries */
	uint64_t working_set_bytes, pages;
	struct estimate difference; /* cycles an access */
};

/* What a larger page gains: > 1 is faster. */
enum speed_up_dimension { SPEED_UP_GUEST, SPEED_UP_BACKING, SPEED_UP_BOTH };

struct matrix_speed_up {
	enum speed_up_dimension dimension;
	const struct matrix_cell *from, *to; /* 4K, and 2M or 1G, in that dimension */
	uint32_t from_figure, to_figure;
	struct estimate speed_up;
};

/* Where a curve over working sets leaves a plateau. */
struct matrix_knee {
	const struct matrix_cell *below, *above; /* neighbours on the curve */
	uint64_t pages_below, pages_above;
	bool of_translation; /* the curve is chase - packed; else the figure itself */
	double value_below, value_above;
};

/* Of one configuration; `cell` is one of its chase cells. */
struct matrix_prediction {
	const struct matrix_cell *cell;
	struct prediction prediction;
};

struct matrix {
	char version[24];
	json_t *command;              /* owned; array */
	char label[SPEC_LABEL_BYTES]; /* the user's own name for it; "": none */
	char preset[32];
	char teaches[PRESET_TEACHES_BYTES]; /* the preset's paragraph; "" */
	char started[32];                   /* ISO 8601, UTC */
	double seconds;                     /* spent, all sessions */
	bool complete;
	uint32_t resumed; /* how often */
	uint64_t seed, waited_ns;
	uint32_t allocations, retries;
	uint64_t set_pages; /* of the backing, that sets were raised to; 0: they are as asked */
	uint32_t repeat;    /* 0: the workload's */
	uint64_t accesses, memory_bytes, alias_bytes; /* 0: the workload's, the cell's own, none */
	bool guest_ad;
	json_t *versus;     /* owned; what B is (versus.h); NULL: there is one side */
	json_t *comparison; /* owned; A and B, a document of minivmm.compare; NULL: none was made */
	json_t *axes;       /* owned; object of arrays, for people */
	char baseline[256];
	json_t *host; /* owned; as in every schema */
	/* Of the host's CPU (theory/simulate/cpu.h); 0: not known. */
	uint64_t in_core_bytes, tlb_leaves;
	uint32_t datum_count;
	struct matrix_cell *cells; /* owned */
	uint32_t translation_count, twin_count, speed_up_count, knee_count;
	struct matrix_translation *translations; /* owned; these four by matrix_derive */
	struct matrix_twin *twins;
	struct matrix_speed_up *speed_ups;
	struct matrix_knee *knees;
	bool predicted; /* matrix_predict was called */
	uint32_t prediction_count;
	struct matrix_prediction *predictions; /* owned */
};

/* Over all cells. */
struct matrix_counts {
	uint32_t cells[STATE_COUNT];          /* in that state */
	uint32_t runs, runs_still_disturbed;  /* that are kept */
	uint32_t disturbed_runs, failed_runs; /* all that were */
};

struct matrix_counts matrix_count(const struct matrix *m);

/* Release all that *m owns and zero it; safe on a zeroed one. */
void matrix_free(struct matrix *m);

/* Release what a run owns and zero it. */
void matrix_run_free(struct matrix_run *run);

/* Set both; a reason too long is cut. */
void cell_set_state(struct matrix_cell *cell, enum cell_state state, const char *reason);

/*
 * Give *run to the cell; kept in order of rounds, in place of the one of the same round. *run is zeroed. 0 or -ENOMEM,
 * then the caller still owns it.
 */
int matrix_cell_add_run(struct matrix_cell *cell, struct matrix_run *run);

extern const struct names cell_state_names;

static inline const char *cell_state_name(enum cell_state state)
{
	return name_of(&cell_state_names, state);
}

/* What the latencies are in: "core cycles" or "TSC cycles"; NULL: there are none. */
const char *matrix_latency_words(const struct matrix *m);

/*
 * All that follows from the runs: figures, ratios to the baseline, translation, twins, speed-ups, knees. Replaces what an
 * earlier call made. 0, -ENOMEM, or -EINVAL for a figure that is not finite.
 */
int matrix_derive(struct matrix *m);

/*
 * What the model says of each configuration with chase and packed, after matrix_derive. 0, -ENOMEM, or -EINVAL for what the
 * model cannot take.
 */
int matrix_predict(struct matrix *m, const struct cpu_model *cpu);

/* One run as JSON, and back: the same in the file's cells[].runs[] and in a journal's lines. NULL: no memory. */
json_t *matrix_run_json(const struct matrix_run *run);

/* 0, or -EINVAL where `json` is no such run (*run is zeroed then), or -ENOMEM. Nothing is believed unchecked. */
int matrix_run_parse(const json_t *json, struct matrix_run *run);

/* The whole file. 0 or -errno. */
int matrix_json(const struct matrix *m, FILE *out);
int matrix_csv(const struct matrix *m, FILE *out);
int matrix_text(const struct matrix *m, FILE *out);

/*
 * Read a file of schema minivmm.sweep/2 or /1, all but what matrix_derive makes. 0, or -errno with *e set: cannot be read, too
 * large, no JSON (line and column), another schema or version, a member that is missing or of the wrong kind (its path).
 */
int matrix_read(const char *path, struct matrix *m, struct error *e);

#endif
