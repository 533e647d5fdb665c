/*
 * Quotients of figures: each against its baseline, and what a larger page gains.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/util/array.h"

static int figure_ratio(struct matrix_figure *f, const struct matrix_cell *baseline)
{
	const struct matrix_figure *other = figure_like(baseline, f);
	int ret;

	if (other == NULL)
		return 0;
	ret = estimate_paired(series_of(f), series_of(other), PAIR_RATIO, &f->ratio);
	if (ret == 0 && f->ratio.count != 0)
		f->baseline = baseline;
	return ret;
}

/* The baseline is the cell whose key differs in the axes that m->baseline names. */
int ratios_make(struct matrix *m, const struct key_index *index)
{
	int ret = 0;

	for (uint32_t i = 0; i < m->datum_count && ret == 0; i++) {
		struct matrix_cell *cell = &m->cells[i];
		const struct matrix_cell *baseline;
		struct key key;

		if (!cell_is_compared(cell) || key_parse(cell->key, &key) != 0 ||
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

/* Backings of 4K pages that a matrix may name: anon, memfd:4K, and directories. */
#define MAX_SMALL 32

struct small_backings {
	uint32_t count;
	char names[MAX_SMALL][KEY_VALUE_BYTES];
	enum backing_kind kinds[MAX_SMALL];
};

static bool is_known(const struct small_backings *small, const char *name)
{
	for (uint32_t i = 0; i < small->count; i++) {
		if (strcmp(small->names[i], name) == 0)
			return true;
	}
	return false;
}

static void find_small(const struct matrix *m, struct small_backings *small)
{
	struct key key;

	small->count = 0;
	for (uint32_t i = 0; i < m->datum_count && small->count < MAX_SMALL; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if (cell->page_bytes != PAGE_4K || key_parse(cell->key, &key) != 0 ||
		    is_known(small, key.values[AXIS_BACKING]))
			continue;
		small->kinds[small->count] = cell->backing;
		(void)snprintf(small->names[small->count++], KEY_VALUE_BYTES, "%s", key.values[AXIS_BACKING]);
	}
}

static int add_speed_up(struct matrix *m, enum speed_up_dimension dimension, const struct matrix_cell *from,
			const struct matrix_cell *to, uint32_t to_figure)
{
	const struct matrix_figure *fast = &to->figures[to_figure], *slow = figure_like(from, fast);
	struct matrix_speed_up s = { .dimension = dimension, .from = from, .to = to, .to_figure = to_figure };
	bool latency;
	int ret;

	if (slow == NULL)
		return 0;
	s.from_figure = (uint32_t)(slow - from->figures);
	latency = unit_name_is_latency(slow->unit);
	ret = estimate_paired(series_of(latency ? slow : fast), series_of(latency ? fast : slow), PAIR_RATIO,
			      &s.speed_up);
	if (ret != 0 || s.speed_up.count == 0)
		return ret;
	return ARRAY_PUSH(m->speed_ups, m->speed_up_count, s);
}

static int add_speed_ups(struct matrix *m, enum speed_up_dimension dimension, const struct matrix_cell *from,
			 const struct matrix_cell *to)
{
	int ret = 0;

	for (uint32_t f = 0; f < to->figure_count && ret == 0; f++)
		ret = add_speed_up(m, dimension, from, to, f);
	return ret;
}

/*
 * *key with a backing of 4K pages in place of its own: of the same kind, so that nothing but the page differs; else
 * anonymous memory; else any. NULL: no such cell takes part.
 */
static const struct matrix_cell *on_small(const struct small_backings *small, const struct key_index *index,
					  const struct matrix_cell *to, struct key *key)
{
	for (int preference = 0; preference < 3; preference++) {
		for (uint32_t i = 0; i < small->count; i++) {
			enum backing_kind wanted = preference == 0 ? to->backing : BACKING_ANON;
			const struct matrix_cell *from;

			if (preference < 2 && small->kinds[i] != wanted)
				continue;
			(void)snprintf(key->values[AXIS_BACKING], KEY_VALUE_BYTES, "%s", small->names[i]);
			from = key_index_find(index, key);
			if (from != NULL && cell_is_compared(from))
				return from;
		}
	}
	return NULL;
}

static bool is_large(uint64_t page_bytes)
{
	return page_bytes == PAGE_2M || page_bytes == PAGE_1G;
}

static int of_guest(struct matrix *m, const struct key_index *index, const struct matrix_cell *to)
{
	const struct matrix_cell *from;
	struct key key;

	if (to->native || !is_large(to->guest_page_bytes) || key_parse(to->key, &key) != 0 ||
	    key_override(&key, "guest-page=4K") != 0)
		return 0;
	from = key_index_find(index, &key);
	return from != NULL ? add_speed_ups(m, SPEED_UP_GUEST, from, to) : 0;
}

static int of_backing(struct matrix *m, const struct key_index *index, const struct small_backings *small,
		      const struct matrix_cell *to, enum speed_up_dimension dimension)
{
	const struct matrix_cell *from;
	struct key key;

	if (!is_large(to->page_bytes) || key_parse(to->key, &key) != 0)
		return 0;
	if (dimension == SPEED_UP_BOTH && (to->native || to->guest_page_bytes != to->page_bytes ||
					   key_override(&key, "guest-page=4K") != 0))
		return 0;
	from = on_small(small, index, to, &key);
	return from != NULL ? add_speed_ups(m, dimension, from, to) : 0;
}

int speed_ups_make(struct matrix *m, const struct key_index *index)
{
	struct small_backings small;
	int ret = 0;

	find_small(m, &small);
	for (uint32_t i = 0; i < m->datum_count && ret == 0; i++) {
		const struct matrix_cell *to = &m->cells[i];

		if (!cell_is_compared(to))
			continue;
		ret = of_guest(m, index, to);
		if (ret == 0)
			ret = of_backing(m, index, &small, to, SPEED_UP_BACKING);
		if (ret == 0)
			ret = of_backing(m, index, &small, to, SPEED_UP_BOTH);
	}
	return ret;
}
