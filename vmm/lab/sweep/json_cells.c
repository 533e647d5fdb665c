/*
 * cells[] of minivmm.sweep/2 in both directions: what was asked for, how it ended, figures (only written: they are made
 * again from the runs) and runs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/sweep/parts.h"

/* No sweep has more; a file with more is refused before memory is taken for it. */
#define MAX_CELLS 100000

#define IN_CONFIGURATION 1U

static const struct names sides = NAMES_OF("a", "b");
static const struct names kinds = NAMES_OF("guest", "native");

static void check_guest_page(const struct node *member, const void *of)
{
	const struct matrix_cell *cell = of;

	if (cell->native && cell->guest_page_bytes != 0)
		node_complain(member, "is %" PRIu64 " natively, expected: null", cell->guest_page_bytes);
	if (!cell->native && cell->guest_page_bytes == 0)
		node_complain(member, "is null in a guest, expected: a page size");
}

#define CELL(kind, member, ...) FIELD(kind, struct matrix_cell, member, ##__VA_ARGS__)
#define CELL_AS(kind, member, name, ...) FIELD_AS(kind, struct matrix_cell, member, name, ##__VA_ARGS__)
static const struct field cell_list[] = {
	CELL_AS(ENUM, is_b, "side", .names = &sides, .optional = true, .marks = IN_CONFIGURATION),
	CELL_AS(ENUM, native, "kind", .names = &kinds, .marks = IN_CONFIGURATION),
	CELL(PAGE, guest_page_bytes, .check = check_guest_page, .marks = IN_CONFIGURATION),
	CELL(ENUM, backing, .names = &backing_names, .marks = IN_CONFIGURATION),
	CELL(PAGE, page_bytes, .marks = IN_CONFIGURATION),
	CELL(NOTE, path),
	CELL_AS(ENUM, populate, "prealloc", .names = &populate_names, .marks = IN_CONFIGURATION),
	CELL(COUNT, vcpus, .least = 1, .most = SPEC_MAX_CPUS, .marks = IN_CONFIGURATION),
	CELL_AS(ENUM, irqchip, "kernel_irqchip", .names = &choice_names),
	CELL(TEXT, workload),
	CELL(TEXT, operation, .optional = true),
	CELL(TRUTH, over_pages, .optional = true),
	CELL(SIZE, working_set_bytes),
	CELL(SIZE, asked_set_bytes, .optional = true),
	CELL(SIZE, memory_bytes),
	CELL(JSON, command, .check = fields_check_words),
	CELL(ENUM, state, .names = &cell_state_names),
	CELL(NOTE, reason),
	CELL(COUNT, disturbed_runs),
	CELL(COUNT, failed_runs),
};
static const struct fields cell_fields = FIELDS_OF(cell_list);

static void interval_put(json_t **object, const char *prefix, const char *name, bool known,
			 const struct estimate *est)
{
	char member[64];

	(void)snprintf(member, sizeof(member), "%s%s", prefix, name);
	json_put(object, member, known ? json_pack("[ff]", est->low, est->high) : json_null());
}

void estimate_put(json_t **object, const char *value, const char *prefix, const struct estimate *est)
{
	bool known = est->count != 0;
	char coverage[64];

	json_put(object, value, known ? json_real_or_null(est->value) : json_null());
	interval_put(object, prefix, "interval", known, est);
	(void)snprintf(coverage, sizeof(coverage), "%scoverage", prefix);
	json_put(object, coverage, known ? json_real(est->coverage) : json_null());
	interval_put(object, prefix, "ci95", estimate_has_ci95(est), est);
}

void configuration_put(json_t **object, const struct matrix_cell *cell)
{
	fields_put(&cell_fields, IN_CONFIGURATION, object, cell);
}

/* By allocation. */
static void values_put(json_t **object, const struct matrix_figure *f)
{
	json_t *values = json_array(), *rounds = json_array();

	for (uint32_t i = 0; i < f->count; i++) {
		json_push(&values, json_real(f->values[i]));
		json_push(&rounds, json_integer(f->rounds[i]));
	}
	json_put(object, "values", values);
	json_put(object, "rounds", rounds);
}

