/*
 * What the windows of twin (include/twin.h) differ by over VMs: of each run the figure of its own table (twin_difference), then
 * the median of these over the runs of a cell, with an interval.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "twin.h"
#include "vmm/lab/record/twin_table.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/util/array.h"
#include "vmm/util/workloads.h"

const char *twin_entry_name(uint32_t entry)
{
	return workload_variant_name(VARIANT_WINDOW_4K_4K + entry);
}

static const struct matrix_row *row_of(const struct matrix_run *run, const struct matrix_figure *f,
				       const char *variant)
{
	for (uint32_t i = 0; i < run->row_count; i++) {
		const struct matrix_row *row = &run->rows[i];

		if (row->sample_count != 0 && row->working_set_bytes == f->working_set_bytes &&
		    strcmp(row->variant, variant) == 0)
			return row;
	}
	return NULL;
}

/* a - b of one run, as its own table has it, into *value; false where they are not of the same blocks. 0 or -errno. */
static int difference(const struct matrix_row *a, const struct matrix_row *b, bool *known, double *value)
{
	struct estimate of_blocks;
	int ret;

	*known = a != NULL && b != NULL && a->sample_count == b->sample_count;
	if (!*known)
		return 0;
	ret = twin_difference(a->samples, b->samples, a->sample_count, TWIN_FAMILY_LEVEL, &of_blocks);
	*value = of_blocks.value;
	return ret;
}

/* One difference of a cell, over its runs, to the matrix; nothing where no run has it. 0 or -errno. */
static int add_difference(struct matrix *m, const struct matrix_cell *cell, const struct matrix_figure *f,
			  uint32_t entry, uint32_t less)
{
	struct matrix_twin twin = { .cell = cell,
				    .window = entry,
				    .less = less,
				    .working_set_bytes = f->working_set_bytes,
				    .pages = f->pages };
	double *values = calloc(cell->run_count, sizeof(*values));
	uint32_t count = 0;
	int ret = values != NULL ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < cell->run_count && ret == 0; i++) {
		const struct matrix_run *run = &cell->runs[i];
		bool known = false;

		ret = difference(row_of(run, f, twin_entry_name(entry)),
				 row_of(run, f, twin_entry_name(less)), &known, &values[count]);
		count += known;
	}
	if (ret == 0)
		ret = estimate_make(values, count, &twin.difference);
	free(values);
	if (ret == 0 && twin.difference.count != 0)
		ret = ARRAY_PUSH(m->twins, m->twin_count, twin);
	return ret;
}

/* The windows that a cell has figures of, of the working set of *f: a bit each. */
static uint32_t windows_of(const struct matrix_cell *cell, const struct matrix_figure *f)
{
	uint32_t windows = 0;

	for (uint32_t w = 0; w < TWIN_WINDOWS; w++) {
		for (uint32_t i = 0; i < cell->figure_count; i++) {
			const struct matrix_figure *other = &cell->figures[i];

			if (other->count != 0 && other->working_set_bytes == f->working_set_bytes &&
			    strcmp(other->variant, twin_entry_name(w)) == 0)
				windows |= 1U << w;
		}
	}
	return windows;
}

static int add_table(struct matrix *m, const struct matrix_cell *cell, const struct matrix_figure *f)
{
	uint32_t windows = windows_of(cell, f), largest = twin_largest(windows);
	int ret = 0;

	for (uint32_t w = 0; w < TWIN_WINDOWS && ret == 0; w++) {
		if ((windows >> w & 1) != 0 && w != largest)
			ret = add_difference(m, cell, f, w, largest);
	}
	if (ret == 0 && windows != 0)
		ret = add_difference(m, cell, f, TWIN_AGAIN, largest);
	if (ret == 0 && windows != 0)
		ret = add_difference(m, cell, f, largest, TWIN_PACKED);
	return ret;
}

int twins_make(struct matrix *m)
{
	int ret = 0;

	for (uint32_t i = 0; i < m->datum_count && ret == 0; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if (strcmp(cell->workload, workload_table[WORKLOAD_twin].name) != 0 ||
		    !cell_is_compared(cell))
			continue;
		/* Each working set has one figure of this control. */
		for (uint32_t f = 0; f < cell->figure_count && ret == 0; f++) {
			if (strcmp(cell->figures[f].variant, twin_entry_name(TWIN_AGAIN)) == 0)
				ret = add_table(m, cell, &cell->figures[f]);
		}
	}
	return ret;
}

const char *twin_what(const struct matrix_twin *twin)
{
	if (twin->less == TWIN_PACKED)
		return "layout";
	return twin->window == TWIN_AGAIN ? "null" : "translation";
}
