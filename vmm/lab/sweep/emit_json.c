/*
 * A matrix as JSON, schema minivmm.sweep/1. Unknown is null; sizes are integers in bytes.
 */
#include "vmm/lab/sweep/emit_parts.h"

static json_t *plan_json(const struct matrix *m)
{
	json_t *o = json_object();

	json_put(&o, "seed", json_u64(m->seed));
	json_put(&o, "allocations", json_integer(m->allocations));
	json_put(&o, "retries", json_integer(m->retries));
	json_put(&o, "repeat", json_integer(m->repeat));
	json_put(&o, "accesses", json_u64_or_null(m->accesses));
	json_put(&o, "memory_bytes", json_u64_or_null(m->memory_bytes));
	json_put(&o, "alias_bytes", json_u64_or_null(m->alias_bytes));
	json_put(&o, "accessed_dirty", json_boolean(m->guest_ad));
	return o;
}

static json_t *counts_json(const struct matrix *m)
{
	uint64_t cells[STATE_COUNT] = { 0 }, runs = 0, disturbed = 0, failed = 0;
	json_t *o = json_object();

	for (uint32_t i = 0; i < m->cell_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if ((unsigned int)cell->state < STATE_COUNT)
			cells[cell->state]++;
		runs += cell->run_count;
		disturbed += cell->disturbed_runs;
		failed += cell->failed_runs;
	}
	json_put(&o, "cells", json_integer(m->cell_count));
	for (int state = 0; state < STATE_COUNT; state++)
		json_put(&o, cell_state_name((enum cell_state)state), json_u64(cells[state]));
	json_put(&o, "runs", json_u64(runs));
	json_put(&o, "disturbed_runs", json_u64(disturbed));
	json_put(&o, "failed_runs", json_u64(failed));
	json_put(&o, "waited_ns", json_u64(m->waited_ns));
	return o;
}

static json_t *matrix_json(const struct matrix *m)
{
	json_t *o = json_object();

	json_put(&o, "schema", json_string(MATRIX_SCHEMA));
	json_put(&o, "minivmm_version", json_words(m->version));
	json_put(&o, "command", json_shared_or_null(m->command));
	json_put(&o, "preset", json_words_or_null(m->preset));
	json_put(&o, "teaches", json_words_or_null(m->teaches));
	json_put(&o, "started", json_words(m->started));
	json_put(&o, "seconds", json_real(m->seconds));
	json_put(&o, "complete", json_boolean(m->complete));
	json_put(&o, "resumed", json_integer(m->resumed));
	json_put(&o, "plan", plan_json(m));
	json_put(&o, "axes", json_shared_or_null(m->axes));
	json_put(&o, "baseline", json_words(m->baseline));
	json_put(&o, "host", json_shared_or_null(m->host));
	json_put(&o, "counts", counts_json(m));
	json_put(&o, "cells", matrix_cells_json(m));
	json_put(&o, "translation", matrix_translation_json(m));
	json_put(&o, "speed_ups", matrix_speed_ups_json(m));
	json_put(&o, "knees", matrix_knees_json(m));
	json_put(&o, "predictions", matrix_predictions_json(m));
	return o;
}

int matrix_emit_json(const struct matrix *m, FILE *out)
{
	return json_finish(matrix_json(m), out);
}
