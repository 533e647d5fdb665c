/*
 * From the samples of interleaved blocks to one row a window, and from those to differences paired within the block.
 */
#include "vmm/lab/record/twin_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/record/rows.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/size.h"

_Static_assert(VARIANT_WINDOW_4K_4K + TWIN_WINDOWS == VARIANT_PACKED && VARIANT_PACKED + 1 == VARIANT_AGAIN,
	       "an entry's variant is WINDOW_4K_4K + entry");

const struct result *twin_next(const struct record *rec, const struct result *row)
{
	uint32_t i = row == NULL ? 0 : (uint32_t)(row - rec->results) + 1;

	for (; i < rec->result_count; i++) {
		if (rec->results[i].workload == WORKLOAD_twin && rec->results[i].variant == VARIANT_BLOCKS)
			return &rec->results[i];
	}
	return NULL;
}

static const struct result *row_of(const struct record *rec, uint32_t step, enum workload_variant variant)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (rec->results[i].step == step && rec->results[i].variant == variant)
			return &rec->results[i];
	}
	return NULL;
}

/* The windows that the guest has met: a bit each. */
static uint32_t windows_of(const struct record *rec, uint32_t step)
{
	uint32_t windows = 0;

	for (uint32_t window = 0; window < TWIN_WINDOWS; window++) {
		const struct result *first =
			row_of(rec, step, (enum workload_variant)(VARIANT_FIRST_4K_4K + window));

		if (first != NULL && first->sample_count != 0)
			windows |= 1U << window;
	}
	return windows;
}

/* One entry's samples of all blocks, taken from those of the row of blocks. */
struct division {
	const struct record *rec;
	const struct result *blocks;
	uint32_t windows, entry_count, block_count;
};

static uint32_t place_in_block(const struct division *d, uint32_t block, uint32_t entry)
{
	uint32_t entries[TWIN_ENTRIES], at = 0;

	(void)twin_entries(d->windows, entries);
	twin_shuffle(d->rec->config.seed, block, entries, d->entry_count);
	while (entries[at] != entry)
		at++;
	return block * d->entry_count + at;
}

static uint64_t host_leaf(const struct division *d, uint32_t entry)
{
	return twin_host_leaf(entry < TWIN_WINDOWS ? entry : twin_largest(d->windows));
}

static uint64_t guest_leaf(const struct division *d, uint32_t entry)
{
	return twin_guest_leaf(entry < TWIN_WINDOWS ? entry : twin_largest(d->windows));
}

/* Fill *row, whose arrays are there, with the samples of that entry. */
static void take_samples(const struct division *d, uint32_t entry, struct result *row)
{
	for (uint32_t block = 0; block < d->block_count; block++) {
		uint32_t at = place_in_block(d, block, entry);

		row->samples[block] = d->blocks->samples[at];
		row->samples_tsc_cycles[block] = d->blocks->samples_tsc_cycles[at];
		if (row->marks != NULL)
			row->marks[block] = d->blocks->marks[at];
		if (row->tsc_per_core_cycle != NULL)
			row->tsc_per_core_cycle[block] = d->blocks->tsc_per_core_cycle[at];
	}
}

static int divide_entry(const struct division *d, uint32_t entry, struct result *row)
{
	const struct record *rec = d->rec;

	*row = *d->blocks;
	row->variant = (enum workload_variant)(VARIANT_WINDOW_4K_4K + entry);
	row->guest_page_bytes = guest_leaf(d, entry);
	row->refs_theory = refs_theory(rec->host.second_dimension, rec->host.second_dimension_levels,
				       row->guest_page_bytes, host_leaf(d, entry));
	row->sample_count = d->block_count;
	row->operations = 0;
	row->counts = COUNTS_NOT_KNOWN;
	row->leaves_4k = row->leaves_2m = row->leaves_1g = -1;
	row->readings = NULL;
	row->pmu = NULL;
	row->samples = calloc(d->block_count, sizeof(*row->samples));
	row->samples_tsc_cycles = calloc(d->block_count, sizeof(*row->samples_tsc_cycles));
	row->marks = d->blocks->marks != NULL ? calloc((size_t)d->block_count + 1, 1) : NULL;
	row->tsc_per_core_cycle = d->blocks->tsc_per_core_cycle != NULL
					  ? calloc(d->block_count, sizeof(*row->tsc_per_core_cycle))
					  : NULL;
	if (row->samples == NULL || row->samples_tsc_cycles == NULL ||
	    (d->blocks->marks != NULL && row->marks == NULL) ||
	    (d->blocks->tsc_per_core_cycle != NULL && row->tsc_per_core_cycle == NULL))
		return -ENOMEM;
	take_samples(d, entry, row);
	return row_summarize(row, NULL);
}

