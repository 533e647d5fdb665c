/*
 * What the model says of each configuration that has chase and packed over some working sets.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/sweep/derive.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/util/array.h"

/* A translation with its configuration: all of the key but workload and working set. */
struct entry {
	char configuration[KEY_JOINED_BYTES];
	const struct matrix_translation *translation;
};

static int by_configuration(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->configuration, y->configuration);

	if (order != 0)
		return order;
	/* In the order of the cells, which is that of the tables. */
	return (x->translation > y->translation) - (x->translation < y->translation);
}

static struct entry *entries_make(const struct matrix *m, uint32_t *count)
{
	struct entry *entries = calloc(m->translation_count + 1, sizeof(*entries));

	*count = 0;
	for (uint32_t i = 0; entries != NULL && i < m->translation_count; i++) {
		struct key key;

		if (key_parse(m->translations[i].chase->key, &key) != 0)
			continue;
		key_join(&key, 1U << KEY_WORKLOAD | 1U << KEY_WORKING_SET, entries[*count].configuration);
		entries[(*count)++].translation = &m->translations[i];
	}
	if (entries != NULL)
		qsort(entries, *count, sizeof(*entries), by_configuration);
	return entries;
}

static bool plan_of(const struct matrix *m, const struct matrix_cell *cell, struct walk_plan *plan)
{
	const char *name = json_string_value(json_object_get(m->host, "second_dimension"));
	enum second_dimension second = cell->native ? SECOND_NONE : second_dimension_find(name);
	json_int_t levels = json_integer_value(json_object_get(m->host, "second_dimension_levels"));

	/* A guest's cell in the file of a host without KVM: its second dimension is not known. */
	if (!cell->native && second == SECOND_NONE)
		return false;
	return refs_plan(second,
			 levels == 0   ? 0
			 : levels == 5 ? 5
				       : 4,
			 cell->guest_page_bytes, cell->page_bytes, plan);
}

static const struct matrix_figure *figure_of_pages(const struct matrix_cell *cell, uint64_t pages)
{
	for (uint32_t i = 0; i < cell->figure_count; i++) {
		if (cell->figures[i].pages == pages && cell->figures[i].value.count != 0)
			return &cell->figures[i];
	}
	return NULL;
}

static void add_point(struct prediction *p, const struct matrix_translation *t)
{
	const struct matrix_figure *chase = figure_of_pages(t->chase, t->pages);
	const struct matrix_figure *packed = figure_of_pages(t->packed, t->pages);

	/* With a coarse clock the value may be 0; a relative error of it cannot be computed. */
	if (chase == NULL || packed == NULL || !(chase->value.value > 0) ||
	    p->count == PREDICTION_MOST_POINTS)
		return;
	p->points[p->count++] = (struct prediction_point){
		.pages = t->pages,
		.data_cycles = packed->value.value,
		.measured_cycles = chase->value.value,
	};
}

/* The entries [0, count) are of one configuration. */
static int predict(struct matrix *m, const struct cpu_model *cpu, const struct entry *entries, uint32_t count)
{
	struct matrix_prediction made = { .cell = entries[0].translation->chase };
	int ret;

	if (!plan_of(m, made.cell, &made.prediction.plan))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		add_point(&made.prediction, entries[i].translation);
	if (made.prediction.count == 0)
		return 0;
	(void)snprintf(made.prediction.measured_unit, sizeof(made.prediction.measured_unit), "%s",
		       matrix_latency_words(m));
	ret = prediction_make(cpu, &made.prediction);
	return ret != 0 ? ret : ARRAY_PUSH(m->predictions, m->prediction_count, made);
}

int matrix_predict(struct matrix *m, const struct cpu_model *cpu)
{
	uint32_t count, end;
	struct entry *entries = entries_make(m, &count);
	int ret = entries != NULL ? 0 : -ENOMEM;

	free(m->predictions);
	m->predictions = NULL;
	m->prediction_count = 0;
	m->predicted = true;
	for (uint32_t i = 0; i < count && ret == 0; i = end) {
		for (end = i + 1; end < count; end++) {
			if (strcmp(entries[end].configuration, entries[i].configuration) != 0)
				break;
		}
		ret = predict(m, cpu, &entries[i], end - i);
	}
	free(entries);
	return ret;
}
