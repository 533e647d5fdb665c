/*
 * The figures of a matrix as a table, and the faults beside them.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/output/paragraph.h"

#define LEADING 3 /* workload, set, stride: before the configuration */

static void put_leading(struct table *table, const struct matrix_cell *cell, const struct matrix_figure *f)
{
	text_put_part(table, cell, f);
	table_size(table, f->stride_bytes);
}

static void put_number(struct table *table, double number, int decimals)
{
	if (isnan(number))
		table_put(table, "-");
	else
		table_put(table, "%.*f", decimals, number);
}

/* The marks of a figure, as letters; matrix_figures_text explains them. "-": no mark. */
static void put_doubts(struct table *table, const struct matrix *m, const struct matrix_cell *cell,
		       const struct matrix_figure *f)
{
	bool disturbed = false, wrong = cell->state == STATE_MISMATCH, fewer = f->count < m->allocations;

	for (uint32_t i = 0; i < cell->run_count; i++)
		disturbed = disturbed || cell->runs[i].disturbed[0] != '\0';
	if (f->count == 0 || !(disturbed || fewer || wrong))
		table_put(table, "-");
	else
		table_put(table, "%s%s%s", disturbed ? "d" : "", fewer ? "f" : "", wrong ? "w" : "");
}

static void put_figure(struct table *table, const struct matrix *m, const struct matrix_cell *cell,
		       const struct matrix_figure *f)
{
	const char *unit;
	double scale = text_scale_of(f->unit, &unit);

	put_leading(table, cell, f);
	text_put_config(table, cell);
	text_put_estimate(table, &f->value, scale);
	table_put(table, "%s", unit);
	text_put_estimate(table, &f->ratio, 1);
	table_count(table, f->refs_theory != 0 ? (int64_t)f->refs_theory : -1);
	put_number(table, f->exits, 0);
	put_number(table, f->faults_per_operation, 2);
	put_doubts(table, m, cell, f);
}

/* How many figures have that note; 0 where one of them stands before *f, so that each note is told once. */
static uint32_t count_notes(const struct matrix *m, const struct matrix_figure *f)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->datum_count; i++) {
		for (uint32_t k = 0; k < m->cells[i].figure_count; k++) {
			const struct matrix_figure *other = &m->cells[i].figures[k];

			if (strcmp(other->note, f->note) != 0)
				continue;
			if (count == 0 && other != f)
				return 0;
			count++;
		}
	}
	return count;
}

static void put_notes(const struct matrix *m, FILE *out)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		for (uint32_t k = 0; k < m->cells[i].figure_count; k++) {
			const struct matrix_figure *f = &m->cells[i].figures[k];
			uint32_t count = f->note[0] != '\0' ? count_notes(m, f) : 0;

			if (count != 0)
				paragraph(out, "note", "%" PRIu32 " %s %s%s%s: %s", count,
					  count == 1 ? "figure," : "figures, as", m->cells[i].workload,
					  f->variant[0] != '\0' ? " " : "", f->variant, f->note);
		}
	}
}

static bool has_figures(const struct matrix *m)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		if (m->cells[i].figure_count != 0)
			return true;
	}
	return false;
}

int matrix_figures_text(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { "-workload", "set",  "stride", CONFIG_TITLES, "value",
					      "from",      "to",   "-unit",  "ratio",       "from",
					      "to",        "refs", "exits",  "flt/op",      "-!" };
	const uint32_t after = LEADING + CONFIG_COLUMNS;
	/* Columns to drop on a narrow screen, least important first; the files have all of them. */
	const uint32_t spare[] = {
		after + 8, after + 7, after + 3, after + 5, after + 6, after + 4, after + 9
	};
	char unit[TABLE_CELL_BYTES];
	struct table table;

	if (!has_figures(m))
		return fputc('\n', out) == EOF ? -EIO : 0;
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < m->datum_count; i++) {
		for (uint32_t k = 0; k < m->cells[i].figure_count; k++)
			put_figure(&table, m, &m->cells[i], &m->cells[i].figures[k]);
	}
	table_hide_empty(&table, 1, 2);
	table_hide_empty(&table, after + 4, 7);
	if (!table.hidden[after + 10])
		paragraph(out, "!",
			  "d: of runs that are still disturbed; f: of fewer allocations than asked for, so "
			  "that its interval may cover less; w: of wrong page sizes, never compared");
	put_notes(m, out);
	text_fold_config(&table, LEADING, out);
	if (table_hide_constant(&table, after + 3, unit))
		paragraph(out, "unit", "%s", unit);
	table_drop(&table, spare, COUNT_OF(spare), SCREEN_COLUMNS);
	table.hidden[after + 6] |= table.hidden[after + 5]; /* both ends of an interval or neither */
	return table_section(&table, NULL, 0, table.hidden[1] ? 0 : 1, out);
}

static void put_faults(struct table *table, const struct matrix_cell *cell, const struct matrix_figure *f,
		       const double medians[RUN_COUNTS])
{
	const char *unit;
	double scale = text_scale_of(f->unit, &unit);

	put_leading(table, cell, f);
	text_put_config(table, cell);
	table_real(table, f->value.count != 0 ? f->value.value * scale : NAN);
	put_number(table, f->page_faults, 0);
	for (int i = 0; i < RUN_COUNTS; i++)
		put_number(table, medians[i], 0);
}

/* Whether memory may be populated while it is measured: faults are then part of the cost. */
static bool populates(const struct matrix *m)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];

		if (cell->figure_count != 0 &&
		    (cell->populate == POPULATE_LAZY || strcmp(cell->workload, "touch") == 0))
			return true;
	}
	return false;
}

int matrix_faults_text(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { "-workload", "set",      "stride", CONFIG_TITLES,
					      "value",     "KVM",      "minor",  "major",
					      "host min",  "host maj", "hits",   "misses" };
	/* Almost all of the process's own faults are KVM's, so those columns go first. */
	const uint32_t spare[] = { LEADING + CONFIG_COLUMNS + 3, LEADING + CONFIG_COLUMNS + 2,
				   LEADING + CONFIG_COLUMNS + 5 };
	struct table table;

	if (!populates(m))
		return 0;
	(void)fprintf(out, "faults (medians of the runs): KVM's in the timed part, the process's, the whole "
			   "host's; NUMA\n");
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < m->datum_count; i++) {
		double medians[RUN_COUNTS];

		if (run_counts_medians(&m->cells[i], medians) != 0)
			table.failed = true;
		for (uint32_t k = 0; k < m->cells[i].figure_count && !table.failed; k++)
			put_faults(&table, &m->cells[i], &m->cells[i].figures[k], medians);
	}
	table_hide_empty(&table, 1, 2);
	text_fold_config(&table, LEADING, out);
	return table_section(&table, spare, COUNT_OF(spare), table.hidden[1] ? 0 : 1, out);
}
