#include "guest/start/property.h"

#include <libfdt.h>

#include "units.h"

#define RANGE_BYTES 16

int property_refuse(const struct fdt_node *node, const char *property, const char *what, struct text *why)
{
	text_add(why, "FDT ");
	text_add(why, node->name);
	if (property != NULL) {
		text_add(why, " ");
		text_add(why, property);
	}
	text_add(why, ": ");
	text_add(why, what);
	return -1;
}

/* The value of a property of exactly `bytes`, or NULL with *why filled. */
static const void *exact(const struct fdt_node *node, const char *property, int bytes, struct text *why)
{
	int length;
	const void *value = fdt_getprop(node->fdt, node->offset, property, &length);

	if (value == NULL) {
		(void)property_refuse(node, property, "missing: ", why);
		text_add(why, fdt_strerror(length));
		return NULL;
	}
	if (length != bytes) {
		(void)property_refuse(node, property, "wrong length ", why);
		text_add_dec(why, (uint64_t)length);
		text_add(why, ", not ");
		text_add_dec(why, (uint64_t)bytes);
		return NULL;
	}
	return value;
}

int property_u32(const struct fdt_node *node, const char *property, uint32_t *out, struct text *why)
{
	const void *value = exact(node, property, sizeof(*out), why);

	if (value == NULL)
		return -1;
	*out = fdt32_ld(value);
	return 0;
}

int property_u64(const struct fdt_node *node, const char *property, uint64_t *out, struct text *why)
{
	const void *value = exact(node, property, sizeof(*out), why);

	if (value == NULL)
		return -1;
	*out = fdt64_ld(value);
	return 0;
}

int property_string(const struct fdt_node *node, const char *property, const char **out, struct text *why)
{
	int length;
	const char *value = fdt_getprop(node->fdt, node->offset, property, &length);

	if (value == NULL)
		return property_refuse(node, property, "missing", why);
	if (length < 1 || memchr(value, '\0', (size_t)length) != value + length - 1)
		return property_refuse(node, property, "not one string", why);
	*out = value;
	return 0;
}

int property_ranges(const struct fdt_node *node, struct range *out, int max, struct text *why)
{
	int length;
	const char *value = fdt_getprop(node->fdt, node->offset, "reg", &length);
	int count = length / RANGE_BYTES;

	if (value == NULL)
		return property_refuse(node, "reg", "missing", why);
	if (length % RANGE_BYTES != 0 || count < 1 || count > max)
		return property_refuse(node, "reg", "wrong count of 2+2 cells", why);
	for (int i = 0; i < count; i++) {
		uint64_t end;

		out[i].gpa = fdt64_ld((const fdt64_t *)(const void *)(value + i * RANGE_BYTES));
		out[i].bytes = fdt64_ld((const fdt64_t *)(const void *)(value + i * RANGE_BYTES + 8));
		if (out[i].bytes == 0 || !checked_add(out[i].gpa, out[i].bytes, &end))
			return property_refuse(node, "reg", "an empty range, or one past 2^64", why);
	}
	return count;
}
