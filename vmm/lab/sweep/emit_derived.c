/*
 * What follows from the cells of minivmm.sweep/1: translation[], speed_ups[], knees[].
 */
#include "vmm/lab/sweep/emit_parts.h"

/* The cell's own, or, where it runs over several, that of so many pages. */
static uint64_t working_set_of(const struct matrix_cell *cell, uint64_t pages)
{
	for (uint32_t i = 0; i < cell->figure_count; i++) {
		if (cell->figures[i].pages == pages)
			return cell->figures[i].working_set_bytes;
	}
	return cell->working_set_bytes;
}

static json_t *one_translation(const struct matrix_translation *t)
{
	json_t *o = json_object();

	put_configuration(&o, t->chase);
	json_put(&o, "working_set_bytes", json_u64(working_set_of(t->chase, t->pages)));
	json_put(&o, "pages", json_u64(t->pages));
	json_put(&o, "chase", key_json(t->chase));
	json_put(&o, "packed", key_json(t->packed));
	json_put(&o, "cost", estimate_value_json(&t->cost));
	json_put(&o, "ci95", estimate_interval_json(&t->cost));
	json_put(&o, "allocations", json_integer(t->cost.count));
	json_put(&o, "refs_theory", json_u64_or_null(t->refs_theory));
	json_put(&o, "reference_cycles",
		 t->reference_cycles > 0 ? json_real_or_null(t->reference_cycles) : json_null());
	json_put(&o, "effective_references", estimate_value_json(&t->effective));
	json_put(&o, "effective_ci95", estimate_interval_json(&t->effective));
	return o;
}

json_t *matrix_translation_json(const struct matrix *m)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < m->translation_count; i++)
		json_push(&array, one_translation(&m->translations[i]));
	return array;
}

static json_t *one_speed_up(const struct matrix_speed_up *s)
{
	static const char *const dimensions[] = { "guest", "backing", "both" };
	const struct matrix_figure *figure = &s->from->figures[s->from_figure];
	json_t *o = json_object();

	json_put(&o, "dimension", json_string(dimensions[s->dimension]));
	json_put(&o, "workload", json_words(s->from->workload));
	json_put(&o, "variant", json_words_or_null(figure->variant));
	json_put(&o, "stride_bytes", json_u64_or_null(figure->stride_bytes));
	json_put(&o, "working_set_bytes", json_u64(figure->working_set_bytes));
	json_put(&o, "from", key_json(s->from));
	json_put(&o, "to", key_json(s->to));
	json_put(&o, "speed_up", estimate_value_json(&s->speed_up));
	json_put(&o, "ci95", estimate_interval_json(&s->speed_up));
	json_put(&o, "allocations", json_integer(s->speed_up.count));
	return o;
}

json_t *matrix_speed_ups_json(const struct matrix *m)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < m->speed_up_count; i++)
		json_push(&array, one_speed_up(&m->speed_ups[i]));
	return array;
}

static json_t *one_knee(const struct matrix_knee *k)
{
	json_t *o = json_object();

	put_configuration(&o, k->below);
	json_put(&o, "of", json_string(k->of_translation ? "translation" : "chase"));
	json_put(&o, "below", key_json(k->below));
	json_put(&o, "above", key_json(k->above));
	json_put(&o, "pages_below", json_u64(k->pages_below));
	json_put(&o, "pages_above", json_u64(k->pages_above));
	json_put(&o, "value_below", json_real(k->value_below));
	json_put(&o, "value_above", json_real(k->value_above));
	return o;
}

json_t *matrix_knees_json(const struct matrix *m)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < m->knee_count; i++)
		json_push(&array, one_knee(&m->knees[i]));
	return array;
}
