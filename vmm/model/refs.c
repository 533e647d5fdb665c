#include "vmm/model/refs.h"

#include <string.h>

#include "units.h"

/* The guest's own tables, and those that KVM keeps as their shadow. */
#define GUEST_LEVELS 4

uint32_t refs_levels(uint32_t levels, uint64_t leaf_bytes)
{
	if (levels != 4 && levels != 5)
		return 0;
	switch (leaf_bytes) {
	case PAGE_4K:
		return levels;
	case PAGE_2M:
		return levels - 1;
	case PAGE_1G:
		return levels - 2;
	default:
		return 0;
	}
}

uint32_t refs_two_dimensional(uint32_t g, uint32_t h)
{
	return (g + 1) * (h + 1) - 1;
}

uint32_t refs_theory(const char *second_dimension, uint32_t host_levels, uint64_t guest_leaf_bytes,
		     uint64_t backing_leaf_bytes)
{
	uint32_t g = refs_levels(GUEST_LEVELS, guest_leaf_bytes);
	uint32_t h = refs_levels(host_levels, backing_leaf_bytes);

	if (second_dimension == NULL || g == 0)
		return 0;
	if (strcmp(second_dimension, "none") == 0)
		return g;
	/* A shadow page table maps GVA straight to HPA, so the smaller page of both sets its leaf. */
	if (strcmp(second_dimension, "shadow") == 0)
		return refs_levels(GUEST_LEVELS, min_u64(guest_leaf_bytes, backing_leaf_bytes));
	if (h != 0 && (strcmp(second_dimension, "ept") == 0 || strcmp(second_dimension, "npt") == 0))
		return refs_two_dimensional(g, h);
	return 0;
}
