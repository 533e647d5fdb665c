/*
 * A matrix for a person: what was run, its figures, what follows from them; and what all its tables have in common.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vmm/lab/record/stats.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

void text_put_part(struct table *table, const struct matrix_cell *cell, const struct matrix_figure *f)
{
	table_put(table, "%s%s%s", cell->workload, f->variant[0] != '\0' ? " " : "", f->variant);
	table_size(table, f->pages != 0 ? f->working_set_bytes : 0);
}

void text_put_config(struct table *table, const struct matrix_cell *cell)
{
	char text[AXIS_ITEM_BYTES];

	for (int id = 0; id < AXES; id++)
		table_put(table, "%s", cell_spell(cell, (enum axis_id)id, text));
	table_put(table, "%s", cell->is_b ? "B" : "A");
}

void text_fold_config(struct table *table, uint32_t first, FILE *out)
{
	char line[AXES * (TABLE_CELL_BYTES + 20)] = "", text[TABLE_CELL_BYTES];

	for (uint32_t i = 0; i < AXES; i++) {
		if (table_hide_constant(table, first + i, text) && strcmp(text, "default") != 0)
			append(line, sizeof(line), "%s%s %s", line[0] != '\0' ? ", " : "",
			       axis_table[i].words, text);
	}
	(void)table_hide_constant(table, first + AXES, text);
	if (line[0] != '\0')
		paragraph(out, "all", "%s", line);
}

void text_put_estimate(struct table *table, const struct estimate *est, double scale)
{
	const double values[3] = { est->value, est->low, est->high };

	for (int i = 0; i < 3; i++)
		table_real(table, est->count != 0 ? values[i] * scale : NAN);
}

double text_scale_of(const char *unit, const char **name)
{
	if (strcmp(unit, "bytes/s") == 0) {
		*name = "GB/s";
		return 1e-9;
	}
	if (strcmp(unit, "updates/s") == 0) {
		*name = "M upd/s";
		return 1e-6;
	}
	*name = strcmp(unit, name_of(&unit_names, UNIT_TSC_CYCLES_PER_ACCESS)) == 0 ? "TSC cyc" : "core cyc";
	return 1;
}

static const char *host_text(const struct matrix *m, const char *name)
{
	const char *text = json_string_value(json_object_get(m->host, name));

	return text != NULL ? text : "unknown";
}

static void put_host(const struct matrix *m, FILE *out)
{
	json_int_t khz = json_integer_value(json_object_get(m->host, "tsc_khz"));

	paragraph(out, "host", "Linux %s", host_text(m, "kernel"));
	paragraph(out, "", "%s, %" JSON_INTEGER_FORMAT " CPUs, TSC %.3f GHz", host_text(m, "cpu_model"),
		  json_integer_value(json_object_get(m->host, "cpus")), (double)khz / 1e6);
	paragraph(out, "", "second dimension: %s (%s)%s", host_text(m, "second_dimension"),
		  host_text(m, "kvm_module"),
		  json_is_true(json_object_get(m->host, "hypervisor"))
			  ? "; itself a virtual machine: its hypervisor's page tables lie below all figures"
			  : "");
}

static void put_counts(const struct matrix *m, FILE *out)
{
	const struct matrix_counts counts = matrix_count(m);
	char line[256] = "";

	for (int state = STATE_PENDING; state < STATE_COUNT; state++) {
		if (counts.cells[state] != 0)
			append(line, sizeof(line), "%s%" PRIu32 " %s", line[0] != '\0' ? ", " : "",
			       counts.cells[state], cell_state_name((enum cell_state)state));
	}
	paragraph(out, "ran",
		  "%" PRIu32 " cells (%s) in %" PRIu32 " rounds, %.0f s; each run a process and an "
		  "allocation of its own: %" PRIu32 " runs kept",
		  m->datum_count, line, m->allocations, m->seconds, counts.runs);
	paragraph(out, "",
		  "disturbed: %" PRIu32 " runs, repeated up to %" PRIu32 " times; %" PRIu32
		  " of those kept still are. Failed: %" PRIu32,
		  counts.disturbed_runs, m->retries, counts.runs_still_disturbed, counts.failed_runs);
	if (m->waited_ns != 0)
		paragraph(out, "", "%.1f s were spent waiting for another sweep on this host",
			  (double)m->waited_ns / 1e9);
	if (!m->complete)
		paragraph(out, "", "INCOMPLETE: the sweep was interrupted; --resume goes on with it");
}

/* Of all runs, where it is known. */
static void put_clock(const struct matrix *m, FILE *out)
{
	const char *words = matrix_latency_words(m);
	double least = INFINITY, most = 0;

	for (uint32_t i = 0; i < m->datum_count; i++) {
		for (uint32_t k = 0; k < m->cells[i].run_count; k++) {
			double clock = m->cells[i].runs[k].core_per_tsc;

			least = clock > 0 ? fmin(least, clock) : least;
			most = fmax(most, clock);
		}
	}
	if (most > 0)
		paragraph(out, "", "core/TSC: means of single runs %.3f to %.3f", least, most);
	if (words != NULL)
		paragraph(out, "", "latencies are in %s", words);
}

