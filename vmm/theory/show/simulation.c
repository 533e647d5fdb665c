/*
 * Simulated rows. Text: two tables, what an access costs and why, and where loads were found. JSON: every count. Then the
 * closed form beside what was measured.
 */
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/output/fields.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole != 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void put_number(struct table *table, bool known, int decimals, double value)
{
	if (known)
		table_put(table, "%.*f", decimals, value);
	else
		table_put(table, "-");
}

/* workload, tables, pages, set: the columns that both tables begin with. */
static void put_setup(struct table *table, const struct simulation_row *row)
{
	char guest[24] = "-", host[24] = "-", set[24], stride[24] = "";

	if (row->input.stride_bytes != 0)
		(void)size_format(row->input.stride_bytes, stride);
	if (walk_is_paged(row->input.plan.kind))
		(void)size_format(row->input.plan.guest_leaf_bytes, guest);
	if (row->input.plan.kind != WALK_NATIVE)
		(void)size_format(row->input.plan.host_leaf_bytes, host);
	table_put(table, "%s%s%s", workload_table[row->input.workload].name, stride[0] != '\0' ? " " : "",
		  stride);
	table_put(table, "%s", name_of(&walk_kind_names, row->input.plan.kind));
	table_put(table, "%s/%s", guest, host);
	table_put(table, "%s", size_format(row->input.working_set_bytes, set));
}

static void put_costs(struct table *table, const struct simulation_row *row)
{
	const struct simulation *s = &row->counts;

	table_put(table, "%llu", (unsigned long long)s->pages);
	put_number(table, true, 1, s->cycles_per_access);
	put_number(table, row->have_closed, 1, row->closed.total_cycles);
	put_number(table, true, 1, percent(s->dtlb_misses, s->accesses));
	put_number(table, true, 1, percent(s->stlb_misses, s->accesses));
	put_number(table, s->walks != 0, 2, s->references_per_walk);
	table_put(table, "%u", s->theory_references);
}

static void put_levels(struct table *table, const uint64_t a[LEVEL_COUNT], const uint64_t b[LEVEL_COUNT])
{
	uint64_t loads[LEVEL_COUNT], sum = 0;

	for (int level = 0; level < LEVEL_COUNT; level++) {
		loads[level] = a[level] + b[level];
		sum += loads[level];
	}
	if (sum == 0)
		table_put(table, "-");
	else
		table_put(table, "%.0f/%.0f/%.0f/%.0f", percent(loads[LEVEL_L1], sum),
			  percent(loads[LEVEL_L2], sum), percent(loads[LEVEL_L3], sum),
			  percent(loads[LEVEL_MEMORY], sum));
}

static void put_loads(struct table *table, const struct simulation_row *row)
{
	static const uint64_t none[LEVEL_COUNT] = { 0 };
	const struct walk_counts *w = &row->counts.walk;
	const uint64_t *hits = walk_is_paged(row->input.plan.kind) ? w->pwc_hits : w->host_pwc_hits;
	uint64_t begun_below = 0, looked_up = w->nested_tlb_hits + w->nested_tlb_misses;

	for (int level = 0; level < WALKER_LEVELS; level++)
		begun_below += hits[level];
	put_levels(table, row->counts.data_loads, none);
	put_levels(table, w->guest_loads, w->host_loads);
	put_number(table, row->counts.walks != 0, 0, percent(begun_below, row->counts.walks));
	put_number(table, looked_up != 0, 0, percent(w->nested_tlb_hits, looked_up));
}

static int rows_text(const struct simulation_series *s, const char *const *titles, uint32_t columns,
		     void (*put)(struct table *table, const struct simulation_row *row), FILE *out)
{
	struct table table;

	(void)fputc('\n', out);
	table_init(&table, titles, columns);
	for (uint32_t i = 0; i < s->count; i++) {
		put_setup(&table, &s->rows[i]);
		put(&table, &s->rows[i]);
	}
	return table_finish(&table, -1, out);
}

