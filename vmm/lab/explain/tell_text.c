/*
 * An explanation for people: what was asked, the walk in the order of the figure, the count, what changed.
 */
#include "vmm/lab/explain/tell.h"

#include <errno.h>
#include <inttypes.h>

#include "vmm/lab/explain/tell_parts.h"
#include "vmm/lab/explain/words.h"
#include "vmm/output/paragraph.h"

static void tell_host(const struct explanation *x, FILE *out)
{
	const char *below = x->hypervisor ? "; this host is itself a guest: its own pages are translated "
					    "once more below, which is not counted here"
					  : "";

	if (x->kind == WALK_SHADOW)
		paragraph(out, "host", "%s with shadow paging: the CPU walks one dimension only%s",
			  x->kvm_module, below);
	else if (x->host_levels != 0)
		paragraph(out, "host", "%s with %s, tables of %" PRIu32 " levels%s", x->kvm_module,
			  words_second_dimension(x), x->host_levels, below);
	else
		paragraph(out, "host", "%s, second dimension: %s%s", x->kvm_module,
			  second_dimension_name(x->second_dimension), below);
}

static void tell_head(const struct explanation *x, bool in_short, FILE *out)
{
	char guest[24], page[24], memory[24];

	paragraph(out, "address", "guest-virtual 0x%" PRIx64 "%s", x->gva,
		  x->touched ? ", in the arena"
			     : ", outside the arena: walked once, no access is made for it");
	paragraph(out, "guest",
		  "%s of memory from %s in %s pages; the guest's own pages as asked: %s; %" PRIu32
		  "-level tables",
		  words_size(x->memory_bytes, memory), x->backing, words_size(x->backing_page_bytes, page),
		  words_size(x->guest_page_bytes, guest), x->mode.levels);
	if (in_short)
		return;
	paragraph(out, "registers",
		  "CR3 0x%" PRIx64 ", CR0 0x%" PRIx64 ", CR4 0x%" PRIx64 ", EFER 0x%" PRIx64, x->cr3, x->cr0,
		  x->cr4, x->efer);
	tell_host(x, out);
	if (x->touched)
		paragraph(out, "moments",
			  "walked with the tables just built, after ring 3 read a word there, and after it "
			  "wrote one; below is the last");
}

/* User space sees neither EPT and NPT nor a shadow table; what it can see instead decides the derived steps. */
static void tell_sources(const struct explanation *x, FILE *out)
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

/* Why there is no sum. How far a fault's walk comes is known where the CPU walks the guest's own tables. */
static void tell_no_total(const struct explanation *x, const struct explain_references *r, FILE *out)
{
	const struct explain_walk *last = explanation_last(x);

	if (last->walk.fault != PAGE_FAULT_NONE && x->kind == WALK_SHADOW)
		paragraph(out, "total", "none: the address has no translation");
	else if (last->walk.fault != PAGE_FAULT_NONE)
		paragraph(out, "total",
			  "none: the address has no translation (%" PRIu32
			  " references up to where that shows)",
			  r->count);
	else if (!last->data.in_slot)
		paragraph(out, "total",
			  "none: no memory slot has the guest-physical address, so there is no leaf");
	else if (x->kind == WALK_SHADOW)
		paragraph(out, "total", "not known: the host's page at the data is not known");
	else
		paragraph(out, "total", "not known: the second dimension's leaf is not known everywhere");
}

static void tell_total(const struct explanation *x, const struct explain_references *r, FILE *out)
{
	char formula[WORDS_BYTES];

	(void)fputc('\n', out);
	if (!r->complete)
		tell_no_total(x, r, out);
	else if (x->kind == WALK_NESTED)
		paragraph(out, "total",
			  "%" PRIu32 " memory references for one TLB miss, without the CPU's caches of "
			  "walks: %s. Each of the %" PRIu32
			  " guest entries costs its host entries + 1 for itself, the data's address its host "
			  "entries only.",
			  r->count, words_formula(x, r, formula), explanation_last(x)->walk.step_count);
	else
		paragraph(out, "total",
			  "%" PRIu32 " memory references for one TLB miss, without the CPU's caches of "
			  "walks: one dimension, one entry a level",
			  r->count);
	if (r->complete && x->references != r->count)
		paragraph(out, "", "The capture counted %" PRIu32 ": these disagree.", x->references);
}

static void tell_figure(const struct explanation *x, const struct explain_references *r, FILE *out)
{
	(void)fputc('\n', out);
	if (x->kind == WALK_SHADOW)
		tell_shadow(x, r, out);
	else
		tell_walk(x, r, out);
	tell_total(x, r, out);
}

static int tell_one(const struct explanation *x, FILE *out)
{
	struct explain_references r;
	int ret;

	explain_references(x, &r);
	tell_head(x, false, out);
	tell_figure(x, &r, out);
	tell_sources(x, out);
	ret = tell_changes(x, out);
	tell_checks(x, out);
	return ret;
}

/* Both in short: what says how it is known stands below, once. */
static int tell_both(const struct explanation *const xs[2], FILE *out)
{
	static const char *const titles[] = { "before", "after" };
	struct explain_references r;
	int ret;

	for (uint32_t i = 0; i < 2; i++) {
		(void)fprintf(out, "\n== %s ==\n", titles[i]);
		explain_references(xs[i], &r);
		tell_head(xs[i], true, out);
		tell_figure(xs[i], &r, out);
		tell_checks(xs[i], out);
	}
	(void)fputs("\n== both ==\n", out);
	ret = tell_comparison(xs, out);
	tell_sources(xs[0], out);
	return ret;
}

int explain_emit_text(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	int ret;

	(void)fprintf(out, "minivmm %s explain\n", MINIVMM_VERSION);
	ret = count == 2 ? tell_both(xs, out) : tell_one(xs[0], out);
	if (fflush(out) != 0)
		return -errno;
	return ret == 0 && ferror(out) != 0 ? -EIO : ret;
}
