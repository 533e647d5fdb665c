/*
 * Structs as JSON and back, by their tables.
 */
#include "vmm/output/fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/output/json.h"

/* Of 1, 4 or 8 bytes; the least significant byte comes first. */
static uint64_t load(const struct field *f, const void *from)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)from + f->offset, f->bytes);
	return value;
}

static json_t *reals_json(const struct field *f, const void *from)
{
	json_t *array = json_array();
	const double *values;
	uint32_t count;

	memcpy(&values, (const char *)from + f->offset, sizeof(values));
	memcpy(&count, (const char *)from + f->count_offset, sizeof(count));
	for (uint32_t i = 0; i < count; i++)
		json_push(&array, json_real(values[i]));
	return array;
}

json_t *field_json(const struct field *f,
		   const void *from) // NOLINT(misc-no-recursion): as deep as the tables
{
	const char *at = (const char *)from + f->offset;
	json_t *json = NULL;
	uint32_t count;
	double real;

	switch (f->kind) {
	case FIELD_COUNT:
	case FIELD_BITS:
		return json_u64(load(f, from));
	case FIELD_SIZE:
	case FIELD_PAGE:
		return json_u64_or_null(load(f, from));
	case FIELD_KNOWN:
		return json_count_or_null((int64_t)load(f, from));
	case FIELD_REAL:
		memcpy(&real, at, sizeof(real));
		return json_real(real);
	case FIELD_TRUTH:
		return json_boolean(load(f, from) != 0);
	case FIELD_ANSWER:
		return load(f, from) == KNOWN_UNKNOWN ? json_null()
						      : json_boolean(load(f, from) == KNOWN_YES);
	case FIELD_ENUM:
		return json_string(name_of(f->names, (unsigned int)load(f, from)));
	case FIELD_WORD:
	case FIELD_TEXT:
		return json_words(at);
	case FIELD_NOTE:
		return json_words_or_null(at);
	case FIELD_REALS:
		return reals_json(f, from);
	case FIELD_JSON:
		memcpy(&json, at, f->bytes);
		return json_shared_or_null(json);
	case FIELD_OBJECT:
		return fields_json(f->fields, from);
	case FIELD_LIST:
		memcpy(&count, (const char *)from + f->count_offset, sizeof(count));
		return fields_array(f->fields, at, count, f->bytes);
	case FIELD_MADE:
		return f->make(from);
	}
	return json_null();
}

static bool is_left_out(const struct field *f, const void *from)
{
	static const char nothing[8];

	return f->optional && memcmp((const char *)from + f->offset, nothing,
				     f->kind == FIELD_TEXT || f->kind == FIELD_NOTE ? 1 : f->bytes) == 0;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tables
void fields_put(const struct fields *fields, uint32_t marks, json_t **object, const void *from)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		const struct field *f = &fields->list[i];

		if ((f->marks & marks) == marks && !is_left_out(f, from))
			json_put(object, f->name, field_json(f, from));
	}
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tables
json_t *fields_json(const struct fields *fields, const void *from)
{
	json_t *object = from != NULL ? json_object() : json_null();

	if (from != NULL)
		fields_put(fields, 0, &object, from);
	return object;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the tables
json_t *fields_array(const struct fields *fields, const void *first, uint32_t count, size_t struct_bytes)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_push(&array, fields_json(fields, (const char *)first + i * struct_bytes));
	return array;
}

static uint64_t read_page(const struct node *member)
{
	uint64_t bytes = node_count(member, 0, INT64_MAX);

	if (bytes != PAGE_4K && bytes != PAGE_2M && bytes != PAGE_1G)
		node_complain(member, "is %" PRIu64 ", expected: %" PRIu64 ", %" PRIu64 " or %" PRIu64, bytes,
			      PAGE_4K, PAGE_2M, PAGE_1G);
	return bytes;
}

