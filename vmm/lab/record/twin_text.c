/*
 * The tables of twin as text and JSON: guest leaves down, leaves of the second dimension across.
 */
#include "vmm/lab/record/twin_table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/record/rows.h"
#include "vmm/output/json.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"

#define VALUE_COLUMNS 10
#define COST_COLUMNS 28
#define NAME_COLUMNS 11

/* "4.71 (4.68 to 4.75)", "-" where there is none. */
static const char *interval(const struct estimate *e, char *buf, size_t size)
{
	char value[48], low[48], high[48];

	if (e->count == 0) {
		(void)snprintf(buf, size, "-");
		return buf;
	}
	format_real(e->value, value, sizeof(value));
	format_real(e->low, low, sizeof(low));
	format_real(e->high, high, sizeof(high));
	(void)snprintf(buf, size, "%s (%s to %s)", value, low, high);
	return buf;
}

static void cost_text(const struct twin_table *t, uint32_t window, char *buf, size_t size)
{
	if (window == t->largest)
		(void)snprintf(buf, size, "0 by definition");
	else
		(void)interval(&t->cost[window], buf, size);
}

static void median_text(const struct twin_table *t, uint32_t window, char *buf, size_t size)
{
	(void)snprintf(buf, size, "-");
	if (t->window[window] != NULL)
		format_real(t->window[window]->summary.median, buf, size);
}

static void faults_text(const struct twin_table *t, uint32_t window, char *buf, size_t size)
{
	const struct result *first = t->first[window];

	(void)snprintf(buf, size, "-");
	if (first != NULL && first->sample_count != 0 && first->counts.page_faults >= 0)
		(void)snprintf(buf, size, "%" PRId64, first->counts.page_faults);
}

/* One value for each window: a line for each guest leaf. */
static void put_grid(const struct twin_table *t, const char *title, int columns,
		     void (*value)(const struct twin_table *t, uint32_t window, char *buf, size_t size),
		     FILE *out)
{
	char text[160];

	(void)fprintf(out, "\n%s\n%-*s", title, NAME_COLUMNS, "  guest");
	for (uint32_t host = 0; host < TWIN_LEAVES; host++)
		(void)fprintf(out, "%*s %s", columns - 3, "host", size_format(twin_leaf_bytes(host), text));
	(void)fputc('\n', out);
	for (uint32_t guest = 0; guest < TWIN_LEAVES; guest++) {
		(void)fprintf(out, "  %-*s", NAME_COLUMNS - 2, size_format(twin_leaf_bytes(guest), text));
		for (uint32_t host = 0; host < TWIN_LEAVES; host++) {
			value(t, TWIN_LEAVES * guest + host, text, sizeof(text));
			(void)fprintf(out, "%*s", columns, text);
		}
		(void)fputc('\n', out);
	}
}

static const char *window_name(uint32_t window, char *buf, size_t size)
{
	char guest[24], host[24];

	(void)snprintf(buf, size, "%s/%s", size_format(twin_guest_leaf(window), guest),
		       size_format(twin_host_leaf(window), host));
	return buf;
}

static void put_controls(const struct twin_table *t, bool is_shadow, FILE *out)
{
	const double each = t->layout.count != 0 ? t->layout.coverage : t->cost_level;
	char text[160], largest[64], packed[48] = "-";

	(void)window_name(t->largest, largest, sizeof(largest));
	paragraph(out, "null", "%s a second time in each block, less itself, %.4g %% interval: %s: %s",
		  largest, 100 * t->again.coverage, interval(&t->again, text, sizeof(text)),
		  twin_is_null(&t->again) ? "nothing, as it has to be" : "NOT nothing");
	if (t->shadow.count != 0)
		paragraph(
			out, "",
			"4K guest pages through the views of larger and of 4K leaves, shadowed by 4K leaves "
			"both times: %s: %s",
			interval(&t->shadow, text, sizeof(text)),
			twin_is_null(&t->shadow) ? "nothing, as it has to be" : "NOT nothing");
	if (!isnan(t->packed))
		format_real(t->packed, packed, sizeof(packed));
	paragraph(out, "layout",
		  "%s less as many lines packed 64 to a page (%s): %s: what chase - packed would count as "
		  "translation, and is not, or is that of the largest leaves",
		  largest, packed, interval(&t->layout, text, sizeof(text)));
	paragraph(
		out, "intervals",
		"over %u batches of consecutive blocks, so that what lasts for some blocks widens them; %s "
		"(%.3g %% each, Bonferroni). "
		"What differs from one VM to the next is not in them: sweep --preset twin has that",
		twin_batches(t->block_count),
		each < t->cost_level
			? "of so few they are the least and the greatest, which hold the truth less often than "
			  "all at once in 95 of 100 runs"
			: "in 95 of 100 runs of the same truth all costs and the layout lie in theirs",
		100 * each);
	if (is_shadow)
		paragraph(
			out, "leaves",
			"under shadow paging a window's leaf is the smaller of both, so that all but those with "
			"large leaves on both sides are alike");
}

