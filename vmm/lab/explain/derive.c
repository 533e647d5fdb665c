/*
 * What follows from the values that were read: the second dimension's leaves and entries, the shadow leaf,
 * and the references of one miss, numbered in the order in which a CPU makes them. No call of KVM's reads
 * these back.
 */
#include "vmm/lab/explain/explanation.h"

#include <inttypes.h>

#include "units.h"
#include "vmm/util/size.h"

/*
 * Whether KVM can map a leaf of that size there: all of it lies in the slot, and gpa = hva modulo its size.
 */
static bool leaf_fits(const struct memmap *map, const struct explain_place *place, uint64_t leaf_bytes)
{
	struct ram_range slot = memmap_slot(map, place->slot);
	uint64_t start_gpa = align_down(place->gpa, leaf_bytes);

	return start_gpa >= slot.gpa && start_gpa - slot.gpa + leaf_bytes <= slot.bytes &&
	       is_aligned(place->hva - place->gpa, leaf_bytes);
}

/* Whether KVM has installed leaves of that size, or does not count them. */
static bool leaf_counted(const struct explanation *x, uint64_t leaf_bytes)
{
	if (leaf_bytes == PAGE_4K)
		return true;
	return (leaf_bytes == PAGE_2M ? x->leaves_2m : x->leaves_1g) != 0;
}

static uint64_t next_smaller(uint64_t leaf_bytes)
{
	return leaf_bytes == PAGE_1G ? PAGE_2M : PAGE_4K;
}

/*
 * The leaf that KVM installs for the place. It is as large as the host's own page (SDM vol. 3C, 29.3; APM
 * vol. 2, 15.25), but no larger than most_bytes, and it fits the slot. 0: the host's page is not known.
 */
static uint64_t host_leaf(const struct memmap *map, const struct explain_place *place, uint64_t most_bytes,
			  struct explanation *x)
{
	uint64_t leaf_bytes = place->page_bytes >= PAGE_1G   ? PAGE_1G
			      : place->page_bytes >= PAGE_2M ? PAGE_2M
			      : place->page_bytes != 0       ? PAGE_4K
							     : 0;
	uint64_t wanted_bytes = leaf_bytes = min_u64(leaf_bytes, most_bytes);
	char page[24], leaf[24];

	if (!place->in_slot || leaf_bytes == 0)
		return 0;
	while (leaf_bytes > PAGE_4K && !leaf_fits(map, place, leaf_bytes))
		leaf_bytes = next_smaller(leaf_bytes);
	if (leaf_bytes != wanted_bytes)
		explain_note(x,
			     "GPA 0x%" PRIx64
			     ": its page on the host is %s, but no leaf above %s fits its memory slot",
			     place->gpa, size_format(place->page_bytes, page), size_format(leaf_bytes, leaf));
	return leaf_bytes;
}

/*
 * A leaf size of which KVM counts no leaf at the last moment is ruled out, and the next smaller one assumed.
 */
static uint64_t installed_leaf(uint64_t leaf_bytes, struct explanation *x)
{
	uint64_t wanted_bytes = leaf_bytes;
	char wanted[24], got[24];

	while (leaf_bytes > PAGE_4K && !leaf_counted(x, leaf_bytes))
		leaf_bytes = next_smaller(leaf_bytes);
	if (leaf_bytes != wanted_bytes)
		explain_note(x,
			     "the host has pages of %s, but KVM counts no leaf of that size: it has split or "
			     "never installed them, and its table is taken to end in %s",
			     size_format(wanted_bytes, wanted), size_format(leaf_bytes, got));
	return leaf_bytes;
}

static void derive_place(const struct memmap *map, struct explain_place *place, struct explanation *x)
{
	place->host_leaf_bytes = 0;
	place->host_entries = 0;
	if (!is_two_dimensional(x->second_dimension))
		return;
	place->host_leaf_bytes = installed_leaf(host_leaf(map, place, PAGE_1G, x), x);
	if (x->host_levels != 0 && place->host_leaf_bytes != 0)
		place->host_entries = refs_levels(x->host_levels, place->host_leaf_bytes);
}

static void derive_walk(const struct memmap *map, struct explain_walk *walk, struct explanation *x)
{
	for (uint32_t i = 0; walk->taken && i < walk->walk.step_count; i++)
		derive_place(map, &walk->places[i], x);
	if (walk->taken && walk->walk.fault == PAGE_FAULT_NONE)
		derive_place(map, &walk->data, x);
}

