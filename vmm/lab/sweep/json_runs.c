/*
 * One run as JSON, in both directions: in a sweep's file and in the lines of its journal.
 */
#include <errno.h>
#include <stdlib.h>

#include "bootparams.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/util/workloads.h"

/*
 * No run of a sweep has more: a row is a part of a step of the plan, and a workload of many steps has few parts. What is made
 * of a cell compares its rows with each other, so that a file of one cell could else keep its reader for hours.
 */
#define MAX_ROWS 4096

_Static_assert(MAX_ROWS == 4 * PLAN_MAX_STEPS, "tests/fuzz/README.md names this limit");

#define ROW(kind, member, ...) FIELD(kind, struct matrix_row, member, ##__VA_ARGS__)
static const struct field row_list[] = {
	ROW(NOTE, variant),
	ROW(SIZE, stride_bytes),
	ROW(COUNT, working_set_bytes),
	ROW(COUNT, pages),
	ROW(COUNT, accesses),
	ROW(COUNT, operations),
	ROW(WORD, unit, .names = &unit_names),
	ROW(SIZE, refs_theory),
	ROW(TRUTH, may_exit),
	ROW(KNOWN, exits),
	ROW(KNOWN, page_faults),
	ROW(KNOWN, interrupts),
	FIELD_AS(KNOWN, struct matrix_row, switches, "involuntary_switches"),
	ROW(REALS, samples, .count_offset = offsetof(struct matrix_row, sample_count)),
	FIELD_AS(NOTE, struct matrix_row, stable, "stable_figure", .optional = true),
	ROW(NOTE, first_touch, .optional = true),
	ROW(NOTE, marks, .optional = true),
	ROW(REAL, median_ns, .optional = true),
	ROW(REAL, throttled_share, .optional = true),
	ROW(NOTE, note),
};
static const struct fields row_fields = FIELDS_OF(row_list);

#define RUN(kind, member, ...) FIELD(kind, struct matrix_run, member, ##__VA_ARGS__)
static const struct field run_list[] = {
	RUN(COUNT, round, .most = SWEEP_MAX_ROUNDS - 1),
	RUN(COUNT, attempt, .least = 1),
	RUN(WORD, verdict, .names = &verdict_names),
	RUN(NOTE, disturbed),
	RUN(KNOWN, wall_ns),
	RUN(KNOWN, steal_ns),
	RUN(KNOWN, minor_faults),
	RUN(KNOWN, major_faults),
	RUN(KNOWN, host_minor_faults),
	RUN(KNOWN, host_major_faults),
	RUN(KNOWN, numa_hit),
	RUN(KNOWN, numa_miss),
	RUN(PAGE, observed_page_bytes),
	RUN(KNOWN, leaves_4k),
	RUN(KNOWN, leaves_2m),
	RUN(KNOWN, leaves_1g),
	RUN(REAL, core_per_tsc, .optional = true),
};
static const struct fields run_fields = FIELDS_OF(run_list);

json_t *matrix_run_json(const struct matrix_run *run)
{
	json_t *o = fields_json(&run_fields, run);

	json_put(&o, "rows", FIELDS_ARRAY(&row_fields, run->rows, run->row_count));
	return o;
}

void run_read(const struct node *at, struct matrix_run *run)
{
	struct node rows;
	size_t items;

	fields_read(&run_fields, at, run);
	rows = node_array(at, "rows");
	items = node_items(&rows);
	if (items > MAX_ROWS)
		node_complain(&rows, "has %zu rows, expected: at most %d", items, MAX_ROWS);
	if (items == 0 || items > MAX_ROWS)
		return;
	run->rows = calloc(items, sizeof(run->rows[0]));
	if (run->rows == NULL) {
		node_no_memory(&rows);
		return;
	}
	run->row_count = (uint32_t)items;
	for (size_t i = 0; i < items && at->complaint->err == 0; i++) {
		struct node item = node_item(&rows, i);

		fields_read(&row_fields, &item, &run->rows[i]);
	}
}

int matrix_run_parse(const json_t *json, struct matrix_run *run)
{
	struct complaint complaint = { 0 };
	const struct node root = { .json = json, .complaint = &complaint };

	*run = (struct matrix_run){ 0 };
	if (!json_is_object(json))
		return -EINVAL;
	run_read(&root, run);
	if (complaint.err == 0)
		return 0;
	matrix_run_free(run);
	return -complaint.err;
}
