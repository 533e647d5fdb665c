/*
 * The columns of a result and how each value is taken from record and row.
 */
#include "vmm/report/columns.h"

#include <stdio.h>

#include "vmm/mem/backing.h"

#define GET(id) static void get_##id(const struct record *rec, const struct result *r, struct cell *out)
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

static enum workload_unit unit_of(const struct result *r)
{
	return workload_table[r->workload].unit;
}

const char *unit_name(enum workload_unit unit)
{
	static const char *const names[] = { "cycles/access", "bytes/s", "updates/s" };

	return (unsigned int)unit < sizeof(names) / sizeof(names[0]) ? names[unit] : "unknown";
}

/* Text shows rates in units that a reader can hold: GB/s and M updates/s. */
static double text_scale(const struct result *r)
{
	static const double scale[] = { 1.0, 1e-9, 1e-6 };

	return scale[unit_of(r)];
}

/* The run, repeated in each CSV row so that files of several runs can simply be joined. */
GET(kind)
{
	UNUSED;
	set_text(out, rec->native ? "native" : "run");
}

GET(backing)
{
	UNUSED;
	set_text(out, backing_name(rec->request.backing));
}

GET(memory)
{
	UNUSED;
	set_bytes(out, rec->config.ram_bytes);
}

GET(page)
{
	UNUSED;
	if (rec->observed.page_bytes != 0)
		set_bytes(out, rec->observed.page_bytes);
}

GET(second_dimension)
{
	UNUSED;
	set_text(out, rec->native ? "none" : rec->host.second_dimension);
}

GET(vcpus)
{
	UNUSED;
	set_int(out, rec->config.vcpus);
}

GET(verdict)
{
	UNUSED;
	set_text(out, verdict_name(rec->verdict));
}

GET(step)
{
	UNUSED;
	set_int(out, r->step);
}

GET(workload)
{
	UNUSED;
	set_text(out, workload_table[r->workload].name);
}

GET(variant)
{
	UNUSED;
	set_text(out, workload_variant_name(r->variant));
}

GET(label)
{
	UNUSED;
	(void)snprintf(out->buffer, sizeof(out->buffer), "%s %s", workload_table[r->workload].name,
		       workload_variant_name(r->variant));
	set_text(out, out->buffer);
}

/* Null means all vCPUs together. */
GET(vcpu)
{
	UNUSED;
	set_count(out, r->vcpu);
}

GET(text_vcpu)
{
	if (r->vcpu < 0)
		set_text(out, "all");
	else
		get_vcpu(rec, r, out);
}

GET(working_set)
{
	UNUSED;
	set_bytes(out, r->working_set_bytes);
}

GET(pages)
{
	UNUSED;
	set_int(out, (int64_t)r->pages);
}

GET(guest_page)
{
	UNUSED;
	set_bytes(out, r->guest_page_bytes);
}

GET(accesses)
{
	UNUSED;
	set_int(out, (int64_t)r->accesses);
}

GET(unit)
{
	UNUSED;
	set_text(out, unit_name(unit_of(r)));
}

GET(text_unit)
{
	static const char *const names[] = { "cycles", "GB/s", "M upd/s" };

	UNUSED;
	set_text(out, names[unit_of(r)]);
}

GET(sample_count)
{
	UNUSED;
	set_int(out, r->sample_count);
}

GET(samples)
{
	UNUSED;
	out->type = CELL_REALS;
	out->as.reals.values = r->samples;
	out->as.reals.count = r->sample_count;
}

GET(min)
{
	UNUSED;
	set_real(out, r->summary.min);
}

GET(median)
{
	UNUSED;
	set_real(out, r->summary.median);
}

GET(mad)
{
	UNUSED;
	set_real(out, r->summary.mad);
}

GET(text_min)
{
	UNUSED;
	set_real(out, r->summary.min * text_scale(r));
}

GET(text_median)
{
	UNUSED;
	set_real(out, r->summary.median * text_scale(r));
}

/* One sample has no spread. */
GET(text_mad)
{
	UNUSED;
	if (r->sample_count > 1)
		set_real(out, r->summary.mad * text_scale(r));
}

GET(ci95)
{
	UNUSED;
	out->type = CELL_REALS;
	out->as.reals.values = r->summary.ci95;
	out->as.reals.count = 2;
}

GET(ci95_low)
{
	UNUSED;
	set_real(out, r->summary.ci95[0]);
}

GET(ci95_high)
{
	UNUSED;
	set_real(out, r->summary.ci95[1]);
}

/* Median nanoseconds an access or update; a byte has none worth telling. */
GET(ns)
{
	if (unit_of(r) == UNIT_CYCLES_PER_ACCESS && rec->host.tsc_khz != 0)
		set_real(out, r->summary.median * 1e6 / (double)rec->host.tsc_khz);
	else if (unit_of(r) == UNIT_UPDATES_PER_SECOND && r->summary.median > 0)
		set_real(out, 1e9 / r->summary.median);
}