static void put_legend(const struct simulation_series *s, FILE *out)
{
	bool gups = false;

	for (uint32_t i = 0; i < s->count; i++)
		gups = gups || s->rows[i].input.workload == WORKLOAD_gups;
	paragraph(out, "read",
		  "pages: guest/host leaf; set: the working set; n: its pages of 4K, of which each has one "
		  "line (packed: its lines, 64 a page); cycles, T(n): of one access (-: the closed form has "
		  "nothing on it); dTLB, STLB: accesses that miss the first TLB, and both; refs/w: entries "
		  "that a walk reads; theory: without any cache, at most; alias: a line a page through "
		  "addresses so far apart, those strides that the guest's page and addresses allow");
	paragraph(
		out, "",
		"entries: where those of page tables were found; PWC: walks begun below an upper entry that "
		"a page-walk cache has; nTLB: guest-physical addresses that the nested TLB has, each a walk "
		"of the host's tables saved");
	if (gups)
		paragraph(out, "gups",
			  "its updates do not wait for each other: cycles are the least that %llu misses at "
			  "once, and %llu walks at once, let through; no latency",
			  (unsigned long long)s->cpu->parameter[CPU_MISSES_AT_ONCE],
			  (unsigned long long)s->cpu->parameter[CPU_WALKS_AT_ONCE]);
}

int simulation_text(const struct simulation_series *s, FILE *out)
{
	static const char *const costs[] = { "-workload", "-tables", "-pages", "set",    "n",     "cycles",
					     "T(n)",      "dTLB %",  "STLB %", "refs/w", "theory" };
	static const char *const loads[] = {
		"-workload", "-tables", "-pages", "set", "data L1/L2/L3/mem %", "entries L1/L2/L3/mem %",
		"PWC %",     "nTLB %"
	};
	int ret;

	cpu_text(s->cpu, out);
	paragraph(
		out, "simulated",
		"no access here was measured: every load, exactly, of the machine described. LRU everywhere, "
		"frames of RAM and of each level's tables in sequence, no prefetching, nothing else running");
	paragraph(
		out, "T(n)",
		"the closed form, data + m1 c_stlb + m2 W: data is the same lines packed, as simulated; m1, "
		"m2 the shares of accesses that miss the first and the second TLB (STLB), by formula; c_stlb "
		"an STLB hit; W a walk. It reads leaf entries alone, and its data has the caches to itself: "
		"where upper entries are read too, or entries and data do not fit together, it is lower; "
		"where a nested TLB saves reads, higher");
	ret = rows_text(s, costs, COUNT_OF(costs), put_costs, out);
	if (ret == 0)
		ret = rows_text(s, loads, COUNT_OF(loads), put_loads, out);
	(void)fputc('\n', out);
	put_legend(s, out);
	return ret;
}

/* The counts of names[first..count), by name. */
static json_t *counts_of(const char *const *names, const uint64_t *counts, int first, int count)
{
	json_t *o = json_object();

	for (int i = first; i < count; i++)
		json_put(&o, names[i], json_u64(counts[i]));
	return o;
}

static json_t *levels_json(const uint64_t loads[LEVEL_COUNT])
{
	static const char *const names[LEVEL_COUNT] = { "l1", "l2", "l3", "memory" };

	return counts_of(names, loads, 0, LEVEL_COUNT);
}

/* By the level of the entry; walk caches hold none of level 1. */
static json_t *hits_json(const uint64_t hits[WALKER_LEVELS])
{
	static const char *const names[WALKER_LEVELS] = { NULL, NULL, "pde", "pdpte", "pml4e", "pml5e" };

	return counts_of(names, hits, 2, WALKER_LEVELS);
}

static json_t *counts_json(const struct simulation *s)
{
	json_t *o = json_object();

	json_put(&o, "dtlb_hits", json_u64(s->dtlb_hits));
	json_put(&o, "dtlb_misses", json_u64(s->dtlb_misses));
	json_put(&o, "stlb_hits", json_u64(s->stlb_hits));
	json_put(&o, "stlb_misses", json_u64(s->stlb_misses));
	json_put(&o, "walks", json_u64(s->walks));
	json_put(&o, "guest_references", json_u64(s->walk.guest_references));
	json_put(&o, "host_references", json_u64(s->walk.host_references));
	json_put(&o, "walk_cache_hits", hits_json(s->walk.pwc_hits));
	json_put(&o, "host_walk_cache_hits", hits_json(s->walk.host_pwc_hits));
	json_put(&o, "nested_tlb_hits", json_u64(s->walk.nested_tlb_hits));
	json_put(&o, "nested_tlb_misses", json_u64(s->walk.nested_tlb_misses));
	json_put(&o, "data_loads", levels_json(s->data_loads));
	json_put(&o, "guest_entry_loads", levels_json(s->walk.guest_loads));
	json_put(&o, "host_entry_loads", levels_json(s->walk.host_loads));
	return o;
}

