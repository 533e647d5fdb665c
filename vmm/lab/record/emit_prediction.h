/*
 * A prediction beside what was measured, as text and JSON: of a run, and of each configuration of a sweep.
 */
#ifndef MINIVMM_LAB_RECORD_EMIT_PREDICTION_H
#define MINIVMM_LAB_RECORD_EMIT_PREDICTION_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/theory/simulate/prediction.h"

/* One object; null for NULL. */
json_t *prediction_json(const struct prediction *p);

/* The table of points, then the constant and the error on what was held out. Nothing for NULL. 0 or -ENOMEM. */
int text_prediction(const struct prediction *p, FILE *out);

/* The formula and what its letters mean, once in front of all tables; cpu: what the figures are of. */
void text_prediction_legend(const struct prediction *p, FILE *out);

#endif