/* How often the interval "from, to" covers the true median with so many allocations. */
static const char *interval_text(uint32_t allocations, char *buf, size_t size)
{
	buf[0] = '\0';
	if (allocations < 2)
		append(buf, size, "one allocation does not have");
	else if (estimate_coverage(allocations) < 0.95)
		append(buf, size,
		       "covers the true median with %.3g %%: of so few it is the least and the greatest",
		       100 * estimate_coverage(allocations));
	else
		append(buf, size, "covers the true median with 95 %%");
	return buf;
}

static bool same_raise(const struct matrix_cell *a, const struct matrix_cell *b)
{
	return a->asked_set_bytes == b->asked_set_bytes && a->page_bytes == b->page_bytes &&
	       a->working_set_bytes == b->working_set_bytes && a->vcpus == b->vcpus;
}

/* Each kind of working set that is not as asked, once. */
static void put_raised_sets(const struct matrix *m, FILE *out)
{
	char asked[24], taken[24], page[24];

	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];
		uint32_t first = 0;
		uint64_t pages, page_bytes = cell->page_bytes;

		while (!same_raise(&m->cells[first], cell))
			first++;
		if (cell->asked_set_bytes == 0 || first < i)
			continue;
		/* Where there was not one of 1G, of 2M. */
		if (cell->working_set_bytes < page_bytes)
			page_bytes = PAGE_2M;
		pages = cell->working_set_bytes / page_bytes;
		paragraph(out, "set", "%s in place of %s for smp %" PRIu32 ": %" PRIu64 " pages of %s%s",
			  size_format(cell->working_set_bytes, taken),
			  size_format(cell->asked_set_bytes, asked), cell->vcpus, pages,
			  size_format(page_bytes, page),
			  pages < m->set_pages ? ", for which there is memory; more were asked" : "");
	}
}

static void put_head(const struct matrix *m, FILE *out)
{
	char size[24], limit[64] = "", interval[120];

	(void)fprintf(out, "minivmm %s sweep%s%s, begun %s\n", m->version, m->preset[0] != '\0' ? " " : "",
		      m->preset, m->started);
	if (m->label[0] != '\0')
		paragraph(out, "label", "%s", m->label);
	if (m->teaches[0] != '\0')
		paragraph(out, "teaches", "%s", m->teaches);
	put_host(m, out);
	put_clock(m, out);
	put_counts(m, out);
	if (m->alias_bytes != 0)
		paragraph(out, "", "all guest memory is the same %s of the host's, again and again",
			  size_format(m->alias_bytes, size));
	put_raised_sets(m, out);
	if (m->in_core_bytes != 0)
		append(limit, sizeof(limit), ": %s, three quarters of L2",
		       size_format(m->in_core_bytes, size));
	paragraph(
		out, "figures",
		"value: median over allocations of each one's least sample (cycles, of lines and leaf entries that "
		"fit the core's caches%s) or median sample; from, to: its interval over allocations, by order "
		"statistics, which %s",
		limit, interval_text(m->allocations, interval, sizeof(interval)));
	paragraph(out, "", "ratio: to %s in the same round, likewise", m->baseline);
}

static bool same_fate(const struct matrix_cell *a, const struct matrix_cell *b)
{
	return a->state == b->state && strcmp(a->reason, b->reason) == 0;
}

/* How many cells share its fate; 0 where one of them stands before it, so that each group is told once. */
static uint32_t count_alike(const struct matrix *m, uint32_t number)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->datum_count; i++) {
		if (!same_fate(&m->cells[i], &m->cells[number]))
			continue;
		if (i < number)
			return 0;
		count++;
	}
	return count;
}

static void put_not_run(const struct matrix *m, FILE *out)
{
	static const char *const labels[STATE_COUNT] = { "pending", "ok",     "refused",
							 "cannot",  "failed", "mismatch" };

	for (uint32_t i = 0; i < m->datum_count; i++) {
		const struct matrix_cell *cell = &m->cells[i];
		uint32_t count = 0;

		if (cell->state < STATE_COUNT && cell->state != STATE_OK && cell->reason[0] != '\0')
			count = count_alike(m, i);
		if (count != 0)
			paragraph(out, labels[cell->state], "%" PRIu32 " %s %s: %s", count,
				  count == 1 ? "cell," : "cells, as", cell->key, cell->reason);
	}
}

int matrix_text(const struct matrix *m, FILE *out)
{
	static int (*const sections[])(const struct matrix *m, FILE *out) = {
		matrix_figures_text,   matrix_faults_text, matrix_translation_text, matrix_twins_text,
		matrix_speed_ups_text, matrix_knees_text,  matrix_predictions_text,
	};
	int ret = 0;

	put_head(m, out);
	for (size_t i = 0; i < COUNT_OF(sections) && ret == 0; i++)
		ret = sections[i](m, out);
	if (ret != 0)
		return ret;
	put_not_run(m, out);
	return stream_finish(out);
}
