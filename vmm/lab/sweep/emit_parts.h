/*
 * Pieces of the file minivmm.sweep/1, for the files of matrix/ that write it. All are new references, NULL: no memory.
 */
#ifndef MINIVMM_LAB_SWEEP_EMIT_PARTS_H
#define MINIVMM_LAB_SWEEP_EMIT_PARTS_H

#include <jansson.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/output/json.h"

static inline json_t *key_json(const struct matrix_cell *cell)
{
	return cell != NULL ? json_words(cell->key) : json_null();
}

/* What an estimate says, null where it has no allocations: its value, and [low, high]. */
json_t *estimate_value_json(const struct estimate *estimate);
json_t *estimate_interval_json(const struct estimate *estimate);

/* The members by which a reader finds a cell again without its key: kind to vcpus. */
void put_configuration(json_t **object, const struct matrix_cell *cell);

json_t *matrix_cells_json(const struct matrix *m);
json_t *matrix_translation_json(const struct matrix *m);
json_t *matrix_speed_ups_json(const struct matrix *m);
json_t *matrix_knees_json(const struct matrix *m);
/* null where nobody asked. */
json_t *matrix_predictions_json(const struct matrix *m);

#endif
