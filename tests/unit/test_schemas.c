/*
 * Property: a schema and the document that it describes have the same members. A column or member that is
 * added to the code alone would be found only where Python's jsonschema is installed; one that is left in a
 * schema promises what no record has.
 */
#include <jansson.h>

#include "test.h"
#include "vmm/lab/record/rows.h"

#define WHY_BYTES 512

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);

	if (root == NULL)
		fail_msg("%s: %s", path, error.text);
	return root;
}

static json_t *load_schema(const char *name)
{
	char path[128], *slash;

	(void)snprintf(path, sizeof(path), TESTS_DIR "/schema/%s.json", name);
	slash = strrchr(path, '/');
	if (strchr(name, '/') != NULL)
		*slash = '-';
	return load(path);
}

static bool has_type(const json_t *value, const char *type)
{
	const json_int_t whole = json_is_real(value) ? (json_int_t)json_real_value(value) : 0;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return strcmp(type, "object") == 0;
	case JSON_ARRAY:
		return strcmp(type, "array") == 0;
	case JSON_STRING:
		return strcmp(type, "string") == 0;
	case JSON_INTEGER:
		return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	case JSON_REAL:
		return strcmp(type, "number") == 0 ||
		       (strcmp(type, "integer") == 0 && (double)whole == json_real_value(value));
	case JSON_NULL:
		return strcmp(type, "null") == 0;
	default:
		return strcmp(type, "boolean") == 0;
	}
}

static bool type_fits(const json_t *value, const json_t *type)
{
	size_t i;
	json_t *one;

	if (type == NULL || json_is_string(type))
		return type == NULL || has_type(value, json_string_value(type));
	json_array_foreach(type, i, one)
	{
		if (has_type(value, json_string_value(one)))
			return true;
	}
	return false;
}

static bool enum_fits(const json_t *value, const json_t *words)
{
	size_t i;
	json_t *one;

	json_array_foreach(words, i, one)
	{
		if (json_equal((json_t *)value, one))
			return true;
	}
	return words == NULL;
}

static bool fits(const json_t *root, const json_t *schema, json_t *value, const char *at, char *why);

/* Each member has its schema, and each that is required is there. */
static bool object_fits(const json_t *root, const json_t *schema, json_t *object, const char *at, char *why)
{
	json_t *properties = json_object_get(schema, "properties"),
	       *others = json_object_get(schema, "additionalProperties"), *member, *one;
	bool open = others == NULL || json_is_true(others) ||
		    json_object_get(schema, "patternProperties") != NULL;
	const char *key;
	char below[128];
	size_t i;

	json_object_foreach(object, key, member)
	{
		one = json_object_get(properties, key);
		if (one == NULL && json_is_object(others))
			one = others;
		(void)snprintf(below, sizeof(below), "%s.%s", at, key);
		if (one == NULL && !open) {
			(void)snprintf(why, WHY_BYTES, "the schema has no member %s", below);
			return false;
		}
		if (one != NULL && !fits(root, one, member, below, why))
			return false;
	}
	json_array_foreach(json_object_get(schema, "required"), i, one)
	{
		if (json_object_get(object, json_string_value(one)) == NULL) {
			(void)snprintf(why, WHY_BYTES, "%s.%s is required and not there", at,
				       json_string_value(one));
			return false;
		}
	}
	return true;
}

/* One of the alternatives, if there are any. */
static bool choice_fits(const json_t *root, const json_t *choices, json_t *value, const char *at, char *why)
{
	size_t i;
	json_t *one;

	json_array_foreach(choices, i, one)
	{
		if (fits(root, one, value, at, why))
			return true;
	}
	return choices == NULL;
}