static json_t *figure_json(const struct matrix_figure *f)
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
	values_put(&o, f);
	estimate_put(&o, "value", "", &f->value);
	json_put(&o, "least", f->count != 0 ? json_real_or_null(f->least_value) : json_null());
	json_put(&o, "exits", json_real_or_null(f->exits));
	json_put(&o, "exits_per_operation", json_real_or_null(f->exits_per_operation));
	json_put(&o, "page_faults", json_real_or_null(f->page_faults));
	json_put(&o, "faults_per_operation", json_real_or_null(f->faults_per_operation));
	json_put(&o, "note", json_words_or_null(f->note));
	json_put(&o, "baseline", key_json(f->baseline));
	estimate_put(&o, "ratio", "ratio_", &f->ratio);
	return o;
}

json_t *cell_json(const struct matrix_cell *cell)
{
	json_t *o = json_object();

	json_put(&o, "key", json_words(cell->key));
	fields_put(&cell_fields, 0, &o, cell);
	json_put(&o, "figures", JSON_LIST(cell->figures, cell->figure_count, figure_json));
	json_put(&o, "runs", JSON_LIST(cell->runs, cell->run_count, matrix_run_json));
	return o;
}

/* Cells are found by their keys, so a key has to agree with the members of its cell. */
static void check_key(const struct node *at, struct matrix_cell *cell)
{
	struct node member = node_member(at, "key");
	char key[MATRIX_KEY_BYTES];

	node_copy_text(&member, key, sizeof(key));
	matrix_cell_name(cell);
	if (strcmp(key, cell->key) != 0)
		node_complain(&member, "is \"%.160s\", but the cell is \"%.160s\": the file was edited", key,
			      cell->key);
}

static void read_runs(const struct node *at, struct matrix_cell *cell)
{
	struct node array = node_array(at, "runs");
	size_t items = node_items(&array);

	for (size_t i = 0; i < items && at->complaint->err == 0; i++) {
		struct node item = node_item(&array, i);
		struct matrix_run run = { 0 };

		run_read(&item, &run);
		if (cell->run_count > 0 && run.round <= cell->runs[cell->run_count - 1].round)
			node_complain(&item, "is of round %" PRIu32 ", expected: rounds in order, each once",
				      run.round);
		if (at->complaint->err == 0 && matrix_cell_add_run(cell, &run) != 0)
			node_no_memory(&item);
		/* A run that the cell has taken is zeroed, so this frees nothing then. */
		matrix_run_free(&run);
	}
	if (cell->state == STATE_OK && cell->run_count == 0)
		node_complain(&array, "is empty, though the cell is ok");
}

static void read_cell(const struct node *at, struct matrix_cell *cell)
{
	/* Checked first, so that an object that is not a cell is reported by this member. */
	(void)node_member(at, "guest_page_bytes");
	fields_read(&cell_fields, at, cell);
	check_key(at, cell);
	/* They are made again from the runs, which are what was measured. */
	(void)node_array(at, "figures");
	read_runs(at, cell);
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

void cells_read(const struct node *root, struct matrix *m)
{
	struct node array = node_array(root, "cells");
	size_t items = node_items(&array);
	json_t *seen;

	if (items > MAX_CELLS)
		node_complain(&array, "has %zu cells, expected: at most %d", items, MAX_CELLS);
	if (items == 0 || items > MAX_CELLS)
		return;
	seen = json_object();
	m->cells = calloc(items, sizeof(m->cells[0]));
	if (m->cells == NULL || seen == NULL) {
		node_no_memory(&array);
		items = 0;
	}
	for (size_t i = 0; i < items && root->complaint->err == 0; i++) {
		struct node item = node_item(&array, i);

		m->datum_count++;
		read_cell(&item, &m->cells[i]);
		check_unique(&item, seen, &m->cells[i]);
	}
	json_decref(seen);
}