/* The row of blocks number `index`: its samples go to rows behind all others. */
static int divide(struct record *rec, uint32_t index)
{
	uint32_t entries[TWIN_ENTRIES];
	struct division d = { .rec = rec, .windows = windows_of(rec, rec->results[index].step) };

	d.entry_count = twin_entries(d.windows, entries);
	/* A payload of one's own may report what it likes. */
	if (d.windows == 0 || rec->results[index].sample_count % d.entry_count != 0) {
		record_reason(rec, VERDICT_FAILED, "twin: %u samples are no whole blocks of %u",
			      rec->results[index].sample_count, d.entry_count);
		return 0;
	}
	d.block_count = rec->results[index].sample_count / d.entry_count;
	for (uint32_t i = 0; i < d.entry_count; i++) {
		struct result *row = rows_new(rec);
		int ret;

		if (row == NULL)
			return -ENOMEM;
		d.blocks = &rec->results[index];
		ret = divide_entry(&d, entries[i], row);
		rec->result_count++;
		if (ret != 0)
			return ret;
	}
	rec->results[index].sample_count = 0;
	(void)snprintf(rec->results[index].note, sizeof(rec->results[index].note),
		       "its samples are in the rows of the windows");
	free(rec->results[index].marks);
	rec->results[index].marks = NULL;
	return 0;
}

int record_divide_twin(struct record *rec)
{
	uint32_t count = rec->result_count;
	int ret = 0;

	for (uint32_t i = 0; i < count && ret == 0; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == WORKLOAD_twin && r->variant == VARIANT_BLOCKS && r->sample_count != 0)
			ret = divide(rec, i);
	}
	return ret;
}

/* All blocks count, whatever the clock did beside them: what disturbs falls on either side alike, and a median bears it. */
int twin_difference(const double *a, const double *b, uint32_t blocks, double level, struct estimate *out)
{
	uint32_t batches = twin_batches(blocks);
	double values[RESULT_MAX_SAMPLES], medians[TWIN_BATCHES];
	int ret;

	*out = (struct estimate){ 0 };
	if (blocks > RESULT_MAX_SAMPLES)
		return -EINVAL;
	for (uint32_t i = 0; i < blocks; i++)
		values[i] = a[i] - b[i];
	for (uint32_t batch = 0; batch < batches; batch++) {
		uint32_t first = batch * blocks / batches, end = (batch + 1) * blocks / batches;

		stats_sort(values + first, end - first);
		medians[batch] = stats_median(values + first, end - first);
	}
	ret = estimate_make_at(medians, batches, level, out);
	out->count = blocks;
	return ret;
}

double twin_cost_level(uint32_t windows)
{
	return 1 - (1 - TWIN_FAMILY_LEVEL) / windows;
}

static int difference(const struct result *a, const struct result *b, double level, struct estimate *out)
{
	*out = (struct estimate){ 0 };
	if (a == NULL || b == NULL || a->sample_count != b->sample_count)
		return 0;
	return twin_difference(a->samples, b->samples, a->sample_count, level, out);
}

uint64_t twin_leaf_here(const struct record *rec, uint32_t window)
{
	if (is_two_dimensional(rec->host.second_dimension))
		return twin_host_leaf(window);
	if (rec->host.second_dimension == SECOND_SHADOW)
		return min_u64(twin_guest_leaf(window), twin_host_leaf(window));
	return 0;
}

bool twin_is_null(const struct estimate *difference)
{
	return difference->count == 0 || (difference->low <= 0 && difference->high >= 0);
}

static const struct result *entry_row(const struct record *rec, uint32_t step, uint32_t entry)
{
	const struct result *row = row_of(rec, step, (enum workload_variant)(VARIANT_WINDOW_4K_4K + entry));

	return row != NULL && row->sample_count != 0 ? row : NULL;
}