static const struct field closed_list[] = {
	FIELD(COUNT, struct closed_form_terms, translations),
	FIELD_AS(REAL, struct closed_form_terms, dtlb_missing, "m1"),
	FIELD_AS(REAL, struct closed_form_terms, stlb_missing, "m2"),
	FIELD(REAL, struct closed_form_terms, guest_read_cycles),
	FIELD(REAL, struct closed_form_terms, host_read_cycles),
	FIELD(REAL, struct closed_form_terms, walk_cycles),
	FIELD(REAL, struct closed_form_terms, total_cycles),
};
static const struct fields closed_fields = FIELDS_OF(closed_list);

static json_t *row_json(const struct simulation_row *row)
{
	const struct simulation *s = &row->counts;
	json_t *o = json_object(), *plan = json_object();

	walk_plan_put(&plan, &row->input.plan);
	json_put(&o, "workload", json_string(workload_table[row->input.workload].name));
	json_put(&o, "plan", plan);
	json_put(&o, "working_set_bytes", json_u64(row->input.working_set_bytes));
	json_put(&o, "stride_bytes", json_u64_or_null(row->input.stride_bytes));
	json_put(&o, "pages", json_u64(s->pages));
	json_put(&o, "accesses", json_u64(s->accesses));
	json_put(&o, "tlb_leaf_bytes", json_u64(s->tlb_leaf_bytes));
	json_put(&o, "cycles_per_access", json_real(s->cycles_per_access));
	json_put(&o, "data_cycles_per_access", json_real(s->data_cycles_per_access));
	json_put(&o, "references_per_walk", s->walks != 0 ? json_real(s->references_per_walk) : json_null());
	json_put(&o, "theory_references", json_u64(s->theory_references));
	json_put(&o, "counts", counts_json(s));
	json_put(&o, "closed_form", fields_json(&closed_fields, row->have_closed ? &row->closed : NULL));
	return o;
}

json_t *simulation_json(const struct simulation_series *s)
{
	json_t *o = json_object(), *rows = json_array();

	for (uint32_t i = 0; i < s->count; i++)
		json_push(&rows, row_json(&s->rows[i]));
	json_put(&o, "cpu", cpu_json(s->cpu));
	json_put(&o, "rows", rows);
	return o;
}

static const struct field point_list[] = {
	FIELD(COUNT, struct prediction_point, pages),
	FIELD(REAL, struct prediction_point, data_cycles),
	FIELD(REAL, struct prediction_point, measured_cycles),
	FIELD(REAL, struct prediction_point, predicted_cycles),
	FIELD(REAL, struct prediction_point, uncalibrated_cycles),
	FIELD(REAL, struct prediction_point, error),
	FIELD(TRUTH, struct prediction_point, held_out),
	FIELD_AS(REAL, struct prediction_point, terms.dtlb_missing, "dtlb_missing"),
	FIELD_AS(REAL, struct prediction_point, terms.stlb_missing, "stlb_missing"),
	FIELD_AS(REAL, struct prediction_point, terms.guest_read_cycles, "guest_read_cycles"),
	FIELD_AS(REAL, struct prediction_point, terms.host_read_cycles, "host_read_cycles"),
	FIELD_AS(REAL, struct prediction_point, terms.walk_cycles, "walk_cycles"),
};
static const struct fields point_fields = FIELDS_OF(point_list);

