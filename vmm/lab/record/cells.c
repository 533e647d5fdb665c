/*
 * The values of a result's columns, each taken from record and row.
 */
#include "vmm/lab/record/cells.h"

#include <stdio.h>

#include "vmm/core/memory/backing.h"
#include "vmm/lab/record/rows.h"

#define UNUSED (void)rec, (void)r

static void set_text(struct cell *out, const char *text)
{
	out->type = CELL_TEXT;
	out->as.text = text;
}

static void set_int(struct cell *out, int64_t value)
{
	out->type = CELL_INT;
	out->as.integer = value;
}

static void set_bytes(struct cell *out, uint64_t bytes)
{
	out->type = CELL_BYTES;
	out->as.bytes = bytes;
}

static void set_real(struct cell *out, double value)
{
	out->type = CELL_REAL;
	out->as.real = value;
}

/* -1 is the record's "not known". */
static void set_count(struct cell *out, int64_t count)
{
	if (count >= 0)
		set_int(out, count);
}

/* Counts an operation say something only where all operations of the phase were timed ones. */
static void set_ratio(struct cell *out, int64_t count, uint64_t operations)
{
	if (count >= 0 && operations != 0)
		set_real(out, (double)count / (double)operations);
}

static enum workload_unit unit_of(const struct result *r)
{
	return workload_table[r->workload].unit;
}

/* A row without samples has no figure, which is not the same as 0. */
static void set_figure(struct cell *out, const struct result *r, double value)
{
	if (r->sample_count != 0)
		set_real(out, value);
}

/* Text shows rates in units that a reader can hold: GB/s and M updates/s. */
static double text_scale(const struct result *r)
{
	static const double scale[] = { 1.0, 1e-9, 1e-6 };

	return scale[unit_of(r)];
}

CELL(kind)
{
	UNUSED;
	set_text(out, rec->spec.native ? "native" : "run");
}

CELL(backing)
{
	UNUSED;
	set_text(out, backing_name(rec->spec.machine.backing));
}

CELL(memory)
{
	UNUSED;
	set_bytes(out, rec->config.ram_bytes);
}

CELL(alias)
{
	UNUSED;
	if (rec->config.map.alias_bytes != 0)
		set_bytes(out, rec->config.map.alias_bytes);
}

CELL(accessed_dirty)
{
	UNUSED;
	if (rec->spec.native)
		return;
	out->type = CELL_BOOL;
	out->as.truth = rec->config.guest_ad;
}

CELL(page)
{
	UNUSED;
	if (rec->machine.observed.page_bytes != 0)
		set_bytes(out, rec->machine.observed.page_bytes);
}

CELL(second_dimension)
{
	UNUSED;
	set_text(out, second_dimension_name(rec->spec.native ? SECOND_NONE : rec->host.second_dimension));
}

CELL(vcpus)
{
	UNUSED;
	set_int(out, rec->config.vcpus);
}

CELL(verdict)
{
	UNUSED;
	set_text(out, verdict_name(rec->verdict));
}

CELL(step)
{
	UNUSED;
	set_int(out, r->step);
}

CELL(workload)
{
	UNUSED;
	set_text(out, workload_table[r->workload].name);
}

CELL(variant)
{
	UNUSED;
	set_text(out, workload_variant_name(r->variant));
}

CELL(label)
{
	const char *variant = workload_variant_name(r->variant);

	UNUSED;
	(void)snprintf(out->buffer, sizeof(out->buffer), "%s%s%s", workload_table[r->workload].name,
		       variant[0] != '\0' ? " " : "", variant);
	set_text(out, out->buffer);
}

/* Null means all vCPUs together. */
CELL(vcpu)
{
	UNUSED;
	set_count(out, r->vcpu);
}

CELL(text_vcpu)
{
	if (r->vcpu < 0)
		set_text(out, "all");
	else
		cell_vcpu(rec, r, out);
}

CELL(working_set)
{
	UNUSED;
	set_bytes(out, r->working_set_bytes);
}

/* Text leaves it out where a workload touches no memory to speak of. */
CELL(text_working_set)
{
	if (row_has_working_set(r))
		cell_working_set(rec, r, out);
}

CELL(stride)
{
	UNUSED;
	if (r->stride_bytes != 0)
		set_bytes(out, r->stride_bytes);
}

