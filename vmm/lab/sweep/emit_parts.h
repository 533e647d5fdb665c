/*
 * Pieces of the file minivmm.sweep/1, for the files of matrix/ that write it. All are new references, NULL: no memory.
 */
#ifndef MINIVMM_LAB_SWEEP_EMIT_PARTS_H
#define MINIVMM_LAB_SWEEP_EMIT_PARTS_H

#include <jansson.h>
#include <math.h>

#include "vmm/lab/sweep/matrix.h"
#include "vmm/output/json.h"

/* -1: not known. */
static inline json_t *known_json(int64_t count)
{
	return count >= 0 ? json_integer(count) : json_null();
}

/* NAN: not known. */
static inline json_t *figure_json(double figure)
{
	return isfinite(figure) ? json_real(figure) : json_null();
}

/* "": none. */
static inline json_t *text_or_null_json(const char *text)
{
	return text[0] != '\0' ? json_words(text) : json_null();
}

static inline json_t *key_json(const struct matrix_cell *cell)
{
	return cell != NULL ? json_words(cell->key) : json_null();
}

/* Another reference to what the matrix owns; json_null where it has none. */
static inline json_t *shared_json(json_t *owned)
{
	return owned != NULL ? json_incref(owned) : json_null();
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
