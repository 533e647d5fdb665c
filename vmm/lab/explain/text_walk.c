/* The lines of a walk: for each row of the grid what was derived, then the entry that was read. */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"

static void left_columns(const char *refs, const char *how, FILE *out)
{
	(void)fprintf(out, "%-*s%-*s", TEXT_REFS_COLUMNS, refs, TEXT_LEFT_COLUMNS - TEXT_REFS_COLUMNS, how);
}

static void put_line(FILE *out, const char *refs, const char *how, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void put_line(FILE *out, const char *refs, const char *how, const char *fmt, ...)
{
	char text[2 * WORDS_BYTES];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	left_columns(refs, how, out);
	paragraph_wrap(out, TEXT_LEFT_COLUMNS, text);
}

static const char *place_words(const struct explanation *x, const struct explain_place *place, char *buf)
{
	char size[24];

	(void)snprintf(buf, WORDS_BYTES, "0x%" PRIx64 ": ", place->gpa);
	if (!place->in_slot) {
		append(buf, WORDS_BYTES, "in no memory slot, nothing is there");
		return buf;
	}
	append(buf, WORDS_BYTES, "slot %u, hva 0x%" PRIx64, place->slot, place->hva);
	if (!place->present) {
		append(buf, WORDS_BYTES,
		       place->presence_hidden ? ", whether the host has a page there is not known"
					      : ", the host has no page there yet");
		return buf;
	}
	append(buf, WORDS_BYTES, ", host page %s", words_size(place->page_bytes, size));
	if (place->frame_known)
		append(buf, WORDS_BYTES, ", hpa 0x%" PRIx64, place->frame);
	else
		append(buf, WORDS_BYTES, ", hpa %s", x->frames_refused ? "refused" : "not known");
	return buf;
}

static void put_entry(const struct explanation *x, uint32_t number, const char *refs, FILE *out)
{
	const struct page_walk_step *step = &explanation_last(x)->walk.steps[number];
	char text[2 * WORDS_BYTES], changes[WORDS_BYTES];
	uint32_t high, low;
	int used;

	page_walk_index_bits(step->level, &high, &low);
	left_columns(refs, "read", out);
	(void)snprintf(text, sizeof(text), "%s", words_flags(step, changes));
	if (step->leaf)
		append(text, sizeof(text), " (leaf)");
	if (words_changes(x, number, changes)[0] != '\0')
		append(text, sizeof(text), "  * %s", changes);
	used = fprintf(out, "%-5s [%3u]  GVA %2u:%2u  0x%016" PRIx64 "  ", page_entry_name(step->level),
		       step->index, high, low, step->entry);
	paragraph_wrap(out, TEXT_LEFT_COLUMNS + (size_t)(used > 0 ? used : 0), text);
}

/* How the second dimension translates the address of that row's entry, or of the data (row 0). */
static void put_host_row(const struct explanation *x, const struct explain_place *place, uint32_t row,
			 FILE *out)
{
	char refs[32], where[WORDS_BYTES], leaf[24];
	const char *what = row == 0 ? "data" : page_entry_name(row);
	uint32_t first, last;

	if (explain_host_numbers(x, row, &first, &last)) {
		(void)snprintf(refs, sizeof(refs), "%u-%u", first, last);
		put_line(out, refs, "derived", "%s walks to its %s leaf for the %s at gpa %s",
			 words_second_dimension(x), words_size(place->host_leaf_bytes, leaf), what,
			 place_words(x, place, where));
	} else {
		put_line(out, x->kind == WALK_NESTED ? "?" : "", x->kind == WALK_NESTED ? "unknown" : "",
			 "the %s at gpa %s", what, place_words(x, place, where));
	}
}

/* The fault, and its error code (SDM vol. 3A, 4.7). */
static void put_fault(const struct explanation *x, FILE *out)
{
	static const char *const more[PAGE_FAULT_COUNT] = {
		[PAGE_FAULT_NOT_CANONICAL] =
			(": the bits above the highest translated one are not copies of it. The CPU looks at "
			 "that before it walks, so no table is read (#SS instead where the stack segment is "
			 "used)."),
		[PAGE_FAULT_NOT_PRESENT] =
			("; bit P of the error code is 0, and the rest of the entry means nothing to the "
			 "CPU"),
		[PAGE_FAULT_RESERVED] = "; bits P and RSVD of the error code are 1",
		[PAGE_FAULT_NO_MEMORY] =
			(": no exception of the guest's; the CPU leaves it, and KVM has no memory to give"),
	};
	enum page_fault fault = explanation_last(x)->walk.fault;
	char words[WORDS_BYTES];

	if (fault != PAGE_FAULT_NONE)
		put_line(out, "", "FAULT", "%s%s", words_fault(x, words), more[fault]);
}

static void put_arrival(const struct explanation *x, FILE *out)
{
	const struct page_walk *walk = &explanation_last(x)->walk;
	char leaf[24];

	if (walk->fault == PAGE_FAULT_NONE)
		put_line(out, "", "arrives", "gpa 0x%" PRIx64 " in a %s page of the guest's: %s, %s, %s",
			 walk->pa, words_size(walk->leaf_bytes, leaf),
			 walk->writable ? "writable" : "read-only", walk->user ? "user" : "supervisor only",
			 walk->executable ? "executable" : "not executable");
}

static void put_guest_walk(const struct explanation *x, FILE *out)
{
	const struct explain_walk *last = explanation_last(x);

	put_line(out, "refs", "how", "what is read there");
	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		uint32_t level = last->walk.steps[i].level;
		const struct explain_reference *own = explain_reference_at(x, DIMENSION_GUEST, level, level);
		char refs[16] = "?";

		put_host_row(x, &last->places[i], level, out);
		if (own != NULL)
			(void)snprintf(refs, sizeof(refs), "%u", own->number);
		put_entry(x, i, refs, out);
	}
	if (last->walk.fault == PAGE_FAULT_NONE)
		put_host_row(x, &last->data, 0, out);
	put_arrival(x, out);
	put_fault(x, out);
}

