/*
 * A comparison for people: what was compared, what is marked, what else differs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/output/table.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"

#define LISTED 3
/* Key, part and stride of a figure in one line. */
#define FIGURE_NAME_BYTES (MATRIX_KEY_BYTES + 80)

enum {
	COLUMN_MARK,
	COLUMN_RATIO,
	COLUMN_ALONE,
	COLUMN_FROM,
	COLUMN_TO,
	COLUMN_P,
	COLUMN_A,
	COLUMN_B,
	COLUMN_UNIT,
	COLUMN_MEANS,
	COLUMN_WORKLOAD,
	COLUMN_SET,
	COLUMN_STRIDE,
	COLUMN_CONFIG,
	COLUMNS = COLUMN_CONFIG + CONFIG_COLUMNS
};

/* Columns to drop where the screen is too narrow, in this order. */
static const uint32_t spare[] = { COLUMN_MEANS, COLUMN_UNIT, COLUMN_P, COLUMN_A, COLUMN_B };

static const char *figure_name(const struct compared *pair, char *buf)
{
	const struct matrix_figure *f = pair->figures[SIDE_A];
	char size[24];

	buf[0] = '\0';
	append(buf, FIGURE_NAME_BYTES, "%s", pair->cells[SIDE_A]->key);
	if (f->variant[0] != '\0')
		append(buf, FIGURE_NAME_BYTES, " %s", f->variant);
	if (f->stride_bytes != 0)
		append(buf, FIGURE_NAME_BYTES, " stride %s", size_format(f->stride_bytes, size));
	if (pair->cells[SIDE_A]->working_set_bytes == 0 && f->pages != 0)
		append(buf, FIGURE_NAME_BYTES, " over %s", size_format(f->working_set_bytes, size));
	return buf;
}

static void put_values(struct table *t, const struct compared *pair)
{
	bool latency = unit_name_is_latency(pair->figures[SIDE_A]->unit);
	const char *unit;
	double scale = text_scale_of(pair->figures[SIDE_A]->unit, &unit);

	table_real(t, pair->figures[SIDE_A]->value.value * scale);
	table_real(t, pair->figures[SIDE_B]->value.value * scale);
	table_put(t, "%s", unit);
	if (pair->ratio.value == 1)
		table_put(t, "same");
	else
		table_put(t, "%s", (pair->ratio.value > 1) == latency ? "slower" : "faster");
}

/* As measured, and alone with its interval; where it cannot be told alone, the interval of what was measured. */
static void put_ratios(struct table *t, const struct compared *pair)
{
	const struct estimate *alone = pair->alone.ratio.count != 0 ? &pair->alone.ratio : &pair->ratio;

	table_put(t, "%s", pair->alone.marked ? "*" : "");
	table_put(t, "%.3f", pair->ratio.value);
	if (alone == &pair->ratio)
		table_put(t, "-");
	else
		table_put(t, "%.3f", alone->value);
	table_put(t, "%.3f", alone->low);
	table_put(t, "%.3f", alone->high);
	if (pair->alone.tested)
		table_put(t, "%.2g", pair->alone.p);
	else
		table_put(t, "-");
}

static void put_row(struct table *t, const struct compared *pair)
{
	const struct matrix_figure *f = pair->figures[SIDE_A];

	put_ratios(t, pair);
	put_values(t, pair);
	text_put_part(t, pair->cells[SIDE_A], f);
	table_size(t, f->stride_bytes);
	text_put_config(t, pair->cells[SIDE_A]);
}

