/*
 * The tables of the text report: results, cost of translation, notes.
 */
#include "vmm/report/text_table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vmm/cli/size.h"
#include "vmm/report/columns.h"
#include "vmm/report/paragraph.h"
#include "vmm/report/rows.h"

/*
 * Up to so many lines (64 KiB, and their page-table entries) a chase stays in the second-level cache of any
 * current CPU. There the minimum is the stable figure; beyond it, L3, DRAM and neighbours take part.
 */
#define IN_CORE_PAGES 1024

/* Three to four digits that mean something, never a false precision. */
static void format_real(double value, char *buf, size_t size)
{
	double magnitude = fabs(value);
	int digits = 2;

	/* Noise around nothing is nothing, not "-0.00". */
	if (magnitude < 0.005)
		value = 0;
	if (magnitude >= 999.5)
		digits = 0;
	else if (magnitude >= 99.95)
		digits = 1;
	(void)snprintf(buf, size, "%.*f", digits, value);
}

static void format_cell(const struct cell *cell, char *buf, size_t size)
{
	switch (cell->type) {
	case CELL_TEXT:
		(void)snprintf(buf, size, "%s", cell->as.text);
		break;
	case CELL_INT:
		(void)snprintf(buf, size, "%" PRId64, cell->as.integer);
		break;
	case CELL_REAL:
		format_real(cell->as.real, buf, size);
		break;
	case CELL_BYTES:
		(void)size_format(cell->as.bytes, buf);
		break;
	default:
		(void)snprintf(buf, size, "-");
		break;
	}
}

/* One line: of titles where r is NULL. */
static void put_row(const struct record *rec, const struct result *r, FILE *out)
{
	for (uint32_t i = 0; i < report_column_count; i++) {
		const struct column *column = &report_columns[i];
		struct cell cell = { .type = CELL_NONE };
		char buf[48];

		if ((column->outputs & IN_TEXT) == 0 || (column->shown != NULL && !column->shown(rec)))
			continue;
		if (r == NULL) {
			(void)fprintf(out, "%*s", column->width, column->title);
			continue;
		}
		column->get(rec, r, &cell);
		format_cell(&cell, buf, sizeof(buf));
		(void)fprintf(out, "%*s", column->width, buf);
	}
	(void)fputc('\n', out);
}

void text_results(const struct record *rec, FILE *out)
{
	(void)fputc('\n', out);
	if (rec->result_count == 0) {
		paragraph(out, "results", "none: no workload was completed");
		return;
	}
	put_row(rec, NULL, out);
	for (uint32_t i = 0; i < rec->result_count; i++)
		put_row(rec, &rec->results[i], out);
	(void)fputc('\n', out);
	paragraph(out, "legend",
		  "cycles: TSC cycles an access; ns: median, an access or update; +-: median absolute "
		  "deviation; "
		  "exits, faults: in the whole timed phase, warm-up included; refs: page-table references of "
		  "one TLB "
		  "miss in theory, without caches");
}

static const struct result *packed_of(const struct record *rec, const struct result *chase)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == WORKLOAD_packed && r->vcpu == chase->vcpu &&
		    r->working_set_bytes == chase->working_set_bytes)
			return r;
	}
	return NULL;
}

void text_translation_cost(const struct record *rec, FILE *out)
{
	char text[2048] = "", size[24], cost[48];
	int32_t vcpu = rec->config.vcpus > 1 ? -1 : 0;
	size_t used = 0;

	for (uint32_t i = 0; i < rec->result_count && used + 96 < sizeof(text); i++) {
		const struct result *chase = &rec->results[i], *packed;
		double difference;

		if (chase->workload != WORKLOAD_chase || chase->vcpu != vcpu)
			continue;
		packed = packed_of(rec, chase);
		if (packed == NULL)
			continue;
		difference = chase->pages <= IN_CORE_PAGES ? chase->summary.min - packed->summary.min
							   : chase->summary.median - packed->summary.median;
		format_real(difference, cost, sizeof(cost));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", used == 0 ? "" : ",  ",
					 size_format(chase->working_set_bytes, size), cost);
	}
	if (used == 0)
		return;
	paragraph(out, "tlb cost", "of an access = chase - packed, in cycles: %s", text);
	paragraph(out, "",
		  "(difference of minima up to %d pages, which stay in the core's own caches; of medians "
		  "beyond)",
		  IN_CORE_PAGES);
}

static bool note_is_new(const struct record *rec, uint32_t row)
{
	const char *note = rec->results[row].note;

	for (uint32_t i = 0; i < row; i++) {
		if (strcmp(rec->results[i].note, note) == 0)
			return false;
	}
	return note[0] != '\0';
}

void text_notes(const struct record *rec, FILE *out)
{
	int64_t interrupts = 0, switches = 0;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (note_is_new(rec, i))
			paragraph(out, "note", "%s", r->note);
		if (!row_is_single(r))
			continue;
		interrupts += r->counts.interrupts > 0 ? r->counts.interrupts : 0;
		switches += r->counts.switches > 0 ? r->counts.switches : 0;
	}
	if (interrupts != 0 || switches != 0)
		paragraph(out, "note",
			  "inside the timed phases the host took %" PRId64 " interrupts and %" PRId64
			  " involuntary switches; the minimum feels that least",
			  interrupts, switches);
	if (rec->stray_exits != 0)
		paragraph(out, "note",
			  "accesses of the guest to ports or MMIO addresses that nobody serves: %" PRIu64,
			  rec->stray_exits);
}
