#include "vmm/lab/sweep/take.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/append.h"

static const char *kind_of(const json_t *json)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(json)];
}

/* From the root down. The root itself has no name. Depth is that of the schema, so recursion is bounded. */
static void append_path(const struct node *at, char *buf, size_t size) // NOLINT(misc-no-recursion)
{
	if (at->parent == NULL)
		return;
	append_path(at->parent, buf, size);
	if (at->key == NULL)
		append(buf, size, "[%zu]", at->index);
	else
		append(buf, size, "%s%s", buf[0] != '\0' ? "." : "", at->key);
}

void node_complain(const struct node *at, const char *fmt, ...)
{
	struct complaint *c = at->complaint;
	char text[448];
	va_list args;

	if (c->err != 0)
		return;
	c->err = EINVAL;
	c->what[0] = '\0';
	append_path(at, c->what, sizeof(c->what));
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	append(c->what, sizeof(c->what), "%s%s", c->what[0] != '\0' ? " " : "", text);
	/* Half a character of a text that was cut, or a command to the terminal. */
	for (char *at_char = c->what; *at_char != '\0'; at_char++)
		*at_char = *at_char >= 0x20 && *at_char < 0x7f ? *at_char : '?';
}

void node_no_memory(const struct node *at)
{
	if (at->complaint->err != 0)
		return;
	at->complaint->err = ENOMEM;
	(void)snprintf(at->complaint->what, sizeof(at->complaint->what), "no memory");
}

struct node node_member(const struct node *at, const char *key)
{
	struct node node = { .parent = at, .key = key, .complaint = at->complaint };

	if (at->complaint->err != 0)
		return node;
	node.json = json_object_get(at->json, key);
	if (node.json == NULL)
		node_complain(&node, "is missing");
	return node;
}

/* The node itself where `good`, else a complaint that it is not `wanted`. */
static struct node expect(struct node node, bool good, const char *wanted)
{
	if (node.json != NULL && !good) {
		node_complain(&node, "is %s, expected: %s", kind_of(node.json), wanted);
		node.json = NULL;
	}
	return node;
}

struct node node_object(const struct node *at, const char *key)
{
	struct node node = node_member(at, key);

	return expect(node, json_is_object(node.json), "an object");
}

struct node node_array(const struct node *at, const char *key)
{
	struct node node = node_member(at, key);

	return expect(node, json_is_array(node.json), "an array");
}

size_t node_items(const struct node *array)
{
	return array->complaint->err == 0 ? json_array_size(array->json) : 0;
}

struct node node_item(const struct node *array, size_t index)
{
	struct node node = { .parent = array, .index = index, .complaint = array->complaint };

	if (array->complaint->err != 0)
		return node;
	node.json = json_array_get(array->json, index);
	return node;
}

bool take_bool(const struct node *at, const char *key)
{
	struct node node = node_member(at, key);

	node = expect(node, json_is_boolean(node.json), "true or false");
	return json_is_true(node.json);
}

static uint64_t count_of(struct node node, uint64_t min, uint64_t max)
{
	json_int_t value;

	node = expect(node, json_is_integer(node.json), "an integer");
	if (node.json == NULL)
		return 0;
	value = json_integer_value(node.json);
	if (value < 0 || (uint64_t)value < min || (uint64_t)value > max) {
		node_complain(&node, "is %" JSON_INTEGER_FORMAT ", expected: %" PRIu64 " to %" PRIu64, value,
			      min, max);
		return 0;
	}
	return (uint64_t)value;
}

uint64_t take_count(const struct node *at, const char *key, uint64_t min, uint64_t max)
{
	return count_of(node_member(at, key), min, max);
}

uint64_t take_count_or_null(const struct node *at, const char *key, uint64_t max)
{
	struct node node = node_member(at, key);

	return json_is_null(node.json) ? 0 : count_of(node, 1, max);
}

uint64_t take_u64(const struct node *at, const char *key)
{
	struct node node = node_member(at, key);
	uint64_t value = 0;

	if (!json_is_string(node.json))
		return count_of(node, 0, INT64_MAX);
	if (strlen(json_string_value(node.json)) != json_string_length(node.json) ||
	    number_parse(json_string_value(node.json), 0, UINT64_MAX, &value) != 0)
		node_complain(&node, "is no number of 64 bits");
	return value;
}

int64_t take_known(const struct node *at, const char *key)
{
	struct node node = node_member(at, key);

	return json_is_null(node.json) ? -1 : (int64_t)count_of(node, 0, INT64_MAX);
}

uint64_t take_page_or_null(const struct node *at, const char *key)
{
	struct node node = node_member(at, key);
	uint64_t bytes;

	if (json_is_null(node.json))
		return 0;
	bytes = count_of(node, 0, INT64_MAX);
	if (bytes != PAGE_4K && bytes != PAGE_2M && bytes != PAGE_1G)
		node_complain(&node, "is %" PRIu64 ", expected: %" PRIu64 ", %" PRIu64 " or %" PRIu64, bytes,
			      PAGE_4K, PAGE_2M, PAGE_1G);
	return bytes;
}

static double figure_of(struct node node)
{
	double value;

	node = expect(node, json_is_number(node.json), "a number");
	if (node.json == NULL)
		return 0;
	value = json_number_value(node.json);
	if (!isfinite(value) || value < 0) {
		node_complain(&node, "is %g, expected: a finite number from 0 on", value);
		return 0;
	}
	return value;
}

double take_figure(const struct node *at, const char *key)
{
	return figure_of(node_member(at, key));
}

double take_item_figure(const struct node *array, size_t index)
{
	return figure_of(node_item(array, index));
}