json_t *prediction_json(const struct prediction *p)
{
	json_t *o;
	bool tested;

	if (p == NULL)
		return json_null();
	o = json_object();
	tested = p->held_out_count != 0;
	json_put(&o, "cpu", json_words(p->cpu));
	json_put(&o, "cpu_unit", json_words(p->unit));
	json_put(&o, "measured_unit", json_words(p->measured_unit));
	json_put(&o, "walk_kind", json_string(name_of(&walk_kind_names, p->plan.kind)));
	json_put(&o, "fitted", json_boolean(p->fitted));
	json_put(&o, "walk_constant_cycles", p->fitted ? json_real(p->walk_constant_cycles) : json_null());
	json_put(&o, "fitted_points", json_u64(p->fitted_count));
	json_put(&o, "held_out_points", json_u64(p->held_out_count));
	json_put(&o, "mean_error", tested ? json_real(p->mean_error) : json_null());
	json_put(&o, "most_error", tested ? json_real(p->most_error) : json_null());
	json_put(&o, "points", FIELDS_ARRAY(&point_fields, p->points, p->count));
	return o;
}

static void put_point(struct table *table, const struct prediction_point *point)
{
	table_put(table, "%" PRIu64, point->pages);
	table_real(table, point->data_cycles);
	table_real(table, point->measured_cycles);
	table_real(table, point->predicted_cycles);
	table_put(table, "%+.1f %%", 100 * point->error);
	table_put(table, "%s", point->held_out ? "held out" : "fitted");
	table_real(table, point->uncalibrated_cycles);
	table_put(table, "%.2f", point->terms.dtlb_missing);
	table_put(table, "%.2f", point->terms.stlb_missing);
	table_real(table, point->terms.guest_read_cycles);
	table_real(table, point->terms.host_read_cycles);
}

static void put_fit(const struct prediction *p, FILE *out)
{
	char constant[32];

	format_real(p->walk_constant_cycles, constant, sizeof(constant));
	if (!p->fitted)
		paragraph(out, "fit",
			  "none: no working set that it may use is too large for the TLBs, so the walk "
			  "constant cW is 0 and nothing was fitted");
	else
		paragraph(
			out, "fit",
			"walk constant cW = %s cycles, fitted to %u working set%s: what a walk costs beyond "
			"reading leaf entries; the model does not explain it",
			constant, p->fitted_count, p->fitted_count == 1 ? "" : "s");
	if (p->held_out_count != 0)
		paragraph(
			out, "",
			"mean error %.1f %%, largest %.1f %%, on the %u working set%s that it was not fitted "
			"to",
			100 * p->mean_error, 100 * p->most_error, p->held_out_count,
			p->held_out_count == 1 ? "" : "s");
	else
		paragraph(out, "",
			  "no working set was held out, so there is no error to report: two at least are "
			  "needed");
}

int prediction_text(const struct prediction *p, FILE *out)
{
	static const char *const titles[] = { "pages",  "packed", "measured", "predicted", "error", "-point",
					      "cW = 0", "m1",     "m2",       "R(G)",      "R(E)" };
	struct table table;
	int ret;

	if (p == NULL)
		return 0;
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < p->count; i++)
		put_point(&table, &p->points[i]);
	table.hidden[10] = p->plan.kind != WALK_NESTED;
	ret = table_finish(&table, -1, out);
	put_fit(p, out);
	return ret;
}

void prediction_legend_text(const struct prediction *p, FILE *out)
{
	paragraph(
		out, "model",
		"theory beside what was measured: T(n) = packed + m1 c_stlb + m2 (cW + R(G) + R(E)) cycles "
		"an access. m1, m2: the shares of accesses that miss the first and the second TLB; c_stlb: a "
		"hit in the second; R: reading the leaf entries of the guest's tables (G; natively and under "
		"shadow paging the only ones) and of the second dimension's (E) through the caches; packed: "
		"as many lines, 64 a page, as measured. CPU: %s, in %s",
		p->cpu, p->unit);
	paragraph(out, "columns",
		  "packed, measured: %s; predicted: T(n); error: of the prediction, as a share of what was "
		  "measured; point: whether cW was fitted to it, by turns; cW = 0: T(n) with nothing fitted",
		  p->measured_unit);
	if (strcmp(p->unit, p->measured_unit) != 0)
		paragraph(
			out, "",
			"the CPU's figures are %s and those measured %s: where the clocks differ, cW and the "
			"errors take it in",
			p->unit, p->measured_unit);
}
