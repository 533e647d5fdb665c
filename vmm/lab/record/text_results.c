/*
 * The results: rows from the columns of columns.def with a legend, or, for a workload that visits n pages at
 * many strides, a matrix: pages down, strides across, the least cycles an access.
 */
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/twin_table.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"

/* Up to so many results of one workload are rows of the table. */
#define ROWS_AT_MOST 16
#define AXIS_MAX 64
#define CELL_COLUMNS 8

/* The distinct values of one dimension, ascending. What is beyond AXIS_MAX is left to JSON and CSV. */
struct axis {
	uint32_t count;
	uint64_t values[AXIS_MAX];
};

static bool belongs(const struct record *rec, const struct result *r, enum workload_id workload)
{
	return r->workload == workload && r->stride_bytes != 0 && r->vcpu == text_vcpu(rec);
}

void grid_choose(const struct record *rec, bool in_grid[WORKLOAD_COUNT])
{
	for (uint32_t w = 0; w < WORKLOAD_COUNT; w++) {
		uint32_t rows = 0;

		for (uint32_t i = 0; i < rec->result_count; i++)
			rows += belongs(rec, &rec->results[i], (enum workload_id)w) ? 1 : 0;
		in_grid[w] = rows > ROWS_AT_MOST;
	}
	in_grid[WORKLOAD_twin] = twin_next(rec, NULL) != NULL;
}

static void axis_add(struct axis *axis, uint64_t value)
{
	uint32_t at = 0;

	while (at < axis->count && axis->values[at] < value)
		at++;
	if ((at < axis->count && axis->values[at] == value) || axis->count == AXIS_MAX)
		return;
	memmove(&axis->values[at + 1], &axis->values[at], (axis->count - at) * sizeof(axis->values[0]));
	axis->values[at] = value;
	axis->count++;
}

static const struct result *find_row(const struct record *rec, enum workload_id workload, uint64_t pages,
				     uint64_t stride_bytes)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (belongs(rec, r, workload) && r->pages == pages && r->stride_bytes == stride_bytes)
			return r;
	}
	return NULL;
}

/* Strides first..first+count of the matrix, as many as one line holds. */
static void put_block(const struct record *rec, enum workload_id workload, const struct axis *pages,
		      const uint64_t *strides_bytes, uint32_t count, FILE *out)
{
	char text[48];

	(void)fprintf(out, "%*s", CELL_COLUMNS, "pages");
	for (uint32_t s = 0; s < count; s++)
		(void)fprintf(out, "%*s", CELL_COLUMNS, size_format(strides_bytes[s], text));
	(void)fputc('\n', out);
	for (uint32_t p = 0; p < pages->count; p++) {
		int width = CELL_COLUMNS;

		(void)fprintf(out, "%*" PRIu64, CELL_COLUMNS, pages->values[p]);
		for (uint32_t s = 0; s < count; s++) {
			const struct result *r = find_row(rec, workload, pages->values[p], strides_bytes[s]);

			/* What was not measured is blank, but no blanks end a line. */
			if (r == NULL) {
				width += CELL_COLUMNS;
				continue;
			}
			(void)snprintf(text, sizeof(text), "-");
			if (r->sample_count != 0)
				format_real(r->summary.min, text, sizeof(text));
			(void)fprintf(out, "%*s", width, text);
			width = CELL_COLUMNS;
		}
		(void)fputc('\n', out);
	}
	(void)fputc('\n', out);
}

/* The caption has what the rows would show beside the minimum. */
static void put_caption(const struct record *rec, enum workload_id workload, FILE *out)
{
	int64_t exits = 0;
	uint32_t parts = 0;
	double spread = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (!belongs(rec, r, workload))
			continue;
		parts++;
		exits = exits < 0 || r->counts.exits < 0 ? -1 : exits + r->counts.exits;
		if (r->sample_count != 0 && r->summary.median > 0 &&
		    r->summary.mad / r->summary.median > spread)
			spread = r->summary.mad / r->summary.median;
	}
	(void)fprintf(out, "%s: least %s an access; pages down, strides across (%u parts, +- up to %.1f %%",
		      workload_table[workload].name, latency_words(rec), parts, spread * 100);
	if (exits >= 0)
		(void)fprintf(out, ", exits: %" PRId64, exits);
	(void)fputs(")\n", out);
}

static void put_grid(const struct record *rec, enum workload_id workload, FILE *out)
{
	const uint32_t most = SCREEN_COLUMNS / CELL_COLUMNS - 1;
	struct axis pages = { 0 }, strides = { 0 };

	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (!belongs(rec, &rec->results[i], workload))
			continue;
		axis_add(&pages, rec->results[i].pages);
		axis_add(&strides, rec->results[i].stride_bytes);
	}
	put_caption(rec, workload, out);
	for (uint32_t first = 0; first < strides.count; first += most)
		put_block(rec, workload, &pages, &strides.values[first],
			  (uint32_t)min_u64(most, strides.count - first), out);
}

/* With more vCPUs than these, only the combined rows are shown, so that they fit one screen. */
#define VCPUS_ONE_BY_ONE 2

/* Rows are sorted, so that the row of all vCPUs comes first in its part; an interrupted run may have none. */
static bool has_row_of_all(const struct record *rec, uint32_t i)
{
	const struct result *row = &rec->results[i];

	while (i > 0 && row_is_single(&rec->results[i]) && same_part(&rec->results[i - 1], row))
		i--;
	return !row_is_single(&rec->results[i]);
}

static bool row_is_shown(const struct record *rec, uint32_t i)
{
	return rec->config.vcpus <= VCPUS_ONE_BY_ONE || !row_is_single(&rec->results[i]) ||
	       !has_row_of_all(rec, i);
}

/* Adds the rows that no matrix has. Returns how many. */
static uint32_t add_rows(struct table *t, const struct record *rec, const bool in_grid[WORKLOAD_COUNT])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (in_grid[rec->results[i].workload] || !row_is_shown(rec, i))
			continue;
		table_row(t, rec, &rec->results[i]);
		count++;
	}
	return count;
}

static int put_table(const struct table *t, FILE *out)
{
	int ret = table_print(t, -1, out);

	(void)fputc('\n', out);
	return ret;
}

static void put_legend(const struct record *rec, const struct table *t, FILE *out)
{
	char entries[1024];

	paragraph(out, "legend", "%s: %s an access or operation%s%s",
		  strcmp(latency_words(rec), "core cycles") == 0 ? "core cyc" : "TSC cyc", latency_words(rec),
		  table_legend(t, entries, sizeof(entries)),
		  rec->config.vcpus > VCPUS_ONE_BY_ONE ? "; rows of single vCPUs: --json, --csv" : "");
}

int put_results(const struct record *rec, FILE *out)
{
	bool in_grid[WORKLOAD_COUNT];
	struct table t;
	uint32_t rows;
	int ret = 0;

	(void)fputc('\n', out);
	if (rec->result_count == 0) {
		paragraph(out, "results", "none: no workload was completed");
		return 0;
	}
	grid_choose(rec, in_grid);
	table_open(&t, &result_columns, rec);
	rows = add_rows(&t, rec, in_grid);
	table_fit(&t, SCREEN_COLUMNS);
	if (rows != 0)
		ret = put_table(&t, out);
	for (uint32_t w = 0; w < WORKLOAD_COUNT; w++) {
		if (in_grid[w] && w != WORKLOAD_twin)
			put_grid(rec, (enum workload_id)w, out);
	}
	if (ret == 0)
		ret = put_twin(rec, out);
	if (rows != 0)
		put_legend(rec, &t, out);
	table_free(&t);
	return ret;
}
