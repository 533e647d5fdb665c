/*
 * CSV (RFC 4180): one header line, one line a result; unknown is an empty field.
 */
#include "vmm/report/emit.h"

#include <errno.h>
#include <inttypes.h>

#include "vmm/report/columns.h"

/* Always quoted: quotes inside are doubled, so no text can break out of its field. */
static void put_quoted(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)fputc('"', out);
		(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

static void put_cell(FILE *out, const struct cell *cell)
{
	switch (cell->type) {
	case CELL_TEXT:
		if (cell->as.text[0] != '\0')
			put_quoted(out, cell->as.text);
		break;
	case CELL_INT:
		(void)fprintf(out, "%" PRId64, cell->as.integer);
		break;
	case CELL_BYTES:
		(void)fprintf(out, "%" PRIu64, cell->as.bytes);
		break;
	case CELL_REAL:
		(void)fprintf(out, "%.12g", cell->as.real);
		break;
	case CELL_BOOL:
		(void)fputs(cell->as.truth ? "true" : "false", out);
		break;
	case CELL_HEX:
		(void)fprintf(out, "0x%016" PRIx64, cell->as.bytes);
		break;
	case CELL_NONE:
	case CELL_REALS:
		break;
	}
}

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
		put_cell(out, &cell);
	}
	(void)fputc('\n', out);
}

int emit_csv(const struct record *rec, FILE *out)
{
	put_line(rec, NULL, out);
	for (uint32_t i = 0; i < rec->result_count; i++)
		put_line(rec, &rec->results[i], out);
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) != 0 ? -EIO : 0;
}
