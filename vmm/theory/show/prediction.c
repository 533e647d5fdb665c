/* A prediction beside what was measured: the closed form's points, and the constant that was fitted. */
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/theory/show/show.h"

static json_t *point_json(const struct prediction_point *point)
{
	json_t *o = json_object();

	json_put(&o, "pages", json_u64(point->pages));
	json_put(&o, "data_cycles", json_real(point->data_cycles));
	json_put(&o, "measured_cycles", json_real(point->measured_cycles));
	json_put(&o, "predicted_cycles", json_real(point->predicted_cycles));
	json_put(&o, "uncalibrated_cycles", json_real(point->uncalibrated_cycles));
	json_put(&o, "error", json_real(point->error));
	json_put(&o, "held_out", json_boolean(point->held_out));
	json_put(&o, "dtlb_missing", json_real(point->terms.dtlb_missing));
	json_put(&o, "stlb_missing", json_real(point->terms.stlb_missing));
	json_put(&o, "guest_read_cycles", json_real(point->terms.guest_read_cycles));
	json_put(&o, "host_read_cycles", json_real(point->terms.host_read_cycles));
	json_put(&o, "walk_cycles", json_real(point->terms.walk_cycles));
	return o;
}

json_t *prediction_json(const struct prediction *p)
{
	json_t *o, *points;
	bool tested;

	if (p == NULL)
		return json_null();
	o = json_object();
	points = json_array();
	tested = p->held_out_count != 0;
	json_put(&o, "cpu", json_words(p->cpu));
	json_put(&o, "cpu_unit", json_words(p->unit));
	json_put(&o, "walk_kind", json_string(walk_kind_name(p->plan.kind)));
	json_put(&o, "fitted", json_boolean(p->fitted));
	json_put(&o, "walk_constant_cycles", p->fitted ? json_real(p->walk_constant_cycles) : json_null());
	json_put(&o, "fitted_points", json_u64(p->fitted_count));
	json_put(&o, "held_out_points", json_u64(p->held_out_count));
	json_put(&o, "mean_error", tested ? json_real(p->mean_error) : json_null());
	json_put(&o, "most_error", tested ? json_real(p->most_error) : json_null());
	for (uint32_t i = 0; i < p->count; i++)
		json_push(&points, point_json(&p->points[i]));
	json_put(&o, "points", points);
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
	ret = table_print(&table, -1, out);
	table_free(&table);
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
	paragraph(
		out, "columns",
		"packed, measured: TSC cycles; predicted: T(n); error: of the prediction, as a share of what "
		"was measured; point: whether cW was fitted to it, by turns; cW = 0: T(n) with nothing "
		"fitted");
	if (strcmp(p->unit, "TSC cycles") != 0)
		paragraph(
			out, "",
			"the CPU's figures are %s and those measured TSC cycles: where the clocks differ, cW "
			"and the errors take it in; --cpu host has TSC cycles for both",
			p->unit);
}
