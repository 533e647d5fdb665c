/*
 * One run as JSON: in a sweep's file and in the lines of its journal.
 */
#include "vmm/lab/sweep/emit_parts.h"

static json_t *row_json(const struct matrix_row *row)
{
	json_t *o = json_object(), *samples = json_array();

	json_put(&o, "variant", json_words_or_null(row->variant));
	json_put(&o, "stride_bytes", json_u64_or_null(row->stride_bytes));
	json_put(&o, "working_set_bytes", json_u64(row->working_set_bytes));
	json_put(&o, "pages", json_u64(row->pages));
	json_put(&o, "accesses", json_u64(row->accesses));
	json_put(&o, "operations", json_u64(row->operations));
	json_put(&o, "unit", json_words(row->unit));
	json_put(&o, "refs_theory", json_u64_or_null(row->refs_theory));
	json_put(&o, "may_exit", json_boolean(row->may_exit));
	json_put(&o, "exits", json_count_or_null(row->exits));
	json_put(&o, "page_faults", json_count_or_null(row->page_faults));
	json_put(&o, "interrupts", json_count_or_null(row->interrupts));
	json_put(&o, "involuntary_switches", json_count_or_null(row->switches));
	for (uint32_t i = 0; i < row->sample_count; i++)
		json_push(&samples, json_real(row->samples[i]));
	json_put(&o, "samples", samples);
	json_put(&o, "note", json_words_or_null(row->note));
	return o;
}

json_t *matrix_run_json(const struct matrix_run *run)
{
	json_t *o = json_object(), *rows = json_array();

	json_put(&o, "round", json_integer(run->round));
	json_put(&o, "attempt", json_integer(run->attempt));
	json_put(&o, "verdict", json_words(run->verdict));
	json_put(&o, "disturbed", json_words_or_null(run->disturbed));
	json_put(&o, "wall_ns", json_count_or_null(run->wall_ns));
	json_put(&o, "steal_ns", json_count_or_null(run->steal_ns));
	json_put(&o, "minor_faults", json_count_or_null(run->minor_faults));
	json_put(&o, "major_faults", json_count_or_null(run->major_faults));
	json_put(&o, "host_minor_faults", json_count_or_null(run->host_minor_faults));
	json_put(&o, "host_major_faults", json_count_or_null(run->host_major_faults));
	json_put(&o, "numa_hit", json_count_or_null(run->numa_hit));
	json_put(&o, "numa_miss", json_count_or_null(run->numa_miss));
	json_put(&o, "observed_page_bytes", json_u64_or_null(run->observed_page_bytes));
	json_put(&o, "leaves_4k", json_count_or_null(run->leaves_4k));
	json_put(&o, "leaves_2m", json_count_or_null(run->leaves_2m));
	json_put(&o, "leaves_1g", json_count_or_null(run->leaves_1g));
	for (uint32_t i = 0; i < run->row_count; i++)
		json_push(&rows, row_json(&run->rows[i]));
	json_put(&o, "rows", rows);
	return o;
}
