/*
 * One run from JSON: out of a sweep's file or a line of its journal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/sweep/read_parts.h"
#include "vmm/lab/record/write.h"

static void take_samples(const struct node *at, struct matrix_row *row)
{
	struct node array = node_array(at, "samples");
	size_t items = node_items(&array);

	if (items == 0)
		return;
	row->samples = malloc(items * sizeof(row->samples[0]));
	if (row->samples == NULL) {
		node_no_memory(&array);
		return;
	}
	for (size_t i = 0; i < items; i++)
		row->samples[i] = take_item_figure(&array, i);
	row->sample_count = (uint32_t)items;
}

static void take_row(const struct node *at, struct matrix_row *row)
{
	take_text_or_null(at, "variant", row->variant, sizeof(row->variant));
	row->stride_bytes = take_count_or_null(at, "stride_bytes", INT64_MAX);
	row->working_set_bytes = take_count(at, "working_set_bytes", 0, INT64_MAX);
	row->pages = take_count(at, "pages", 0, INT64_MAX);
	row->accesses = take_count(at, "accesses", 0, INT64_MAX);
	row->operations = take_count(at, "operations", 0, INT64_MAX);
	(void)snprintf(row->unit, sizeof(row->unit), "%s",
		       name_of(&unit_names, (unsigned int)take_word(at, "unit", &unit_names)));
	row->refs_theory = (uint32_t)take_count_or_null(at, "refs_theory", UINT32_MAX);
	row->may_exit = take_bool(at, "may_exit");
	row->exits = take_known(at, "exits");
	row->page_faults = take_known(at, "page_faults");
	row->interrupts = take_known(at, "interrupts");
	row->switches = take_known(at, "involuntary_switches");
	take_samples(at, row);
	take_text_or_null(at, "note", row->note, sizeof(row->note));
}

static void take_rows(const struct node *at, struct matrix_run *run)
{
	struct node array = node_array(at, "rows");
	size_t items = node_items(&array);

	if (items > READ_MAX_ROWS)
		node_complain(&array, "has %zu rows, expected: at most %d", items, READ_MAX_ROWS);
	if (items == 0 || items > READ_MAX_ROWS)
		return;
	run->rows = calloc(items, sizeof(run->rows[0]));
	if (run->rows == NULL) {
		node_no_memory(&array);
		return;
	}
	run->row_count = (uint32_t)items;
	for (size_t i = 0; i < items && at->complaint->err == 0; i++) {
		struct node item = node_item(&array, i);

		take_row(&item, &run->rows[i]);
	}
}

void take_run(const struct node *at, struct matrix_run *run)
{
	run->round = (uint32_t)take_count(at, "round", 0, UINT32_MAX);
	run->attempt = (uint32_t)take_count(at, "attempt", 1, UINT32_MAX);
	(void)snprintf(run->verdict, sizeof(run->verdict), "%s",
		       verdict_name((enum verdict)take_word(at, "verdict", &verdict_names)));
	take_text_or_null(at, "disturbed", run->disturbed, sizeof(run->disturbed));
	run->wall_ns = take_known(at, "wall_ns");
	run->steal_ns = take_known(at, "steal_ns");
	run->minor_faults = take_known(at, "minor_faults");
	run->major_faults = take_known(at, "major_faults");
	run->host_minor_faults = take_known(at, "host_minor_faults");
	run->host_major_faults = take_known(at, "host_major_faults");
	run->numa_hit = take_known(at, "numa_hit");
	run->numa_miss = take_known(at, "numa_miss");
	run->observed_page_bytes = take_page_or_null(at, "observed_page_bytes");
	run->leaves_4k = take_known(at, "leaves_4k");
	run->leaves_2m = take_known(at, "leaves_2m");
	run->leaves_1g = take_known(at, "leaves_1g");
	take_rows(at, run);
}

int matrix_run_parse(const json_t *json, struct matrix_run *run)
{
	struct complaint complaint = { 0 };
	const struct node root = { .json = json, .complaint = &complaint };

	*run = (struct matrix_run){ 0 };
	if (!json_is_object(json))
		return -EINVAL;
	take_run(&root, run);
	if (complaint.err == 0)
		return 0;
	matrix_run_free(run);
	return -complaint.err;
}
