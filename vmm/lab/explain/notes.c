/*
 * The notes of an explanation: sentences about what disagrees and what could not be known.
 */
#include "vmm/lab/explain/explanation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "x86.h"

#define NOTES_MAX COUNT_OF(((struct explanation *)0)->notes)

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

/* The guest's leaf entry at that moment; 0: there is none. */
static uint64_t leaf_entry(const struct explanation *x, enum explain_moment moment)
{
	const struct explain_walk *walk = &x->walks[moment];

	if (!walk->taken || walk->walk.fault != PAGE_FAULT_NONE || walk->walk.step_count == 0)
		return 0;
	return walk->walk.steps[walk->walk.step_count - 1].entry;
}

/* Hardware that walks the guest's tables sets A and D there. A note tells where these bits stayed clear. */
static void note_bits(struct explanation *x)
{
	uint64_t after_read = leaf_entry(x, EXPLAIN_AFTER_READ);
	uint64_t after_write = leaf_entry(x, EXPLAIN_AFTER_WRITE);

	if (after_read != 0 && (after_read & PTE_ACCESSED) == 0)
		explain_note(x, "the leaf's A bit is still clear after the load: who walks here did not "
				"set it then");
	if (after_write != 0 && (after_write & PTE_DIRTY) == 0)
		explain_note(x, "the leaf's D bit is still clear after the store: who walks here did not "
				"set it then");
}

/*
 * Anonymous memory that was only read is mapped by the kernel's one page of zeros. The first write replaces
 * that page.
 */
static void note_frames(struct explanation *x)
{
	const struct explain_place *read = &x->walks[EXPLAIN_AFTER_READ].data;
	const struct explain_place *written = &x->walks[EXPLAIN_AFTER_WRITE].data;
	bool anonymous = strcmp(x->backing, "anon") == 0 || strcmp(x->backing, "thp") == 0;

	if (read->frame_known && written->frame_known && read->frame != written->frame)
		explain_note(x, "the store went to another page of the host than the load: %s",
			     anonymous ? "anonymous memory that is only read is the kernel's page of zeros, "
					 "which all share"
				       : "the kernel moved or copied it in between");
}

static void note_translate(struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);
	bool ours = last->walk.fault == PAGE_FAULT_NONE;

	if (x->translate.err != 0)
		explain_note(x, "KVM_TRANSLATE failed: %s", strerror(x->translate.err));
	if (!x->translate.asked || x->translate.agrees)
		return;
	if (x->translate.valid && ours)
		explain_note(x, "KVM_TRANSLATE says GPA 0x%" PRIx64 ", this walk 0x%" PRIx64,
			     x->translate.gpa, last->walk.pa);
	else if (x->translate.valid)
		explain_note(x, "KVM_TRANSLATE says GPA 0x%" PRIx64 ", this walk finds no translation",
			     x->translate.gpa);
	else
		explain_note(x, "KVM_TRANSLATE finds no translation, this walk GPA 0x%" PRIx64,
			     last->walk.pa);
}

static void note_sizes(struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);
	char asked[24], got[24];

	if (!x->touched || last->walk.fault != PAGE_FAULT_NONE)
		return;
	if (last->walk.leaf_bytes != x->guest_page_bytes)
		explain_note(x, "asked for guest pages of %s, but the guest's leaf here is %s",
			     size_format(x->guest_page_bytes, asked),
			     size_format(last->walk.leaf_bytes, got));
	if (last->data.page_bytes != 0 && last->data.page_bytes != x->backing_page_bytes)
		explain_note(x, "asked for backing pages of %s, but the host's page here is %s",
			     size_format(x->backing_page_bytes, asked),
			     size_format(last->data.page_bytes, got));
	else if (last->data.present && last->data.page_bytes == 0)
		explain_note(x,
			     "the size of the host's page is not known: memory is mapped by pages of several "
			     "sizes, and before Linux 6.7 the kernel does not say which is where");
}

/*
 * A large page that holds part of the guest's image holds code. KVM splits such pages against a bug of CPUs
 * (iTLB multihit).
 */
static bool shares_a_page_with_code(const struct explain_place *place)
{
	uint64_t leaf_bytes = place->host_leaf_bytes;

	return leaf_bytes > PAGE_4K && align_down(place->gpa, leaf_bytes) < IMAGE_END_GPA &&
	       align_down(place->gpa, leaf_bytes) + leaf_bytes > IMAGE_GPA;
}

static void note_split(const char *nx_huge_pages, struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);
	bool shared = shares_a_page_with_code(&last->data);

	for (uint32_t i = 0; i < last->walk.step_count; i++)
		shared = shared || shares_a_page_with_code(&last->places[i]);
	if (nx_huge_pages[0] == 'Y' && shared)
		explain_note(x, "nx_huge_pages=Y: KVM splits large pages that hold the guest's code, also "
				"under some of these entries; a few more references are possible");
}

static void note_unknown(struct explanation *x)
{
	const struct explain_walk *last = explanation_last(x);
	bool translated = last->taken && last->walk.fault == PAGE_FAULT_NONE;
	bool two = x->kind == WALK_NESTED;

	if (x->second_dimension == SECOND_UNKNOWN)
		explain_note(x, "this host does not say whether it uses EPT, NPT or shadow paging");
	else if (two && x->host_levels == 0)
		explain_note(x, "the levels of the second dimension's tables are not known");
	if (translated && !last->data.in_slot)
		explain_note(x,
			     "no memory slot has GPA 0x%" PRIx64
			     ": each access there leaves the guest, for a device (MMIO)",
			     last->walk.pa);
	else if (translated && !x->references.complete && two && !last->data.present &&
		 !last->data.presence_hidden)
		explain_note(x, "the host has no page at the address yet: a first access would fault in the "
				"second dimension");
}

void explain_add_notes(const char *nx_huge_pages, struct explanation *x)
{
	note_translate(x);
	note_sizes(x);
	note_bits(x);
	note_frames(x);
	note_unknown(x);
	note_split(nx_huge_pages, x);
	if (x->frames_refused)
		explain_note(x, "host-physical frames are hidden: pagemap shows them only with CAP_SYS_ADMIN "
				"(run as root)");
}
