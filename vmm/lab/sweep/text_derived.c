/*
 * What follows from the figures, as tables: translation, speed-ups, knees, predictions.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vmm/theory/show/show.h"
#include "vmm/lab/sweep/derive.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"

int matrix_translation_text(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { "set",  "pages",   CONFIG_TITLES,  "cost", "from", "to",
					      "refs", "one ref", "loads' worth", "from", "to" };
	const uint32_t spare[] = { 2 + CONFIG_COLUMNS + 6, 2 + CONFIG_COLUMNS + 7, 2 + CONFIG_COLUMNS + 4 };
	struct table table;
	char text[TABLE_CELL_BYTES];
	bool walks = false;

	if (m->translation_count == 0)
		return 0;
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < m->translation_count; i++) {
		const struct matrix_translation *t = &m->translations[i];

		table_put(&table, "%s", size_format(t->chase->working_set_bytes, text));
		table_put(&table, "%" PRIu64, t->pages);
		text_put_config(&table, t->chase);
		text_put_estimate(&table, &t->cost, 1);
		table_count(&table, t->refs_theory != 0 ? (int64_t)t->refs_theory : -1);
		table_real(&table, t->reference_cycles > 0 ? t->reference_cycles : NAN);
		text_put_estimate(&table, &t->loads_worth, 1);
		walks = walks || t->loads_worth.count != 0;
	}
	paragraph(
		out, "tlb cost",
		"of an access = chase - packed, in %s; refs: page-table references of one miss in theory%s",
		matrix_latency_words(m),
		walks ? "; loads' worth: the cost in loads of packed lines, about as many as the leaf entries take "
			"(one ref), where there are four times as many leaves as TLBs hold, by CPUID, so that each "
			"access walks"
		      : "");
	for (uint32_t i = COUNT_OF(titles) - 4; i < COUNT_OF(titles) && !walks; i++)
		table.hidden[i] = true;
	text_fold_config(&table, 2, out);
	return table_section(&table, spare, COUNT_OF(spare), 0, out);
}

int matrix_twins_text(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { "set",   "pages", CONFIG_TITLES, "-what", "-window",
					      "-less", "cost",  "from",        "to" };
	const uint32_t spare[] = { 1, 2 + CONFIG_COLUMNS };
	struct table table;
	char text[TABLE_CELL_BYTES];

	if (m->twin_count == 0)
		return 0;
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < m->twin_count; i++) {
		const struct matrix_twin *t = &m->twins[i];

		table_put(&table, "%s", size_format(t->working_set_bytes, text));
		table_put(&table, "%" PRIu64, t->pages);
		text_put_config(&table, t->cell);
		table_put(&table, "%s", twin_what(t));
		table_put(&table, "%s", twin_entry_name(t->window));
		table_put(&table, "%s", twin_entry_name(t->less));
		text_put_estimate(&table, &t->difference, 1);
	}
	paragraph(
		out, "twin",
		"the same lines through pairs of leaves, guest/second dimension: what an access costs more "
		"than through the largest ones, in %s, within blocks, over VMs; null has to be 0; layout is "
		"what chase - packed would count on top",
		matrix_latency_words(m));
	text_fold_config(&table, 2, out);
	return table_section(&table, spare, COUNT_OF(spare), 0, out);
}

static const char *page_of(const struct matrix_speed_up *s, const struct matrix_cell *cell, char *buf)
{
	return cell_spell(cell, s->dimension == SPEED_UP_GUEST ? AXIS_GUEST_PAGE : AXIS_BACKING, buf);
}

/* packed is measured to be subtracted, and larger pages do not change it: only the files have its speed-ups. */
static bool is_control(const struct matrix_speed_up *s)
{
	return strcmp(s->to->workload, "packed") == 0;
}

int matrix_speed_ups_text(const struct matrix *m, FILE *out)
{
	static const char *const dimensions[] = { "guest", "backing", "both" };
	static const char *const titles[] = { "-workload",   "set",    "-larger", "-from", "-to",
					      CONFIG_TITLES, "faster", "from",    "to" };
	/* The column "from" is always 4K, so it goes first. */
	const uint32_t spare[] = { 3 };
	uint32_t shown = 0;
	struct table table;
	char text[AXIS_ITEM_BYTES];

	for (uint32_t i = 0; i < m->speed_up_count; i++)
		shown += !is_control(&m->speed_ups[i]);
	if (shown == 0)
		return 0;
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < m->speed_up_count; i++) {
		const struct matrix_speed_up *s = &m->speed_ups[i];

		if (is_control(s))
			continue;
		text_put_part(&table, s->to, &s->to->figures[s->to_figure]);
		table_put(&table, "%s", dimensions[s->dimension]);
		table_put(&table, "%s", page_of(s, s->from, text));
		table_put(&table, "%s", page_of(s, s->to, text));
		text_put_config(&table, s->to);
		text_put_estimate(&table, &s->speed_up, 1);
	}
	paragraph(out, "speed-up",
		  "by larger pages in the guest, in the backing, in both; more than 1 is faster");
	text_fold_config(&table, 5, out);
	return table_section(&table, spare, COUNT_OF(spare), 1, out);
}

int matrix_knees_text(const struct matrix *m, FILE *out)
{
	static const char *const titles[] = { CONFIG_TITLES, "-curve", "after", "before", "", "from", "to" };
	struct table table;

	if (m->knee_count == 0)
		return 0;
	table_init(&table, titles, COUNT_OF(titles));
	for (uint32_t i = 0; i < m->knee_count; i++) {
		const struct matrix_knee *k = &m->knees[i];

		text_put_config(&table, k->above);
		table_put(&table, "%s", k->of_translation ? "chase - packed" : k->above->workload);
		table_put(&table, "%" PRIu64, k->pages_below);
		table_put(&table, "%" PRIu64, k->pages_above);
		table_put(&table, "pages");
		table_real(&table, k->value_below);
		table_real(&table, k->value_above);
	}
	paragraph(out, "knees",
		  "where the curve of a configuration leaves a plateau: in cycles, from and to");
	text_fold_config(&table, 0, out);
	return table_section(&table, NULL, 0, -1, out);
}

/* The configuration as keys spell it. */
static void put_heading(const struct matrix_cell *cell, FILE *out)
{
	char key[MATRIX_KEY_BYTES], *rest;

	(void)snprintf(key, sizeof(key), "%s", cell->key);
	rest = strstr(key, ",workload=");
	if (rest != NULL)
		*rest = '\0';
	paragraph(out, "prediction", "%s%s", key, cell->is_b ? ", B" : "");
}

int matrix_predictions_text(const struct matrix *m, FILE *out)
{
	int ret = 0;

	if (!m->predicted)
		return 0;
	if (m->prediction_count == 0) {
		paragraph(
			out, "prediction",
			"none: it takes packed and chase over the same working sets, on a host whose second "
			"dimension is known");
		return 0;
	}
	prediction_legend_text(&m->predictions[0].prediction, out);
	for (uint32_t i = 0; i < m->prediction_count && ret == 0; i++) {
		(void)fputc('\n', out);
		put_heading(m->predictions[i].cell, out);
		ret = prediction_text(&m->predictions[i].prediction, out);
	}
	(void)fputc('\n', out);
	return ret;
}
