/*
 * JSON of a sweep's file into a matrix. It may be anything: it is asked of which schema it is, and then member by member.
 */
#include <errno.h>
#include <string.h>

#include "vmm/lab/sweep/read_parts.h"
#include "vmm/lab/record/record.h"

/* The schema's name without its version. */
#define SCHEMA_FAMILY "minivmm.sweep/"

/* What the other files of minivmm are, so that the user sees which one this is. */
static const char *other_schema(const char *schema)
{
	static const struct {
		const char *schema, *is;
	} others[] = {
		{ RECORD_SCHEMA, "a record of one run" },
		{ "minivmm.check/1", "a report of a host" },
		{ "minivmm.pool/1", "a report of hugepage pools" },
		{ "minivmm.pool-plan/1", "a plan of hugepage pools" },
		{ "minivmm.compare/1", "a comparison of two sweeps" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(schema, others[i].schema) == 0)
			return others[i].is;
	}
	return "something else";
}

static void expect_schema(const struct node *root)
{
	char schema[64];

	if (!json_is_object(root->json)) {
		node_complain(root, "is JSON, but no object: no sweep (" MATRIX_SCHEMA ")");
		return;
	}
	if (json_object_get(root->json, "schema") == NULL) {
		node_complain(root, "has no member schema: no sweep (" MATRIX_SCHEMA ")");
		return;
	}
	take_text(root, "schema", schema, sizeof(schema));
	if (root->complaint->err != 0 || strcmp(schema, MATRIX_SCHEMA) == 0)
		return;
	if (strncmp(schema, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) == 0)
		node_complain(root, "is a sweep of %s: this minivmm reads " MATRIX_SCHEMA, schema);
	else
		node_complain(root, "is no sweep: %s is %s, expected: " MATRIX_SCHEMA, schema,
			      other_schema(schema));
}

static void take_plan(const struct node *root, struct matrix *m)
{
	struct node plan = node_object(root, "plan");

	m->seed = take_u64(&plan, "seed");
	m->allocations = (uint32_t)take_count(&plan, "allocations", 1, UINT32_MAX);
	m->retries = (uint32_t)take_count(&plan, "retries", 0, UINT32_MAX);
	m->repeat = (uint32_t)take_count(&plan, "repeat", 0, UINT32_MAX);
	m->accesses = take_count_or_null(&plan, "accesses", INT64_MAX);
	m->memory_bytes = take_count_or_null(&plan, "memory_bytes", INT64_MAX);
	m->alias_bytes = take_count_or_null(&plan, "alias_bytes", INT64_MAX);
	m->guest_ad = take_bool(&plan, "accessed_dirty");
}

/* For people: arrays of words and numbers, as they were given. */
static json_t *take_axes(const struct node *root)
{
	struct node axes = node_object(root, "axes");
	const char *key;
	json_t *value;

	/* jansson's iterator takes what is not const, and changes nothing. */
	json_object_foreach((json_t *)axes.json, key, value)
	{
		struct node axis = node_array(&axes, key);
		size_t items = node_items(&axis);

		for (size_t i = 0; i < items; i++) {
			struct node item = node_item(&axis, i);

			if (!json_is_integer(item.json))
				node_expect_text(&item);
		}
	}
	return take_shared(root, "axes");
}

static void take_matrix(const struct node *root, struct matrix *m)
{
	static const char *const derived[] = { "translation", "speed_ups", "knees" };
	struct node counts;

	take_text(root, "minivmm_version", m->version, sizeof(m->version));
	m->command = take_words(root, "command");
	take_text_or_null(root, "preset", m->preset, sizeof(m->preset));
	take_text_or_null(root, "teaches", m->teaches, sizeof(m->teaches));
	take_text(root, "started", m->started, sizeof(m->started));
	m->seconds = take_figure(root, "seconds");
	m->complete = take_bool(root, "complete");
	m->resumed = (uint32_t)take_count(root, "resumed", 0, UINT32_MAX);
	take_plan(root, m);
	m->axes = take_axes(root);
	take_text(root, "baseline", m->baseline, sizeof(m->baseline));
	m->host = take_host(root);
	counts = node_object(root, "counts");
	m->waited_ns = take_count(&counts, "waited_ns", 0, INT64_MAX);
	take_cells(root, m);
	/* As the figures of a cell, these are made again. */
	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
		(void)node_array(root, derived[i]);
}

int matrix_read(const char *path, struct matrix *m, struct error *e)
{
	struct complaint complaint = { 0 };
	struct node root = { .complaint = &complaint };
	json_t *json = read_json(path, e);

	*m = (struct matrix){ 0 };
	if (json == NULL)
		return e->err > 0 ? -e->err : -EINVAL;
	root.json = json;
	expect_schema(&root);
	if (complaint.err == 0)
		take_matrix(&root, m);
	json_decref(json);
	if (complaint.err == 0)
		return 0;
	matrix_free(m);
	return error_set(e, STATUS_FAILED, complaint.err == ENOMEM ? ENOMEM : 0, path, "%s", complaint.what);
}