CELL(pages)
{
	UNUSED;
	set_int(out, (int64_t)r->pages);
}

CELL(text_pages)
{
	if (row_has_working_set(r))
		cell_pages(rec, r, out);
}

CELL(guest_page)
{
	UNUSED;
	set_bytes(out, r->guest_page_bytes);
}

CELL(accesses)
{
	UNUSED;
	set_int(out, (int64_t)r->accesses);
}

CELL(operations)
{
	UNUSED;
	if (r->operations != 0)
		set_int(out, (int64_t)r->operations);
}

CELL(unit)
{
	UNUSED;
	set_text(out, name_of(&unit_names, unit_of(r)));
}

CELL(text_unit)
{
	static const char *const names[] = { "cycles", "GB/s", "M upd/s" };

	UNUSED;
	if (r->sample_count != 0)
		set_text(out, names[unit_of(r)]);
}

CELL(sample_count)
{
	UNUSED;
	set_int(out, r->sample_count);
}

CELL(samples)
{
	UNUSED;
	out->type = CELL_REALS;
	out->as.reals.values = r->samples;
	out->as.reals.count = r->sample_count;
}

CELL(min)
{
	UNUSED;
	set_figure(out, r, r->summary.min);
}

CELL(median)
{
	UNUSED;
	set_figure(out, r, r->summary.median);
}

CELL(mad)
{
	UNUSED;
	set_figure(out, r, r->summary.mad);
}

CELL(text_min)
{
	UNUSED;
	set_figure(out, r, r->summary.min * text_scale(r));
}

CELL(text_median)
{
	UNUSED;
	set_figure(out, r, r->summary.median * text_scale(r));
}

/* One sample has no spread. */
CELL(text_mad)
{
	UNUSED;
	if (r->sample_count > 1)
		set_real(out, r->summary.mad * text_scale(r));
}

CELL(ci95)
{
	UNUSED;
	if (r->sample_count == 0)
		return;
	out->type = CELL_REALS;
	out->as.reals.values = r->summary.ci95;
	out->as.reals.count = 2;
}

CELL(ci95_low)
{
	UNUSED;
	set_figure(out, r, r->summary.ci95[0]);
}

CELL(ci95_high)
{
	UNUSED;
	set_figure(out, r, r->summary.ci95[1]);
}

/* Median nanoseconds an access or update; a byte has none worth telling. */
CELL(ns)
{
	if (r->sample_count == 0)
		return;
	if (unit_of(r) == UNIT_CYCLES_PER_ACCESS && rec->host.tsc_khz != 0)
		set_real(out, r->summary.median * 1e6 / (double)rec->host.tsc_khz);
	else if (unit_of(r) == UNIT_UPDATES_PER_SECOND && r->summary.median > 0)
		set_real(out, 1e9 / r->summary.median);
}

CELL(exits)
{
	UNUSED;
	set_count(out, r->counts.exits);
}

CELL(exits_per_operation)
{
	UNUSED;
	set_ratio(out, r->counts.exits, r->operations);
}

CELL(page_faults)
{
	UNUSED;
	set_count(out, r->counts.page_faults);
}

CELL(faults_per_operation)
{
	UNUSED;
	set_ratio(out, r->counts.page_faults, r->operations);
}

CELL(interrupts)
{
	UNUSED;
	set_count(out, r->counts.interrupts);
}

CELL(switches)
{
	UNUSED;
	set_count(out, r->counts.switches);
}

CELL(leaves_4k)
{
	UNUSED;
	set_count(out, r->leaves_4k);
}

CELL(leaves_2m)
{
	UNUSED;
	set_count(out, r->leaves_2m);
}

CELL(leaves_1g)
{
	UNUSED;
	set_count(out, r->leaves_1g);
}

CELL(dirty_pages)
{
	UNUSED;
	set_count(out, r->dirty_pages);
}

CELL(refs)
{
	UNUSED;
	if (r->refs_theory != 0 && row_has_working_set(r))
		set_int(out, r->refs_theory);
}

CELL(may_exit)
{
	UNUSED;
	out->type = CELL_BOOL;
	out->as.truth = r->may_exit;
}

CELL(checksum)
{
	UNUSED;
	out->type = CELL_HEX;
	out->as.bytes = r->checksum;
}

CELL(note)
{
	UNUSED;
	set_text(out, r->note);
}
