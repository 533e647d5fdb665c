/*
 * A matrix as JSON, schema minivmm.sweep/2, and back; what follows from its runs is only written. Unknown is null; sizes are
 * integers in bytes.
 */
#include "vmm/host/facts.h"
#include "vmm/theory/show/show.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/parts.h"

/* For people: arrays of words and numbers, as they were given. */
static void check_axes(const struct node *member, const void *of)
{
	struct node axes = node_object(member->parent, member->key);
	const char *key;
	json_t *value;

	(void)of;
	/* jansson's iterator takes what is not const, and changes nothing. */
	json_object_foreach((json_t *)axes.json, key, value)
	{
		struct node axis = node_array(&axes, key);
		size_t items = node_items(&axis);

		for (size_t i = 0; i < items; i++) {
			struct node item = node_item(&axis, i);

			if (!json_is_integer(item.json))
				(void)node_text(&item);
		}
	}
}

/* Comparisons print it. */
static void check_host(const struct node *member, const void *of)
{
	struct node host = node_object(member->parent, member->key);

	(void)of;
	fields_expect(&host_fields, &host);
}

/* What B is. */
static void check_versus(const struct node *member, const void *of)
{
	struct node versus = node_object(member->parent, member->key);
	struct node options = node_member(&versus, "options");

	fields_check_words(&options, of);
	(void)node_member(&versus, "binary");
	(void)node_member(&versus, "minivmm_version");
}

#define HEAD(kind, member, ...) FIELD(kind, struct matrix, member, ##__VA_ARGS__)
#define HEAD_AS(kind, member, name, ...) FIELD_AS(kind, struct matrix, member, name, ##__VA_ARGS__)

static const struct field plan_list[] = {
	HEAD(BITS, seed, .marks = HEAD_COMPARED),
	HEAD(COUNT, allocations, .least = 1, .marks = HEAD_COMPARED),
	HEAD(COUNT, retries, .marks = HEAD_COMPARED),
	HEAD(SIZE, set_pages, .optional = true),
	HEAD(SIZE, repeat, .marks = HEAD_COMPARED),
	HEAD(SIZE, accesses),
	HEAD(SIZE, memory_bytes),
	HEAD(SIZE, alias_bytes),
	HEAD_AS(TRUTH, guest_ad, "accessed_dirty"),
};
const struct fields matrix_plan_fields = FIELDS_OF(plan_list);

static const struct field head_list[] = {
	HEAD_AS(TEXT, version, "minivmm_version", .marks = HEAD_COMPARED),
	HEAD(JSON, command, .check = fields_check_words),
	HEAD(TEXT, label, .optional = true, .marks = HEAD_COMPARED),
	HEAD(NOTE, preset),
	HEAD(NOTE, teaches),
	HEAD(TEXT, started),
	HEAD(REAL, seconds),
	HEAD(TRUTH, complete),
	HEAD(COUNT, resumed),
	FIELDS_IN("plan", matrix_plan_fields),
	HEAD(JSON, versus, .check = check_versus, .optional = true),
	HEAD(JSON, axes, .check = check_axes),
	HEAD(TEXT, baseline),
	HEAD(JSON, host, .check = check_host),
	HEAD(SIZE, in_core_bytes, .optional = true, .marks = HEAD_COMPARED),
	HEAD(SIZE, tlb_leaves, .optional = true, .marks = HEAD_COMPARED),
};
const struct fields matrix_head_fields = FIELDS_OF(head_list);

static json_t *counts_json(const struct matrix *m)
{
	const struct matrix_counts counts = matrix_count(m);
	json_t *o = json_object();

	json_put(&o, "cells", json_integer(m->datum_count));
	for (int state = 0; state < STATE_COUNT; state++)
		json_put(&o, cell_state_name((enum cell_state)state), json_u64(counts.cells[state]));
	json_put(&o, "runs", json_u64(counts.runs));
	json_put(&o, "disturbed_runs", json_u64(counts.disturbed_runs));
	json_put(&o, "failed_runs", json_u64(counts.failed_runs));
	json_put(&o, "waited_ns", json_u64(m->waited_ns));
	return o;
}

/* The cell's own, or, where it runs over several, that of so many pages. */
static uint64_t working_set_of(const struct matrix_cell *cell, uint64_t pages)
{
	for (uint32_t i = 0; i < cell->figure_count; i++) {
		if (cell->figures[i].pages == pages)
			return cell->figures[i].working_set_bytes;
	}
	return cell->working_set_bytes;
}

