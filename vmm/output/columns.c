/*
 * Values of rows in the files: CSV and JSON.
 */
#include "vmm/output/table.h"

#include <inttypes.h>
#include <math.h>

#include "vmm/output/json.h"

void cell_text(struct cell *out, const char *text)
{
	if (text == NULL)
		return;
	out->type = CELL_TEXT;
	out->as.text = text;
}

void cell_count(struct cell *out, int64_t count)
{
	if (count >= 0)
		*out = (struct cell){ .type = CELL_INT, .as.integer = count };
}

void cell_bytes(struct cell *out, uint64_t bytes)
{
	*out = (struct cell){ .type = CELL_BYTES, .as.bytes = bytes };
}

void cell_size(struct cell *out, uint64_t bytes)
{
	if (bytes != 0)
		cell_bytes(out, bytes);
}

void cell_real(struct cell *out, double value)
{
	if (isfinite(value))
		*out = (struct cell){ .type = CELL_REAL, .as.real = value };
}

void cell_truth(struct cell *out, int truth)
{
	if (truth >= 0)
		*out = (struct cell){ .type = CELL_BOOL, .as.truth = truth != 0 };
}

void cell_hex(struct cell *out, uint64_t value)
{
	*out = (struct cell){ .type = CELL_HEX, .as.bytes = value };
}

void cell_reals(struct cell *out, const double *values, int32_t count)
{
	if (count >= 0)
		*out = (struct cell){ .type = CELL_REALS, .as.reals = { values, (uint32_t)count } };
}

void cell_ratio(struct cell *out, int64_t count, uint64_t whole)
{
	if (count >= 0 && whole != 0)
		cell_real(out, (double)count / (double)whole);
}

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

static void put_field(const struct cell *cell, FILE *out)
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

void columns_csv_head(const struct columns *columns, FILE *out)
{
	const char *comma = "";

	for (uint32_t i = 0; i < columns->count; i++) {
		if ((columns->list[i].outputs & IN_CSV) == 0)
			continue;
		(void)fprintf(out, "%s%s", comma, columns->list[i].name);
		comma = ",";
	}
	(void)fputc('\n', out);
}

void columns_csv_row(const struct columns *columns, const void *all, const void *row, FILE *out)
{
	const char *comma = "";

	for (uint32_t i = 0; i < columns->count; i++) {
		struct cell cell = { .type = CELL_NONE };

		if ((columns->list[i].outputs & IN_CSV) == 0)
			continue;
		columns->list[i].get(all, row, &cell);
		(void)fputs(comma, out);
		put_field(&cell, out);
		comma = ",";
	}
	(void)fputc('\n', out);
}

static json_t *cell_json(const struct cell *cell)
{
	json_t *array;

	switch (cell->type) {
	case CELL_TEXT:
		return json_words(cell->as.text);
	case CELL_INT:
		return json_integer(cell->as.integer);
	case CELL_BYTES:
		return json_u64(cell->as.bytes);
	case CELL_REAL:
		return json_real(cell->as.real);
	case CELL_BOOL:
		return json_boolean(cell->as.truth);
	case CELL_HEX:
		return json_sprintf("0x%016" PRIx64, cell->as.bytes);
	case CELL_REALS:
		array = json_array();
		for (uint32_t i = 0; i < cell->as.reals.count; i++)
			json_push(&array, json_real(cell->as.reals.values[i]));
		return array;
	case CELL_NONE:
		break;
	}
	return json_null();
}

json_t *columns_json(const struct columns *columns, const void *all, const void *row)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < columns->count; i++) {
		struct cell cell = { .type = CELL_NONE };

		if ((columns->list[i].outputs & IN_JSON) == 0)
			continue;
		columns->list[i].get(all, row, &cell);
		json_put(&o, columns->list[i].name, cell_json(&cell));
	}
	return o;
}
