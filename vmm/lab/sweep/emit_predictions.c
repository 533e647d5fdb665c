/*
 * Predictions of a matrix beside its figures, as text and JSON.
 */
#include <string.h>

#include "vmm/lab/sweep/emit_parts.h"
#include "vmm/lab/sweep/text.h"
#include "vmm/theory/show/show.h"
#include "vmm/output/paragraph.h"

json_t *matrix_predictions_json(const struct matrix *m)
{
	json_t *array;

	if (!m->predicted)
		return json_null();
	array = json_array();
	for (uint32_t i = 0; i < m->prediction_count; i++) {
		json_t *o = prediction_json(&m->predictions[i].prediction);

		put_configuration(&o, m->predictions[i].cell);
		json_push(&array, o);
	}
	return array;
}

/* The configuration as keys spell it. */
static void put_heading(const struct matrix_cell *cell, FILE *out)
{
	char key[MATRIX_KEY_BYTES], *rest;

	(void)snprintf(key, sizeof(key), "%s", cell->key);
	rest = strstr(key, ",workload=");
	if (rest != NULL)
		*rest = '\0';
	paragraph(out, "prediction", "%s", key);
}

int text_matrix_predictions(const struct matrix *m, FILE *out)
{
	int ret = 0;

	if (!m->predicted)
		return 0;
	if (m->prediction_count == 0) {
		paragraph(
			out, "prediction",
			"none: it takes packed and chase over the same working sets, on a host whose second "
			"dimension is known");
		return 0;
	}
	prediction_legend_text(&m->predictions[0].prediction, out);
	for (uint32_t i = 0; i < m->prediction_count && ret == 0; i++) {
		(void)fputc('\n', out);
		put_heading(m->predictions[i].cell, out);
		ret = prediction_text(&m->predictions[i].prediction, out);
	}
	(void)fputc('\n', out);
	return ret;
}
