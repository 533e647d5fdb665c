/*
 * The members of a struct as the members of a JSON object: one table writes them and reads them back, checked.
 *
 *	static const struct field run_fields[] = {
 *		FIELD(COUNT, struct run, attempt, .least = 1),
 *		FIELD_AS(KNOWN, struct run, switches, "involuntary_switches"),
 *	};
 *	static const struct fields run = FIELDS_OF(run_fields);
 *
 *	json = fields_json(&run, &r);		fields_read(&run, &node, &r);
 *
 * A row of a kind that its member does not have does not compile.
 */
#ifndef MINIVMM_OUTPUT_FIELDS_H
#define MINIVMM_OUTPUT_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "units.h"
#include "vmm/output/node.h"
#include "vmm/util/names.h"

/* "Not known" and "none" are null in JSON; in the struct they are what the kind says. */
enum field_kind {
	FIELD_COUNT,  /* uint32_t or uint64_t, always known */
	FIELD_SIZE,   /* the same; 0: not known, or there is none */
	FIELD_PAGE,   /* uint64_t, 4K, 2M or 1G; 0: not known */
	FIELD_BITS,   /* uint64_t, any: a decimal string where JSON's integers are too short */
	FIELD_KNOWN,  /* int64_t or uint64_t; -1 (UINT64_MAX): not known, or no limit */
	FIELD_REAL,   /* double, finite, from 0 on */
	FIELD_TRUTH,  /* bool */
	FIELD_ANSWER, /* enum known */
	FIELD_ENUM,   /* an enum or a bool, one of `names` */
	FIELD_WORD,   /* char[], one of `names` */
	FIELD_TEXT,   /* char[] */
	FIELD_NOTE,   /* char[]; "": none */
	FIELD_REALS,  /* double *, owned; their uint32_t count stands at count_offset */
	FIELD_JSON,   /* json_t *, owned; NULL: none. What is read is any that `check` accepts */
	FIELD_OBJECT, /* an object that has `fields` of the same struct */
	FIELD_LIST, /* structs that have `fields`; their uint32_t count stands at count_offset. Written, not read */
	FIELD_MADE, /* what `make` gives; `check` looks at what is read, nothing is stored */
};

struct fields;

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset, bytes, count_offset;
	uint64_t least, most; /* of FIELD_COUNT; most 0: what the member and JSON's integers can hold */
	const struct names *names;
	const struct fields *fields;
	json_t *(*make)(const void *from);
	/* Called after the member was read into *of; NULL: nothing more to check. */
	void (*check)(const struct node *member, const void *of);
	bool optional;  /* may be missing, and is not written where it is 0 or "" */
	uint32_t marks; /* the caller's own bits, for fields_put and other walks of the table */
};

struct fields {
	const struct field *list;
	uint32_t count;
};

#define FIELDS_OF(list_)                                  \
	{                                                 \
		.list = (list_), .count = COUNT_OF(list_) \
	}

/* The size of a member; of a type that the kind does not have it does not compile. */
#define FIELD_BYTES_COUNT(m) _Generic((m), uint32_t : sizeof(m), uint64_t : sizeof(m))
#define FIELD_BYTES_SIZE(m) FIELD_BYTES_COUNT(m)
#define FIELD_BYTES_PAGE(m) _Generic((m), uint64_t : sizeof(m))
#define FIELD_BYTES_BITS(m) FIELD_BYTES_PAGE(m)
#define FIELD_BYTES_KNOWN(m) _Generic((m), int64_t : sizeof(m), uint64_t : sizeof(m))
#define FIELD_BYTES_REAL(m) _Generic((m), double : sizeof(m))
#define FIELD_BYTES_TRUTH(m) _Generic((m), bool : sizeof(m))
#define FIELD_BYTES_ANSWER(m) _Generic((m), enum known : sizeof(m))
#define FIELD_BYTES_ENUM(m) _Generic((m), unsigned int : sizeof(m), bool : sizeof(m))
#define FIELD_BYTES_WORD(m) _Generic((m), char * : sizeof(m))
#define FIELD_BYTES_TEXT(m) FIELD_BYTES_WORD(m)
#define FIELD_BYTES_NOTE(m) FIELD_BYTES_WORD(m)
#define FIELD_BYTES_REALS(m) _Generic((m), double * : sizeof(void *))
#define FIELD_BYTES_JSON(m) _Generic((m), json_t * : sizeof(void *))

#define FIELD_AS(kind_, type, member, name_, ...)                                         \
	{                                                                                 \
		.name = (name_), .kind = FIELD_##kind_, .offset = offsetof(type, member), \
		.bytes = FIELD_BYTES_##kind_(((type *)0)->member), ##__VA_ARGS__          \
	}
#define FIELD(kind_, type, member, ...) FIELD_AS(kind_, type, member, #member, ##__VA_ARGS__)
#define FIELDS_IN(name_, fields_)                                           \
	{                                                                   \
		.name = (name_), .kind = FIELD_OBJECT, .fields = &(fields_) \
	}
#define FIELDS_LIST(name_, type, member, count_, fields_)                              \
	{                                                                              \
		.name = (name_), .kind = FIELD_LIST, .offset = offsetof(type, member), \
		.bytes = sizeof(((type *)0)->member[0]), .fields = &(fields_),         \
		.count_offset = offsetof(type, count_)                                 \
	}

#define FIELD_BY(name_, make_, check_)                                                  \
	{                                                                               \
		.name = (name_), .kind = FIELD_MADE, .make = (make_), .check = (check_) \
	}

/* The value of one field of *from: a new reference, or NULL: no memory. */
json_t *field_json(const struct field *field, const void *from);

/* Put those fields into *object that have all bits of `marks` (0: every one). As json_put. */
void fields_put(const struct fields *fields, uint32_t marks, json_t **object, const void *from);

/* An object that has the fields of *from; null for NULL. */
json_t *fields_json(const struct fields *fields, const void *from);

/* An array of such objects, of `count` structs from `first` on. */
#define FIELDS_ARRAY(fields, first, count) fields_array(fields, first, count, sizeof(*(first)))
json_t *fields_array(const struct fields *fields, const void *first, uint32_t count, size_t struct_bytes);

/*
 * Read the members of `at` into *to, in the order of the table. What was complained about stands in at->complaint; what *to
 * owns until then is released by its owner.
 */
void fields_read(const struct fields *fields, const struct node *at, void *to);

/* A check of FIELD_JSON: an array of strings. */
void fields_check_words(const struct node *member, const void *of);

/* Complain where a member is missing or not of its kind: text, a count from 0 on or null, true, false or null. Stores nothing. */
void fields_expect(const struct fields *fields, const struct node *at);

#endif
