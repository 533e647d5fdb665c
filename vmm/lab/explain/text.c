/*
 * An explanation as text: what was asked, the walk in the order of the picture, the count, what changed. For
 * two explanations it compares the counts and lists the references that are no longer made.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <string.h>

#include "twin.h"
#include "units.h"
#include "vmm/output/table.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"

static void put_host(const struct explanation *x, FILE *out)
{
	const char *below = x->hypervisor ? "; this host is itself a guest: its own pages are translated "
					    "once more below, which is not counted here"
					  : "";

	if (x->kind == WALK_SHADOW)
		paragraph(out, "host", "%s with shadow paging: the CPU walks one dimension only%s",
			  x->kvm_module, below);
	else if (x->host_levels != 0)
		paragraph(out, "host", "%s with %s, tables of %u levels%s", x->kvm_module,
			  words_second_dimension(x), x->host_levels, below);
	else
		paragraph(out, "host", "%s, second dimension: %s%s", x->kvm_module,
			  second_dimension_name(x->second_dimension), below);
}

/* Both dimensions of a window: whose leaf is which, and why the second one's can be smaller than the host's page. */
static void put_window(const struct explanation *x, FILE *out)
{
	char words[WORDS_BYTES], guest[24], leaf[24];

	if (!x->in_window)
		return;
	paragraph(
		out, "window",
		"%s. The slot shows the arena's memory once more. The guest maps it in leaves of %s; a leaf of "
		"the second dimension needs gpa and hva that are equal modulo its size, so none is above %s",
		words_window(x, words), words_size(twin_guest_leaf(x->window), guest),
		words_size(twin_host_leaf(x->window), leaf));
	paragraph(
		out, "moments",
		"walked with the window's tables just built, and after ring 3 read a word of the page there; "
		"below is the last. Through the arena the memory was written before.");
}

static void put_head(const struct explanation *x, bool in_short, FILE *out)
{
	char guest[24], page[24], memory[24];

	paragraph(out, "address", "guest-virtual 0x%" PRIx64 "%s", x->gva,
		  x->in_window ? ", in a window on the arena"
		  : x->touched ? ", in the arena"
			       : ", outside the arena: walked once, no access is made for it");
	paragraph(out, "guest",
		  "%s of memory from %s in %s pages; the guest's own pages as asked: %s; %u-level tables",
		  words_size(x->memory_bytes, memory), x->backing, words_size(x->backing_page_bytes, page),
		  words_size(x->guest_page_bytes, guest), x->mode.levels);
	if (in_short)
		return;
	paragraph(out, "registers",
		  "CR3 0x%" PRIx64 ", CR0 0x%" PRIx64 ", CR4 0x%" PRIx64 ", EFER 0x%" PRIx64, x->cr3, x->cr0,
		  x->cr4, x->efer);
	put_host(x, out);
	put_window(x, out);
	if (x->touched && !x->in_window)
		paragraph(out, "moments",
			  "walked with the tables just built, after ring 3 read a word there, and after it "
			  "wrote one; below is the last");
}

/*
 * User space can read neither EPT, NPT nor a shadow table. These paragraphs say from what those steps are
 * derived.
 */
static void put_sources(const struct explanation *x, FILE *out)
{
	if (explanation_last(x)->walk.step_count == 0)
		return;
	paragraph(out, "flags",
		  "P present, RW writable, US user, A accessed, D dirty, PS a large leaf, G global, NX not "
		  "executable; * changed between the moments");
	paragraph(out, "read",
		  "the guest's entries, out of the guest's memory, which this process has mapped; the host's "
		  "pages and host-physical addresses (hpa), from /proc/self/smaps and pagemap");
	if (x->kind == WALK_SHADOW)
		paragraph(
			out, "derived",
			"the CPU's own walk: KVM keeps that table in kernel memory and no call reads its "
			"entries back. It maps guest-virtual addresses straight to the host's, and one leaf "
			"of it can cover only what is contiguous in the guest's page and in the host's: "
			"its leaf is the smaller of both.");
	else if (x->kind == WALK_NESTED)
		paragraph(out, "derived",
			  "the steps through %s: KVM keeps those tables in kernel memory and no call reads "
			  "their entries back (as root, the tracepoint kvmmmu:kvm_mmu_set_spte shows some "
			  "as they are made). How many there are follows from their levels and from the "
			  "leaf, which follows the host's page unless KVM chose a smaller one (its counts of "
			  "leaves stand beside); which index each has, from the guest-physical address.",
			  words_second_dimension(x));
}

/*
 * Why there is no total. How far a faulting walk gets is known only where the CPU walks the guest's own tables.
 */