static int print_table(const struct comparison *c, uint32_t rows, bool marks, FILE *out)
{
	static const char *const titles[COLUMNS] = { "-",         "B/A", "alone",  "from",       "to",
						     "p",         "A",   "B",      "-unit",      "-B is",
						     "-workload", "set", "stride", CONFIG_TITLES };
	char text[TABLE_CELL_BYTES];
	struct table t;

	table_init(&t, titles, COLUMNS);
	for (uint32_t i = 0; i < rows; i++)
		put_row(&t, &c->figures[i]);
	t.hidden[COLUMN_MARK] = !marks;
	t.hidden[COLUMN_ALONE] = c->paired;
	if (table_hide_constant(&t, COLUMN_STRIDE, text) && strcmp(text, "-") != 0)
		t.hidden[COLUMN_STRIDE] = false;
	text_fold_config(&t, COLUMN_CONFIG, out);
	return table_section(&t, spare, COUNT_OF(spare), -1, out);
}

static void put_family(const struct permutation_summary *how, char *buf)
{
	if (how->strata > 1)
		append(buf, COMPARISON_METHOD_BYTES,
		       ", among those whose values span as much (up to 4, 16, 64 %%, more), times %" PRIu32
		       " for so many groups",
		       how->strata);
	append(buf, COMPARISON_METHOD_BYTES,
	       "; over all %" PRIu32 " figures tested, chance marks any in at most %g %% of comparisons",
	       how->tested, FAMILY_LEVEL * 100);
}

static const char *method_of_pairs(const struct comparison *c, char *buf)
{
	const struct permutation_summary *how = &c->test;

	if (how->tested == 0)
		append(buf, COMPARISON_METHOD_BYTES, "none was needed: no ratio of a round is beyond %g %%",
		       c->threshold * 100);
	if (how->tested == 0)
		return buf;
	append(buf, COMPARISON_METHOD_BYTES,
	       "A and B of whole rounds are exchanged in %s%" PRIu32
	       " ways; corrected p: in which share of them some figure, or what all have in common, differs as "
	       "clearly as this one does",
	       how->exhaustive ? "all " : "", how->permutations);
	put_family(how, buf);
	return buf;
}

const char *comparison_method(const struct comparison *c, char *buf)
{
	const struct permutation_summary *how = &c->test;

	buf[0] = '\0';
	if (c->paired)
		return method_of_pairs(c, buf);
	if (c->count < COMPARISON_LEAST_FIGURES)
		append(buf, COMPARISON_METHOD_BYTES,
		       "no figure can be told from what all have in common: that takes %d figures",
		       COMPARISON_LEAST_FIGURES);
	else if (how->tested == 0)
		append(buf, COMPARISON_METHOD_BYTES,
		       "none was needed: no figure has values further apart than %g %%, less what all have in "
		       "common",
		       c->threshold * 100);
	if (buf[0] != '\0')
		return buf;
	append(buf, COMPARISON_METHOD_BYTES,
	       "from each value is taken what all figures of its round have in common; the rounds of both "
	       "files are then shared out between A and B in %s%" PRIu32
	       " ways; corrected p: in which share of them some figure differs as clearly as this one does",
	       how->exhaustive ? "all " : "", how->permutations);
	put_family(how, buf);
	return buf;
}

static const char *too_few(const struct comparison *c, char *buf)
{
	buf[0] = '\0';
	if (c->test.tested != 0 && c->test.least_p > FAMILY_LEVEL)
		append(buf, COMPARISON_METHOD_BYTES,
		       "nothing can be marked: with so few allocations no corrected p is below %.2g; %" PRIu32
		       "%s are enough",
		       c->test.least_p,
		       c->paired ? sign_flip_least_rounds(c->test.strata)
				 : permutation_least_allocations(c->test.strata),
		       c->paired ? "" : " in each sweep");
	return buf;
}

static const char *member_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "not known";
}

static void put_sweep(const struct comparison *c, enum side side, FILE *out)
{
	const struct matrix *m = c->sweeps[side];

	paragraph(out, side == SIDE_A ? "A" : "B",
		  "%s: %s%sbegun %s by minivmm %s, %" PRIu32 " cells x %" PRIu32
		  " allocations%s, on %s, Linux %s, %s (%s)",
		  c->names[side], m->preset, m->preset[0] != '\0' ? ", " : "", m->started, m->version,
		  m->datum_count, m->allocations, m->complete ? "" : ", incomplete: it was interrupted",
		  member_of(m->host, "cpu_model"), member_of(m->host, "kernel"),
		  member_of(m->host, "kvm_module"), member_of(m->host, "second_dimension"));
}