static json_t *translation_json(const struct matrix_translation *t)
{
	json_t *o = json_object();

	configuration_put(&o, t->chase);
	json_put(&o, "working_set_bytes", json_u64(working_set_of(t->chase, t->pages)));
	json_put(&o, "pages", json_u64(t->pages));
	json_put(&o, "chase", key_json(t->chase));
	json_put(&o, "packed", key_json(t->packed));
	estimate_put(&o, "cost", "", &t->cost);
	json_put(&o, "allocations", json_integer(t->cost.count));
	json_put(&o, "refs_theory", json_u64_or_null(t->refs_theory));
	json_put(&o, "reference_cycles",
		 t->reference_cycles > 0 ? json_real_or_null(t->reference_cycles) : json_null());
	estimate_put(&o, "loads_worth", "loads_worth_", &t->loads_worth);
	return o;
}

static json_t *twin_json(const struct matrix_twin *t)
{
	json_t *o = json_object();

	configuration_put(&o, t->cell);
	json_put(&o, "cell", key_json(t->cell));
	json_put(&o, "working_set_bytes", json_u64(t->working_set_bytes));
	json_put(&o, "pages", json_u64(t->pages));
	json_put(&o, "what", json_string(twin_what(t)));
	json_put(&o, "window", json_string(twin_entry_name(t->window)));
	json_put(&o, "less", json_string(twin_entry_name(t->less)));
	estimate_put(&o, "difference", "", &t->difference);
	json_put(&o, "allocations", json_integer(t->difference.count));
	return o;
}

static json_t *speed_up_json(const struct matrix_speed_up *s)
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
	estimate_put(&o, "speed_up", "", &s->speed_up);
	json_put(&o, "allocations", json_integer(s->speed_up.count));
	return o;
}

static json_t *knee_json(const struct matrix_knee *k)
{
	json_t *o = json_object();

	configuration_put(&o, k->below);
	json_put(&o, "of", json_string(k->of_translation ? "translation" : "chase"));
	json_put(&o, "below", key_json(k->below));
	json_put(&o, "above", key_json(k->above));
	json_put(&o, "pages_below", json_u64(k->pages_below));
	json_put(&o, "pages_above", json_u64(k->pages_above));
	json_put(&o, "value_below", json_real(k->value_below));
	json_put(&o, "value_above", json_real(k->value_above));
	return o;
}

static json_t *matrix_prediction_json(const struct matrix_prediction *p)
{
	json_t *o = prediction_json(&p->prediction);

	configuration_put(&o, p->cell);
	return o;
}

json_t *matrix_predictions_json(const struct matrix *m)
{
	return m->predicted ? JSON_LIST(m->predictions, m->prediction_count, matrix_prediction_json)
			    : json_null();
}

int matrix_json(const struct matrix *m, FILE *out)
{
	json_t *o = json_object();

	json_put(&o, "schema", json_string(MATRIX_SCHEMA));
	fields_put(&matrix_head_fields, 0, &o, m);
	json_put(&o, "counts", counts_json(m));
	json_put(&o, "cells", JSON_LIST(m->cells, m->datum_count, cell_json));
	json_put(&o, "translation", JSON_LIST(m->translations, m->translation_count, translation_json));
	json_put(&o, "twins", JSON_LIST(m->twins, m->twin_count, twin_json));
	json_put(&o, "speed_ups", JSON_LIST(m->speed_ups, m->speed_up_count, speed_up_json));
	json_put(&o, "knees", JSON_LIST(m->knees, m->knee_count, knee_json));
	json_put(&o, "predictions", matrix_predictions_json(m));
	if (m->comparison != NULL)
		json_put(&o, "comparison", json_incref(m->comparison));
	return json_finish(o, out);
}

void matrix_read_members(const struct node *root, struct matrix *m)
{
	static const char *const derived[] = { "translation", "speed_ups", "knees" };
	struct node counts, waited;

	fields_read(&matrix_head_fields, root, m);
	counts = node_object(root, "counts");
	waited = node_member(&counts, "waited_ns");
	m->waited_ns = node_count(&waited, 0, INT64_MAX);
	cells_read(root, m);
	/* As the figures of a cell, these are made again. */
	for (size_t i = 0; i < COUNT_OF(derived); i++)
		(void)node_array(root, derived[i]);
}
