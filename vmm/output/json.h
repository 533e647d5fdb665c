/*
 * Pieces that every JSON output here is made of, on top of jansson: unknown is null, sizes are integers in bytes.
 */
#ifndef MINIVMM_OUTPUT_JSON_H
#define MINIVMM_OUTPUT_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Give `value` to *object under `key`, or to the end of *array. jansson refuses what it cannot represent; one such
 * failure makes the whole NULL, and all that follow harmless: only json_finish needs to look.
 */
void json_put(json_t **object, const char *key, json_t *value);
void json_push(json_t **array, json_t *value);

/* Have jansson's tables seeded by a random number now, for which it opens a file where it does so later by itself. */
void json_seed(void);

/* The object of one file, with the members that all begin with: "schema" and "minivmm_version". */
json_t *json_document(const char *schema);

/* Each string of list[0..count), as json_words. */
json_t *json_words_array(char *const *list, int count);

/* An array of what make() gives for each of `count` elements of `list`. NULL: no memory. */
#define JSON_LIST(list, count, make)                               \
	({                                                         \
		json_t *array_ = json_array();                     \
                                                                   \
		for (uint32_t item_ = 0; item_ < (count); item_++) \
			json_push(&array_, make(&(list)[item_]));  \
		array_;                                            \
	})

/* jansson's integers are signed: what does not fit (a seed may) becomes a decimal string. */
json_t *json_u64(uint64_t value);

/* The numbers of the bits that are set, as an array. */
json_t *json_bits(uint64_t mask);

/* {"0": 5, "3": 7}: of values[0..count), those that are not 0, by their index. */
json_t *json_numbered(const uint64_t *values, uint32_t count);

/* Where 0 stands for "not known". */
json_t *json_u64_or_null(uint64_t value);

/* Text of the host or the user; bytes that are not UTF-8 would be refused, so they become '?'. */
json_t *json_words(const char *s);

/* The same; "" and NULL stand for "there is none". */
json_t *json_words_or_null(const char *s);

/* A count of which -1 stands for "not known". */
json_t *json_count_or_null(int64_t count);

/* A measured value of which NAN stands for "not known". */
json_t *json_real_or_null(double value);

/* One more reference to `value`, which its owner keeps; NULL stands for "there is none". */
json_t *json_shared_or_null(json_t *value);

/* Write `root` as one document with a newline behind it, flush, and let go of it. 0, or -errno; -ENOMEM for NULL. */
int json_finish(json_t *root, FILE *out);

#endif
