/*
 * Words and numbers that text, JSON and picture share, and the notes: sentences about what disagrees and what could not be
 * known.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"
#include "x86.h"

const char *words_second_dimension(const struct explanation *x)
{
	return x->second_dimension == SECOND_EPT ? "EPT" : x->second_dimension == SECOND_NPT ? "NPT" : "host";
}

const char *words_size(uint64_t bytes, char *buf)
{
	return bytes != 0 ? size_format(bytes, buf) : "?";
}

/* Flags by their bit. D and G have a meaning in leaves only. The bit of PS is PAT in an entry of level 1. */
static const struct {
	uint64_t bit;
	const char *name;
} flags[] = {
	{ PTE_PRESENT, "P" }, { PTE_WRITE, "RW" }, { PTE_USER, "US" },  { PTE_ACCESSED, "A" },
	{ PTE_DIRTY, "D" },   { PTE_LEAF, "PS" },  { PTE_GLOBAL, "G" }, { PTE_NX, "NX" },
};

const char *words_flags(const struct page_walk_step *step, char *buf)
{
	buf[0] = '\0';
	if ((step->entry & PTE_PRESENT) == 0)
		return "P=0";
	for (uint32_t i = 0; i < COUNT_OF(flags); i++) {
		bool means = flags[i].bit == PTE_LEAF                                  ? step->level > 1
			     : flags[i].bit == PTE_DIRTY || flags[i].bit == PTE_GLOBAL ? step->leaf
										       : true;

		if (means && (step->entry & flags[i].bit) != 0)
			append(buf, WORDS_BYTES, "%s%s", buf[0] != '\0' ? " " : "", flags[i].name);
	}
	return buf;
}

static void append_bits(uint64_t bits, char sign, const char *moment, char *buf)
{
	for (uint32_t i = 0; i < COUNT_OF(flags); i++) {
		if ((bits & flags[i].bit) != 0)
			append(buf, WORDS_BYTES, "%s%c%s %s", buf[0] != '\0' ? ", " : "", sign, flags[i].name,
			       moment);
		bits &= ~flags[i].bit;
	}
	if (bits != 0)
		append(buf, WORDS_BYTES, "%s%c0x%" PRIx64 " %s", buf[0] != '\0' ? ", " : "", sign, bits,
		       moment);
}

const char *words_changes(const struct explanation *x, uint32_t step, char *buf)
{
	static const char *const moments[EXPLAIN_MOMENTS] = { "before", "read", "write" };
	const struct explain_walk *previous = NULL;

	buf[0] = '\0';
	for (int i = 0; i < EXPLAIN_MOMENTS; i++) {
		const struct explain_walk *now = &x->walks[i];

		if (!now->taken)
			continue;
		if (previous != NULL && step < previous->walk.step_count && step < now->walk.step_count) {
			uint64_t was = previous->walk.steps[step].entry, is = now->walk.steps[step].entry;

			append_bits(is & ~was, '+', moments[i], buf);
			append_bits(was & ~is, '-', moments[i], buf);
		}
		previous = now;
	}
	return buf;
}

const char *words_formula(const struct explanation *x, char *buf)
{
	const struct explain_walk *last = explanation_last(x);
	uint32_t g = last->walk.step_count, h = last->data.host_entries;
	bool equal = true;

	buf[0] = '\0';
	if (!x->references.complete)
		return buf;
	if (x->kind != WALK_NESTED) {
		(void)snprintf(buf, WORDS_BYTES, "%u", x->references.count);
		return buf;
	}
	for (uint32_t i = 0; i < g; i++)
		equal = equal && last->places[i].host_entries == h;
	if (equal) {
		(void)snprintf(buf, WORDS_BYTES, "(%u+1)(%u+1) - 1 = %u", g, h, x->references.count);
		return buf;
	}
	for (uint32_t i = 0; i < g; i++)
		append(buf, WORDS_BYTES, "(%u+1) + ", last->places[i].host_entries);
	append(buf, WORDS_BYTES, "%u = %u", h, x->references.count);
	return buf;
}

const char *words_fault(const struct explanation *x, char *buf)
{
	const struct page_walk *walk = &explanation_last(x)->walk;
	const char *entry = page_entry_name(walk->fault_level);

	buf[0] = '\0';
	switch (walk->fault) {
	case PAGE_FAULT_NOT_CANONICAL:
		(void)snprintf(buf, WORDS_BYTES, "#GP: the address is not canonical");
		break;
	case PAGE_FAULT_NOT_PRESENT:
		(void)snprintf(buf, WORDS_BYTES, "#PF at the %s: not present (P=0)", entry);
		break;
	case PAGE_FAULT_RESERVED:
		(void)snprintf(buf, WORDS_BYTES, "#PF at the %s: reserved bit set, 0x%" PRIx64, entry,
			       walk->reserved);
		break;
	case PAGE_FAULT_NO_MEMORY:
		(void)snprintf(buf, WORDS_BYTES, "the %s lies in no memory slot", entry);
		break;
	default:
		break;
	}
	return buf;
}

const char *words_fault_short(const struct explanation *x, char *buf)
{
	enum page_fault fault = explanation_last(x)->walk.fault;
	const char *exception = page_fault_exception(fault);

	buf[0] = '\0';
	if (fault != PAGE_FAULT_NONE)
		(void)snprintf(buf, WORDS_BYTES, "%s%s%s", exception, exception[0] != '\0' ? ": " : "",
			       page_fault_name(fault));
	return buf;
}

const char *words_host_pages(const struct explanation *x, char *buf)
{
	const struct explain_walk *last = explanation_last(x);
	uint64_t tables = 0;
	bool mixed = false;
	char a[24], b[24];

	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		mixed = mixed || (i > 0 && last->places[i].page_bytes != tables);
		tables = last->places[i].page_bytes;
	}
	if (mixed)
		(void)snprintf(buf, WORDS_BYTES, "of several sizes");
	else if (last->walk.fault != PAGE_FAULT_NONE || tables == last->data.page_bytes)
		(void)snprintf(buf, WORDS_BYTES, "%s", tables != 0 ? words_size(tables, a) : "not known");
	else
		(void)snprintf(buf, WORDS_BYTES, "%s (tables), %s (data)", words_size(tables, a),
			       words_size(last->data.page_bytes, b));
	return buf;
}

const char *words_window(const struct explanation *x, char *buf)
{
	const struct explain_place *data = &explanation_last(x)->data;
	char shift[24], page[24];

	buf[0] = '\0';
	if (!x->in_window)
		return buf;
	(void)snprintf(buf, WORDS_BYTES, "%s: ", workload_variant_name(VARIANT_WINDOW_4K_4K + x->window));
	if (data->in_slot && data->page_bytes != 0)
		append(buf, WORDS_BYTES, "slot %u, hva - gpa = %s modulo %s", data->slot,
		       size_format(explain_place_shift(data), shift), size_format(data->page_bytes, page));
	else
		append(buf, WORDS_BYTES, "its slot or the host's page is not known");
	return buf;
}

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