static void add(struct explanation *x, enum walk_dimension dimension, uint32_t level, uint32_t row, bool leaf,
		uint64_t address)
{
	struct explain_references *r = &x->references;

	if (r->count == WALK_MAX_REFERENCES)
		return;
	r->list[r->count] = (struct explain_reference){
		.walk = walk_reference_make(dimension, level, row, leaf),
		.number = r->count + 1,
		.address = address,
		.index = page_walk_index(address, level),
	};
	r->count++;
}

/*
 * The host's entries for one place, where this kind of walk has any. False: how many there are is not known.
 */
static bool add_host(struct explanation *x, const struct explain_place *place, uint32_t row)
{
	if (!walk_is_hosted(x->kind))
		return true;
	if (place->host_entries == 0 || place->host_entries > x->host_levels)
		return false;
	for (uint32_t i = 1; i <= place->host_entries; i++)
		add(x, DIMENSION_HOST, x->host_levels + 1 - i, row, i == place->host_entries, place->gpa);
	return true;
}

/*
 * No entry of the table that KVM keeps can be read. Where the guest has no translation, that table has none
 * either.
 */
static void list_shadow(struct explanation *x)
{
	uint32_t entries = refs_levels(x->mode.levels, x->shadow_leaf_bytes);

	if (explanation_last(x)->walk.fault != PAGE_FAULT_NONE || entries == 0)
		return;
	for (uint32_t level = x->mode.levels; level > x->mode.levels - entries; level--)
		add(x, DIMENSION_GUEST, level, level, level + entries == x->mode.levels + 1, x->gva);
	x->references.complete = true;
}

/*
 * Each guest entry lies at a guest-physical address that the second dimension translates first; so does the
 * data at the end (Bhargava et al., ASPLOS 2008; AMD APM vol. 2, 15.25; Intel SDM vol. 3C, 28.3). The number
 * of host entries may differ from row to row: tables and data need not lie on pages of one size.
 */
void explain_list_references(struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);

	x->references = (struct explain_references){ 0 };
	if (x->kind == WALK_SHADOW) {
		list_shadow(x);
		return;
	}
	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		const struct page_walk_step *step = &last->walk.steps[i];

		if (!add_host(x, &last->places[i], step->level))
			return;
		add(x, DIMENSION_GUEST, step->level, step->level, step->leaf, x->gva);
	}
	x->references.complete = last->walk.fault == PAGE_FAULT_NONE && add_host(x, &last->data, 0);
}

const struct explain_reference *
explain_reference_at(const struct explanation *x, enum walk_dimension dimension, uint32_t row, uint32_t level)
{
	for (uint32_t i = 0; i < x->references.count; i++) {
		const struct walk_reference *one = &x->references.list[i].walk;

		if (one->dimension == dimension && one->row == row && one->level == level)
			return &x->references.list[i];
	}
	return NULL;
}

bool explain_host_numbers(const struct explanation *x, uint32_t row, uint32_t *first, uint32_t *last)
{
	bool found = false;

	for (uint32_t i = 0; i < x->references.count; i++) {
		const struct explain_reference *one = &x->references.list[i];

		if (one->walk.dimension != DIMENSION_HOST || one->walk.row != row)
			continue;
		if (!found)
			*first = one->number;
		*last = one->number;
		found = true;
	}
	return found;
}

void explain_derive(const struct memmap *map, const char *nx_huge_pages, struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);

	for (int moment = 0; moment < EXPLAIN_MOMENTS; moment++)
		derive_walk(map, &x->walks[moment], x);
	x->kind = x->second_dimension == SECOND_SHADOW ? WALK_SHADOW
		  : x->second_dimension == SECOND_NONE ? WALK_NATIVE
						       : WALK_NESTED;
	/* A leaf of the shadow table maps what is contiguous in the guest's page and in the host's, in one slot. */
	x->shadow_leaf_bytes = 0;
	if (x->kind == WALK_SHADOW && last->walk.fault == PAGE_FAULT_NONE)
		x->shadow_leaf_bytes =
			installed_leaf(host_leaf(map, &last->data, last->walk.leaf_bytes, x), x);
	explain_list_references(x);
	explain_add_notes(nx_huge_pages, x);
}
