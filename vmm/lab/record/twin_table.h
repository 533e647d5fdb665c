/*
 * What the blocks of `twin` (include/twin.h) show: the cost of translation for each pair of leaves, and its controls.
 */
#ifndef MINIVMM_LAB_RECORD_TWIN_TABLE_H
#define MINIVMM_LAB_RECORD_TWIN_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "twin.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/record/estimate.h"

/*
 * A control is wrong once in a thousand times by chance, not once in twenty as an interval of 95 %: it decides whether
 * the run is called disturbed.
 */
#define TWIN_NULL_LEVEL 0.999

/* All costs of a table lie in their intervals at once this often. */
#define TWIN_FAMILY_LEVEL 0.95

/*
 * Intervals are over the medians of at most so many batches of consecutive blocks (batch means: Law and Kelton, Simulation
 * Modeling and Analysis, 9.5.3): a neighbour that is busy for some blocks makes one disturbed batch, not many values that
 * agree. Of twenty the interval at TWIN_NULL_LEVEL still leaves out two at either end.
 */
#define TWIN_BATCHES 20

static inline uint32_t twin_batches(uint32_t blocks)
{
	return blocks < TWIN_BATCHES ? blocks : TWIN_BATCHES;
}

/* Of one working set. Rows are the record's. */
struct twin_table {
	const struct result *blocks;              /* the phase in which all windows were sampled */
	const struct result *first[TWIN_WINDOWS]; /* first contact through each window; NULL: not reported */
	const struct result
		*window[TWIN_WINDOWS]; /* NULL: this machine has no such window, the first row says why */
	uint32_t block_count, entry_count;
	uint32_t largest; /* the window whose cost is 0: the largest leaves of both dimensions */
	double cost_level; /* of each interval of a cost and of the layout, so that all hold at TWIN_FAMILY_LEVEL */
	/* Differences, paired within the block. */
	struct estimate cost[TWIN_WINDOWS];
	/* The controls, at TWIN_NULL_LEVEL. */
	struct estimate
		again; /* the largest window less itself: count 0 where the blocks were not complete */
	struct estimate
		shadow; /* 4K guest pages through the largest host leaf less through 4K; count 0: not the same */
	struct estimate
		layout; /* the largest window less packed lines: what chase - packed would call translation */
	double packed;  /* median; NAN: none */
};

/*
 * Once the clock is settled: divide the samples of each row of blocks among rows of their own, one for each window and
 * control, by the order that seed and block give (twin_shuffle). What the phase counted stays with the row of blocks.
 * 0 or -ENOMEM; samples that are no whole blocks are a reason.
 */
int record_divide_twin(struct record *rec);

/* The table of the twin step that `blocks` belongs to. 0 or -ENOMEM. */
int twin_table_make(const struct record *rec, const struct result *blocks, struct twin_table *t);

/*
 * The median of the medians of a - b over batches of `blocks` consecutive blocks, with its interval at that level; count is
 * the number of blocks. 0, -EINVAL or -ENOMEM as estimate_make.
 */
int twin_difference(const double *a, const double *b, uint32_t blocks, double level, struct estimate *out);

/* Of a table of so many windows, each cost's level and that of the layout (Bonferroni). */
double twin_cost_level(uint32_t windows);

/* The next row of blocks behind `row` (NULL: from the first on); NULL: there is none. */
const struct result *twin_next(const struct record *rec, const struct result *row);

/* The leaf that the hardware walks to through a window: of the second dimension, or the smaller of both; 0: not known. */
uint64_t twin_leaf_here(const struct record *rec, uint32_t window);

/* Whether zero lies in the interval; true where there is none. */
bool twin_is_null(const struct estimate *difference);

/* Leaves that do not match, and controls that differ: reasons, and the verdict. 0 or -ENOMEM. */
int record_judge_twin(struct record *rec);

/* The tables of all working sets. 0 or -ENOMEM. */
int put_twin(const struct record *rec, FILE *out);
json_t *twin_json(const struct record *rec);

#endif
