#include "vmm/output/node.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/util/text.h"

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
	/* A text that was cut may end in half a character, and control characters could command the terminal. */
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

bool node_truth(const struct node *at)
{
	return json_is_true(expect(*at, json_is_boolean(at->json), "true or false").json);
}

uint64_t node_count(const struct node *at, uint64_t min, uint64_t max)
{
	struct node node = expect(*at, json_is_integer(at->json), "an integer");
	json_int_t value = json_integer_value(node.json);

	if (node.json == NULL)
		return 0;
	if (value >= 0 && (uint64_t)value >= min && (uint64_t)value <= max)
		return (uint64_t)value;
	node_complain(at, "is %" JSON_INTEGER_FORMAT ", expected: %" PRIu64 " to %" PRIu64, value, min, max);
	return 0;
}

uint64_t node_u64(const struct node *at)
{
	const char *text = json_string_value(at->json);
	uint64_t value = 0;

	if (text == NULL)
		return node_count(at, 0, INT64_MAX);
	if (strlen(text) != json_string_length(at->json) || number_parse(text, 0, UINT64_MAX, &value) != 0)
		node_complain(at, "is not a 64-bit number");
	return value;
}

double node_real(const struct node *at)
{
	struct node node = expect(*at, json_is_number(at->json), "a number");
	double value = json_number_value(node.json);

	if (isfinite(value) && value >= 0)
		return value;
	node_complain(at, "is %g, expected: a finite number from 0 on", value);
	return 0;
}

const char *node_text(const struct node *at)
{
	const char *text = json_string_value(at->json);

	if (at->json == NULL)
		return NULL;
	if (text == NULL)
		node_complain(at, "is not a string");
	else if (strlen(text) == json_string_length(at->json))
		return text;
	else
		node_complain(at, "has a NUL in it");
	return NULL;
}

void node_copy_text(const struct node *at, char *buf, size_t size)
{
	const char *text = node_text(at);
	size_t bytes = text != NULL ? strlen(text) : 0;

	buf[0] = '\0';
	if (bytes >= size)
		node_complain(at, "is %zu bytes long, expected: at most %zu", bytes, size - 1);
	else if (text != NULL)
		memcpy(buf, text, bytes + 1);
}

uint32_t node_word(const struct node *at, const struct names *names)
{
	const char *text = node_text(at);
	int found = text != NULL ? name_find(names, text) : 0;
	char known[160] = "";

	if (found >= 0)
		return (uint32_t)found;
	for (uint32_t i = 0; i < names->count; i++) {
		const char *before = i == 0 ? "" : i == names->count - 1 ? " or " : ", ";

		append(known, sizeof(known), "%s%s", before, names->words[i]);
	}
	node_complain(at, "is \"%.40s\", expected: %s", text, known);
	return 0;
}
