/*
 * Values of rows in the files: CSV and JSON.
 */
#include "vmm/output/table.h"

#include <inttypes.h>
#include <math.h>

#include "vmm/output/json.h"
#include "vmm/util/text.h"

void datum_text(struct datum *out, const char *text)
{
	if (text == NULL)
		return;
	out->type = DATUM_TEXT;
	out->as.text = text;
}

void datum_count(struct datum *out, int64_t count)
{
	if (count >= 0)
		*out = (struct datum){ .type = DATUM_INT, .as.integer = count };
}

void datum_bytes(struct datum *out, uint64_t bytes)
{
	*out = (struct datum){ .type = DATUM_BYTES, .as.bytes = bytes };
}

void datum_extent(struct datum *out, int64_t bytes)
{
	if (bytes >= 0)
		datum_bytes(out, (uint64_t)bytes);
}

void datum_size(struct datum *out, uint64_t bytes)
{
	if (bytes != 0)
		datum_bytes(out, bytes);
}

void datum_real(struct datum *out, double value)
{
	if (isfinite(value))
		*out = (struct datum){ .type = DATUM_REAL, .as.real = value };
}

void datum_truth(struct datum *out, int truth)
{
	if (truth >= 0)
		*out = (struct datum){ .type = DATUM_BOOL, .as.truth = truth != 0 };
}

void datum_hex(struct datum *out, uint64_t value)
{
	*out = (struct datum){ .type = DATUM_HEX, .as.bytes = value };
}

void datum_reals(struct datum *out, const double *values, int32_t count)
{
	if (count >= 0)
		*out = (struct datum){ .type = DATUM_REALS, .as.reals = { values, (uint32_t)count } };
}

void datum_ratio(struct datum *out, int64_t count, uint64_t whole)
{
	if (count >= 0 && whole != 0)
		datum_real(out, (double)count / (double)whole);
}

static void put_quoted(FILE *out, const char *text)
{
	size_t bytes;

	(void)fputc('"', out);
	for (; *text != '\0'; text += bytes) {
		bool shown = is_printable(text, &bytes) || *text == '\n';

		(void)fprintf(out, "%s%.*s", *text == '"' ? "\"" : "", shown ? (int)bytes : 1,
			      shown ? text : "?");
	}
	(void)fputc('"', out);
}

static void put_field(const struct datum *cell, FILE *out)
{
	switch (cell->type) {
	case DATUM_TEXT:
		if (cell->as.text[0] != '\0')
			put_quoted(out, cell->as.text);
		break;
	case DATUM_INT:
		(void)fprintf(out, "%" PRId64, cell->as.integer);
		break;
	case DATUM_BYTES:
		(void)fprintf(out, "%" PRIu64, cell->as.bytes);
		break;
	case DATUM_REAL:
		(void)fprintf(out, "%.12g", cell->as.real);
		break;
	case DATUM_BOOL:
		(void)fputs(cell->as.truth ? "true" : "false", out);
		break;
	case DATUM_HEX:
		(void)fprintf(out, "0x%016" PRIx64, cell->as.bytes);
		break;
	case DATUM_NONE:
	case DATUM_REALS:
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
		struct datum cell = { .type = DATUM_NONE };

		if ((columns->list[i].outputs & IN_CSV) == 0)
			continue;
		columns->list[i].get(all, row, &cell);
		(void)fputs(comma, out);
		put_field(&cell, out);
		comma = ",";
	}
	(void)fputc('\n', out);
}

static json_t *cell_json(const struct datum *cell)
{
	json_t *array;

	switch (cell->type) {
	case DATUM_TEXT:
		return json_words(cell->as.text);
	case DATUM_INT:
		return json_integer(cell->as.integer);
	case DATUM_BYTES:
		return json_u64(cell->as.bytes);
	case DATUM_REAL:
		return json_real(cell->as.real);
	case DATUM_BOOL:
		return json_boolean(cell->as.truth);
	case DATUM_HEX:
		return json_sprintf("0x%016" PRIx64, cell->as.bytes);
	case DATUM_REALS:
		array = json_array();
		for (uint32_t i = 0; i < cell->as.reals.count; i++)
			json_push(&array, json_real(cell->as.reals.values[i]));
		return array;
	case DATUM_NONE:
		break;
	}
	return json_null();
}

json_t *columns_json(const struct columns *columns, const void *all, const void *row)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < columns->count; i++) {
		struct datum cell = { .type = DATUM_NONE };

		if ((columns->list[i].outputs & IN_JSON) == 0)
			continue;
		columns->list[i].get(all, row, &cell);
		json_put(&o, columns->list[i].name, cell_json(&cell));
	}
	return o;
}
