#include "vmm/output/csv.h"

#include <errno.h>
#include <inttypes.h>

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

void csv_put(FILE *out, const struct cell *cell)
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

int csv_finish(FILE *out)
{
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) != 0 ? -EIO : 0;
}
