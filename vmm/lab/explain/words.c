/* Words and numbers that text, JSON and picture share. */
#include "vmm/lab/explain/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"
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
		(void)snprintf(buf, WORDS_BYTES, "%" PRIu32, x->references.count);
		return buf;
	}
	for (uint32_t i = 0; i < g; i++)
		equal = equal && last->places[i].host_entries == h;
	if (equal) {
		(void)snprintf(buf, WORDS_BYTES, "(%" PRIu32 "+1)(%" PRIu32 "+1) - 1 = %" PRIu32, g, h,
			       x->references.count);
		return buf;
	}
	for (uint32_t i = 0; i < g; i++)
		append(buf, WORDS_BYTES, "(%" PRIu32 "+1) + ", last->places[i].host_entries);
	append(buf, WORDS_BYTES, "%" PRIu32 " = %" PRIu32, h, x->references.count);
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
