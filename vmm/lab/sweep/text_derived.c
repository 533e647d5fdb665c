/*
 * What follows from the figures, as tables: translation, speed-ups, knees.
 */
#include <inttypes.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/lab/sweep/text.h"
#include "vmm/output/paragraph.h"

int text_matrix_translation(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { "set",  "pages",   CONFIG_TITLES, "cost", "from", "to",
					      "refs", "one ref", "effective",   "from", "to" };
	const uint32_t spare[] = { 2 + CONFIG_COLUMNS + 6, 2 + CONFIG_COLUMNS + 7, 2 + CONFIG_COLUMNS + 4 };
	struct grid g;
	char text[GRID_CELL_BYTES];
	int ret;

	if (m->translation_count == 0)
		return 0;
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < m->translation_count; i++) {
		const struct matrix_translation *t = &m->translations[i];

		grid_put(&g, "%s", size_format(t->chase->working_set_bytes, text));
		grid_put(&g, "%" PRIu64, t->pages);
		text_put_config(&g, t->chase);
		text_put_estimate(&g, &t->cost, 1);
		if (t->refs_theory != 0)
			grid_put(&g, "%" PRIu32, t->refs_theory);
		else
			grid_put(&g, "-");
		format_real(t->reference_cycles, text, sizeof(text));
		grid_put(&g, "%s", t->reference_cycles > 0 ? text : "-");
		text_put_estimate(&g, &t->effective, 1);
	}
	paragraph(out, "tlb cost",
		  "of an access = chase - packed, in cycles; refs: page-table references of one miss in "
		  "theory; "
		  "effective: the cost in loads of packed lines, about as many as the leaf entries take (one "
		  "ref)");
	text_fold_config(&g, 2, out);
	grid_fit(&g, spare, sizeof(spare) / sizeof(spare[0]), SCREEN_COLUMNS);
	(void)fputc('\n', out);
	ret = grid_print(&g, 0, out);
	(void)fputc('\n', out);
	grid_free(&g);
	return ret;
}

static const char *page_of(const struct matrix_speed_up *s, const struct matrix_cell *cell, char *buf)
{
	if (s->dimension == SPEED_UP_GUEST)
		return size_format(cell->guest_page_bytes, buf);
	return text_backing(cell, buf);
}

/* packed is there to be subtracted: what larger pages do to it is nothing. The file has that, too. */
static bool is_control(const struct matrix_speed_up *s)
{
	return strcmp(s->to->workload, "packed") == 0;
}

int text_matrix_speed_ups(const struct matrix *m, FILE *out)
{
	static const char *const dimensions[] = { "guest", "backing", "both" };
	static const char *const titles[] = { "-workload",   "set",    "-larger", "-from", "-to",
					      CONFIG_TITLES, "faster", "from",    "to" };
	/* From 4K, in either dimension: that is known. */
	const uint32_t spare[] = { 3 };
	uint32_t shown = 0;
	struct grid g;
	char text[GRID_CELL_BYTES];
	int ret;

	for (uint32_t i = 0; i < m->speed_up_count; i++)
		shown += !is_control(&m->speed_ups[i]);
	if (shown == 0)
		return 0;
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < m->speed_up_count; i++) {
		const struct matrix_speed_up *s = &m->speed_ups[i];
		const struct matrix_figure *f = &s->to->figures[s->to_figure];

		if (is_control(s))
			continue;
		grid_put(&g, "%s%s%s", s->to->workload, f->variant[0] != '\0' ? " " : "", f->variant);
		grid_put(&g, "%s", f->pages != 0 ? size_format(f->working_set_bytes, text) : "-");
		grid_put(&g, "%s", dimensions[s->dimension]);
		grid_put(&g, "%s", page_of(s, s->from, text));
		grid_put(&g, "%s", page_of(s, s->to, text));
		text_put_config(&g, s->to);
		text_put_estimate(&g, &s->speed_up, 1);
	}
	paragraph(out, "speed-up",
		  "by larger pages in the guest, in the backing, in both; more than 1 is faster");
	text_fold_config(&g, 5, out);
	grid_fit(&g, spare, sizeof(spare) / sizeof(spare[0]), SCREEN_COLUMNS);
	(void)fputc('\n', out);
	ret = grid_print(&g, 1, out);
	(void)fputc('\n', out);
	grid_free(&g);
	return ret;
}

int text_matrix_knees(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { CONFIG_TITLES, "-curve", "after", "before", "", "from", "to" };
	struct grid g;
	char text[GRID_CELL_BYTES];
	int ret;

	if (m->knee_count == 0)
		return 0;
	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < m->knee_count; i++) {
		const struct matrix_knee *k = &m->knees[i];

		text_put_config(&g, k->above);
		grid_put(&g, "%s", k->of_translation ? "chase - packed" : k->above->workload);
		grid_put(&g, "%" PRIu64, k->pages_below);
		grid_put(&g, "%" PRIu64, k->pages_above);
		grid_put(&g, "pages");
		format_real(k->value_below, text, sizeof(text));
		grid_put(&g, "%s", text);
		format_real(k->value_above, text, sizeof(text));
		grid_put(&g, "%s", text);
	}
	paragraph(out, "knees",
		  "where the curve of a configuration leaves a plateau: in cycles, from and to");
	text_fold_config(&g, 0, out);
	(void)fputc('\n', out);
	ret = grid_print(&g, -1, out);
	(void)fputc('\n', out);
	grid_free(&g);
	return ret;
}
