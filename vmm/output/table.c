/*
 * Tables of text: columns as wide as their widest cell, fewer where they do not fit the screen.
 */
#include "vmm/output/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"

static void add_column(struct table *t, const char *title, const struct column *of)
{
	t->left[t->columns] = title[0] == '-';
	t->of[t->columns] = of;
	t->columns++;
	table_put(t, "%s", title + (title[0] == '-'));
}

void table_init(struct table *t, const char *const *titles, uint32_t count)
{
	*t = (struct table){ .gap = 2 };
	for (uint32_t i = 0; i < count && i < TABLE_MAX_COLUMNS; i++)
		add_column(t, titles[i], NULL);
}

void table_open(struct table *t, const struct columns *columns, const void *all)
{
	*t = (struct table){ .gap = 2 };
	for (uint32_t i = 0; i < columns->count && t->columns < TABLE_MAX_COLUMNS; i++) {
		const struct column *column = &columns->list[i];

		if ((column->outputs & IN_TEXT) != 0 && (column->shown == NULL || column->shown(all)))
			add_column(t, column->title, column);
	}
}

void table_free(struct table *t)
{
	free(t->cells);
	*t = (struct table){ 0 };
}

static const char *text_at(const struct table *t, uint32_t row, uint32_t column)
{
	return t->cells[row * t->columns + column];
}

static uint32_t row_count(const struct table *t)
{
	return t->columns != 0 ? t->texts / t->columns : 0;
}

void table_put(struct table *t, const char *fmt, ...)
{
	va_list args;

	if (t->texts == t->capacity) {
		uint32_t capacity = t->capacity == 0 ? 256 : t->capacity * 2;
		char(*grown)[TABLE_CELL_BYTES] = reallocarray(t->cells, capacity, sizeof(*grown));

		if (grown == NULL) {
			t->failed = true;
			return;
		}
		t->cells = grown;
		t->capacity = capacity;
	}
	va_start(args, fmt);
	(void)vsnprintf(t->cells[t->texts], TABLE_CELL_BYTES, fmt, args);
	va_end(args);
	(void)make_printable(t->cells[t->texts], "");
	t->texts++;
}

static void put_cell(struct table *t, const struct datum *cell)
{
	char text[TABLE_CELL_BYTES];

	switch (cell->type) {
	case DATUM_TEXT:
		table_put(t, "%s", cell->as.text);
		break;
	case DATUM_INT:
		table_put(t, "%" PRId64, cell->as.integer);
		break;
	case DATUM_REAL:
		format_real(cell->as.real, text, sizeof(text));
		table_put(t, "%s", text);
		break;
	case DATUM_BOOL:
		table_put(t, "%s", cell->as.truth ? "yes" : "no");
		break;
	case DATUM_BYTES:
		table_put(t, "%s", size_format(cell->as.bytes, text));
		break;
	case DATUM_HEX:
		table_put(t, "0x%016" PRIx64, cell->as.bytes);
		break;
	case DATUM_NONE:
	case DATUM_REALS:
		table_put(t, "-");
		break;
	}
}

void table_real(struct table *t, double value)
{
	struct datum cell = { .type = DATUM_NONE };

	datum_real(&cell, value);
	put_cell(t, &cell);
}

void table_count(struct table *t, int64_t count)
{
	struct datum cell = { .type = DATUM_NONE };

	datum_count(&cell, count);
	put_cell(t, &cell);
}

void table_size(struct table *t, uint64_t bytes)
{
	struct datum cell = { .type = DATUM_NONE };

	datum_size(&cell, bytes);
	put_cell(t, &cell);
}

void table_row(struct table *t, const void *all, const void *row)
{
	for (uint32_t i = 0; i < t->columns; i++) {
		struct datum cell = { .type = DATUM_NONE };

		t->of[i]->get(all, row, &cell);
		put_cell(t, &cell);
	}
}

static bool is_constant(const struct table *t, uint32_t column)
{
	uint32_t rows = row_count(t);

	for (uint32_t row = 2; row < rows; row++) {
		if (strcmp(text_at(t, row, column), text_at(t, 1, column)) != 0)
			return false;
	}
	return rows >= 2 && column < t->columns;
}

bool table_hide_constant(struct table *t, uint32_t column, char *text)
{
	text[0] = '\0';
	if (!is_constant(t, column))
		return false;
	(void)snprintf(text, TABLE_CELL_BYTES, "%s", text_at(t, 1, column));
	t->hidden[column] = true;
	return true;
}

void table_hide_empty(struct table *t, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		t->hidden[i] |= is_constant(t, i) && strcmp(text_at(t, 1, i), "-") == 0;
}

