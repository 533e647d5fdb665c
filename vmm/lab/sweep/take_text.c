/*
 * Text out of JSON that nobody vouches for: whole, of the words expected, or not at all.
 */
#include <string.h>

#include "vmm/lab/sweep/take.h"
#include "vmm/util/append.h"

/* The string, or NULL after a complaint. jansson can hold a NUL inside; C cannot. */
static const char *text_of(const struct node *node)
{
	const char *text;

	if (node->json == NULL)
		return NULL;
	text = json_string_value(node->json);
	if (text == NULL) {
		node_complain(node, "is no string");
		return NULL;
	}
	if (strlen(text) != json_string_length(node->json)) {
		node_complain(node, "has a NUL in it");
		return NULL;
	}
	return text;
}

static void copy_text(const struct node *node, char *buf, size_t size)
{
	const char *text = text_of(node);
	size_t bytes;

	buf[0] = '\0';
	if (text == NULL)
		return;
	bytes = strlen(text);
	if (bytes >= size)
		node_complain(node, "is %zu bytes long, expected: at most %zu", bytes, size - 1);
	else
		memcpy(buf, text, bytes + 1);
}

void take_text(const struct node *at, const char *key, char *buf, size_t size)
{
	struct node node = node_member(at, key);

	copy_text(&node, buf, size);
}

void take_text_or_null(const struct node *at, const char *key, char *buf, size_t size)
{
	struct node node = node_member(at, key);

	buf[0] = '\0';
	if (!json_is_null(node.json))
		copy_text(&node, buf, size);
}

int take_word(const struct node *at, const char *key, const struct names *names)
{
	struct node node = node_member(at, key);
	const char *text = text_of(&node);
	char known[160] = "";
	int found;

	if (text == NULL)
		return 0;
	found = name_find(names, text);
	if (found >= 0)
		return found;
	for (uint32_t i = 0; i < names->count; i++) {
		const char *before = i == 0 ? "" : i == names->count - 1 ? " or " : ", ";

		append(known, sizeof(known), "%s%s", before, names->words[i]);
	}
	node_complain(&node, "is \"%.40s\", expected: %s", text, known);
	return 0;
}

void node_expect_text(const struct node *at)
{
	(void)text_of(at);
}

json_t *take_shared(const struct node *at, const char *key)
{
	return at->complaint->err == 0 ? json_incref(json_object_get(at->json, key)) : NULL;
}

json_t *take_words(const struct node *at, const char *key)
{
	struct node array = node_array(at, key);
	size_t items = node_items(&array);

	for (size_t i = 0; i < items; i++) {
		struct node item = node_item(&array, i);

		node_expect_text(&item);
	}
	return take_shared(at, key);
}
