/*
 * A sweep's file into a matrix. The file may be anything: its kind and size are checked before it is read, and it is never read
 * beyond the limit, even if it grows meanwhile. Then its schema is checked, then each member.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/lab/record/record.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/util/file.h"

/* No sweep writes a larger file. */
#define MAX_BYTES (UINT64_C(256) << 20)

/* The schema's name without its version. */
#define SCHEMA_FAMILY "minivmm.sweep/"

/* What a file of another schema of minivmm is, for the message. */
static const char *other_schema(const char *schema)
{
	static const struct {
		const char *schema, *is;
	} others[] = {
		{ RECORD_SCHEMA, "a record of one run" },
		{ "minivmm.check/1", "a report of a host" },
		{ "minivmm.pool/1", "a report of hugepage pools" },
		{ "minivmm.pool-plan/1", "a plan of hugepage pools" },
		{ "minivmm.compare/2", "a comparison of two sweeps" },
	};

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (strcmp(schema, others[i].schema) == 0)
			return others[i].is;
	}
	return "something else";
}

/* Schema /1 calls TSC cycles cycles. What is not as the schema says is left for the reader to complain about. */
static void name_tsc_cycles(const json_t *root)
{
	size_t c, k, r;
	json_t *cell, *run, *row;

	json_array_foreach(json_object_get(root, "cells"), c, cell)
	{
		json_array_foreach(json_object_get(cell, "runs"), k, run)
		{
			json_array_foreach(json_object_get(run, "rows"), r, row)
			{
				const char *unit = json_string_value(json_object_get(row, "unit"));

				if (unit != NULL && strcmp(unit, "cycles/access") == 0)
					(void)json_object_set_new(
						row, "unit",
						json_string(
							name_of(&unit_names, UNIT_TSC_CYCLES_PER_ACCESS)));
			}
		}
	}
}

static void expect_schema(const struct node *root)
{
	struct node member;
	char schema[64];

	if (!json_is_object(root->json)) {
		node_complain(root, "is JSON, but not an object: not a sweep (" MATRIX_SCHEMA ")");
		return;
	}
	if (json_object_get(root->json, "schema") == NULL) {
		node_complain(root, "has no member schema: not a sweep (" MATRIX_SCHEMA ")");
		return;
	}
	member = node_member(root, "schema");
	node_copy_text(&member, schema, sizeof(schema));
	if (root->complaint->err != 0)
		return;
	if (strcmp(schema, MATRIX_SCHEMA) == 0) {
		/* Made again, as all that follows from the runs; schema /1 does not know it. */
		(void)node_array(root, "twins");
		return;
	}
	if (strcmp(schema, MATRIX_SCHEMA_TSC) == 0) {
		name_tsc_cycles(root->json);
		return;
	}
	if (strncmp(schema, SCHEMA_FAMILY, strlen(SCHEMA_FAMILY)) == 0)
		node_complain(root, "is a sweep of %s: this minivmm reads " MATRIX_SCHEMA " and /1", schema);
	else
		node_complain(root, "not a sweep: %s is %s, expected: " MATRIX_SCHEMA, schema,
			      other_schema(schema));
}

static int too_large(const char *path, uint64_t bytes, struct error *e)
{
	return error_set(e, STATUS_FAILED, EFBIG, path,
			 "has %" PRIu64 " bytes; a sweep of at most %" PRIu64 " is read", bytes, MAX_BYTES);
}

/* What the file at `path` holds into *text, which the caller frees. 0 or -errno with *e set. */
static int read_text(const char *path, char **text, size_t *bytes, struct error *e)
{
	int fd = file_open(path, false), ret;

	if (fd < 0)
		return error_set(e, STATUS_FAILED, -fd, path, "cannot be opened");
	ret = file_read(fd, FILE_REGULAR, MAX_BYTES, text, bytes);
	(void)close(fd);
	switch (ret) {
	case 0:
		return *bytes != 0
			       ? 0
			       : error_set(e, STATUS_FAILED, 0, path, "is empty, expected: a sweep's file");
	case -EISDIR:
		return error_set(e, STATUS_FAILED, EISDIR, path, "is a directory, expected: a sweep's file");
	case -EOPNOTSUPP:
		return error_set(e, STATUS_FAILED, 0, path, "not a regular file, expected: a sweep's file");
	case -EFBIG:
		return too_large(path, *bytes, e);
	case -ENOMEM:
		return error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for its contents");
	default:
		return error_set(e, STATUS_FAILED, -ret, path, "cannot be read");
	}
}

/* What is not JSON: where, and why. The parser quotes the file, so what a terminal would obey is replaced. */
static int not_json(const char *path, json_error_t *json_error, struct error *e)
{
	for (char *c = json_error->text; *c != '\0'; c++)
		*c = (char)(*c >= 0x20 && *c < 0x7f ? *c : '?');
	return error_set(e, STATUS_FAILED, 0, path, "not JSON: line %d, column %d: %s", json_error->line,
			 json_error->column, json_error->text);
}

/* In memory a value takes 40 bytes, however short it is in the file: [1,1,1,...] would become 20 times as large. */
#define MAX_VALUES (UINT64_C(16) << 20)

static int check_values(const char *path, const char *text, size_t bytes, struct error *e)
{
	uint64_t commas = 0;

	for (size_t i = 0; i < bytes; i++)
		commas += text[i] == ',';
	return commas < MAX_VALUES
		       ? 0
		       : error_set(e, STATUS_FAILED, EFBIG, path,
				   "has more than %" PRIu64 " values, which no sweep has", MAX_VALUES);
}

static json_t *read_json(const char *path, struct error *e)
{
	json_error_t json_error;
	json_t *root = NULL;
	size_t bytes = 0;
	char *text = NULL;

	if (read_text(path, &text, &bytes, e) == 0 && check_values(path, text, bytes, e) == 0) {
		root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &json_error);
		if (root == NULL && json_error_code(&json_error) == json_error_out_of_memory)
			(void)error_set(e, STATUS_FAILED, ENOMEM, path, "no memory for its contents");
		else if (root == NULL)
			(void)not_json(path, &json_error, e);
	}
	free(text);
	return root;
}

/* What is there is something else. */
static int not_a_sweep(struct error *e)
{
	if (e->err == 0)
		return error_hint(e, "name a file that minivmm sweep --json FILE wrote");
	return -e->err;
}

int matrix_read(const char *path, struct matrix *m, struct error *e)
{
	struct complaint complaint = { 0 };
	struct node root = { .complaint = &complaint };
	json_t *json = read_json(path, e);

	*m = (struct matrix){ 0 };
	if (json == NULL)
		return not_a_sweep(e);
	root.json = json;
	expect_schema(&root);
	if (complaint.err == 0)
		matrix_read_members(&root, m);
	json_decref(json);
	if (complaint.err == 0)
		return 0;
	matrix_free(m);
	(void)error_set(e, STATUS_FAILED, complaint.err == ENOMEM ? ENOMEM : 0, path, "%s", complaint.what);
	return not_a_sweep(e);
}
