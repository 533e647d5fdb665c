#include "vmm/lab/explain/derive.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "vmm/lab/explain/derive_notes.h"
#include "vmm/theory/walk/walk_list.h"

#define NOTES_MAX (sizeof(((struct explanation *)0)->notes) / sizeof(((struct explanation *)0)->notes[0]))

void explain_note(struct explanation *x, const char *fmt, ...)
{
	char text[sizeof(x->notes[0])];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (uint32_t i = 0; i < x->note_count; i++) {
		if (strcmp(x->notes[i], text) == 0)
			return;
	}
	if (x->note_count < NOTES_MAX)
		memcpy(x->notes[x->note_count++], text, sizeof(text));
}

/* Whether a leaf of so many bytes at the place lies in its slot whole, and can be one: gpa = hva modulo its size. */
static bool leaf_fits(const struct memmap *map, const struct explain_place *place, uint64_t leaf_bytes)
{
	struct ram_range slot = memmap_slot(map, place->slot);
	uint64_t start_gpa = align_down(place->gpa, leaf_bytes);

	return start_gpa >= slot.gpa && start_gpa - slot.gpa + leaf_bytes <= slot.bytes &&
	       is_aligned(place->hva - place->gpa, leaf_bytes);
}

/* KVM has installed leaves of that size, or does not count them. */
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
 * The leaf that KVM installs for the place: as large as the host's own page (SDM vol. 3C, 29.3; APM vol. 2, 15.25), no larger
 * than most_bytes and than fits the slot. 0: the host's page is not known.
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

/* At the last moment KVM's counts are known; that of 0 rules a size out. */
static uint64_t installed_leaf(uint64_t leaf_bytes, struct explanation *x)
{
	uint64_t wanted_bytes = leaf_bytes;
	char wanted[24], got[24];

	while (leaf_bytes > PAGE_4K && !leaf_counted(x, leaf_bytes))
		leaf_bytes = next_smaller(leaf_bytes);
	if (leaf_bytes != wanted_bytes)
		explain_note(x,
			     "the host has pages of %s, but KVM counts no leaf of that size: it has split or "
			     "never installed "
			     "them, and its table is taken to end in %s",
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

/*
 * One miss at the last moment, nothing cached: each guest entry read, each of them and the address behind its own walk of the
 * second dimension. 0 where one of these is not known.
 */
static uint32_t nested_references(const struct explain_walk *last)
{
	uint32_t sum = last->walk.step_count + last->data.host_entries;

	if (last->data.host_entries == 0)
		return 0;
	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		if (last->places[i].host_entries == 0)
			return 0;
		sum += last->places[i].host_entries;
	}
	return sum;
}

/* A leaf of the shadow table is contiguous for the guest and for the host, and it has to fit its slot as any leaf of KVM's. */
static uint64_t shadow_leaf(const struct memmap *map, const struct explain_walk *last, struct explanation *x)
{
	return installed_leaf(host_leaf(map, &last->data, last->walk.leaf_bytes, x), x);
}

static void derive_kind(const struct memmap *map, struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);
	bool translated = last->taken && last->walk.fault == PAGE_FAULT_NONE;

	x->references = 0;
	x->shadow_leaf_bytes = 0;
	if (x->second_dimension == SECOND_SHADOW) {
		x->kind = WALK_SHADOW;
		if (translated)
			x->shadow_leaf_bytes = shadow_leaf(map, last, x);
		if (x->shadow_leaf_bytes != 0)
			x->references = refs_levels(x->mode.levels, x->shadow_leaf_bytes);
	} else if (x->second_dimension == SECOND_NONE) {
		x->kind = WALK_NATIVE;
		x->references = translated ? last->walk.step_count : 0;
	} else {
		x->kind = WALK_NESTED;
		x->references = translated ? nested_references(last) : 0;
	}
}

void explain_derive(const struct memmap *map, const char *nx_huge_pages, struct explanation *x)
{
	for (int moment = 0; moment < EXPLAIN_MOMENTS; moment++)
		derive_walk(map, &x->walks[moment], x);
	derive_kind(map, x);
	derive_notes(nx_huge_pages, x);
}
