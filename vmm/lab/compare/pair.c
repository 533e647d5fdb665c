/*
 * Which figures two sweeps have in common.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/compare/compare.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/output/json.h"
#include "vmm/util/array.h"

static const char side_letters[SIDES] = { 'A', 'B' };

static void leave_out(struct comparison *c, const struct matrix_cell *cell, const struct matrix_figure *f,
		      const char *reason)
{
	json_t *o = json_object();

	json_put(&o, "key", json_words(cell->key));
	json_put(&o, "variant", json_words_or_null(f != NULL ? f->variant : NULL));
	json_put(&o, "stride_bytes", json_u64_or_null(f != NULL ? f->stride_bytes : 0));
	json_put(&o, "reason", json_words(reason));
	json_push(&c->left_out, o);
}

static bool same_part(const struct matrix_figure *a, const struct matrix_figure *b)
{
	return a->stride_bytes == b->stride_bytes && strcmp(a->variant, b->variant) == 0;
}

static bool same_pages(const struct matrix_figure *a, const struct matrix_figure *b)
{
	return a->pages == b->pages && a->working_set_bytes == b->working_set_bytes;
}

/* The same part over the same pages; else the only one of that part; NULL: none. */
static const struct matrix_figure *counterpart(const struct matrix_cell *cell, const struct matrix_figure *f)
{
	const struct matrix_figure *found = NULL;
	uint32_t parts = 0;

	for (uint32_t i = 0; i < cell->figure_count; i++) {
		if (!same_part(&cell->figures[i], f))
			continue;
		if (same_pages(&cell->figures[i], f))
			return &cell->figures[i];
		found = &cell->figures[i];
		parts++;
	}
	return parts == 1 ? found : NULL;
}

static uint32_t count_part(const struct matrix_cell *cell, const struct matrix_figure *f)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cell->figure_count; i++)
		count += same_part(&cell->figures[i], f);
	return count;
}

static bool is_positive(const struct matrix_figure *f)
{
	for (uint32_t i = 0; i < f->count; i++) {
		if (f->values[i] <= 0)
			return false;
	}
	return true;
}

/* Do both figures mean the same? A difference goes into *mismatch. */
static bool means_the_same(const struct matrix_cell *cell, const struct matrix_figure *a,
			   const struct matrix_figure *b, struct mismatch *mismatch)
{
	if (!same_pages(a, b))
		mismatch_add(mismatch, "%s: %" PRIu64 " pages and %" PRIu64, cell->key, a->pages, b->pages);
	else if (strcmp(a->unit, b->unit) != 0)
		mismatch_add(mismatch, "%s: %s and %s", cell->key, a->unit, b->unit);
	else if (a->count != 0 && b->count != 0 && a->least != b->least)
		mismatch_add(mismatch, "%s: %s and %s of the samples", cell->key,
			     a->least ? "least" : "median", b->least ? "least" : "median");
	else
		return true;
	return false;
}

/* How many samples an allocation has: the fewest and the most. */
struct sample_counts {
	uint32_t least, most;
};

static struct sample_counts count_samples(const struct matrix_cell *cell, const struct matrix_figure *f)
{
	struct sample_counts counts = { .least = UINT32_MAX };

	for (uint32_t i = 0; i < cell->run_count; i++) {
		const struct matrix_row *row = figure_row(&cell->runs[i], f);

		if (row == NULL || row->sample_count == 0)
			continue;
		counts.least = row->sample_count < counts.least ? row->sample_count : counts.least;
		counts.most = row->sample_count > counts.most ? row->sample_count : counts.most;
	}
	return counts;
}

/* The least of more samples is less, whatever is measured. Left out with the reason where that could be. */
static bool minima_differ(struct comparison *c, const struct matrix_cell *const cells[SIDES],
			  const struct matrix_figure *a, const struct matrix_figure *b)
{
	struct sample_counts of_a = count_samples(cells[SIDE_A], a), of_b = count_samples(cells[SIDE_B], b);
	char reason[96];

	if (!a->least || (of_a.least == of_b.most && of_a.most == of_b.least))
		return false;
	(void)snprintf(reason, sizeof(reason),
		       "a minimum of %" PRIu32 " samples in A, of %" PRIu32 " in B: the more, the less",
		       of_a.most, of_b.most);
	leave_out(c, cells[SIDE_A], a, reason);
	return true;
}

static uint32_t common_rounds(const struct matrix_figure *a, const struct matrix_figure *b)
{
	return series_pair(series_of(b), series_of(a), PAIR_RATIO, NULL, NULL);
}

/*
 * Two hosts whose cores hold different amounts: each file's figures are by its own limit, and between the two limits there
 * is no figure of the same kind.
 */
static bool limits_differ(const struct comparison *c, const struct matrix_figure *a,
			  const struct matrix_figure *b)
{
	return a->least != b->least && c->sweeps[SIDE_A]->in_core_bytes != c->sweeps[SIDE_B]->in_core_bytes;
}

