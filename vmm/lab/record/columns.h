/*
 * One table of columns: text table, CSV and JSON results[] all come from it, so a column is added in one place.
 */
#ifndef MINIVMM_LAB_RECORD_COLUMNS_H
#define MINIVMM_LAB_RECORD_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/record/record.h"

enum cell_type {
	CELL_NONE, /* not known: null, empty, "-" */
	CELL_TEXT,
	CELL_INT,
	CELL_REAL,
	CELL_BOOL,
	CELL_BYTES, /* an integer; text writes it as 64K, 1G */
	CELL_HEX,
	CELL_REALS, /* JSON only */
};

struct cell {
	enum cell_type type;
	union {
		const char *text; /* of the record, or constant, or the cell's own buffer */
		int64_t integer;
		uint64_t bytes; /* CELL_BYTES, CELL_HEX */
		double real;
		bool truth;
		struct {
			const double *values;
			uint32_t count;
		} reals;
	} as;
	char buffer[40];
};

#define IN_JSON 1U
#define IN_CSV 2U
#define IN_TEXT 4U

struct column {
	const char *name; /* JSON key and CSV header */
	unsigned int outputs;
	void (*get)(const struct record *rec, const struct result *r, struct cell *out);
	/* Of the text table alone: */
	const char *title;
	int width; /* at least; negative: left-aligned */
	unsigned int
		rank; /* lines too long for the screen drop the column of the highest rank first; 0: never */
	bool (*shown)(const struct record *rec); /* NULL: always */
};

#define REPORT_MAX_COLUMNS 64 /* there are fewer; for arrays of one entry a column */

extern const struct column report_columns[];
extern const uint32_t report_column_count;

#endif
