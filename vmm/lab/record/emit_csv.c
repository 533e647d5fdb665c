/*
 * CSV (RFC 4180): one header line, one line a result; unknown is an empty field.
 */
#include "vmm/lab/record/emit.h"

#include "vmm/lab/record/columns.h"
#include "vmm/output/csv.h"

/* One line: of headers where r is NULL, else of r's values. */
static void put_line(const struct record *rec, const struct result *r, FILE *out)
{
	const char *comma = "";

	for (uint32_t i = 0; i < report_column_count; i++) {
		const struct column *column = &report_columns[i];
		struct cell cell = { .type = CELL_NONE };

		if ((column->outputs & IN_CSV) == 0)
			continue;
		(void)fputs(comma, out);
		comma = ",";
		if (r == NULL) {
			(void)fputs(column->name, out);
			continue;
		}
		column->get(rec, r, &cell);
		csv_put(out, &cell);
	}
	(void)fputc('\n', out);
}

int emit_csv(const struct record *rec, FILE *out)
{
	put_line(rec, NULL, out);
	for (uint32_t i = 0; i < rec->result_count; i++)
		put_line(rec, &rec->results[i], out);
	return csv_finish(out);
}
