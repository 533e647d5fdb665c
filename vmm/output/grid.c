#include "vmm/output/grid.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void grid_init(struct grid *g, const char *const *titles, uint32_t columns)
{
	*g = (struct grid){ .columns = columns < GRID_MAX_COLUMNS ? columns : GRID_MAX_COLUMNS };
	for (uint32_t i = 0; i < g->columns; i++) {
		g->left[i] = titles[i][0] == '-';
		grid_put(g, "%s", titles[i] + g->left[i]);
	}
}

void grid_free(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){ 0 };
}

static const char *text_at(const struct grid *g, uint32_t row, uint32_t column)
{
	return g->cells[row * g->columns + column];
}

static uint32_t row_count(const struct grid *g)
{
	return g->columns != 0 ? g->texts / g->columns : 0;
}

void grid_put(struct grid *g, const char *fmt, ...)
{
	va_list args;

	if (g->texts == g->capacity) {
		uint32_t capacity = g->capacity == 0 ? 256 : g->capacity * 2;
		char(*grown)[GRID_CELL_BYTES] = reallocarray(g->cells, capacity, sizeof(*grown));

		if (grown == NULL) {
			g->failed = true;
			return;
		}
		g->cells = grown;
		g->capacity = capacity;
	}
	va_start(args, fmt);
	(void)vsnprintf(g->cells[g->texts], GRID_CELL_BYTES, fmt, args);
	va_end(args);
	/* What a terminal would obey is shown as what it is not. */
	for (char *c = g->cells[g->texts]; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	g->texts++;
}

bool grid_hide_constant(struct grid *g, uint32_t column, char *text)
{
	uint32_t rows = row_count(g);

	text[0] = '\0';
	if (rows < 2 || column >= g->columns)
		return false;
	for (uint32_t row = 2; row < rows; row++) {
		if (strcmp(text_at(g, row, column), text_at(g, 1, column)) != 0)
			return false;
	}
	(void)snprintf(text, GRID_CELL_BYTES, "%s", text_at(g, 1, column));
	g->hidden[column] = true;
	return true;
}

static int width_of(const struct grid *g, uint32_t column)
{
	size_t width = 0;

	for (uint32_t row = 0; row < row_count(g); row++) {
		size_t length = strlen(text_at(g, row, column));

		width = length > width ? length : width;
	}
	return (int)width;
}

/* Columns of the screen that its longest line takes at most. */
static int line_width(const struct grid *g)
{
	int width = -2;

	for (uint32_t column = 0; column < g->columns; column++)
		width += g->hidden[column] ? 0 : width_of(g, column) + 2;
	return width;
}

void grid_fit(struct grid *g, const uint32_t *first, uint32_t count, int width)
{
	for (uint32_t i = 0; i < count && line_width(g) > width; i++)
		g->hidden[first[i]] = true;
}

static void print_row(const struct grid *g, uint32_t row, const int *widths, FILE *out)
{
	int owed = 0; /* blanks that only a further text makes necessary */

	for (uint32_t column = 0; column < g->columns; column++) {
		const char *text = text_at(g, row, column);
		int length = (int)strlen(text), fill = widths[column] - length;

		if (g->hidden[column])
			continue;
		if (!g->left[column])
			owed += fill;
		if (length != 0) {
			(void)fprintf(out, "%*s%s", owed, "", text);
			owed = 0;
		}
		owed += 2 + (g->left[column] ? fill : 0);
	}
	(void)fputc('\n', out);
}

int grid_print(const struct grid *g, int group_column, FILE *out)
{
	int widths[GRID_MAX_COLUMNS];

	if (g->failed)
		return -ENOMEM;
	for (uint32_t column = 0; column < g->columns; column++)
		widths[column] = width_of(g, column);
	for (uint32_t row = 0; row < row_count(g); row++) {
		if (row > 1 && group_column >= 0 &&
		    strcmp(text_at(g, row, (uint32_t)group_column),
			   text_at(g, row - 1, (uint32_t)group_column)) != 0)
			(void)fputc('\n', out);
		print_row(g, row, widths, out);
	}
	return ferror(out) != 0 ? -EIO : 0;
}
