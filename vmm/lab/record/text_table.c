/*
 * The table of results: rows from the columns of columns.def, or a matrix for a workload of many strides; and a legend.
 */
#include "vmm/lab/record/text_table.h"

#include "vmm/lab/record/columns.h"
#include "vmm/lab/record/rows.h"
#include "vmm/output/paragraph.h"

/* With more vCPUs than these, the row of all of them stands for each: one screen holds no more. */
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
static uint32_t add_rows(struct table *t, const struct record *rec, const bool in_matrix[WORKLOAD_COUNT])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (in_matrix[rec->results[i].workload] || !row_is_shown(rec, i))
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

	paragraph(out, "legend", "cycles: TSC cycles an access or operation%s%s",
		  table_legend(t, entries, sizeof(entries)),
		  rec->config.vcpus > VCPUS_ONE_BY_ONE ? "; rows of single vCPUs: --json, --csv" : "");
}

int text_results(const struct record *rec, FILE *out)
{
	bool in_matrix[WORKLOAD_COUNT];
	struct table t;
	uint32_t rows;
	int ret = 0;

	(void)fputc('\n', out);
	if (rec->result_count == 0) {
		paragraph(out, "results", "none: no workload was completed");
		return 0;
	}
	matrix_choose(rec, in_matrix);
	table_open(&t, &result_columns, rec);
	rows = add_rows(&t, rec, in_matrix);
	table_fit(&t, SCREEN_COLUMNS);
	if (rows != 0)
		ret = put_table(&t, out);
	for (uint32_t w = 0; w < WORKLOAD_COUNT; w++) {
		if (in_matrix[w])
			text_matrix(rec, (enum workload_id)w, out);
	}
	if (rows != 0)
		put_legend(rec, &t, out);
	table_free(&t);
	return ret;
}