static void read_reals(const struct field *f, const struct node *at, char *to)
{
	struct node array = node_array(at, f->name);
	uint32_t count = (uint32_t)node_items(&array);
	double *values = count != 0 ? malloc(count * sizeof(*values)) : NULL;

	if (count != 0 && values == NULL) {
		node_no_memory(&array);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct node item = node_item(&array, i);

		values[i] = node_real(&item);
	}
	memcpy(to + f->offset, &values, sizeof(values));
	memcpy(to + f->count_offset, &count, sizeof(count));
}

static uint64_t read_number(const struct field *f, const struct node *member)
{
	uint64_t most = f->most != 0 ? f->most : f->bytes == sizeof(uint32_t) ? UINT32_MAX : INT64_MAX;
	bool none = json_is_null(member->json);

	switch (f->kind) {
	case FIELD_COUNT:
		return node_count(member, f->least, most);
	case FIELD_SIZE:
		return none ? 0 : node_count(member, 1, most);
	case FIELD_PAGE:
		return none ? 0 : read_page(member);
	case FIELD_KNOWN:
		return none ? UINT64_MAX : node_count(member, 0, INT64_MAX);
	case FIELD_TRUTH:
		return node_truth(member);
	case FIELD_ANSWER:
		return none ? KNOWN_UNKNOWN : node_truth(member) ? KNOWN_YES : KNOWN_NO;
	case FIELD_ENUM:
		return node_word(member, f->names);
	default:
		return node_u64(member);
	}
}

/* `at` is the object that has the member. */
static void read_field(const struct field *f, const struct node *at, char *to) // NOLINT(misc-no-recursion)
{
	struct node member = node_member(at, f->name);
	char *into = to + f->offset;
	uint64_t number;
	json_t *shared;
	double real;

	switch (f->kind) {
	case FIELD_REAL:
		real = node_real(&member);
		memcpy(into, &real, sizeof(real));
		break;
	case FIELD_WORD:
		(void)snprintf(into, f->bytes, "%s", name_of(f->names, node_word(&member, f->names)));
		break;
	case FIELD_NOTE:
		if (json_is_null(member.json))
			into[0] = '\0';
		else
			node_copy_text(&member, into, f->bytes);
		break;
	case FIELD_TEXT:
		node_copy_text(&member, into, f->bytes);
		break;
	case FIELD_REALS:
		read_reals(f, at, to);
		break;
	case FIELD_JSON:
		f->check(&member, to);
		shared = at->complaint->err == 0 ? json_incref(json_object_get(at->json, f->name)) : NULL;
		memcpy(into, &shared, f->bytes);
		return;
	case FIELD_OBJECT:
		member = node_object(at, f->name);
		fields_read(f->fields, &member, to);
		break;
	case FIELD_LIST:
	case FIELD_MADE:
		break;
	default:
		number = read_number(f, &member);
		memcpy(into, &number, f->bytes);
		break;
	}
	if (f->check != NULL)
		f->check(&member, to);
}

void fields_read(const struct fields *fields, const struct node *at, void *to) // NOLINT(misc-no-recursion)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		const struct field *f = &fields->list[i];

		if (!f->optional || json_object_get(at->json, f->name) != NULL)
			read_field(f, at, to);
	}
}

void fields_check_words(const struct node *member, const void *of)
{
	struct node array = node_array(member->parent, member->key);
	size_t items = node_items(&array);

	(void)of;
	for (size_t i = 0; i < items; i++) {
		struct node item = node_item(&array, i);

		(void)node_text(&item);
	}
}

void fields_expect(const struct fields *fields, const struct node *at)
{
	for (uint32_t i = 0; i < fields->count; i++) {
		const struct field *f = &fields->list[i];
		struct node member = node_member(at, f->name);

		switch (f->kind) {
		case FIELD_TEXT:
		case FIELD_NOTE:
		case FIELD_WORD:
		case FIELD_ENUM:
			(void)node_text(&member);
			break;
		case FIELD_ANSWER:
			if (json_is_null(member.json))
				break;
			__attribute__((fallthrough));
		case FIELD_TRUTH:
			(void)node_truth(&member);
			break;
		case FIELD_MADE:
			f->check(&member, NULL);
			break;
		default:
			if (!json_is_null(member.json))
				(void)node_count(&member, 0, INT64_MAX);
			break;
		}
	}
}
