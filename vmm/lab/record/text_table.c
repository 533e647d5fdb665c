/*
 * The table of results: columns as wide as their widest cell, fewer where they do not fit the screen.
 */
#include "vmm/lab/record/text_table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/lab/record/columns.h"
#include "vmm/output/paragraph.h"
#include "vmm/lab/record/rows.h"

/* With more vCPUs than these, the row of all of them stands for each: one screen holds no more. */
#define VCPUS_ONE_BY_ONE 2

/* How each column is printed; width 0: not at all. */
struct layout {
	int widths[REPORT_MAX_COLUMNS];
	int gap;
	bool in_matrix[WORKLOAD_COUNT];
};

void format_real(double value, char *buf, size_t size)
{
	double magnitude = fabs(value);
	int digits = 2;

	/* Noise around nothing is nothing, not "-0.00". */
	if (magnitude < 0.005)
		value = 0;
	if (magnitude >= 999.5)
		digits = 0;
	else if (magnitude >= 99.95)
		digits = 1;
	(void)snprintf(buf, size, "%.*f", digits, value);
}

static void format_cell(const struct record *rec, const struct result *r, const struct column *column,
			char *buf, size_t size)
{
	struct cell cell = { .type = CELL_NONE };

	column->get(rec, r, &cell);
	switch (cell.type) {
	case CELL_TEXT:
		(void)snprintf(buf, size, "%s", cell.as.text);
		break;
	case CELL_INT:
		(void)snprintf(buf, size, "%" PRId64, cell.as.integer);
		break;
	case CELL_REAL:
		format_real(cell.as.real, buf, size);
		break;
	case CELL_BYTES:
		(void)size_format(cell.as.bytes, buf);
		break;
	default:
		(void)snprintf(buf, size, "-");
		break;
	}
}

/* Rows are sorted, so that the row of all vCPUs comes first in its part; an interrupted run may have none. */
static bool has_row_of_all(const struct record *rec, uint32_t i)
{
	const struct result *row = &rec->results[i];

	while (i > 0 && row_is_single(&rec->results[i]) && same_part(&rec->results[i - 1], row))
		i--;
	return !row_is_single(&rec->results[i]);
}

static bool row_is_shown(const struct record *rec, const struct layout *layout, uint32_t i)
{
	const struct result *r = &rec->results[i];

	if (layout->in_matrix[r->workload])
		return false;
	return rec->config.vcpus <= VCPUS_ONE_BY_ONE || !row_is_single(r) || !has_row_of_all(rec, i);
}

static bool column_is_shown(const struct record *rec, const struct column *column)
{
	return (column->outputs & IN_TEXT) != 0 && (column->shown == NULL || column->shown(rec));
}

static int width_of(const struct record *rec, const struct layout *layout, const struct column *column)
{
	int width = column->width < 0 ? -column->width : column->width;
	char buf[48];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (!row_is_shown(rec, layout, i))
			continue;
		format_cell(rec, &rec->results[i], column, buf, sizeof(buf));
		if ((int)strlen(buf) > width)
			width = (int)strlen(buf);
	}
	return (int)strlen(column->title) > width ? (int)strlen(column->title) : width;
}

static int line_width(const struct layout *layout)
{
	int width = -layout->gap;

	for (uint32_t i = 0; i < report_column_count; i++)
		width += layout->widths[i] != 0 ? layout->widths[i] + layout->gap : 0;
	return width;
}

/* The column that a line can best do without; report_column_count where only those that it needs are left. */
static uint32_t least_needed(const struct layout *layout)
{
	uint32_t found = report_column_count;

	for (uint32_t i = 0; i < report_column_count; i++) {
		if (layout->widths[i] != 0 && report_columns[i].rank != 0 &&
		    (found == report_column_count || report_columns[i].rank > report_columns[found].rank))
			found = i;
	}
	return found;
}

static void plan_layout(const struct record *rec, struct layout *layout)
{
	memset(layout, 0, sizeof(*layout));
	matrix_choose(rec, layout->in_matrix);
	for (uint32_t i = 0; i < report_column_count; i++) {
		if (column_is_shown(rec, &report_columns[i]))
			layout->widths[i] = width_of(rec, layout, &report_columns[i]);
	}
	for (layout->gap = 2; layout->gap > 1 && line_width(layout) > SCREEN_COLUMNS;)
		layout->gap--;
	while (line_width(layout) > SCREEN_COLUMNS) {
		uint32_t i = least_needed(layout);

		if (i == report_column_count)
			return;
		layout->widths[i] = 0;
	}
}

/* One line: of titles where r is NULL. */
static void put_row(const struct record *rec, const struct result *r, const struct layout *layout, FILE *out)
{
	const char *title;
	bool first = true;
	char buf[48];

	for (uint32_t i = 0; i < report_column_count; i++) {
		const struct column *column = &report_columns[i];

		if (layout->widths[i] == 0)
			continue;
		if (r != NULL)
			format_cell(rec, r, column, buf, sizeof(buf));
		title = r != NULL ? buf : column->title;
		(void)fprintf(out, "%*s%*s", first ? 0 : layout->gap, "",
			      column->width < 0 ? -layout->widths[i] : layout->widths[i], title);
		first = false;
	}
	(void)fputc('\n', out);
}

static bool is_printed(const struct layout *layout, const char *name)
{
	for (uint32_t i = 0; i < report_column_count; i++) {
		if (layout->widths[i] != 0 && strcmp(report_columns[i].name, name) == 0)
			return true;
	}
	return false;
}

static void put_legend(const struct record *rec, const struct layout *layout, FILE *out)
{
	bool ratios = is_printed(layout, "exits_per_operation") || is_printed(layout, "faults_per_operation");

	paragraph(
		out, "legend",
		"cycles: TSC cycles an access or operation%s%s; %sfaults: in the whole timed phase, warm-up "
		"included%s%s%s%s",
		is_printed(layout, "median_ns") ? "; ns: median" : "",
		is_printed(layout, "mad") ? "; +-: median absolute deviation" : "",
		rec->spec.native ? "" : "exits, ",
		ratios ? "; /op: of the count before it, an operation" : "",
		is_printed(layout, "leaves_4k")
			? "; 4K, 2M: leaves that KVM has at the end of the phase; dirty: pages in its log"
			: "",
		is_printed(layout, "refs_theory")
			? "; refs: page-table references of one TLB miss in theory, without caches"
			: "",
		rec->config.vcpus > VCPUS_ONE_BY_ONE ? "; rows of single vCPUs: --json, --csv" : "");
}

static uint32_t put_rows(const struct record *rec, const struct layout *layout, FILE *out)
{
	uint32_t printed = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (!row_is_shown(rec, layout, i))
			continue;
		if (printed++ == 0)
			put_row(rec, NULL, layout, out);
		put_row(rec, &rec->results[i], layout, out);
	}
	return printed;
}

void text_results(const struct record *rec, FILE *out)
{
	struct layout layout;
	uint32_t printed;

	(void)fputc('\n', out);
	if (rec->result_count == 0) {
		paragraph(out, "results", "none: no workload was completed");
		return;
	}
	plan_layout(rec, &layout);
	printed = put_rows(rec, &layout, out);
	if (printed != 0)
		(void)fputc('\n', out);
	for (uint32_t w = 0; w < WORKLOAD_COUNT; w++) {
		if (layout.in_matrix[w])
			text_matrix(rec, (enum workload_id)w, out);
	}
	if (printed != 0)
		put_legend(rec, &layout, out);
}
