/*
 * One picture: title, one or two walks, legend.
 */
#include "vmm/lab/explain/draw.h"

#include <errno.h>
#include <inttypes.h>

#include "vmm/lab/explain/draw_parts.h"
#include "vmm/lab/explain/words.h"
#include "vmm/util/append.h"

#define MARGIN 20
#define TITLE_Y 30
#define GRID_Y 78
#define GRID_BOTTOM 660

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
static void host_words(const struct explanation *x, const struct explain_references *r, char *text)
{
	char words[WORDS_BYTES];

	append(text, WORDS_BYTES, "%s", x->kvm_module);
	if (x->kind == WALK_SHADOW)
		append(text, WORDS_BYTES, ", shadow paging: the leaf is the smaller page");
	else if (x->host_levels != 0)
		append(text, WORDS_BYTES, ", %s of %" PRIu32 " levels", words_second_dimension(x),
		       x->host_levels);
	if (r->complete && x->kind == WALK_NESTED)
		append(text, WORDS_BYTES, "; %s", words_formula(x, r, words));
	if (x->hypervisor)
		append(text, WORDS_BYTES, "; the host is itself a guest");
}

static void total(const struct explain_references *r, const struct explanation *x, char *text)
{
	if (r->complete)
		append(text, WORDS_BYTES, "%" PRIu32, r->count);
	else
		append(text, WORDS_BYTES, "%s",
		       explanation_last(x)->walk.fault != PAGE_FAULT_NONE ? "no translation" : "unknown");
}

static void title(const struct explanation *const xs[], const struct explain_references *r, uint32_t count,
		  char *text)
{
	char fault[WORDS_BYTES];

	(void)snprintf(text, WORDS_BYTES, "Guest-virtual 0x%" PRIx64, xs[0]->gva);
	if (count == 1 && !r[0].complete && words_fault(xs[0], fault)[0] != '\0') {
		append(text, WORDS_BYTES, ": %s", fault);
		return;
	}
	append(text, WORDS_BYTES, ", memory references for one TLB miss: ");
	total(&r[0], xs[0], text);
	if (count == 2) {
		append(text, WORDS_BYTES, " -> ");
		total(&r[1], xs[1], text);
	}
	if (count == 2 && r[0].complete && r[1].complete)
		append(text, WORDS_BYTES, ", ratio %.2f", (double)r[0].count / (double)r[1].count);
}

static void draw_one(const struct draw_walk *w, const struct svg_box *area, const char *label, FILE *out)
{
	char text[WORDS_BYTES] = "";
	bool two = area->width < SVG_WIDTH / 2;

	(void)fprintf(out, "<g class=\"walk\" id=\"w%" PRIu32 "\">\n", w->number);
	append(text, sizeof(text), "%s", label);
	pages_words(w->x, text);
	if (two) {
		svg_text(out, SVG_LABEL, area->x, area->y - 27, area->width, "%s", text);
		text[0] = '\0';
	} else {
		append(text, sizeof(text), "; ");
	}
	host_words(w->x, w->r, text);
	svg_text(out, SVG_LABEL, area->x, area->y - (two ? 12 : 20), area->width, "%s", text);
	if (w->x->kind == WALK_SHADOW)
		draw_shadow(w, area, out);
	else
		draw_grid(w, area, out);
	svg_group_end(out);
}

int explain_draw(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	const struct svg_box whole = { MARGIN, GRID_Y, SVG_WIDTH - 2 * MARGIN, GRID_BOTTOM - GRID_Y };
	const struct svg_box halves[] = {
		{ MARGIN, GRID_Y, SVG_WIDTH / 2 - 2 * MARGIN, GRID_BOTTOM - GRID_Y },
		{ SVG_WIDTH / 2 + MARGIN, GRID_Y, SVG_WIDTH / 2 - 2 * MARGIN, GRID_BOTTOM - GRID_Y },
	};
	static const char *const labels[] = { "Before: ", "After: " };
	struct explain_references r[2] = { 0 };
	char text[WORDS_BYTES];

	for (uint32_t i = 0; i < count && i < 2; i++)
		explain_references(xs[i], &r[i]);
	title(xs, r, count, text);
	svg_begin(out, text);
	svg_text(out, SVG_TITLE, MARGIN, TITLE_Y, whole.width, "%s", text);
	for (uint32_t i = 0; i < count && i < 2; i++) {
		const struct draw_walk w = { xs[i], &r[i], i == 1 ? &r[0] : NULL, i + 1 };

		draw_one(&w, count == 2 ? &halves[i] : &whole, count == 2 ? labels[i] : "", out);
	}
	draw_legend(xs, count, out);
	svg_end(out);
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) != 0 ? -EIO : 0;
}
