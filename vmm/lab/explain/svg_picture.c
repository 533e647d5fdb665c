/*
 * One picture: title, one or two walks, legend.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/util/text.h"

#define MARGIN 20
#define TITLE_Y 30
#define GRID_Y 78
#define GRID_BOTTOM 660

#define LEGEND_Y 676
#define SAMPLE_WIDTH 30
#define SAMPLE_HEIGHT 18

/* "guest page 4K, host pages 2M". */
static void pages_words(const struct explanation *x, char *text)
{
	const struct page_walk *walk = &explanation_last(x)->walk;
	char size[24], words[WORDS_BYTES];

	append(text, WORDS_BYTES, "guest page %s, host pages %s",
	       words_size(walk->fault == PAGE_FAULT_NONE ? walk->leaf_bytes : x->guest_page_bytes, size),
	       words_host_pages(x, words));
}

/* "kvm_intel, EPT of 4 levels; (4+1)(3+1) - 1 = 19". */
static void host_words(const struct explanation *x, char *text)
{
	char words[WORDS_BYTES];

	append(text, WORDS_BYTES, "%s", x->kvm_module);
	if (x->kind == WALK_SHADOW)
		append(text, WORDS_BYTES, ", shadow paging: the leaf is the smaller page");
	else if (x->host_levels != 0)
		append(text, WORDS_BYTES, ", %s of %u levels", words_second_dimension(x), x->host_levels);
	if (x->references.complete && x->kind == WALK_NESTED)
		append(text, WORDS_BYTES, "; %s", words_formula(x, words));
	if (x->hypervisor)
		append(text, WORDS_BYTES, "; the host is itself a guest");
}

static void total(const struct explanation *x, char *text)
{
	if (x->references.complete)
		append(text, WORDS_BYTES, "%u", x->references.count);
	else
		append(text, WORDS_BYTES, "%s",
		       explanation_last(x)->walk.fault != PAGE_FAULT_NONE ? "no translation" : "unknown");
}

static void title(const struct explanation *const xs[], uint32_t count, char *text)
{
	char fault[WORDS_BYTES];

	(void)snprintf(text, WORDS_BYTES, "Guest-virtual 0x%" PRIx64, xs[0]->gva);
	if (count == 1 && !xs[0]->references.complete && words_fault(xs[0], fault)[0] != '\0') {
		append(text, WORDS_BYTES, ": %s", fault);
		return;
	}
	append(text, WORDS_BYTES, ", memory references for one TLB miss: ");
	total(xs[0], text);
	if (count == 2) {
		append(text, WORDS_BYTES, " -> ");
		total(xs[1], text);
	}
	if (count == 2 && xs[0]->references.complete && xs[1]->references.complete)
		append(text, WORDS_BYTES, ", ratio %.2f",
		       (double)xs[0]->references.count / (double)xs[1]->references.count);
}

static void put_one(const struct svg_walk *w, const struct svg_box *area, const char *label, FILE *out)
{
	char text[WORDS_BYTES] = "", window[WORDS_BYTES];
	bool two = area->width < SVG_WIDTH / 2;

	(void)fprintf(out, "<g class=\"walk\" id=\"w%u\">\n", w->number);
	append(text, sizeof(text), "%s", label);
	pages_words(w->x, text);
	if (two) {
		svg_text(out, SVG_LABEL, area->x, area->y - 27, area->width, "%s", text);
		text[0] = '\0';
	} else {
		append(text, sizeof(text), "; ");
	}
	host_words(w->x, text);
	if (w->x->in_window)
		append(text, sizeof(text), "; window %s", words_window(w->x, window));
	svg_text(out, SVG_LABEL, area->x, area->y - (two ? 12 : 20), area->width, "%s", text);
	if (w->x->kind == WALK_SHADOW)
		svg_put_shadow(w, area, out);
	else
		svg_put_grid(w, area, out);
	svg_group_end(out);
}

