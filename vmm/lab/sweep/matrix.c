/*
 * A matrix's life: cells take runs in order, names and states in both directions.
 */
#include "vmm/lab/sweep/matrix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/util/array.h"

const struct names cell_state_names =
	NAMES_OF("pending", "ok", "refused", "unavailable", "failed", "mismatch");

void matrix_run_free(struct matrix_run *run)
{
	for (uint32_t i = 0; i < run->row_count; i++)
		free(run->rows[i].samples);
	free(run->rows);
	*run = (struct matrix_run){ 0 };
}

static void cell_free(struct matrix_cell *cell)
{
	for (uint32_t i = 0; i < cell->run_count; i++)
		matrix_run_free(&cell->runs[i]);
	for (uint32_t i = 0; i < cell->figure_count; i++) {
		free(cell->figures[i].values);
		free(cell->figures[i].rounds);
	}
	free(cell->runs);
	free(cell->figures);
	json_decref(cell->command);
}

void matrix_free(struct matrix *m)
{
	for (uint32_t i = 0; i < m->datum_count; i++)
		cell_free(&m->cells[i]);
	free(m->cells);
	free(m->translations);
	free(m->twins);
	free(m->speed_ups);
	free(m->knees);
	free(m->predictions);
	json_decref(m->command);
	json_decref(m->versus);
	json_decref(m->comparison);
	json_decref(m->axes);
	json_decref(m->host);
	*m = (struct matrix){ 0 };
}

void cell_set_state(struct matrix_cell *cell, enum cell_state state, const char *reason)
{
	cell->state = state;
	(void)snprintf(cell->reason, sizeof(cell->reason), "%s", reason);
}

int matrix_cell_add_run(struct matrix_cell *cell, struct matrix_run *run)
{
	uint32_t at = cell->run_count;

	while (at > 0 && cell->runs[at - 1].round >= run->round)
		at--;
	if (at < cell->run_count && cell->runs[at].round == run->round) {
		matrix_run_free(&cell->runs[at]);
	} else {
		struct matrix_run *grown = array_grow(cell->runs, cell->run_count, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		cell->runs = grown;
		memmove(&cell->runs[at + 1], &cell->runs[at], (cell->run_count - at) * sizeof(cell->runs[0]));
		cell->run_count++;
	}
	cell->runs[at] = *run;
	*run = (struct matrix_run){ 0 };
	return 0;
}

const char *matrix_latency_words(const struct matrix *m)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		for (uint32_t k = 0; k < m->cells[i].run_count; k++) {
			const struct matrix_run *run = &m->cells[i].runs[k];

			for (uint32_t r = 0; r < run->row_count; r++) {
				int unit = name_find(&unit_names, run->rows[r].unit);

				if (unit == UNIT_TSC_CYCLES_PER_ACCESS)
					return "TSC cycles";
				if (unit == UNIT_CYCLES_PER_ACCESS)
					return "core cycles";
			}
		}
	}
	return NULL;
}

struct matrix_counts matrix_count(const struct matrix *m)
{
	struct matrix_counts counts = { .runs = 0 };

	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if ((unsigned int)cell->state < STATE_COUNT)
			counts.cells[cell->state]++;
		counts.runs += cell->run_count;
		counts.disturbed_runs += cell->disturbed_runs;
		counts.failed_runs += cell->failed_runs;
		for (uint32_t k = 0; k < cell->run_count; k++)
			counts.runs_still_disturbed += cell->runs[k].disturbed[0] != '\0';
	}
	return counts;
}