/* A value as JSON writes it, strings without quotes. */
static void put_value(char *buf, size_t size, const json_t *value)
{
	char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	append(buf, size, "%s", text != NULL ? text : json_is_string(value) ? json_string_value(value) : "?");
	free(text);
}

/* What A and B of one sweep are. */
static void put_sides(const struct comparison *c, FILE *out)
{
	const struct matrix *m = c->sweeps[SIDE_A];

	paragraph(out, "A", "%s", c->names[SIDE_A]);
	paragraph(out, "B", "%s", c->names[SIDE_B]);
	paragraph(out, "pairs",
		  "%" PRIu32 " cells each x %" PRIu32
		  " rounds%s, begun %s: in each round A and B of a cell run one after the other, in random "
		  "order, so that neither clock nor host is on one side alone",
		  m->datum_count / 2, m->allocations, m->complete ? "" : ", incomplete", m->started);
}

static void put_differences(const struct comparison *c, FILE *out)
{
	size_t i;
	const json_t *difference;

	json_array_foreach(c->differences, i, difference)
	{
		char text[2048] = "";

		append(text, sizeof(text), "%s: ", member_of(difference, "member"));
		put_value(text, sizeof(text), json_object_get(difference, "a"));
		append(text, sizeof(text), " in A, ");
		put_value(text, sizeof(text), json_object_get(difference, "b"));
		append(text, sizeof(text), " in B");
		paragraph(out, i == 0 ? "differ" : "", "%s", text);
	}
	if (json_array_size(c->differences) == 0)
		paragraph(out, "differ", "nothing: the same version, plan and host");
}

static void put_only(const struct comparison *c, enum side side, FILE *out)
{
	const json_t *keys = c->only[side];
	size_t count = json_array_size(keys);
	char text[4 * MATRIX_KEY_BYTES] = "";

	for (size_t i = 0; i < count && i < LISTED; i++)
		append(text, sizeof(text), "%s%s", i != 0 ? "; " : "",
		       json_string_value(json_array_get(keys, i)));
	if (count != 0)
		paragraph(out, side == SIDE_A ? "only in A" : "only in B", "%zu cell%s: %s%s", count,
			  count == 1 ? "" : "s", text, count > LISTED ? "; ... (--json has all)" : "");
}

/* Each reason once, with the number of its figures and cells and the first of them. */
static void put_left_out(const struct comparison *c, FILE *out)
{
	size_t count = json_array_size(c->left_out);
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_array_get(c->left_out, i);
		const char *reason = member_of(one, "reason");
		size_t alike = 0, before = 0;

		for (size_t k = 0; k < count && before == 0; k++) {
			if (strcmp(member_of(json_array_get(c->left_out, k), "reason"), reason) != 0)
				continue;
			before += k < i;
			alike++;
		}
		if (before != 0)
			continue;
		paragraph(out, first ? "left out" : "", "%zu: %s: %s%s", alike, reason, member_of(one, "key"),
			  alike > 1 ? ", ..." : "");
		first = false;
	}
}

static void put_together(const struct comparison *c, FILE *out)
{
	const struct tested_ratio *v = &c->common;
	char p[32] = "not tested";

	if (v->tested)
		(void)snprintf(p, sizeof(p), "p %.2g", v->p);
	paragraph(out, "together",
		  "all together B / A = %.3f (%.3f to %.3f, %s): what the %" PRIu32
		  " figures have in common, rates the other way round; single ones from %.3f to %.3f",
		  v->ratio.value, v->ratio.low, v->ratio.high, p, c->count, c->least_ratio,
		  c->greatest_ratio);
	if (c->paired)
		return;
	paragraph(
		out, "",
		"A and B are two sessions: what differs between them, alone or together, is something in the "
		"host or in the code. minivmm sweep --versus runs both in the same rounds and tells them apart");
}

