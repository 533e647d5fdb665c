/*
 * From a record and one of its rows to the values of columns.def: the table makes one getter a column.
 */
#include "vmm/lab/record/rows.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/output/output.h"

static enum second_dimension second_of(const struct record *rec)
{
	return rec->spec.native ? SECOND_NONE : rec->host.second_dimension;
}

/* Text shows rates as GB/s and M updates/s, which have few digits. */
static const char *text_unit(const struct result *r)
{
	static const char *const names[UNIT_COUNT] = { "core cyc", "GB/s", "M upd/s", "TSC cyc" };

	return r->sample_count != 0 ? names[r->unit] : NULL;
}

static double text_scale(const struct result *r)
{
	static const double scale[UNIT_COUNT] = { 1.0, 1e-9, 1e-6, 1.0 };

	return scale[r->unit];
}

/* As they were read: of one vCPU alone. */
static int32_t raw_count(const struct result *r)
{
	return r->samples_tsc_cycles != NULL ? (int32_t)r->sample_count : -1;
}

/* Which of the figures is the one to compare by; only latencies have one that nothing can make smaller. */
static const char *stable_words(const struct result *r)
{
	if (r->sample_count == 0)
		return NULL;
	return r->in_core && unit_is_latency(r->unit) ? "min" : "median";
}

/* A row without samples has no value, which is not the same as 0. */
static double if_measured(const struct result *r, double value)
{
	return r->sample_count != 0 ? value : NAN;
}

/* One sample has no spread. */
static double text_spread(const struct result *r)
{
	return r->sample_count > 1 ? r->summary.mad * text_scale(r) : NAN;
}

const char *row_name(const struct result *r, char *buf, size_t size)
{
	const char *variant = workload_variant_name(r->variant);

	(void)snprintf(buf, size, "%s%s%s", workload_table[r->workload].name, variant[0] != '\0' ? " " : "",
		       variant);
	return buf;
}

static const char *vcpu_words(const struct result *r, struct datum *out)
{
	if (r->vcpu < 0)
		return "all";
	(void)snprintf(out->buffer, sizeof(out->buffer), "%d", r->vcpu);
	return out->buffer;
}

/* Text leaves out the set and the pages of a workload that has no working set. */
static uint64_t text_set_bytes(const struct result *r)
{
	return row_has_working_set(r) ? r->working_set_bytes : 0;
}

static int64_t text_pages(const struct result *r)
{
	return row_has_working_set(r) ? (int64_t)r->pages : -1;
}

static int64_t refs_known(const struct result *r)
{
	return row_has_working_set(r) && r->refs_theory != 0 ? (int64_t)r->refs_theory : -1;
}

/* Samples with that mark; -1: no clock is known. */
static int64_t marked(const struct result *r, char mark)
{
	int64_t count = 0;

	if (r->marks == NULL)
		return -1;
	for (const char *at = strchr(r->marks, mark); at != NULL; at = strchr(at + 1, mark))
		count++;
	return count;
}

static const char *first_touch_words(const struct result *r)
{
	return r->first_touch != FIRST_TOUCH_NONE ? name_of(&first_touch_names, r->first_touch) : NULL;
}

/* Memory that the host has more of after an act: no longer resident, or one page of KSM for several. -1: not known. */
static int64_t given_back_bytes(const struct result *r)
{
	const struct act_moment *was = &r->act.before, *is = &r->act.after;
	int64_t saved_pages = count_between(was->saved_pages, is->saved_pages), bytes;

	if (!r->act.made || r->act.unavailable || was->resident_bytes < 0 || is->resident_bytes < 0)
		return -1;
	bytes = was->resident_bytes - is->resident_bytes +
		(saved_pages > 0 ? saved_pages * (int64_t)PAGE_4K : 0);
	return bytes > 0 ? bytes : 0;
}

static const char *change_words(const struct act_report *act, int64_t was, int64_t is, struct datum *out)
{
	if (!act->made || was < 0 || is < 0)
		return NULL;
	(void)snprintf(out->buffer, sizeof(out->buffer), "%" PRId64 " -> %" PRId64, was, is);
	return out->buffer;
}

/* When text has a column. */
static bool several_vcpus(const void *rec)
{
	return ((const struct record *)rec)->config.vcpus > 1;
}

static bool is_guest(const void *rec)
{
	return !((const struct record *)rec)->spec.native;
}

static bool has_sets(const void *rec)
{
	return rows_any(rec, row_has_working_set);
}

static bool has_strides(const void *rec)
{
	return rows_any(rec, row_has_stride);
}

static bool has_chains(const void *rec)
{
	return rows_any(rec, row_has_chains);
}

static bool has_faults(const void *rec)
{
	return rows_any(rec, row_may_exit);
}

static bool has_exits(const void *rec)
{
	return is_guest(rec) && has_faults(rec);
}

static bool logs_dirty(const void *rec)
{
	return rows_any(rec, row_logs_dirty);
}

static bool row_has_act(const struct result *r)
{
	return r->act.made;
}

static bool has_acts(const void *rec)
{
	return rows_any(rec, row_has_act);
}

#define BOTH_FILES (IN_JSON | IN_CSV)
#define ALL_OUTPUTS (IN_JSON | IN_CSV | IN_TEXT)

/* Counts an operation mean something only where all operations of the phase were timed ones. */
#define OF_OPERATIONS(count) r->counts.count, r->operations

#define LEGEND_COUNT "in the whole timed phase, warm-up included"
#define LEGEND_RATIO "of the count before it, an operation"
#define LEGEND_LEAVES "leaves that KVM has at the end of the phase"
#define LEGEND_ACT "leaves that KVM had before the act and after it"
#define LEAVES(size) r->act.before.leaves_##size, r->act.after.leaves_##size
#define LEGEND_REFS "page-table references of one TLB miss in theory, without caches"

#define GETTER(id, set) COLUMN_GETTER(get_##id, const struct record *rec, const struct result *r, set)
#define FILES(id, name, outputs, kind, ...) GETTER(id, datum_##kind(out, __VA_ARGS__))
#define TABLE(id, name, outputs, kind, value, title, rank, shown, legend) GETTER(id, datum_##kind(out, value))
#include "vmm/lab/record/columns.def"
#undef FILES
#undef TABLE

static const struct column list[] = {
#define FILES(id, name, outputs, kind, ...) { name, outputs, get_##id, NULL, 0, NULL, NULL },
#define TABLE(id, name, outputs, kind, value, title, rank, shown, legend) \
	{ name, outputs, get_##id, title, rank, shown, legend },
#include "vmm/lab/record/columns.def"
#undef FILES
#undef TABLE
};

const struct columns result_columns = { list, COUNT_OF(list) };

int record_csv(const struct record *rec, FILE *out)
{
	columns_csv_head(&result_columns, out);
	for (uint32_t i = 0; i < rec->result_count; i++)
		columns_csv_row(&result_columns, rec, &rec->results[i], out);
	return stream_finish(out);
}
