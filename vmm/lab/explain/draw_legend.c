/* What the kinds of boxes and lines mean. */
#include "vmm/lab/explain/draw_parts.h"

#include <string.h>

#include "vmm/lab/explain/words.h"

#define LEGEND_Y 676
#define SAMPLE_WIDTH 30
#define SAMPLE_HEIGHT 18

/* One sample box and its words from x on; where the next begins. */
static int sample(FILE *out, int x, const char *look, const char *words)
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

void draw_legend(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	bool shadow = xs[0]->kind == WALK_SHADOW, two = count > 1;
	bool fault = faults(xs[0]) || (two && faults(xs[1]));
	bool fault_everywhere = faults(xs[0]) && (!two || faults(xs[1]));
	int x = 20;

	svg_line(out, "rule", 20, LEGEND_Y - 12, SVG_WIDTH - 20, LEGEND_Y - 12);
	x = sample(out, x, "read", "read from the guest's memory");
	if (xs[0]->kind != WALK_NATIVE)
		x = sample(out, x, "derived",
			   shadow ? "derived: KVM's table" : "derived from the host's page");
	x = sample(out, x, "skipped",
		   !fault             ? "skipped: a larger leaf ends the walk"
		   : fault_everywhere ? "not reached"
				      : "skipped or not reached");
	if (two)
		x = sample(out, x, "skipped gone", "gone since before");
	if (fault)
		x = sample(out, x, "read fault", "the walk ends here");
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