/* Why the CPU finds nothing in the shadow table. */
static const char *no_shadow_walk(const struct explain_walk *last)
{
	if (last->walk.fault == PAGE_FAULT_NOT_CANONICAL)
		return "the CPU refuses the address itself: it looks at no table, and KVM is not called";
	if (last->walk.fault != PAGE_FAULT_NONE)
		return "KVM builds no translation where the guest's tables have none: the CPU leaves to KVM, "
		       "which gives the guest its exception";
	if (!last->data.in_slot)
		return "KVM maps no memory where there is none: each access leaves to KVM";
	return "how far is not known";
}

static void put_shadow_walk(const struct explanation *x, FILE *out)
{
	const struct explain_walk *last = explanation_last(x);
	char where[WORDS_BYTES], refs[16], leaf[24];

	(void)fputs("What the CPU walks: one table, which KVM keeps\n", out);
	put_line(out, "refs", "how", "what is read there");
	for (uint32_t i = 0; i < x->references.count; i++) {
		const struct explain_reference *one = &x->references.list[i];

		(void)snprintf(refs, sizeof(refs), "%u", one->number);
		left_columns(refs, "derived", out);
		(void)fprintf(out, "shadow %-5s [%3u]  GVA %2u:%2u", page_entry_name(one->walk.level),
			      one->index, one->walk.high_bit, one->walk.low_bit);
		if (one->walk.leaf)
			(void)fprintf(out, "  leaf of %s, to the host's frame",
				      words_size(x->shadow_leaf_bytes, leaf));
		(void)fputc('\n', out);
	}
	if (x->references.count == 0)
		put_line(out, "", "none", "%s", no_shadow_walk(last));
	(void)fputs("\nWhat KVM reads to build it: the guest's own tables\n", out);
	for (uint32_t i = 0; i < last->walk.step_count; i++) {
		put_entry(x, i, "", out);
		put_line(out, "", "", "at gpa %s", place_words(x, &last->places[i], where));
	}
	if (last->walk.fault == PAGE_FAULT_NONE)
		put_line(out, "", "data", "at gpa %s", place_words(x, &last->data, where));
	put_arrival(x, out);
	put_fault(x, out);
}

void explain_put_walk(const struct explanation *x, FILE *out)
{
	if (x->kind == WALK_SHADOW)
		put_shadow_walk(x, out);
	else
		put_guest_walk(x, out);
}