static int width_of(const struct table *t, uint32_t column)
{
	size_t width = 0;

	for (uint32_t row = 0; row < row_count(t); row++) {
		size_t length = strlen(text_at(t, row, column));

		width = length > width ? length : width;
	}
	return (int)width;
}

int table_width(const struct table *t)
{
	int width = -t->gap;

	for (uint32_t column = 0; column < t->columns; column++)
		width += t->hidden[column] ? 0 : width_of(t, column) + t->gap;
	return width;
}

void table_drop(struct table *t, const uint32_t *first, uint32_t count, int width)
{
	for (uint32_t i = 0; i < count && table_width(t) > width; i++)
		t->hidden[first[i]] = true;
}

static unsigned int rank_of(const struct table *t, uint32_t column)
{
	return t->hidden[column] || t->of[column] == NULL ? 0 : t->of[column]->rank;
}

void table_fit(struct table *t, int width)
{
	if (table_width(t) > width)
		t->gap = 1;
	while (table_width(t) > width) {
		uint32_t least_needed = 0;

		for (uint32_t i = 1; i < t->columns; i++) {
			if (rank_of(t, i) > rank_of(t, least_needed))
				least_needed = i;
		}
		if (rank_of(t, least_needed) == 0)
			return;
		t->hidden[least_needed] = true;
	}
}

/* A title without what only lays it out. */
static const char *bare_title(const struct column *column)
{
	const char *title = column->title + (column->title[0] == '-');

	return title + strspn(title, " ");
}

static bool has_legend(const struct table *t, uint32_t column, const char *legend)
{
	return !t->hidden[column] && t->of[column] != NULL && t->of[column]->legend != NULL &&
	       (legend == NULL || strcmp(t->of[column]->legend, legend) == 0);
}

/* "; 4K, 2M: leaves": the titles of the columns that share the legend of column `first`, then the legend. */
static void put_entry(const struct table *t, uint32_t first, char *buf, size_t size)
{
	const char *legend = t->of[first]->legend, *last = bare_title(t->of[first]);

	append(buf, size, "; %s", last);
	for (uint32_t i = first + 1; i < t->columns; i++) {
		if (!has_legend(t, i, legend) || strcmp(bare_title(t->of[i]), last) == 0)
			continue;
		last = bare_title(t->of[i]);
		append(buf, size, ", %s", last);
	}
	append(buf, size, ": %s", legend + (legend[0] == '<'));
}

const char *table_legend(const struct table *t, char *buf, size_t size)
{
	uint32_t order[TABLE_MAX_COLUMNS], count = 0;

	for (uint32_t i = 0; i < t->columns; i++) {
		bool told = !has_legend(t, i, NULL);

		for (uint32_t before = 0; before < i && !told; before++)
			told = has_legend(t, before, t->of[i]->legend);
		if (told)
			continue;
		order[count] = i;
		if (t->of[i]->legend[0] == '<' && count > 0) {
			order[count] = order[count - 1];
			order[count - 1] = i;
		}
		count++;
	}
	buf[0] = '\0';
	for (uint32_t i = 0; i < count; i++)
		put_entry(t, order[i], buf, size);
	return buf;
}

static void print_row(const struct table *t, uint32_t row, const int *widths, FILE *out)
{
	int owed = 0; /* blanks that are printed only if another text follows */

	for (uint32_t column = 0; column < t->columns; column++) {
		const char *text = text_at(t, row, column);
		int length = (int)strlen(text), fill = widths[column] - length;

		if (t->hidden[column])
			continue;
		if (!t->left[column])
			owed += fill;
		if (length != 0) {
			(void)fprintf(out, "%*s%s", owed, "", text);
			owed = 0;
		}
		owed += t->gap + (t->left[column] ? fill : 0);
	}
	(void)fputc('\n', out);
}

int table_print(const struct table *t, int group_column, FILE *out)
{
	int widths[TABLE_MAX_COLUMNS];

	if (t->failed)
		return -ENOMEM;
	for (uint32_t column = 0; column < t->columns; column++)
		widths[column] = width_of(t, column);
	for (uint32_t row = 0; row < row_count(t); row++) {
		if (row > 1 && group_column >= 0 &&
		    strcmp(text_at(t, row, (uint32_t)group_column),
			   text_at(t, row - 1, (uint32_t)group_column)) != 0)
			(void)fputc('\n', out);
		print_row(t, row, widths, out);
	}
	return 0;
}

int table_finish(struct table *t, int group_column, FILE *out)
{
	int ret = table_print(t, group_column, out);

	table_free(t);
	return ret;
}

int table_section(struct table *t, const uint32_t *first, uint32_t count, int group_column, FILE *out)
{
	int ret;

	table_drop(t, first, count, SCREEN_COLUMNS);
	(void)fputc('\n', out);
	ret = table_finish(t, group_column, out);
	(void)fputc('\n', out);
	return ret;
}