/* So much of JSON Schema as members need: their names, types and words. */
static bool fits(const json_t *root, const json_t *schema, json_t *value, const char *at, char *why)
{
	const char *reference = json_string_value(json_object_get(schema, "$ref"));
	json_t *items, *one;
	size_t i;

	if (reference != NULL)
		schema = json_object_get(json_object_get(root, "definitions"), strrchr(reference, '/') + 1);
	items = json_object_get(schema, "items");
	if (schema == NULL || !type_fits(value, json_object_get(schema, "type")) ||
	    !enum_fits(value, json_object_get(schema, "enum"))) {
		(void)snprintf(why, WHY_BYTES, "%s is nothing that the schema accepts", at);
		return false;
	}
	if (!choice_fits(root, json_object_get(schema, "oneOf"), value, at, why) ||
	    !choice_fits(root, json_object_get(schema, "anyOf"), value, at, why))
		return false;
	if (json_is_object(value))
		return object_fits(root, schema, value, at, why);
	json_array_foreach(value, i, one)
	{
		if (items != NULL && !fits(root, items, one, at, why))
			return false;
	}
	return true;
}

TEST(golden_documents_fit_their_schema)
{
	static const char *const documents[] = { "run",
						 "isolate",
						 "sweep",
						 "check",
						 "explain-nested",
						 "model-native",
						 "model-nested-2M-1G",
						 "model-scale",
						 "model-shadow",
						 "model-table",
						 "model-unpaged",
						 "observe" };

	EACH (i, documents) {
		char path[128], why[WHY_BYTES];
		json_t *document, *schema;

		(void)snprintf(path, sizeof(path), TESTS_DIR "/golden/%s.json", documents[i]);
		document = load(path);
		schema = load_schema(json_string_value(json_object_get(document, "schema")));
		if (!fits(schema, schema, document, documents[i], why))
			fail_msg("%s", why);
		json_decref(document);
		json_decref(schema);
	}
}

static bool is_column(const char *name)
{
	for (uint32_t i = 0; i < result_columns.count; i++) {
		if ((result_columns.list[i].outputs & IN_JSON) != 0 &&
		    strcmp(result_columns.list[i].name, name) == 0)
			return true;
	}
	return strcmp(name, "pmu") == 0 || strcmp(name, "histogram") == 0 || strcmp(name, "act") == 0;
}

/* Both ways. Those of today are required; one that comes later is not, or the files of before would break the schema. */
TEST(results_have_the_columns_of_the_schema)
{
	json_t *schema = load_schema("minivmm.run/2"), *results, *members, *one;
	const char *key;
	size_t index;

	results = json_object_get(json_object_get(schema, "properties"), "results");
	members = json_object_get(json_object_get(results, "items"), "properties");
	json_object_foreach(members, key, one)
	{
		if (!is_column(key))
			fail_msg("the schema's results[].%s is no column of columns.def", key);
	}
	for (uint32_t i = 0; i < result_columns.count; i++) {
		const struct column *column = &result_columns.list[i];

		if ((column->outputs & IN_JSON) != 0 && json_object_get(members, column->name) == NULL)
			fail_msg("column %s is not in results[] of tests/schema/minivmm.run-2.json",
				 column->name);
	}
	json_array_foreach(json_object_get(json_object_get(results, "items"), "required"), index, one)
	{
		if (!is_column(json_string_value(one)))
			fail_msg("results[].%s is required and no column of columns.def",
				 json_string_value(one));
	}
	json_decref(schema);
}

/* A reader meets a column in the table first. */
TEST(columns_of_the_table_are_in_a_readme)
{
	static const char *const paths[] = { TESTS_DIR "/../README.md", TESTS_DIR "/../guest/README.md" };
	static char text[2][65536];

	EACH (i, paths) {
		FILE *file = fopen(paths[i], "r");

		assert_non_null(file);
		assert_in_range(fread(text[i], 1, sizeof(text[i]) - 1, file), 1, sizeof(text[i]) - 2);
		assert_int_equal(fclose(file), 0);
	}
	LOOP (uint32_t, i, 0, i < result_columns.count, i++) {
		const struct column *column = &result_columns.list[i];
		const char *title = column->title;

		if ((column->outputs & IN_TEXT) == 0)
			continue;
		title += strspn(title, " -");
		if (strstr(text[0], title) == NULL && strstr(text[1], title) == NULL)
			fail_msg("neither README.md nor guest/README.md shows the column %s", title);
	}
}