static void put_table(const struct record *rec, const struct twin_table *t, FILE *out)
{
	char set[24], title[160], largest[64];

	(void)fprintf(out,
		      "twin %s: %" PRIu64 " lines, one a page; %u blocks of %u samples of %" PRIu64
		      " loads, exits: %" PRId64 "\n",
		      size_format(t->blocks->working_set_bytes, set), t->blocks->pages, t->block_count,
		      t->entry_count, t->blocks->accesses, t->blocks->counts.exits);
	put_grid(t, "first contact: page faults that KVM fixed", VALUE_COLUMNS, faults_text, out);
	(void)snprintf(title, sizeof(title), "an access: median, %s", latency_words(rec));
	put_grid(t, title, VALUE_COLUMNS, median_text, out);
	(void)snprintf(title, sizeof(title),
		       "cost of translation, %s: less %s, paired within blocks, with intervals",
		       latency_words(rec), window_name(t->largest, largest, sizeof(largest)));
	put_grid(t, title, COST_COLUMNS, cost_text, out);
	(void)fputc('\n', out);
	put_controls(t, rec->host.second_dimension == SECOND_SHADOW, out);
	(void)fputc('\n', out);
}

int put_twin(const struct record *rec, FILE *out)
{
	for (const struct result *row = twin_next(rec, NULL); row != NULL; row = twin_next(rec, row)) {
		struct twin_table t;

		if (twin_table_make(rec, row, &t) != 0)
			return -ENOMEM;
		put_table(rec, &t, out);
	}
	return 0;
}

static json_t *estimate_or_null(const struct estimate *e)
{
	json_t *o;

	if (e->count == 0)
		return json_null();
	o = json_object();
	json_put(&o, "value", json_real(e->value));
	json_put(&o, "low", json_real(e->low));
	json_put(&o, "high", json_real(e->high));
	json_put(&o, "coverage", json_real(e->coverage));
	json_put(&o, "blocks", json_u64(e->count));
	return o;
}

static json_t *window_json(const struct record *rec, const struct twin_table *t, uint32_t window)
{
	const struct result *first = t->first[window], *row = t->window[window];
	json_t *o = json_object();

	json_put(&o, "guest_leaf_bytes", json_u64(twin_guest_leaf(window)));
	json_put(&o, "host_leaf_bytes", json_u64(twin_host_leaf(window)));
	json_put(&o, "leaf_bytes", json_u64_or_null(twin_leaf_here(rec, window)));
	json_put(&o, "unavailable", row == NULL && first != NULL ? json_string(first->note) : json_null());
	json_put(&o, "first_faults",
		 first != NULL && first->sample_count != 0 ? json_count_or_null(first->counts.page_faults)
							   : json_null());
	json_put(&o, "median", row != NULL ? json_real(row->summary.median) : json_null());
	json_put(&o, "cost", estimate_or_null(&t->cost[window]));
	return o;
}

static json_t *table_json(const struct record *rec, const struct twin_table *t)
{
	json_t *o = json_object(), *windows = json_array();

	json_put(&o, "working_set_bytes", json_u64(t->blocks->working_set_bytes));
	json_put(&o, "pages", json_u64(t->blocks->pages));
	json_put(&o, "blocks", json_u64(t->block_count));
	json_put(&o, "entries", json_u64(t->entry_count));
	json_put(&o, "batches", json_u64(twin_batches(t->block_count)));
	json_put(&o, "cost_level", json_real(t->cost_level));
	json_put(&o, "exits", json_count_or_null(t->blocks->counts.exits));
	json_put(&o, "baseline_guest_leaf_bytes", json_u64(twin_guest_leaf(t->largest)));
	json_put(&o, "baseline_host_leaf_bytes", json_u64(twin_host_leaf(t->largest)));
	for (uint32_t window = 0; window < TWIN_WINDOWS; window++)
		json_push(&windows, window_json(rec, t, window));
	json_put(&o, "windows", windows);
	json_put(&o, "null_same_window", estimate_or_null(&t->again));
	json_put(&o, "null_shadow", estimate_or_null(&t->shadow));
	json_put(&o, "packed", isnan(t->packed) ? json_null() : json_real(t->packed));
	json_put(&o, "layout", estimate_or_null(&t->layout));
	return o;
}

json_t *twin_json(const struct record *rec)
{
	json_t *array = twin_next(rec, NULL) != NULL ? json_array() : json_null();

	for (const struct result *row = twin_next(rec, NULL); row != NULL; row = twin_next(rec, row)) {
		struct twin_table t;

		if (twin_table_make(rec, row, &t) == 0)
			json_push(&array, table_json(rec, &t));
	}
	return array;
}
