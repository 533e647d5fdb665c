#include "vmm/theory/walk/refs.h"

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

bool refs_plan(const char *second_dimension, uint32_t host_levels, uint64_t guest_leaf_bytes,
	       uint64_t backing_leaf_bytes, struct walk_plan *plan)
{
	bool native = second_dimension != NULL && strcmp(second_dimension, "none") == 0;

	*plan = (struct walk_plan){
		.kind = WALK_NATIVE,
		.guest_levels = GUEST_LEVELS,
		.host_levels = GUEST_LEVELS,
		.guest_leaf_bytes = native ? backing_leaf_bytes : guest_leaf_bytes,
		.host_leaf_bytes = backing_leaf_bytes,
	};
	if (second_dimension == NULL || backing_leaf_bytes == 0 || plan->guest_leaf_bytes == 0)
		return false;
	if (native)
		return true;
	plan->kind = strcmp(second_dimension, "shadow") == 0 ? WALK_SHADOW : WALK_NESTED;
	if (plan->kind == WALK_SHADOW)
		return true;
	plan->host_levels = host_levels;
	return host_levels != 0 &&
	       (strcmp(second_dimension, "ept") == 0 || strcmp(second_dimension, "npt") == 0);
}