int twin_table_make(const struct record *rec, const struct result *blocks, struct twin_table *t)
{
	const uint32_t step = blocks->step, windows = windows_of(rec, step);
	const struct result *packed = entry_row(rec, step, TWIN_PACKED), *base;
	uint32_t entries[TWIN_ENTRIES], host_leaf = 0;
	int ret = 0;

	*t = (struct twin_table){ .blocks = blocks, .largest = twin_largest(windows), .packed = NAN };
	t->entry_count = twin_entries(windows, entries);
	/* As many costs as windows but the largest, and the layout. */
	t->cost_level = twin_cost_level(t->entry_count - 2);
	base = entry_row(rec, step, t->largest);
	for (uint32_t window = 0; window < TWIN_WINDOWS && ret == 0; window++) {
		t->first[window] = row_of(rec, step, (enum workload_variant)(VARIANT_FIRST_4K_4K + window));
		t->window[window] = entry_row(rec, step, window);
		ret = difference(t->window[window], base, t->cost_level, &t->cost[window]);
	}
	if (base == NULL || ret != 0)
		return ret;
	t->block_count = base->sample_count;
	t->packed = packed != NULL ? packed->summary.median : NAN;
	host_leaf = t->largest % TWIN_LEAVES;
	ret = difference(entry_row(rec, step, TWIN_AGAIN), base, TWIN_NULL_LEVEL, &t->again);
	if (ret == 0)
		ret = difference(base, packed, t->cost_level, &t->layout);
	if (ret == 0 && rec->host.second_dimension == SECOND_SHADOW && host_leaf != 0)
		ret = difference(t->window[host_leaf], t->window[0], TWIN_NULL_LEVEL, &t->shadow);
	return ret;
}

/*
 * Whether a window brings leaves of its own. EPT and NPT: guest leaves share those of their view. Shadow paging: guest pages
 * of 2M and of 1G over leaves of 4K have the same tables, which KVM makes for a piece of guest-physical memory.
 */
static bool has_own_leaves(const struct record *rec, uint32_t window)
{
	if (is_two_dimensional(rec->host.second_dimension))
		return window < TWIN_LEAVES;
	return twin_guest_leaf(window) < PAGE_1G || twin_host_leaf(window) > PAGE_4K;
}

/* Leaves of that size which the windows of one working set have to have brought. */
static uint64_t leaves_due(const struct record *rec, const struct twin_table *t, uint64_t leaf_bytes)
{
	uint64_t due = 0;

	for (uint32_t window = 0; window < TWIN_WINDOWS; window++) {
		if (t->window[window] != NULL && has_own_leaves(rec, window) &&
		    twin_leaf_here(rec, window) == leaf_bytes)
			due += t->blocks->working_set_bytes / leaf_bytes;
	}
	return due;
}

/* KVM's own count has to have them: a slot that is not as shifted as it should be would show larger or smaller ones. */
static void judge_leaves(struct record *rec, const struct twin_table *t)
{
	const uint64_t seen[TWIN_LEAVES] = { rec->kvm_pages_4k, rec->kvm_pages_2m, rec->kvm_pages_1g };
	char size[24], set[24];

	if (!rec->have_kvm_pages || t->block_count == 0)
		return;
	for (uint32_t i = 0; i < TWIN_LEAVES; i++) {
		uint64_t due = leaves_due(rec, t, twin_leaf_bytes(i));

		/* One in a hundred may be missing: a page at either end may be part of something else. */
		if (seen[i] + due / 100 >= due)
			continue;
		record_reason(rec, VERDICT_MISMATCH,
			      "twin of %s: its windows need %" PRIu64 " leaves of %s, but KVM counts %" PRIu64
			      "; their costs are not those of these leaves",
			      size_format(t->blocks->working_set_bytes, set), due,
			      size_format(twin_leaf_bytes(i), size), seen[i]);
	}
}

static void judge_null(struct record *rec, const struct twin_table *t, const struct estimate *null,
		       const char *what)
{
	char set[24];

	if (twin_is_null(null))
		return;
	record_reason(rec, VERDICT_DISTURBED,
		      "twin of %s: %s differ by %.3g (%.3g to %.3g) where there is nothing to differ",
		      size_format(t->blocks->working_set_bytes, set), what, null->value, null->low,
		      null->high);
}

int record_judge_twin(struct record *rec)
{
	for (const struct result *row = twin_next(rec, NULL); row != NULL; row = twin_next(rec, row)) {
		struct twin_table t;

		if (twin_table_make(rec, row, &t) != 0)
			return -ENOMEM;
		judge_leaves(rec, &t);
		judge_null(rec, &t, &t.again, "two samples through the same window");
		judge_null(rec, &t, &t.shadow,
			   "4K guest pages through two views, shadowed by the same leaf,");
	}
	return 0;
}