/* Put one sample box and its words at x. Returns where the next one begins. */
static int put_sample(FILE *out, int x, const char *look, const char *words)
{
	const struct svg_box box = { x, LEGEND_Y, SAMPLE_WIDTH, SAMPLE_HEIGHT };

	(void)fprintf(out, "<g class=\"legend %s\">\n", look);
	svg_rect(out, &box);
	if (strcmp(look, "skipped gone") == 0)
		svg_line(out, "strike", x, LEGEND_Y + SAMPLE_HEIGHT, x + SAMPLE_WIDTH, LEGEND_Y);
	if (strcmp(look, "read fault") == 0)
		svg_cross(out, x + SAMPLE_WIDTH / 2, LEGEND_Y + SAMPLE_HEIGHT / 2);
	svg_text(out, SVG_SMALL, x + SAMPLE_WIDTH + 7, LEGEND_Y + 13, 0, "%s", words);
	svg_group_end(out);
	return x + SAMPLE_WIDTH + 7 + (int)strlen(words) * 6 + 18;
}

static bool faults(const struct explanation *x)
{
	return explanation_last(x)->walk.fault != PAGE_FAULT_NONE;
}

/* What the kinds of boxes and lines mean, at the bottom of the canvas. */
static void put_legend(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	bool shadow = xs[0]->kind == WALK_SHADOW, two = count > 1;
	bool fault = faults(xs[0]) || (two && faults(xs[1]));
	bool fault_everywhere = faults(xs[0]) && (!two || faults(xs[1]));
	int x = 20;

	svg_line(out, "rule", 20, LEGEND_Y - 12, SVG_WIDTH - 20, LEGEND_Y - 12);
	x = put_sample(out, x, "read", "read from the guest's memory");
	if (xs[0]->kind != WALK_NATIVE)
		x = put_sample(out, x, "derived",
			       shadow ? "derived: KVM's table" : "derived from the host's page");
	x = put_sample(out, x, "skipped",
		       !fault             ? "skipped: a larger leaf ends the walk"
		       : fault_everywhere ? "not reached"
					  : "skipped or not reached");
	if (two)
		x = put_sample(out, x, "skipped gone", "gone since before");
	if (fault)
		x = put_sample(out, x, "read fault", "the walk ends here");
	svg_line(out, "path", x, LEGEND_Y + 9, x + SAMPLE_WIDTH, LEGEND_Y + 9);
	svg_text(out, SVG_SMALL, x + SAMPLE_WIDTH + 8, LEGEND_Y + 13, 0, "order of the references");
	x += SAMPLE_WIDTH + 8 + 23 * 6 + 18;
	if (shadow || (two && xs[1]->kind == WALK_SHADOW)) {
		svg_line(out, "builds", x, LEGEND_Y + 9, x + SAMPLE_WIDTH, LEGEND_Y + 9);
		svg_text(out, SVG_SMALL, x + SAMPLE_WIDTH + 8, LEGEND_Y + 13, 0, "KVM builds it from");
	}
	svg_text(out, SVG_SMALL, 20, LEGEND_Y + 36, SVG_WIDTH - 40,
		 "[n] index in its table. P present, RW writable, US user, A accessed, D dirty, PS large "
		 "leaf, G global, NX not executable. * changed between the moments. hpa: host-physical. ? "
		 "not known.");
}

int explain_svg(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	const struct svg_box whole = { MARGIN, GRID_Y, SVG_WIDTH - 2 * MARGIN, GRID_BOTTOM - GRID_Y };
	const struct svg_box halves[] = {
		{ MARGIN, GRID_Y, SVG_WIDTH / 2 - 2 * MARGIN, GRID_BOTTOM - GRID_Y },
		{ SVG_WIDTH / 2 + MARGIN, GRID_Y, SVG_WIDTH / 2 - 2 * MARGIN, GRID_BOTTOM - GRID_Y },
	};
	static const char *const labels[] = { "Before: ", "After: " };
	char text[WORDS_BYTES];

	title(xs, count, text);
	svg_begin(out, text);
	svg_text(out, SVG_TITLE, MARGIN, TITLE_Y, whole.width, "%s", text);
	for (uint32_t i = 0; i < count && i < 2; i++) {
		const struct svg_walk w = { xs[i], i == 1 ? xs[0] : NULL, i + 1 };

		put_one(&w, count == 2 ? &halves[i] : &whole, count == 2 ? labels[i] : "", out);
	}
	put_legend(xs, count, out);
	(void)fputs("</svg>\n", out);
	return 0;
}