static int add_pair(struct comparison *c, const struct matrix_cell *const cells[SIDES],
		    const struct matrix_figure *a, const struct matrix_figure *b)
{
	const struct compared pair = { .index = c->count,
				       .cells = { cells[SIDE_A], cells[SIDE_B] },
				       .figures = { a, b } };

	return ARRAY_PUSH(c->figures, c->count, pair);
}

static int pair_figure(struct comparison *c, const struct matrix_cell *const cells[SIDES],
		       const struct matrix_figure *a, struct mismatch *mismatch)
{
	const struct matrix_figure *b = counterpart(cells[SIDE_B], a);
	struct mismatch own = { .count = 0 };
	bool goes_on;

	/* A part may have several working sets, of which B lacks one: that figure is left out, and the comparison goes on. */
	if (b == NULL || (!same_pages(a, b) && count_part(cells[SIDE_A], a) != 1)) {
		leave_out(c, cells[SIDE_A], a, "only A has this part");
		return 0;
	}
	goes_on = c->paired || limits_differ(c, a, b);
	if (!means_the_same(cells[SIDE_A], a, b, goes_on ? &own : mismatch)) {
		if (goes_on)
			leave_out(c, cells[SIDE_A], a, own.first);
		return 0;
	}
	if (a->count == 0 || b->count == 0)
		leave_out(c, cells[SIDE_A], a,
			  a->count != 0   ? "no figure in B"
			  : b->count != 0 ? "no figure in A"
					  : "no figure in either");
	else if (!is_positive(a) || !is_positive(b))
		leave_out(c, cells[SIDE_A], a, "a value that is not above 0 has no ratio");
	else if (c->paired && common_rounds(a, b) == 0)
		leave_out(c, cells[SIDE_A], a, "no round has both sides");
	else if (!minima_differ(c, cells, a, b))
		return add_pair(c, cells, a, b);
	return 0;
}

/* "refused in A, ok in B" */
static void leave_out_states(struct comparison *c, const struct matrix_cell *const cells[SIDES])
{
	char reason[96];

	(void)snprintf(reason, sizeof(reason), "%s in A, %s in B", cell_state_name(cells[SIDE_A]->state),
		       cell_state_name(cells[SIDE_B]->state));
	leave_out(c, cells[SIDE_A], NULL, reason);
}

static int pair_cells(struct comparison *c, const struct matrix_cell *const cells[SIDES],
		      struct mismatch *mismatch)
{
	const struct matrix_cell *a = cells[SIDE_A], *b = cells[SIDE_B];
	int ret = 0;

	if (!cell_is_compared(a) || !cell_is_compared(b)) {
		leave_out_states(c, cells);
		return 0;
	}
	if (a->memory_bytes != b->memory_bytes) {
		mismatch_add(mismatch, "%s: memory of %" PRIu64 " and %" PRIu64 " bytes", a->key,
			     a->memory_bytes, b->memory_bytes);
		return 0;
	}
	for (uint32_t i = 0; i < a->figure_count && ret == 0; i++)
		ret = pair_figure(c, cells, &a->figures[i], mismatch);
	for (uint32_t i = 0; i < b->figure_count && ret == 0; i++) {
		if (counterpart(a, &b->figures[i]) == NULL)
			leave_out(c, b, &b->figures[i], "only B has this part");
	}
	return ret;
}

/* List the cells that only this side has; pair the others, once, on the turn of A. */
static int pair_side(struct comparison *c, enum side side, const struct key_index *others,
		     struct mismatch *mismatch)
{
	const struct matrix *m = c->sweeps[side];
	struct key key;
	int ret = 0;

	for (uint32_t i = 0; i < m->datum_count && ret == 0; i++) {
		const struct matrix_cell *cell = &m->cells[i], *other;
		char reason[48];

		if (c->paired && cell->is_b != (side == SIDE_B))
			continue;
		if (key_parse(cell->key, &key) != 0) {
			(void)snprintf(reason, sizeof(reason), "an unknown axis in its key, in %c",
				       side_letters[side]);
			leave_out(c, cell, NULL, reason);
			continue;
		}
		if (c->paired)
			(void)snprintf(key.values[KEY_VERSUS], KEY_VALUE_BYTES, "%s",
				       side == SIDE_A ? "b" : "");
		other = key_index_find(others, &key);
		if (other == NULL)
			json_push(&c->only[side], json_words(cell->key));
		else if (side == SIDE_A)
			ret = pair_cells(c, (const struct matrix_cell *const[SIDES]){ cell, other },
					 mismatch);
	}
	return ret;
}

int pair_sweeps(struct comparison *c, struct mismatch *mismatch)
{
	struct key_index of_a, of_b;
	int ret = key_index_make(c->sweeps[SIDE_A], &of_a);

	if (ret != 0)
		return ret;
	ret = key_index_make(c->sweeps[SIDE_B], &of_b);
	if (ret == 0) {
		ret = pair_side(c, SIDE_A, &of_b, mismatch);
		if (ret == 0)
			ret = pair_side(c, SIDE_B, &of_a, mismatch);
		key_index_free(&of_b);
	}
	key_index_free(&of_a);
	return ret;
}
