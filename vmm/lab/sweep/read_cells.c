/*
 * cells[] of minivmm.sweep/1 from JSON.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/sweep/read_parts.h"
#include "vmm/core/memory/backing.h"

static const struct names kinds = NAMES_OF("guest", "native");

static void take_guest_page(const struct node *at, struct matrix_cell *cell)
{
	struct node page = node_member(at, "guest_page_bytes");

	cell->native = take_word(at, "kind", &kinds) == 1;
	cell->guest_page_bytes = take_page_or_null(at, "guest_page_bytes");
	if (cell->native && cell->guest_page_bytes != 0)
		node_complain(&page, "is %" PRIu64 " natively, expected: null", cell->guest_page_bytes);
	if (!cell->native && cell->guest_page_bytes == 0)
		node_complain(&page, "is null in a guest, expected: a page size");
}

/* Two cells are the same where their keys are: so a key must say what its cell is. */
static void check_key(const struct node *at, struct matrix_cell *cell)
{
	struct node member = node_member(at, "key");
	char key[MATRIX_KEY_BYTES];

	take_text(at, "key", key, sizeof(key));
	matrix_cell_name(cell);
	if (strcmp(key, cell->key) != 0)
		node_complain(&member, "is \"%.160s\", but the cell is \"%.160s\": the file was edited", key,
			      cell->key);
}

static void take_runs(const struct node *at, struct matrix_cell *cell)
{
	struct node array = node_array(at, "runs");
	size_t items = node_items(&array);

	for (size_t i = 0; i < items && at->complaint->err == 0; i++) {
		struct node item = node_item(&array, i);
		struct matrix_run run = { 0 };

		take_run(&item, &run);
		if (cell->run_count > 0 && run.round <= cell->runs[cell->run_count - 1].round)
			node_complain(&item, "is of round %" PRIu32 ", expected: rounds in order, each once",
				      run.round);
		if (at->complaint->err == 0 && matrix_cell_add_run(cell, &run) != 0)
			node_no_memory(&item);
		/* The cell's now, and zeroed; or not. */
		matrix_run_free(&run);
	}
	if (cell->state == STATE_OK && cell->run_count == 0)
		node_complain(&array, "is empty, though the cell is ok");
}

static void take_cell(const struct node *at, struct matrix_cell *cell)
{
	take_guest_page(at, cell);
	(void)snprintf(cell->backing, sizeof(cell->backing), "%s",
		       backing_name((enum backing_kind)take_word(at, "backing", &backing_names)));
	cell->page_bytes = take_page_or_null(at, "page_bytes");
	take_text_or_null(at, "path", cell->path, sizeof(cell->path));
	cell->populate = (enum populate)take_word(at, "prealloc", &populate_names);
	cell->vcpus = (uint32_t)take_count(at, "vcpus", 1, SPEC_MAX_CPUS);
	cell->irqchip = (enum choice)take_word(at, "kernel_irqchip", &choice_names);
	take_text(at, "workload", cell->workload, sizeof(cell->workload));
	cell->working_set_bytes = take_count_or_null(at, "working_set_bytes", INT64_MAX);
	cell->memory_bytes = take_count_or_null(at, "memory_bytes", INT64_MAX);
	cell->command = take_words(at, "command");
	cell->state = (enum cell_state)take_word(at, "state", &cell_state_names);
	take_text_or_null(at, "reason", cell->reason, sizeof(cell->reason));
	cell->disturbed_runs = (uint32_t)take_count(at, "disturbed_runs", 0, UINT32_MAX);
	cell->failed_runs = (uint32_t)take_count(at, "failed_runs", 0, UINT32_MAX);
	check_key(at, cell);
	/* They are made again from the runs, which are what was measured. */
	(void)node_array(at, "figures");
	take_runs(at, cell);
}

/* Each key once. seen: a set of those before, as a search through all of them is quadratic. */
static void check_unique(const struct node *at, json_t *seen, const struct matrix_cell *cell)
{
	struct node member = node_member(at, "key");

	if (at->complaint->err != 0)
		return;
	if (json_object_get(seen, cell->key) != NULL)
		node_complain(&member, "is \"%.300s\" a second time", cell->key);
	else if (json_object_set_new(seen, cell->key, json_true()) != 0)
		node_no_memory(&member);
}

void take_cells(const struct node *root, struct matrix *m)
{
	struct node array = node_array(root, "cells");
	size_t items = node_items(&array);
	json_t *seen;

	if (items > READ_MAX_CELLS)
		node_complain(&array, "has %zu cells, expected: at most %d", items, READ_MAX_CELLS);
	if (items == 0 || items > READ_MAX_CELLS)
		return;
	seen = json_object();
	m->cells = calloc(items, sizeof(m->cells[0]));
	if (m->cells == NULL || seen == NULL) {
		node_no_memory(&array);
		items = 0;
	}
	for (size_t i = 0; i < items && root->complaint->err == 0; i++) {
		struct node item = node_item(&array, i);

		m->cell_count++;
		take_cell(&item, &m->cells[i]);
		check_unique(&item, seen, &m->cells[i]);
	}
	json_decref(seen);
}
