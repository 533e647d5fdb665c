/*
 * Tables: the values of rows as text, CSV and JSON.
 *
 * A product with files describes its columns once, as a list of struct column (see lab/record/columns.def).
 * From the list come a line of CSV, an object of JSON and a table of text:
 *
 *	columns_csv_head(&columns, out);            each row: columns_csv_row(&columns, all, row, out)
 *	columns_json(&columns, all, row)            one object a row
 *	table_open(&t, &columns, all);              each row: table_row(&t, all, row)
 *	table_fit(&t, SCREEN_COLUMNS); table_print(&t, -1, out); table_free(&t);
 *
 * `all` is what the rows belong to, `row` is one of them; only the columns' own functions look into them. A
 * table of text alone needs no list: table_init with its titles, then one table_put (table_real, ...) a cell.
 */
#ifndef MINIVMM_OUTPUT_TABLE_H
#define MINIVMM_OUTPUT_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TABLE_MAX_COLUMNS 24
#define TABLE_CELL_BYTES 48

enum datum_type {
	DATUM_NONE, /* not known: null, an empty field, "-" */
	DATUM_TEXT,
	DATUM_INT,
	DATUM_REAL,
	DATUM_BOOL,
	DATUM_BYTES, /* an integer; text writes it as 64K, 1G */
	DATUM_HEX,
	DATUM_REALS, /* JSON only */
};

/* One value. */
struct datum {
	enum datum_type type;
	union {
		const char *text; /* of the row, constant, or the cell's own buffer */
		int64_t integer;
		uint64_t bytes; /* DATUM_BYTES, DATUM_HEX */
		double real;
		bool truth;
		struct {
			const double *values;
			uint32_t count;
		} reals;
	} as;
	char buffer[40];
};

/* Fill a cell, or leave it DATUM_NONE where the value is not known. */
void datum_text(struct datum *out, const char *text); /* NULL: not known */
void datum_count(struct datum *out, int64_t count);   /* below 0: not known */
void datum_bytes(struct datum *out, uint64_t bytes);  /* 0 is a value */
void datum_extent(struct datum *out, int64_t bytes);  /* 0 is a value; below 0: not known */
void datum_size(struct datum *out, uint64_t bytes);   /* 0: not known, or there is none */
void datum_real(struct datum *out, double value);     /* NAN or infinite: not known */
void datum_truth(struct datum *out, int truth);       /* below 0: not known */
void datum_hex(struct datum *out, uint64_t value);
void datum_reals(struct datum *out, const double *values, int32_t count); /* count below 0: not known */
void datum_ratio(struct datum *out, int64_t count, uint64_t whole); /* count below 0, or whole 0: not known */

/* The outputs that have a column. */
#define IN_JSON 1U
#define IN_CSV 2U
#define IN_TEXT 4U

struct column {
	const char *name; /* JSON key and head of the CSV column */
	unsigned int outputs;
	/* *out comes as DATUM_NONE, which stays where the value is not known. */
	void (*get)(const void *all, const void *row, struct datum *out);
	/* The rest is for text alone. "-title" is left-aligned; blanks in front of a title widen its column. */
	const char *title;
	unsigned int
		rank; /* lines too long for the screen lose the column of the highest rank first; 0: never */
	bool (*shown)(const void *all); /* NULL: always */
	/*
	 * What the figures are, for table_legend, or NULL. Columns of the same legend share one entry. '<' in
	 * front: the entry stands before that of the column before.
	 */
	const char *legend;
};

/*
 * A getter for rows of one type:
 * COLUMN_GETTER(get_pages, const struct run *run, const struct row *r, datum_count(out, r->pages))
 */
#define COLUMN_GETTER(id, all_declaration, row_declaration, set)            \
	static void id(const void *all, const void *row, struct datum *out) \
	{                                                                   \
		__attribute__((unused)) all_declaration = all;              \
		__attribute__((unused)) row_declaration = row;              \
                                                                            \
		set;                                                        \
	}

struct columns {
	const struct column *list;
	uint32_t count;
};

/*
 * CSV (RFC 4180): a line of heads, and a line of one row's values. Text is quoted and quotes in it are doubled,
 * so none breaks out of its field; what is not known, and "", is an empty field. Errors stay in the stream.
 */
void columns_csv_head(const struct columns *columns, FILE *out);
void columns_csv_row(const struct columns *columns, const void *all, const void *row, FILE *out);

/* One row as an object; what is not known is null. NULL: no memory (json_finish takes that). */
json_t *columns_json(const struct columns *columns, const void *all, const void *row);

/* A table of text that finds its own widths. */
struct table {
	uint32_t columns, texts;
	int gap;                        /* blanks between columns: 2 */
	bool left[TABLE_MAX_COLUMNS];   /* left-aligned */
	bool hidden[TABLE_MAX_COLUMNS]; /* not printed: set by the caller and by the functions below */
	const struct column *of[TABLE_MAX_COLUMNS]; /* of a table that was opened with columns */
	uint32_t capacity;
	char (*cells)[TABLE_CELL_BYTES]; /* owned; row by row, the first row has the titles */
	bool failed;                     /* no memory: table_print says so */
};

/*
 * An empty table: of `count` titles; or of those of `columns` that text has and that shown(all) does not hide.
 * table_free releases it.
 */
void table_init(struct table *t, const char *const *titles, uint32_t count);
void table_open(struct table *t, const struct columns *columns, const void *all);
void table_free(struct table *t);

/* One text more, from left to right and row by row; too long a text is cut, control characters become '?'. */
void table_put(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for values, "-" where they are not known: NAN, below 0, 0. A real is written by format_real. */
void table_real(struct table *t, double value);
void table_count(struct table *t, int64_t count);
void table_size(struct table *t, uint64_t bytes);

/* A whole row of a table that was opened with columns. */
void table_row(struct table *t, const void *all, const void *row);

/*
 * Hide `column` where all its rows have the same text, which is then in *text (TABLE_CELL_BYTES) for a line
 * above the table; "" and false where they differ or there is no row.
 */
bool table_hide_constant(struct table *t, uint32_t column, char *text);

/* Hide those of columns first..first + count that have nothing but "-". */
void table_hide_empty(struct table *t, uint32_t first, uint32_t count);

/* Columns of the screen that the longest line takes at most. */
int table_width(const struct table *t);

/* Hide columns, in the order of first[] (`count` of them), until a line is no longer than `width`. */
void table_drop(struct table *t, const uint32_t *first, uint32_t count, int width);

/*
 * The end of a table that stands between paragraphs: hide columns as table_drop does until it fits the screen, print it between
 * two empty lines, free it. Returns like table_print.
 */
int table_section(struct table *t, const uint32_t *first, uint32_t count, int group_column, FILE *out);

/* Put columns closer together, then hide them by rank, until a line fits `width` or only rank 0 is left. */
void table_fit(struct table *t, int width);

/* "; ns: median; +-: ..." of the columns that are printed, into buf[0..size). Returns buf. */
const char *table_legend(const struct table *t, char *buf, size_t size);

/*
 * Titles and rows, with an empty line where the text of `group_column` changes (-1: nowhere). 0 or -ENOMEM;
 * errors of `out` stay in it.
 */
int table_print(const struct table *t, int group_column, FILE *out);

/* The same, then release the table. */
int table_finish(struct table *t, int group_column, FILE *out);

#endif
