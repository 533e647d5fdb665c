/*
 * Typed reading of FDT properties; a missing or odd one is a sentence that names node and property.
 */
#ifndef MINIVMM_GUEST_START_PROPERTY_H
#define MINIVMM_GUEST_START_PROPERTY_H

#include <stdint.h>

#include "guest/lib/text.h"

struct range {
	uint64_t gpa;
	uint64_t bytes;
};

/* A node, and what messages call it. */
struct fdt_node {
	const void *fdt;
	int offset;
	const char *name;
};

/* "FDT NODE PROPERTY: WHAT" into *why; returns -1, so that `return property_refuse(...)` reads well. */
int property_refuse(const struct fdt_node *node, const char *property, const char *what, struct text *why);

/* Each returns 0, or -1 with *why filled. The property has to be there and have exactly that many cells. */
int property_u32(const struct fdt_node *node, const char *property, uint32_t *out, struct text *why);
int property_u64(const struct fdt_node *node, const char *property, uint64_t *out, struct text *why);

/* NUL-terminated inside the property; *out points into the tree. */
int property_string(const struct fdt_node *node, const char *property, const char **out, struct text *why);

/* "reg" of 2 address and 2 size cells: 1..max pairs, none empty or past 2^64. Returns the count or -1. */
int property_ranges(const struct fdt_node *node, struct range *out, int max, struct text *why);

#endif
