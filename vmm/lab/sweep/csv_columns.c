#include "vmm/lab/sweep/csv_columns.h"

#include <math.h>

static void set_text(struct cell *out, const char *text)
{
	out->type = CELL_TEXT;
	out->as.text = text;
}

static void set_bytes(struct cell *out, uint64_t bytes)
{
	out->type = CELL_BYTES;
	out->as.bytes = bytes;
}

/* Where 0 stands for "not known" or "none". */
static void set_bytes_unless_0(struct cell *out, uint64_t bytes)
{
	if (bytes != 0)
		set_bytes(out, bytes);
}

static void set_real(struct cell *out, double real)
{
	if (!isfinite(real))
		return;
	out->type = CELL_REAL;
	out->as.real = real;
}

/* Getters: value is an expression of c, the cell, and f, its figure. */
#define COLUMN(id) static void id(const struct csv_line *line, struct cell *out)
#define OF_CELL(id, set, value)                                 \
	COLUMN(id)                                              \
	{                                                       \
		const struct matrix_cell *const c = line->cell; \
		set(out, value);                                \
	}
#define OF_FIGURE(id, set, value)                                   \
	COLUMN(id)                                                  \
	{                                                           \
		const struct matrix_figure *const f = line->figure; \
		if (f != NULL)                                      \
			set(out, value);                            \
	}
/* An estimate without allocations says nothing. */
#define OF_ESTIMATE(id, estimate, part) \
	OF_FIGURE(id, set_real, f->estimate.count != 0 ? f->estimate.part : NAN)
#define OF_RUNS(id, count)                           \
	COLUMN(id)                                   \
	{                                            \
		set_real(out, line->medians[count]); \
	}

OF_CELL(key, set_text, c->key)
OF_CELL(kind, set_text, c->native ? "native" : "guest")
OF_CELL(guest_page, set_bytes_unless_0, c->native ? 0 : c->guest_page_bytes)
OF_CELL(backing, set_text, c->backing)
OF_CELL(page, set_bytes_unless_0, c->page_bytes)
OF_CELL(prealloc, set_text, populate_name(c->populate))
OF_CELL(vcpus, set_bytes, c->vcpus)
OF_CELL(irqchip, set_text, choice_name(c->irqchip))
OF_CELL(workload, set_text, c->workload)
OF_CELL(memory, set_bytes_unless_0, c->memory_bytes)
OF_CELL(state, set_text, cell_state_name(c->state))
OF_CELL(reason, set_text, c->reason)
OF_CELL(disturbed_runs, set_bytes, c->disturbed_runs)
OF_CELL(failed_runs, set_bytes, c->failed_runs)

OF_FIGURE(variant, set_text, f->variant)
OF_FIGURE(stride, set_bytes_unless_0, f->stride_bytes)
OF_FIGURE(pages, set_bytes, f->pages)
OF_FIGURE(unit, set_text, f->unit)
OF_FIGURE(statistic, set_text, f->least ? "min" : "median")
OF_FIGURE(allocations, set_bytes, f->count)
OF_FIGURE(refs, set_bytes_unless_0, f->refs_theory)
OF_FIGURE(exits, set_real, f->exits)
OF_FIGURE(exits_per_operation, set_real, f->exits_per_operation)
OF_FIGURE(page_faults, set_real, f->page_faults)
OF_FIGURE(faults_per_operation, set_real, f->faults_per_operation)
OF_FIGURE(least, set_real, f->count != 0 ? f->least_value : NAN)
OF_FIGURE(baseline, set_text, f->baseline != NULL ? f->baseline->key : "")
OF_ESTIMATE(value, value, value)
OF_ESTIMATE(ci95_low, value, low)
OF_ESTIMATE(ci95_high, value, high)
OF_ESTIMATE(ratio, ratio, value)
OF_ESTIMATE(ratio_low, ratio, low)
OF_ESTIMATE(ratio_high, ratio, high)

OF_RUNS(minor_faults, RUN_MINOR_FAULTS)
OF_RUNS(major_faults, RUN_MAJOR_FAULTS)
OF_RUNS(host_minor_faults, RUN_HOST_MINOR_FAULTS)
OF_RUNS(host_major_faults, RUN_HOST_MAJOR_FAULTS)
OF_RUNS(numa_hit, RUN_NUMA_HIT)
OF_RUNS(numa_miss, RUN_NUMA_MISS)

/* A cell may run over several. */
COLUMN(working_set)
{
	set_bytes_unless_0(out, line->figure != NULL ? line->figure->working_set_bytes
						     : line->cell->working_set_bytes);
}

const struct csv_column csv_columns[] = {
	{ "key", key },
	{ "kind", kind },
	{ "guest_page_bytes", guest_page },
	{ "backing", backing },
	{ "page_bytes", page },
	{ "prealloc", prealloc },
	{ "vcpus", vcpus },
	{ "kernel_irqchip", irqchip },
	{ "workload", workload },
	{ "variant", variant },
	{ "working_set_bytes", working_set },
	{ "stride_bytes", stride },
	{ "pages", pages },
	{ "memory_bytes", memory },
	{ "state", state },
	{ "reason", reason },
	{ "unit", unit },
	{ "statistic", statistic },
	{ "allocations", allocations },
	{ "value", value },
	{ "ci95_low", ci95_low },
	{ "ci95_high", ci95_high },
	{ "least", least },
	{ "refs_theory", refs },
	{ "exits", exits },
	{ "exits_per_operation", exits_per_operation },
	{ "page_faults", page_faults },
	{ "faults_per_operation", faults_per_operation },
	{ "minor_faults", minor_faults },
	{ "major_faults", major_faults },
	{ "host_minor_faults", host_minor_faults },
	{ "host_major_faults", host_major_faults },
	{ "numa_hit", numa_hit },
	{ "numa_miss", numa_miss },
	{ "disturbed_runs", disturbed_runs },
	{ "failed_runs", failed_runs },
	{ "baseline", baseline },
	{ "ratio", ratio },
	{ "ratio_low", ratio_low },
	{ "ratio_high", ratio_high },
};
const uint32_t csv_column_count = sizeof(csv_columns) / sizeof(csv_columns[0]);