static void put_clocks(const struct comparison *c, FILE *out)
{
	const struct clock_range *a = &c->clocks[SIDE_A], *b = &c->clocks[SIDE_B];

	if (a->runs == 0 || b->runs == 0)
		paragraph(out, "clock", "core/TSC is not known in %s",
			  a->runs != 0   ? "B"
			  : b->runs != 0 ? "A"
					 : "either");
	else
		paragraph(
			out, "clock",
			"core/TSC %.3f in A (%.3f to %.3f), %.3f in B (%.3f to %.3f): B / A = %.3f (single runs "
			"%.3f to %.3f); core cycles do not count it, but memory and caches beyond the core have "
			"clocks of their own",
			a->mean, a->least, a->greatest, b->mean, b->least, b->greatest, b->mean / a->mean,
			b->least / a->greatest, b->greatest / a->least);
}

static void put_unmarked(const struct comparison *c, FILE *out)
{
	uint32_t unmarked = c->count - c->marked, untested = 0;
	const struct compared *largest = &c->figures[c->marked];
	char name[FIGURE_NAME_BYTES], text[96] = "";

	if (unmarked == 0)
		return;
	append(text, sizeof(text), "%.3f (%.3f to %.3f", largest->ratio.value, largest->ratio.low,
	       largest->ratio.high);
	if (largest->alone.ratio.count != 0 && !c->paired)
		append(text, sizeof(text), "); alone %.3f (%.3f to %.3f", largest->alone.ratio.value,
		       largest->alone.ratio.low, largest->alone.ratio.high);
	if (largest->alone.tested)
		append(text, sizeof(text), ", corrected p %.2g", largest->alone.p);
	paragraph(out, "not marked", "%" PRIu32 " of %" PRIu32 " figures; furthest apart: B / A = %s), %s",
		  unmarked, c->count, text, figure_name(largest, name));
	for (uint32_t i = 0; i < c->count; i++)
		untested += !c->figures[i].alone.tested;
	if (untested != 0 && (c->paired || c->count >= COMPARISON_LEAST_FIGURES))
		paragraph(out, "", "%" PRIu32 " of them were not tested: all their %s lie within %g %%",
			  untested, c->paired ? "ratios" : "values", c->threshold * 100);
}

static int put_marked(const struct comparison *c, bool all, FILE *out)
{
	char words[COMPARISON_METHOD_BYTES];

	(void)fputc('\n', out);
	if (c->marked == 0)
		paragraph(out, "marked", "nothing");
	else
		paragraph(
			out, "marked",
			"%" PRIu32 " of %" PRIu32
			" figures: %sthe 95 %% interval (from, to) of B / A excludes 1, its corrected p is at "
			"most %g, and the difference is %g %% or more",
			c->marked, c->count, c->paired ? "" : "alone, less what all have in common, ",
			FAMILY_LEVEL, c->threshold * 100);
	if (too_few(c, words)[0] != '\0')
		paragraph(out, "", "%s", words);
	if (c->marked == 0 && !all)
		return 0;
	return print_table(c, all ? c->count : c->marked, all, out);
}

int comparison_text(const struct comparison *c, bool all, FILE *out)
{
	char words[COMPARISON_METHOD_BYTES];
	int ret;

	if (c->paired) {
		put_sides(c, out);
	} else {
		put_sweep(c, SIDE_A, out);
		put_sweep(c, SIDE_B, out);
		put_differences(c, out);
	}
	ret = put_marked(c, all, out);
	put_unmarked(c, out);
	put_together(c, out);
	put_clocks(c, out);
	paragraph(out, "corrected", "%s", comparison_method(c, words));
	put_only(c, SIDE_A, out);
	put_only(c, SIDE_B, out);
	put_left_out(c, out);
	return ret == 0 ? stream_finish(out) : ret;
}
