/*
 * Every figure against the same figure of its baseline: the cell whose key differs in the axes that the baseline names.
 */
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/estimate.h"

static int figure_ratio(struct matrix_figure *f, const struct matrix_cell *baseline)
{
	const struct matrix_figure *other = figure_like(baseline, f);
	struct series of_cell = series_of(f), of_baseline;
	int ret;

	if (other == NULL)
		return 0;
	of_baseline = series_of(other);
	ret = estimate_paired(&of_cell, &of_baseline, PAIR_RATIO, &f->ratio);
	if (ret == 0 && f->ratio.count != 0)
		f->baseline = baseline;
	return ret;
}

int ratios_make(struct matrix *m, const struct key_index *index)
{
	int ret = 0;

	for (uint32_t i = 0; i < m->cell_count && ret == 0; i++) {
		struct matrix_cell *cell = &m->cells[i];
		const struct matrix_cell *baseline;
		struct key key;

		if (!cell_takes_part(cell) || key_parse(cell->key, &key) != 0 ||
		    key_override(&key, m->baseline) != 0)
			continue;
		baseline = key_index_find(index, &key);
		if (baseline == NULL || baseline == cell)
			continue;
		for (uint32_t f = 0; f < cell->figure_count && ret == 0; f++)
			ret = figure_ratio(&cell->figures[f], baseline);
	}
	return ret;
}
