/* Before and after: the counts side by side, and which references are no longer made. */
#include "vmm/lab/explain/tell_parts.h"

#include <inttypes.h>

#include "vmm/lab/explain/words.h"
#include "vmm/output/grid.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/append.h"

static int tell_counts(const struct explanation *const xs[2], const struct explain_references r[2], FILE *out)
{
	static const char *const titles[] = { "-", "-guest page", "-host pages", "guest entries",
					      "references" };
	char text[WORDS_BYTES];
	struct grid g;
	int ret;

	grid_init(&g, titles, sizeof(titles) / sizeof(titles[0]));
	for (uint32_t i = 0; i < 2; i++) {
		const struct page_walk *walk = &explanation_last(xs[i])->walk;

		grid_put(&g, i == 0 ? "before" : "after");
		grid_put(&g, "%s", walk->leaf_bytes != 0 ? words_size(walk->leaf_bytes, text) : "-");
		grid_put(&g, "%s", words_host_pages(xs[i], text));
		grid_put(&g, "%" PRIu32, walk->step_count);
		if (r[i].complete)
			grid_put(&g, "%" PRIu32, r[i].count);
		else
			grid_put(&g, "unknown");
	}
	ret = grid_print(&g, -1, out);
	grid_free(&g);
	return ret;
}

static bool has(const struct explain_references *r, const struct explain_reference *one)
{
	return explain_reference_at(r, one->dimension, one->row, one->level) != NULL;
}

static void append_range(char *numbers, uint32_t from, uint32_t to)
{
	append(numbers, WORDS_BYTES, "%s%" PRIu32, numbers[0] != '\0' ? "," : "", from);
	if (to != from)
		append(numbers, WORDS_BYTES, "-%" PRIu32, to);
}

/* One row of the figure: its references in a that b lacks. Returns how many. */
static uint32_t tell_gone_row(const struct explanation *x, const struct explain_references *a,
			      const struct explain_references *b, uint32_t row, FILE *out)
{
	char numbers[WORDS_BYTES] = "", names[WORDS_BYTES] = "";
	uint32_t gone = 0, from = 0, to = 0;

	for (uint32_t i = 0; i < a->count; i++) {
		const struct explain_reference *one = &a->list[i];

		if (one->row != row || has(b, one))
			continue;
		if (gone == 0 || one->number != to + 1) {
			if (gone != 0)
				append_range(numbers, from, to);
			from = one->number;
		}
		to = one->number;
		append(names, sizeof(names), "%s%s %s", gone == 0 ? "" : ", ",
		       one->dimension == DIMENSION_HOST ? words_second_dimension(x)
		       : x->kind == WALK_SHADOW         ? "shadow"
							: "guest",
		       page_entry_name(one->level));
		gone++;
	}
	if (gone != 0) {
		append_range(numbers, from, to);
		(void)fprintf(out, "  %-*s", TELL_LEFT_COLUMNS - 2, numbers);
		append(names, sizeof(names), ", for the %s", row == 0 ? "data" : page_entry_name(row));
		paragraph_wrap(out, TELL_LEFT_COLUMNS, names);
	}
	return gone;
}

static uint32_t tell_gone(const struct explanation *x, const struct explain_references *a,
			  const struct explain_references *b, const char *title, FILE *out)
{
	uint32_t gone = 0;

	for (uint32_t i = 0; i < a->count; i++)
		gone += has(b, &a->list[i]) ? 0 : 1;
	if (gone == 0)
		return 0;
	(void)fprintf(out, "\n%s: %" PRIu32 " references\n", title, gone);
	for (uint32_t row = PAGE_WALK_MAX_LEVELS; row > 0; row--)
		(void)tell_gone_row(x, a, b, row, out);
	(void)tell_gone_row(x, a, b, 0, out);
	return gone;
}

int tell_comparison(const struct explanation *const xs[2], FILE *out)
{
	struct explain_references r[2];
	int ret;

	explain_references(xs[0], &r[0]);
	explain_references(xs[1], &r[1]);
	ret = tell_counts(xs, r, out);
	if (!r[0].complete || !r[1].complete)
		return ret;
	if (tell_gone(xs[0], &r[0], &r[1], "Disappeared (numbers of before)", out) +
		    tell_gone(xs[1], &r[1], &r[0], "Added (numbers of after)", out) ==
	    0)
		(void)fputs("\nNothing disappeared: both walks make the same references.\n", out);
	(void)fputc('\n', out);
	paragraph(out, "ratio", "%" PRIu32 " / %" PRIu32 " = %.2f", r[0].count, r[1].count,
		  (double)r[0].count / (double)r[1].count);
	return ret;
}