GET(exits)
{
	UNUSED;
	set_count(out, r->counts.exits);
}

GET(page_faults)
{
	UNUSED;
	set_count(out, r->counts.page_faults);
}

GET(interrupts)
{
	UNUSED;
	set_count(out, r->counts.interrupts);
}

GET(switches)
{
	UNUSED;
	set_count(out, r->counts.switches);
}

GET(refs)
{
	UNUSED;
	if (r->refs_theory != 0)
		set_int(out, r->refs_theory);
}

GET(may_exit)
{
	UNUSED;
	out->type = CELL_BOOL;
	out->as.truth = r->may_exit;
}

GET(checksum)
{
	UNUSED;
	out->type = CELL_HEX;
	out->as.bytes = r->checksum;
}

GET(note)
{
	UNUSED;
	set_text(out, r->note);
}

static bool several_vcpus(const struct record *rec)
{
	return rec->config.vcpus > 1;
}

const struct column report_columns[] = {
	{ "kind", IN_CSV, get_kind, NULL, 0, NULL },
	{ "backing", IN_CSV, get_backing, NULL, 0, NULL },
	{ "memory_bytes", IN_CSV, get_memory, NULL, 0, NULL },
	{ "page_bytes", IN_CSV, get_page, NULL, 0, NULL },
	{ "second_dimension", IN_CSV, get_second_dimension, NULL, 0, NULL },
	{ "vcpus", IN_CSV, get_vcpus, NULL, 0, NULL },
	{ "verdict", IN_CSV, get_verdict, NULL, 0, NULL },
	{ "label", IN_TEXT, get_label, "workload", -12, NULL },
	{ "step", IN_JSON | IN_CSV, get_step, NULL, 0, NULL },
	{ "workload", IN_JSON | IN_CSV, get_workload, NULL, 0, NULL },
	{ "variant", IN_JSON | IN_CSV, get_variant, NULL, 0, NULL },
	{ "vcpu", IN_JSON | IN_CSV, get_vcpu, NULL, 0, NULL },
	{ "vcpu", IN_TEXT, get_text_vcpu, "vcpu", 5, several_vcpus },
	{ "working_set_bytes", IN_JSON | IN_CSV | IN_TEXT, get_working_set, "set", 8, NULL },
	{ "pages", IN_JSON | IN_CSV | IN_TEXT, get_pages, "pages", 9, NULL },
	{ "guest_page_bytes", IN_JSON | IN_CSV, get_guest_page, NULL, 0, NULL },
	{ "accesses", IN_JSON | IN_CSV, get_accesses, NULL, 0, NULL },
	{ "unit", IN_JSON | IN_CSV, get_unit, NULL, 0, NULL },
	{ "sample_count", IN_CSV, get_sample_count, NULL, 0, NULL },
	{ "samples", IN_JSON, get_samples, NULL, 0, NULL },
	{ "median", IN_TEXT, get_text_median, "median", 9, NULL },
	{ "min", IN_TEXT, get_text_min, "min", 9, NULL },
	{ "mad", IN_TEXT, get_text_mad, "+-", 8, NULL },
	{ "unit", IN_TEXT, get_text_unit, "unit", 8, NULL },
	{ "min", IN_JSON | IN_CSV, get_min, NULL, 0, NULL },
	{ "median", IN_JSON | IN_CSV, get_median, NULL, 0, NULL },
	{ "mad", IN_JSON | IN_CSV, get_mad, NULL, 0, NULL },
	{ "ci95", IN_JSON, get_ci95, NULL, 0, NULL },
	{ "ci95_low", IN_CSV, get_ci95_low, NULL, 0, NULL },
	{ "ci95_high", IN_CSV, get_ci95_high, NULL, 0, NULL },
	{ "median_ns", IN_JSON | IN_CSV | IN_TEXT, get_ns, "ns", 9, NULL },
	{ "exits", IN_JSON | IN_CSV | IN_TEXT, get_exits, "exits", 7, NULL },
	{ "page_faults", IN_JSON | IN_CSV | IN_TEXT, get_page_faults, "faults", 8, NULL },
	{ "interrupts", IN_JSON | IN_CSV, get_interrupts, NULL, 0, NULL },
	{ "involuntary_switches", IN_JSON | IN_CSV, get_switches, NULL, 0, NULL },
	{ "refs_theory", IN_JSON | IN_CSV | IN_TEXT, get_refs, "refs", 5, NULL },
	{ "may_exit", IN_JSON | IN_CSV, get_may_exit, NULL, 0, NULL },
	{ "checksum", IN_JSON | IN_CSV, get_checksum, NULL, 0, NULL },
	{ "note", IN_JSON | IN_CSV, get_note, NULL, 0, NULL },
};
const uint32_t report_column_count = sizeof(report_columns) / sizeof(report_columns[0]);
