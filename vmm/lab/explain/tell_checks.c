/* What changed from moment to moment, and what else speaks for or against the walk. */
#include "vmm/lab/explain/tell_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/lab/explain/words.h"
#include "vmm/output/grid.h"
#include "vmm/output/paragraph.h"

static void put_entry(struct grid *g, const struct explain_walk *walk, uint32_t step)
{
	if (walk->taken && step < walk->walk.step_count)
		grid_put(g, "0x%016" PRIx64, walk->walk.steps[step].entry);
	else
		grid_put(g, "-");
}

int tell_changes(const struct explanation *x, FILE *out)
{
	static const char *const titles[] = { "-*",         "-entry",      "before",
					      "after read", "after write", "-changed" };
	const struct page_walk *walk = &explanation_last(x)->walk;
	char changes[WORDS_BYTES];
	struct grid g;
	int ret;

	if (!x->touched || walk->step_count == 0)
		return 0;
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < walk->step_count; i++) {
		(void)words_changes(x, i, changes);
		grid_put(&g, "%s", changes[0] != '\0' ? "*" : "");
		grid_put(&g, "%s", page_entry_name(walk->steps[i].level));
		for (uint32_t moment = 0; moment < EXPLAIN_MOMENTS; moment++)
			put_entry(&g, &x->walks[moment], i);
		grid_put(&g, "%.22s", changes[0] != '\0' ? changes : "nothing");
	}
	(void)fputc('\n', out);
	paragraph(out, "A and D", "%s",
		  x->kind == WALK_SHADOW
			  ? "KVM, which walks the guest's tables for the CPU, sets A in each entry that it "
			    "uses, and D in the leaf for a write"
			  : "the CPU sets A in each entry that a walk uses, and D in the leaf for a write");
	ret = grid_print(&g, -1, out);
	grid_free(&g);
	return ret;
}

static void tell_translate(const struct explanation *x, FILE *out)
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

void tell_checks(const struct explanation *x, FILE *out)
{
	(void)fputc('\n', out);
	tell_translate(x, out);
	if (x->leaves_4k >= 0 && x->leaves_2m >= 0 && x->leaves_1g >= 0)
		paragraph(out, "",
			  "leaves that it has installed for the whole VM: %" PRId64 " of 4K, %" PRId64
			  " of 2M, %" PRId64 " of 1G",
			  x->leaves_4k, x->leaves_2m, x->leaves_1g);
	for (uint32_t i = 0; i < x->note_count && i < sizeof(x->notes) / sizeof(x->notes[0]); i++)
		paragraph(out, i == 0 ? "notes" : "", "%s", x->notes[i]);
}