static void put_no_total(const struct explanation *x, FILE *out)
{
	const struct explain_walk *last = explanation_last(x);

	if (last->walk.fault != PAGE_FAULT_NONE && x->kind == WALK_SHADOW)
		paragraph(out, "total", "none: the address has no translation");
	else if (last->walk.fault != PAGE_FAULT_NONE)
		paragraph(out, "total",
			  "none: the address has no translation (%u references up to where that shows)",
			  x->references.count);
	else if (!last->data.in_slot)
		paragraph(out, "total",
			  "none: no memory slot has the guest-physical address, so there is no leaf");
	else if (x->kind == WALK_SHADOW)
		paragraph(out, "total", "not known: the host's page at the data is not known");
	else
		paragraph(out, "total", "not known: the second dimension's leaf is not known everywhere");
}

static void put_total(const struct explanation *x, FILE *out)
{
	char formula[WORDS_BYTES];

	(void)fputc('\n', out);
	if (!x->references.complete)
		put_no_total(x, out);
	else if (x->kind == WALK_NESTED)
		paragraph(
			out, "total",
			"%u memory references for one TLB miss, without the CPU's caches of "
			"walks: %s. Each of the %u guest entries costs its host entries + 1 for itself, the "
			"data's address its host entries only.",
			x->references.count, words_formula(x, formula), explanation_last(x)->walk.step_count);
	else
		paragraph(out, "total",
			  "%u memory references for one TLB miss, without the CPU's caches of "
			  "walks: one dimension, one entry a level",
			  x->references.count);
}

static void put_walk_and_total(const struct explanation *x, FILE *out)
{
	(void)fputc('\n', out);
	explain_put_walk(x, out);
	put_total(x, out);
}

static void put_entry(struct table *t, const struct explain_walk *walk, uint32_t step)
{
	if (walk->taken && step < walk->walk.step_count)
		table_put(t, "0x%016" PRIx64, walk->walk.steps[step].entry);
	else
		table_put(t, "-");
}

static int put_changes(const struct explanation *x, FILE *out)
{
	static const char *const titles[] = { "-*",         "-entry",      "before",
					      "after read", "after write", "-changed" };
	const struct page_walk *walk = &explanation_last(x)->walk;
	char changes[WORDS_BYTES];
	struct table t;

	if (!x->touched || walk->step_count == 0)
		return 0;
	table_init(&t, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < walk->step_count; i++) {
		(void)words_changes(x, i, changes);
		table_put(&t, "%s", changes[0] != '\0' ? "*" : "");
		table_put(&t, "%s", page_entry_name(walk->steps[i].level));
		for (uint32_t moment = 0; moment < EXPLAIN_MOMENTS; moment++)
			put_entry(&t, &x->walks[moment], i);
		table_put(&t, "%.22s", changes[0] != '\0' ? changes : "nothing");
	}
	(void)fputc('\n', out);
	paragraph(out, "A and D", "%s",
		  x->kind == WALK_SHADOW
			  ? "KVM, which walks the guest's tables for the CPU, sets A in each entry that it "
			    "uses, and D in the leaf for a write"
			  : "the CPU sets A in each entry that a walk uses, and D in the leaf for a write");
	return table_finish(&t, -1, out);
}

static void put_translate(const struct explanation *x, FILE *out)
{
	const struct explain_translate *t = &x->translate;
	const char *verdict = t->agrees ? "which agrees" : "which DISAGREES with the walk above";

	if (t->err != 0)
		paragraph(out, "KVM", "could not be asked for its own translation: %s", strerror(t->err));
	else if (!t->asked)
		paragraph(out, "KVM", "was not asked for its own translation: no walk begins there");
	else if (t->valid)
		paragraph(out, "KVM", "its own walk (KVM_TRANSLATE) comes to gpa 0x%" PRIx64 ", %s", t->gpa,
			  verdict);
	else
		paragraph(out, "KVM", "its own walk (KVM_TRANSLATE) finds no translation, %s", verdict);
}

static void put_checks(const struct explanation *x, FILE *out)
{
	(void)fputc('\n', out);
	put_translate(x, out);
	if (x->leaves_4k >= 0 && x->leaves_2m >= 0 && x->leaves_1g >= 0)
		paragraph(out, "",
			  "leaves that it has installed for the whole VM: %" PRId64 " of 4K, %" PRId64
			  " of 2M, %" PRId64 " of 1G",
			  x->leaves_4k, x->leaves_2m, x->leaves_1g);
	for (uint32_t i = 0; i < x->note_count && i < COUNT_OF(x->notes); i++)
		paragraph(out, i == 0 ? "notes" : "", "%s", x->notes[i]);
}

