/*
 * Simulated rows as text and JSON, and the list of CPUs that can be simulated.
 */
#ifndef MINIVMM_THEORY_SHOW_EMIT_SIMULATION_H
#define MINIVMM_THEORY_SHOW_EMIT_SIMULATION_H

#include <jansson.h>
#include <stdio.h>

#include "vmm/theory/simulate/simulate.h"

/* Whose figures they are, how well known, and what is assumed; then the rows, as two tables. 0 or -errno. */
int text_simulation(const struct cpu_model *cpu, const struct simulation_row *rows, uint32_t count,
		    FILE *out);

/* {"cpu": {...}, "rows": [...]}; NULL where there was no memory (json.h). Owned by the caller. */
json_t *simulation_json(const struct cpu_model *cpu, const struct simulation_row *rows, uint32_t count);

/* For --cpu help: the descriptions in the binary, how a description is written, and its figures. 0 or -errno. */
int text_cpu_list(FILE *out);

#endif
