/*
 * Each guest entry lies at a guest-physical address that the second dimension translates first; so does the data at the
 * end (Bhargava et al., ASPLOS 2008; AMD APM vol. 2, 15.25; Intel SDM vol. 3C, 28.3). The number of host entries may
 * differ from row to row: tables and data need not lie on pages of one size.
 */
#include "vmm/lab/explain/references.h"

#include <stddef.h>

#include "vmm/theory/walk/walk_list.h"

static struct explain_reference *add(struct explain_references *r, enum walk_dimension dimension,
				     uint32_t level, uint32_t row, uint64_t address)
{
	struct explain_reference *one;

	if (r->count == WALK_MAX_REFERENCES)
		return NULL;
	one = &r->list[r->count++];
	*one = (struct explain_reference){ .number = r->count,
					   .dimension = dimension,
					   .level = level,
					   .row = row,
					   .address = address,
					   .index = page_walk_index(address, level) };
	page_walk_index_bits(level, &one->high_bit, &one->low_bit);
	return one;
}

/* The host's entries for one place. False: how many there are is not known. */
static bool add_host(const struct explanation *x, struct explain_references *r,
		     const struct explain_place *place, uint32_t row)
{
	if (x->kind != WALK_NESTED && x->kind != WALK_UNPAGED)
		return true;
	if (place->host_entries == 0 || place->host_entries > x->host_levels)
		return false;
	for (uint32_t i = 0; i < place->host_entries; i++) {
		struct explain_reference *one = add(r, DIMENSION_HOST, x->host_levels - i, row, place->gpa);

		if (one != NULL)
			one->leaf = i + 1 == place->host_entries;
	}
	return true;
}

/* The table that KVM keeps: no entry of it can be read, and where the guest has no translation nor has it. */
static void shadow_references(const struct explanation *x, struct explain_references *r)
{
	uint32_t entries = refs_levels(x->mode.levels, x->shadow_leaf_bytes);

	if (explanation_last(x)->walk.fault != PAGE_FAULT_NONE || entries == 0)
		return;
	for (uint32_t i = 0; i < entries; i++) {
		uint32_t level = x->mode.levels - i;
		struct explain_reference *one = add(r, DIMENSION_GUEST, level, level, x->gva);

		if (one != NULL)
			one->leaf = i + 1 == entries;
	}
	r->complete = true;
}

void explain_references(const struct explanation *x, struct explain_references *r)
{
	const struct explain_walk *last = explanation_last(x);

	*r = (struct explain_references){ 0 };
	if (x->kind == WALK_SHADOW) {
		shadow_references(x, r);
		return;
	}
	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		const struct page_walk_step *step = &last->walk.steps[i];
		struct explain_reference *one;

		if (!add_host(x, r, &last->places[i], step->level))
			return;
		one = add(r, DIMENSION_GUEST, step->level, step->level, x->gva);
		if (one == NULL)
			return;
		one->leaf = step->leaf;
		one->step = step;
	}
	r->complete = last->walk.fault == PAGE_FAULT_NONE && add_host(x, r, &last->data, 0);
}

const struct explain_reference *explain_reference_at(const struct explain_references *r,
						     enum walk_dimension dimension, uint32_t row,
						     uint32_t level)
{
	for (uint32_t i = 0; i < r->count; i++) {
		const struct explain_reference *one = &r->list[i];

		if (one->dimension == dimension && one->row == row && one->level == level)
			return one;
	}
	return NULL;
}

bool explain_host_numbers(const struct explain_references *r, uint32_t row, uint32_t *first, uint32_t *last)
{
	bool found = false;

	for (uint32_t i = 0; i < r->count; i++) {
		if (r->list[i].dimension != DIMENSION_HOST || r->list[i].row != row)
			continue;
		if (!found)
			*first = r->list[i].number;
		*last = r->list[i].number;
		found = true;
	}
	return found;
}
