/*
 * Pieces that every JSON output here is made of, on top of jansson.
 */
#include "vmm/output/json.h"

#include <errno.h>
#include <sys/random.h>
#include <inttypes.h>
#include <math.h>

void json_put(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value) != 0) {
		json_decref(*object);
		*object = NULL;
	}
}

void json_push(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) != 0) {
		json_decref(*array);
		*array = NULL;
	}
}

void json_seed(void)
{
	size_t seed = 0;

	/* 0 means to jansson that it is to look for a number itself; without entropy any other will do. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0 || seed == 0)
		seed = 1;
	json_object_seed(seed);
}

json_t *json_document(const char *schema)
{
	json_t *document = json_object();

	json_put(&document, "schema", json_string(schema));
	json_put(&document, "minivmm_version", json_string(MINIVMM_VERSION));
	return document;
}

json_t *json_words_array(char *const *list, int count)
{
	json_t *array = json_array();

	for (int i = 0; i < count; i++)
		json_push(&array, json_words(list[i]));
	return array;
}

json_t *json_u64(uint64_t value)
{
	if (value > INT64_MAX)
		return json_sprintf("%" PRIu64, value);
	return json_integer((json_int_t)value);
}

json_t *json_u64_or_null(uint64_t value)
{
	return value != 0 ? json_u64(value) : json_null();
}

json_t *json_words(const char *s)
{
	json_t *value = json_string(s);
	char copy[512];

	if (value != NULL)
		return value;
	(void)snprintf(copy, sizeof(copy), "%s", s);
	for (char *c = copy; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return json_string(copy);
}

json_t *json_words_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? json_words(s) : json_null();
}

json_t *json_count_or_null(int64_t count)
{
	return count >= 0 ? json_integer(count) : json_null();
}

json_t *json_real_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_shared_or_null(json_t *value)
{
	return value != NULL ? json_incref(value) : json_null();
}

int json_finish(json_t *root, FILE *out)
{
	int ret = 0;

	if (root == NULL)
		return -ENOMEM;
	/* Twelve digits: more than any measurement has, and 3.84 stays 3.84. ASCII: it may be shown on a terminal. */
	errno = 0;
	if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12) | JSON_ENSURE_ASCII) != 0 ||
	    fputc('\n', out) == EOF || fflush(out) != 0)
		ret = errno != 0 ? -errno : -EIO;
	json_decref(root);
	return ret;
}

json_t *json_bits(uint64_t mask)
{
	json_t *bits = json_array();

	for (int bit = 0; bit < 64; bit++) {
		if ((mask >> bit & 1) != 0)
			json_push(&bits, json_integer(bit));
	}
	return bits;
}

json_t *json_numbered(const uint64_t *values, uint32_t count)
{
	json_t *object = json_object();
	char name[16];

	for (uint32_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof(name), "%" PRIu32, i);
		if (values[i] != 0)
			json_put(&object, name, json_u64(values[i]));
	}
	return object;
}
