/*
 * Figures of a comparison as a table: what all rows have in common stands above it, and what a line of the screen has no
 * room for is left to the JSON.
 */
#include "vmm/lab/compare/table.h"

#include <inttypes.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/lab/sweep/text.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/append.h"

enum {
	COLUMN_MARK,
	COLUMN_RATIO,
	COLUMN_FROM,
	COLUMN_TO,
	COLUMN_P,
	COLUMN_A,
	COLUMN_B,
	COLUMN_UNIT,
	COLUMN_MEANS,
	COLUMN_WORKLOAD,
	COLUMN_SET,
	COLUMN_STRIDE,
	COLUMN_CONFIG,
	COLUMNS = COLUMN_CONFIG + CONFIG_COLUMNS
};

/* What a line can best do without, in this order. */
static const uint32_t spare[] = { COLUMN_MEANS, COLUMN_UNIT, COLUMN_P, COLUMN_A, COLUMN_B };

const char *table_name(const struct compared *pair, char *buf)
{
	const struct matrix_figure *f = pair->figures[SIDE_A];
	char size[24];

	buf[0] = '\0';
	append(buf, TABLE_NAME_BYTES, "%s", pair->cells[SIDE_A]->key);
	if (f->variant[0] != '\0')
		append(buf, TABLE_NAME_BYTES, " %s", f->variant);
	if (f->stride_bytes != 0)
		append(buf, TABLE_NAME_BYTES, " stride %s", size_format(f->stride_bytes, size));
	if (pair->cells[SIDE_A]->working_set_bytes == 0 && f->pages != 0)
		append(buf, TABLE_NAME_BYTES, " over %s", size_format(f->working_set_bytes, size));
	return buf;
}

static void put_values(struct grid *g, const struct compared *pair)
{
	bool latency = strcmp(pair->figures[SIDE_A]->unit, "cycles/access") == 0;
	const char *unit;
	double scale = text_scale_of(pair->figures[SIDE_A]->unit, &unit);
	char text[GRID_CELL_BYTES];

	for (int side = SIDE_A; side < SIDES; side++) {
		format_real(pair->figures[side]->value.value * scale, text, sizeof(text));
		grid_put(g, "%s", text);
	}
	grid_put(g, "%s", unit);
	if (pair->excess == 0)
		grid_put(g, "same");
	else
		grid_put(g, "%s", (pair->ratio.value > 1) == latency ? "slower" : "faster");
}

static void put_row(struct grid *g, const struct compared *pair)
{
	const struct matrix_figure *f = pair->figures[SIDE_A];
	char size[24];

	grid_put(g, "%s", pair->marked ? "*" : "");
	grid_put(g, "%.3f", pair->ratio.value);
	grid_put(g, "%.3f", pair->ratio.low);
	grid_put(g, "%.3f", pair->ratio.high);
	if (pair->tested)
		grid_put(g, "%.2g", pair->p);
	else
		grid_put(g, "-");
	put_values(g, pair);
	grid_put(g, "%s%s%s", pair->cells[SIDE_A]->workload, f->variant[0] != '\0' ? " " : "", f->variant);
	grid_put(g, "%s", f->pages != 0 ? size_format(f->working_set_bytes, size) : "-");
	if (f->stride_bytes != 0)
		grid_put(g, "%s", size_format(f->stride_bytes, size));
	else
		grid_put(g, "-");
	text_put_config(g, pair->cells[SIDE_A]);
}

int compared_print(const struct comparison *c, uint32_t rows, bool marks, FILE *out)
{
	static const char *const titles[COLUMNS] = { "-",   "B/A",    "from",       "to",    "p",
						     "A",   "B",      "-unit",      "-B is", "-workload",
						     "set", "stride", CONFIG_TITLES };
	char text[GRID_CELL_BYTES];
	struct grid g;
	int ret;

	grid_init(&g, titles, COLUMNS);
	for (uint32_t i = 0; i < rows; i++)
		put_row(&g, &c->figures[i]);
	g.hidden[COLUMN_MARK] = !marks;
	if (grid_hide_constant(&g, COLUMN_STRIDE, text) && strcmp(text, "-") != 0)
		g.hidden[COLUMN_STRIDE] = false;
	text_fold_config(&g, COLUMN_CONFIG, out);
	grid_fit(&g, spare, sizeof(spare) / sizeof(spare[0]), SCREEN_COLUMNS);
	(void)fputc('\n', out);
	ret = grid_print(&g, -1, out);
	(void)fputc('\n', out);
	grid_free(&g);
	return ret;
}
