/*
 * The JSON of an explanation holds all of it, addresses as strings, and null for what is not known. It could break by
 * numbers that readers round, by 0 for the unknown, and by a total that is not the number of references.
 */
#include "sample_explanation.h"

#include <jansson.h>

#include "golden.h"

static json_t *parsed(enum sample_name first, enum sample_name second)
{
	char *text = sample_told(first, second, explain_json);
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (root == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	free(text);
	return root;
}

static json_t *explanation_of(const json_t *root, size_t i)
{
	return json_array_get(json_object_get(root, "explanations"), i);
}

TEST(golden_file)
{
	char *text = sample_told(SAMPLE_NESTED_4K, SAMPLE_NESTED_4K, explain_json);

	golden_compare(text, "tests/golden/explain-nested.json");
	free(text);
}

/* Sizes and counts are small; an address as a number would lose its low bits in readers that have doubles. */
static void assert_no_large_number(const json_t *value)
{
	const char *key;
	const json_t *member;
	size_t i;

	assert_false(json_is_real(value));
	if (json_is_integer(value))
		assert_in_range(json_integer_value(value), 0, INT64_C(1) << 53);
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
		{
			assert_no_large_number(member);
		}
	}
	if (json_is_array(value)) {
		json_array_foreach((json_t *)(uintptr_t)value, i, member)
		{
			assert_no_large_number(member);
		}
	}
}

TEST(all_samples_are_whole)
{
	LOOP (enum sample_name, name, 0, name < SAMPLE_COUNT, name++) {
		json_t *root = parsed(name, name), *one = explanation_of(root, 0);
		json_t *references = json_object_get(one, "references");
		json_t *total = json_object_get(one, "references_total");

		assert_no_large_number(root);
		assert_int_equal(json_array_size(json_object_get(root, "explanations")), 1);
		if (json_is_integer(total))
			assert_int_equal(json_integer_value(total), json_array_size(references));
		else
			assert_true(json_is_null(json_object_get(one, "formula")));
		json_decref(root);
	}
}

TEST(unknown_is_null)
{
	json_t *root = parsed(SAMPLE_NOT_CANONICAL, SAMPLE_REFUSED), *one = explanation_of(root, 0), *walk,
	       *place;

	walk = json_array_get(json_object_get(one, "walks"), 0);
	assert_true(json_is_null(json_object_get(one, "references_total")));
	assert_true(json_is_null(json_object_get(walk, "gpa")));
	assert_true(json_is_null(json_object_get(walk, "data")));
	assert_string_equal(json_string_value(json_object_get(walk, "exception")), "#GP");
	assert_true(json_is_null(json_object_get(json_object_get(one, "kvm_translate"), "agrees")));
	one = explanation_of(root, 1);
	walk = json_array_get(json_object_get(one, "walks"), 2);
	place = json_object_get(walk, "data");
	assert_true(json_is_null(json_object_get(place, "frame")));
	assert_string_equal(json_string_value(json_object_get(place, "hva")), "0x7f5c3f400678");
	json_decref(root);
}

TEST_WRITES()
