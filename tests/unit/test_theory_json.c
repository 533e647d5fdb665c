/*
 * Property: the model's JSON has every figure of the text, unknown is null, and its shape is the golden one. Scripts
 * read it; a count that is right in the text and of another cell here would not be seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <jansson.h>

#include "theory_sample.h"

#define GOLDEN TESTS_DIR "/golden/model-"

static json_t *root_of(const struct theory *t)
{
	char *data = theory_render(t, theory_json);
	json_t *root = json_loads(data, 0, NULL);

	assert_non_null(root);
	free(data);
	return root;
}

static json_int_t number(const json_t *o, const char *member)
{
	const json_t *value = json_object_get(o, member);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void is_null(const json_t *o, const char *member)
{
	assert_true(json_is_null(json_object_get(o, member)));
}

static void goldens(void **state)
{
	struct theory_sample s;

	(void)state;
	theory_golden(sample_table(&s), theory_json, GOLDEN "table.json");
	theory_golden(sample_list(&s, WALK_NESTED, 4, PAGE_2M, PAGE_1G), theory_json,
		      GOLDEN "nested-2M-1G.json");
	theory_golden(sample_list(&s, WALK_SHADOW, 4, PAGE_2M, PAGE_4K), theory_json, GOLDEN "shadow.json");
	theory_golden(sample_list(&s, WALK_UNPAGED, 4, PAGE_4K, PAGE_2M), theory_json, GOLDEN "unpaged.json");
	theory_golden(sample_list(&s, WALK_NATIVE, 4, PAGE_4K, PAGE_4K), theory_json, GOLDEN "native.json");
	theory_golden(sample_scale(&s, WALK_NESTED, 16 * TIB, PAGE_4K, PAGE_1G, 1536), theory_json,
		      GOLDEN "scale.json");
}

/* Every cell there is, once, with the count of its own list. */
static void table_has_every_cell(void **state)
{
	static const char *const kinds[] = { "nested", "shadow", "native", "unpaged" };
	struct theory_sample s, other;
	json_t *root = root_of(sample_table(&s)), *cells = json_object_get(root, "table"), *cell;
	size_t i, of_kind[WALK_KIND_COUNT] = { 0 };

	(void)state;
	json_array_foreach(cells, i, cell)
	{
		struct walk_plan plan = {
			.guest_levels = (uint32_t)json_integer_value(json_object_get(cell, "guest_levels")),
			.host_levels = (uint32_t)json_integer_value(json_object_get(cell, "host_levels")),
			.guest_leaf_bytes =
				(uint64_t)json_integer_value(json_object_get(cell, "guest_leaf_bytes")),
			.host_leaf_bytes =
				(uint64_t)json_integer_value(json_object_get(cell, "host_leaf_bytes")),
		};
		int kind = 0;

		while (strcmp(kinds[kind], json_string_value(json_object_get(cell, "kind"))) != 0)
			kind++;
		plan.kind = (enum walk_kind)kind;
		of_kind[kind]++;
		assert_int_equal(walk_list_make(&plan, &other.list), 0);
		assert_int_equal(number(cell, "references"), other.list.count);
		for (size_t k = 0; k < i; k++)
			assert_false(json_equal(cell, json_array_get(cells, k)));
	}
	assert_int_equal(of_kind[WALK_NESTED], 36);
	assert_int_equal(of_kind[WALK_SHADOW], 18);
	assert_int_equal(of_kind[WALK_NATIVE], 6);
	assert_int_equal(of_kind[WALK_UNPAGED], 6);
	is_null(root, "list");
	is_null(root, "scale");
	is_null(root, "simulation");
	json_decref(root);
}

static void list_counts_itself(void **state)
{
	struct theory_sample s;
	json_t *root = root_of(sample_list(&s, WALK_NESTED, 5, PAGE_4K, PAGE_2M));
	const json_t *list = json_object_get(root, "list"), *one;

	(void)state;
	is_null(root, "table");
	assert_int_equal(number(list, "count"), 29);
	assert_int_equal(json_array_size(json_object_get(list, "references")), 29);
	assert_string_equal(json_string_value(json_object_get(list, "formula")), "(5+1)(4+1)-1 = 29");
	one = json_array_get(json_object_get(list, "references"), 28);
	assert_int_equal(number(one, "number"), 29);
	assert_string_equal(json_string_value(json_object_get(one, "table_of")), "host");
	assert_string_equal(json_string_value(json_object_get(one, "entry")), "PDE");
	assert_string_equal(json_string_value(json_object_get(one, "address")), "GPA");
	assert_string_equal(json_string_value(json_object_get(one, "translates")), "data");
	assert_int_equal(number(one, "high_bit"), 29);
	assert_true(json_is_true(json_object_get(one, "leaf")));
	json_decref(root);
}

static void what_is_unknown_is_null(void **state)
{
	struct theory_sample s;
	json_t *root = root_of(sample_scale(&s, WALK_SHADOW, 129 * TIB, PAGE_2M, PAGE_4K, 0));
	const json_t *scale = json_object_get(root, "scale"), *guest = json_object_get(scale, "guest_tables");

	(void)state;
	is_null(json_object_get(scale, "tlb"), "l1_entries");
	is_null(json_object_get(scale, "tlb"), "l2_bytes");
	is_null(scale, "predicted");
	is_null(scale, "host_tables");
	is_null(scale, "host_levels");
	assert_int_equal(number(scale, "guest_levels"), 5);
	assert_true(json_is_true(json_object_get(guest, "raised_to_5_levels")));
	assert_true(json_is_object(json_object_get(scale, "shadow_tables")));
	json_decref(root);
	/* The largest sizes are beyond jansson's integers: they become text, as seeds do. */
	root = root_of(sample_scale(&s, WALK_NATIVE, UINT64_C(16777215) * TIB, PAGE_2M, PAGE_4K, 0));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "scale"), "memory_bytes")),
		"18446742974197923840");
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goldens),
		cmocka_unit_test(table_has_every_cell),
		cmocka_unit_test(list_counts_itself),
		cmocka_unit_test(what_is_unknown_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
