/*
 * The columns of a result, in the order in which all outputs have them.
 */
#include "vmm/lab/record/columns.h"

#include "vmm/lab/record/cells.h"
#include "vmm/lab/record/rows.h"

static bool several_vcpus(const struct record *rec)
{
	return rec->config.vcpus > 1;
}

static bool has_working_sets(const struct record *rec)
{
	return rows_any(rec, row_has_working_set);
}

static bool has_strides(const struct record *rec)
{
	return rows_any(rec, row_has_stride);
}

static bool has_exits_per_operation(const struct record *rec)
{
	return !rec->spec.native && rows_any(rec, row_may_exit);
}

static bool has_faults_per_operation(const struct record *rec)
{
	return rows_any(rec, row_may_exit);
}

static bool logs_dirty_pages(const struct record *rec)
{
	return rows_any(rec, row_logs_dirty);
}

static bool is_guest(const struct record *rec)
{
	return !rec->spec.native;
}

#define BOTH_FILES (IN_JSON | IN_CSV)
#define ALL_OUTPUTS (IN_JSON | IN_CSV | IN_TEXT)
#define FILES(name, outputs, get)                    \
	{                                            \
		name, outputs, get, NULL, 0, 0, NULL \
	}

/* Text drops refs first where a line gets too long: it is the same in all rows of one run, as a rule. */
const struct column report_columns[] = {
	FILES("kind", IN_CSV, cell_kind),
	FILES("backing", IN_CSV, cell_backing),
	FILES("memory_bytes", IN_CSV, cell_memory),
	FILES("alias_bytes", IN_CSV, cell_alias),
	FILES("page_bytes", IN_CSV, cell_page),
	FILES("second_dimension", IN_CSV, cell_second_dimension),
	FILES("vcpus", IN_CSV, cell_vcpus),
	FILES("accessed_dirty", IN_CSV, cell_accessed_dirty),
	FILES("verdict", IN_CSV, cell_verdict),
	{ "label", IN_TEXT, cell_label, "workload", -8, 0, NULL },
	FILES("step", BOTH_FILES, cell_step),
	FILES("workload", BOTH_FILES, cell_workload),
	FILES("variant", BOTH_FILES, cell_variant),
	FILES("vcpu", BOTH_FILES, cell_vcpu),
	{ "vcpu", IN_TEXT, cell_text_vcpu, "vcpu", 3, 0, several_vcpus },
	FILES("working_set_bytes", BOTH_FILES, cell_working_set),
	{ "working_set_bytes", IN_TEXT, cell_text_working_set, "set", 5, 0, has_working_sets },
	{ "stride_bytes", ALL_OUTPUTS, cell_stride, "stride", 5, 0, has_strides },
	FILES("pages", BOTH_FILES, cell_pages),
	{ "pages", IN_TEXT, cell_text_pages, "pages", 6, 0, has_working_sets },
	FILES("guest_page_bytes", BOTH_FILES, cell_guest_page),
	FILES("accesses", BOTH_FILES, cell_accesses),
	FILES("operations", BOTH_FILES, cell_operations),
	FILES("unit", BOTH_FILES, cell_unit),
	FILES("sample_count", IN_CSV, cell_sample_count),
	FILES("samples", IN_JSON, cell_samples),
	{ "median", IN_TEXT, cell_text_median, "median", 6, 0, NULL },
	{ "min", IN_TEXT, cell_text_min, "min", 6, 0, NULL },
	{ "mad", IN_TEXT, cell_text_mad, "+-", 6, 2, NULL },
	{ "unit", IN_TEXT, cell_text_unit, "unit", 6, 1, NULL },
	FILES("min", BOTH_FILES, cell_min),
	FILES("median", BOTH_FILES, cell_median),
	FILES("mad", BOTH_FILES, cell_mad),
	FILES("ci95", IN_JSON, cell_ci95),
	FILES("ci95_low", IN_CSV, cell_ci95_low),
	FILES("ci95_high", IN_CSV, cell_ci95_high),
	{ "median_ns", ALL_OUTPUTS, cell_ns, "ns", 6, 3, NULL },
	{ "exits", ALL_OUTPUTS, cell_exits, "exits", 5, 0, is_guest },
	{ "exits_per_operation", ALL_OUTPUTS, cell_exits_per_operation, "/op", 4, 0,
	  has_exits_per_operation },
	{ "page_faults", ALL_OUTPUTS, cell_page_faults, "faults", 6, 0, NULL },
	{ "faults_per_operation", ALL_OUTPUTS, cell_faults_per_operation, "/op", 4, 0,
	  has_faults_per_operation },
	FILES("interrupts", BOTH_FILES, cell_interrupts),
	FILES("involuntary_switches", BOTH_FILES, cell_switches),
	{ "leaves_4k", ALL_OUTPUTS, cell_leaves_4k, "4K", 5, 0, logs_dirty_pages },
	{ "leaves_2m", ALL_OUTPUTS, cell_leaves_2m, "2M", 4, 0, logs_dirty_pages },
	FILES("leaves_1g", BOTH_FILES, cell_leaves_1g),
	{ "dirty_pages", ALL_OUTPUTS, cell_dirty_pages, "dirty", 5, 0, logs_dirty_pages },
	{ "refs_theory", ALL_OUTPUTS, cell_refs, "refs", 4, 4, has_working_sets },
	FILES("may_exit", BOTH_FILES, cell_may_exit),
	FILES("checksum", BOTH_FILES, cell_checksum),
	FILES("note", BOTH_FILES, cell_note),
};
const uint32_t report_column_count = sizeof(report_columns) / sizeof(report_columns[0]);

_Static_assert(sizeof(report_columns) / sizeof(report_columns[0]) <= REPORT_MAX_COLUMNS,
	       "a layout holds all columns");
