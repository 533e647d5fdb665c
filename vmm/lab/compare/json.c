/*
 * A comparison as JSON, schema minivmm.compare/2. Unknown is null; sizes are integers in bytes.
 */
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/sweep/parts.h"

static json_t *sweep_json(const struct comparison *c, enum side side)
{
	const struct matrix *m = c->sweeps[side];
	json_t *o = json_object();

	json_put(&o, "file", json_words(c->names[side]));
	json_put(&o, "minivmm_version", json_words(m->version));
	json_put(&o, "preset", json_words_or_null(m->preset));
	json_put(&o, "started", json_words(m->started));
	json_put(&o, "complete", json_boolean(m->complete));
	json_put(&o, "allocations", json_u64(m->allocations));
	json_put(&o, "cells", json_u64(c->paired ? m->datum_count / 2 : m->datum_count));
	return o;
}

static json_t *correction_json(const struct comparison *c)
{
	json_t *o = json_object();
	char method[COMPARISON_METHOD_BYTES];

	json_put(&o, "method", json_words(comparison_method(c, method)));
	json_put(&o, "level", json_real(FAMILY_LEVEL));
	json_put(&o, "tested", json_u64(c->test.tested));
	json_put(&o, "strata", json_u64(c->test.strata));
	json_put(&o, "ways", json_u64(c->test.permutations));
	json_put(&o, "all_ways", json_boolean(c->test.exhaustive));
	json_put(&o, "least_p", json_real(c->test.least_p));
	return o;
}

static json_t *counts_json(const struct comparison *c)
{
	json_t *o = json_object();

	json_put(&o, "figures", json_u64(c->count));
	json_put(&o, "marked", json_u64(c->marked));
	json_put(&o, "only_a", json_u64(json_array_size(c->only[SIDE_A])));
	json_put(&o, "only_b", json_u64(json_array_size(c->only[SIDE_B])));
	json_put(&o, "left_out", json_u64(json_array_size(c->left_out)));
	return o;
}

static json_t *together_json(const struct comparison *c)
{
	json_t *o = json_object();

	estimate_put(&o, "ratio", "ratio_", &c->common.ratio);
	json_put(&o, "p", c->common.tested ? json_real(c->common.p) : json_null());
	json_put(&o, "marked", json_boolean(c->common.marked));
	json_put(&o, "least", json_real(c->least_ratio));
	json_put(&o, "greatest", json_real(c->greatest_ratio));
	return o;
}

static json_t *clock_json(const struct clock_range *clock)
{
	json_t *o = json_object();

	if (clock->runs == 0) {
		json_decref(o);
		return json_null();
	}
	json_put(&o, "mean", json_real(clock->mean));
	json_put(&o, "least", json_real(clock->least));
	json_put(&o, "greatest", json_real(clock->greatest));
	json_put(&o, "runs", json_u64(clock->runs));
	return o;
}

static json_t *clocks_json(const struct comparison *c)
{
	json_t *o = json_object();

	json_put(&o, "a", clock_json(&c->clocks[SIDE_A]));
	json_put(&o, "b", clock_json(&c->clocks[SIDE_B]));
	return o;
}

static json_t *side_json(const struct matrix_figure *f)
{
	json_t *o = json_object();

	estimate_put(&o, "value", "", &f->value);
	json_put(&o, "allocations", json_u64(f->count));
	return o;
}

static json_t *figure_json(const struct compared *pair)
{
	const struct matrix_figure *a = pair->figures[SIDE_A];
	json_t *o = json_object();

	json_put(&o, "key", json_words(pair->cells[SIDE_A]->key));
	json_put(&o, "variant", json_words_or_null(a->variant));
	json_put(&o, "stride_bytes", json_u64_or_null(a->stride_bytes));
	json_put(&o, "working_set_bytes", json_u64(a->working_set_bytes));
	json_put(&o, "pages", json_u64(a->pages));
	json_put(&o, "unit", json_words(a->unit));
	json_put(&o, "statistic", json_string(a->least ? "min" : "median"));
	json_put(&o, "a", side_json(a));
	json_put(&o, "b", side_json(pair->figures[SIDE_B]));
	estimate_put(&o, "ratio", "ratio_", &pair->ratio);
	estimate_put(&o, "alone", "alone_", &pair->alone.ratio);
	json_put(&o, "corrected_p", pair->alone.tested ? json_real(pair->alone.p) : json_null());
	json_put(&o, "marked", json_boolean(pair->alone.marked));
	return o;
}

json_t *comparison_document(const struct comparison *c)
{
	json_t *o = json_document(COMPARE_SCHEMA);

	json_put(&o, "pairs", json_string(c->paired ? "rounds" : "sessions"));
	json_put(&o, "a", sweep_json(c, SIDE_A));
	json_put(&o, "b", sweep_json(c, SIDE_B));
	json_put(&o, "threshold", json_real(c->threshold));
	json_put(&o, "correction", correction_json(c));
	json_put(&o, "counts", counts_json(c));
	json_put(&o, "together", together_json(c));
	json_put(&o, "clock", clocks_json(c));
	json_put(&o, "differences", json_incref(c->differences));
	json_put(&o, "only_a", json_incref(c->only[SIDE_A]));
	json_put(&o, "only_b", json_incref(c->only[SIDE_B]));
	json_put(&o, "left_out", json_incref(c->left_out));
	json_put(&o, "figures", JSON_LIST(c->figures, c->count, figure_json));
	return o;
}

int comparison_json(const struct comparison *c, FILE *out)
{
	return json_finish(comparison_document(c), out);
}