static int put_counts(const struct explanation *before, const struct explanation *after, FILE *out)
{
	static const char *const titles[] = { "-", "-guest page", "-host pages", "guest entries",
					      "references" };
	const struct explanation *const xs[] = { before, after };
	char text[WORDS_BYTES];
	struct table t;

	table_init(&t, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < 2; i++) {
		const struct page_walk *walk = &explanation_last(xs[i])->walk;

		table_put(&t, i == 0 ? "before" : "after");
		table_size(&t, walk->leaf_bytes);
		table_put(&t, "%s", words_host_pages(xs[i], text));
		table_put(&t, "%u", walk->step_count);
		if (xs[i]->references.complete)
			table_put(&t, "%u", xs[i]->references.count);
		else
			table_put(&t, "unknown");
	}
	return table_finish(&t, -1, out);
}

/* Whether a walk makes a reference at the same place of the grid as `one`. */
static bool makes(const struct explanation *x, const struct walk_reference *one)
{
	return explain_reference_at(x, one->dimension, one->row, one->level) != NULL;
}

static void append_range(char *numbers, uint32_t from, uint32_t to)
{
	append(numbers, WORDS_BYTES, "%s%u", numbers[0] != '\0' ? "," : "", from);
	if (to != from)
		append(numbers, WORDS_BYTES, "-%u", to);
}

/* The references of one row that a makes and b does not. */
static void put_gone_row(const struct explanation *a, const struct explanation *b, uint32_t row, FILE *out)
{
	char numbers[WORDS_BYTES] = "", names[WORDS_BYTES] = "";
	uint32_t gone = 0, from = 0, to = 0;

	for (uint32_t i = 0; i < a->references.count; i++) {
		const struct walk_reference *one = &a->references.list[i].walk;
		uint32_t number = a->references.list[i].number;

		if (one->row != row || makes(b, one))
			continue;
		if (gone == 0 || number != to + 1) {
			if (gone != 0)
				append_range(numbers, from, to);
			from = number;
		}
		to = number;
		append(names, sizeof(names), "%s%s %s", gone == 0 ? "" : ", ",
		       one->dimension == DIMENSION_HOST ? words_second_dimension(a)
		       : a->kind == WALK_SHADOW         ? "shadow"
							: "guest",
		       page_entry_name(one->level));
		gone++;
	}
	if (gone == 0)
		return;
	append_range(numbers, from, to);
	(void)fprintf(out, "  %-*s", TEXT_LEFT_COLUMNS - 2, numbers);
	append(names, sizeof(names), ", for the %s", row == 0 ? "data" : page_entry_name(row));
	paragraph_wrap(out, TEXT_LEFT_COLUMNS, names);
}

/* The references of all rows that a makes and b does not, below a title. Returns how many there are. */
static uint32_t put_gone(const struct explanation *a, const struct explanation *b, const char *title,
			 FILE *out)
{
	uint32_t gone = 0;

	for (uint32_t i = 0; i < a->references.count; i++)
		gone += makes(b, &a->references.list[i].walk) ? 0 : 1;
	if (gone == 0)
		return 0;
	(void)fprintf(out, "\n%s: %u references\n", title, gone);
	for (uint32_t row = PAGE_WALK_MAX_LEVELS; row > 0; row--)
		put_gone_row(a, b, row, out);
	put_gone_row(a, b, 0, out);
	return gone;
}

static int put_comparison(const struct explanation *before, const struct explanation *after, FILE *out)
{
	uint32_t references = before->references.count, fewer = after->references.count;
	int ret = put_counts(before, after, out);

	if (!before->references.complete || !after->references.complete)
		return ret;
	if (put_gone(before, after, "Disappeared (numbers of before)", out) +
		    put_gone(after, before, "Added (numbers of after)", out) ==
	    0)
		(void)fputs("\nNothing disappeared: both walks make the same references.\n", out);
	(void)fputc('\n', out);
	paragraph(out, "ratio", "%u / %u = %.2f", references, fewer, (double)references / (double)fewer);
	return ret;
}

static int put_one(const struct explanation *x, FILE *out)
{
	int ret;

	put_head(x, false, out);
	put_walk_and_total(x, out);
	put_sources(x, out);
	ret = put_changes(x, out);
	put_checks(x, out);
	return ret;
}

/* Both in short. The paragraphs about what was read and what was derived follow once, at the end. */
static int put_both(const struct explanation *const xs[2], FILE *out)
{
	static const char *const titles[] = { "before", "after" };
	int ret;

	for (uint32_t i = 0; i < 2; i++) {
		(void)fprintf(out, "\n== %s ==\n", titles[i]);
		put_head(xs[i], true, out);
		put_walk_and_total(xs[i], out);
		put_checks(xs[i], out);
	}
	(void)fputs("\n== both ==\n", out);
	ret = put_comparison(xs[0], xs[1], out);
	put_sources(xs[0], out);
	return ret;
}

int explain_text(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	(void)fprintf(out, "minivmm %s explain\n", MINIVMM_VERSION);
	return count == 2 ? put_both(xs, out) : put_one(xs[0], out);
}
