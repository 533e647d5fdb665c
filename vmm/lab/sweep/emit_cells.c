/*
 * cells[] of minivmm.sweep/1: what was asked for, how it ended, its figures and its runs.
 */
#include "vmm/lab/sweep/emit_parts.h"

json_t *estimate_value_json(const struct estimate *estimate)
{
	return estimate->count != 0 ? json_real_or_null(estimate->value) : json_null();
}

json_t *estimate_interval_json(const struct estimate *estimate)
{
	json_t *array;

	if (estimate->count == 0)
		return json_null();
	array = json_array();
	json_push(&array, json_real(estimate->low));
	json_push(&array, json_real(estimate->high));
	return array;
}

void put_configuration(json_t **object, const struct matrix_cell *cell)
{
	json_put(object, "kind", json_string(cell->native ? "native" : "guest"));
	json_put(object, "guest_page_bytes", json_u64_or_null(cell->native ? 0 : cell->guest_page_bytes));
	json_put(object, "backing", json_words(cell->backing));
	json_put(object, "page_bytes", json_u64_or_null(cell->page_bytes));
	json_put(object, "prealloc", json_string(populate_name(cell->populate)));
	json_put(object, "vcpus", json_integer(cell->vcpus));
}

/* By allocation. */
static void put_values(json_t **object, const struct matrix_figure *f)
{
	json_t *values = json_array(), *rounds = json_array();

	for (uint32_t i = 0; i < f->count; i++) {
		json_push(&values, json_real(f->values[i]));
		json_push(&rounds, json_integer(f->rounds[i]));
	}
	json_put(object, "values", values);
	json_put(object, "rounds", rounds);
}

static json_t *matrix_figure_json(const struct matrix_figure *f)
{
	json_t *o = json_object();

	json_put(&o, "variant", json_words_or_null(f->variant));
	json_put(&o, "stride_bytes", json_u64_or_null(f->stride_bytes));
	json_put(&o, "working_set_bytes", json_u64(f->working_set_bytes));
	json_put(&o, "pages", json_u64(f->pages));
	json_put(&o, "unit", json_words(f->unit));
	json_put(&o, "refs_theory", json_u64_or_null(f->refs_theory));
	json_put(&o, "statistic", json_string(f->least ? "min" : "median"));
	json_put(&o, "allocations", json_integer(f->count));
	put_values(&o, f);
	json_put(&o, "value", estimate_value_json(&f->value));
	json_put(&o, "ci95", estimate_interval_json(&f->value));
	json_put(&o, "least", f->count != 0 ? json_real_or_null(f->least_value) : json_null());
	json_put(&o, "exits", json_real_or_null(f->exits));
	json_put(&o, "exits_per_operation", json_real_or_null(f->exits_per_operation));
	json_put(&o, "page_faults", json_real_or_null(f->page_faults));
	json_put(&o, "faults_per_operation", json_real_or_null(f->faults_per_operation));
	json_put(&o, "note", json_words_or_null(f->note));
	json_put(&o, "baseline", key_json(f->baseline));
	json_put(&o, "ratio", estimate_value_json(&f->ratio));
	json_put(&o, "ratio_ci95", estimate_interval_json(&f->ratio));
	return o;
}

static json_t *cell_json(const struct matrix_cell *cell)
{
	json_t *o = json_object(), *figures = json_array(), *runs = json_array();

	json_put(&o, "key", json_words(cell->key));
	json_put(&o, "kind", json_string(cell->native ? "native" : "guest"));
	json_put(&o, "guest_page_bytes", json_u64_or_null(cell->native ? 0 : cell->guest_page_bytes));
	json_put(&o, "backing", json_words(cell->backing));
	json_put(&o, "page_bytes", json_u64_or_null(cell->page_bytes));
	json_put(&o, "path", json_words_or_null(cell->path));
	json_put(&o, "prealloc", json_string(populate_name(cell->populate)));
	json_put(&o, "vcpus", json_integer(cell->vcpus));
	json_put(&o, "kernel_irqchip", json_string(choice_name(cell->irqchip)));
	json_put(&o, "workload", json_words(cell->workload));
	json_put(&o, "working_set_bytes", json_u64_or_null(cell->working_set_bytes));
	json_put(&o, "memory_bytes", json_u64_or_null(cell->memory_bytes));
	json_put(&o, "command", json_shared_or_null(cell->command));
	json_put(&o, "state", json_string(cell_state_name(cell->state)));
	json_put(&o, "reason", json_words_or_null(cell->reason));
	json_put(&o, "disturbed_runs", json_integer(cell->disturbed_runs));
	json_put(&o, "failed_runs", json_integer(cell->failed_runs));
	for (uint32_t i = 0; i < cell->figure_count; i++)
		json_push(&figures, matrix_figure_json(&cell->figures[i]));
	json_put(&o, "figures", figures);
	for (uint32_t i = 0; i < cell->run_count; i++)
		json_push(&runs, matrix_run_json(&cell->runs[i]));
	json_put(&o, "runs", runs);
	return o;
}

json_t *matrix_cells_json(const struct matrix *m)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < m->cell_count; i++)
		json_push(&array, cell_json(&m->cells[i]));
	return array;
}
