/*
 * What stands behind the table of results: differences between rows whose set-up differs in one thing only, and the PMU's
 * counts of each row.
 */
#include <inttypes.h>
#include <stdio.h>

#include "units.h"
#include "vmm/lab/record/rows.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

/* Of a list of findings. An entry that does not fit is left out. */
#define LIST_BYTES 4096

/* The fewest rounds that any of the differences printed is of. */
struct findings {
	const struct record *rec;
	uint32_t least_rounds;
};

/* "4M 10.15 (9.57 to 10.42)" to the list, behind `lead`; one value has no interval. */
static void add_estimate(struct findings *f, char *list, const char *lead, const char *name,
			 const struct estimate *e)
{
	char value[48], low[48], high[48];

	if (e->count == 0)
		return;
	f->least_rounds = (uint32_t)min_u64(f->least_rounds, e->count);
	format_real(e->value, value, sizeof(value));
	if (e->count == 1) {
		(void)append_whole(list, LIST_BYTES, "%s%s %s", lead, name, value);
		return;
	}
	format_real(e->low, low, sizeof(low));
	format_real(e->high, high, sizeof(high));
	(void)append_whole(list, LIST_BYTES, "%s%s %s (%s to %s)", lead, name, value, low, high);
}

static const char *comma(const char *list)
{
	return list[0] == '\0' ? "" : ",  ";
}

/* chase - packed of one chain, for each working set that has both: with several chains an access has no latency. */
static void translation_cost(struct findings *f, FILE *out)
{
	const struct record *rec = f->rec;
	char list[LIST_BYTES] = "";
	char size[24];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		struct estimate cost;

		if (record_translation(rec, &rec->results[i], &cost) == 0)
			add_estimate(f, list, comma(list),
				     size_format(rec->results[i].working_set_bytes, size), &cost);
	}
	if (list[0] != '\0')
		paragraph(out, "tlb cost", "of an access = chase - packed, in %s: %s", latency_words(rec),
			  list);
}

static const struct result *part_of_step(const struct record *rec, const struct result *of,
					 enum workload_variant variant)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->step == of->step && r->variant == variant && row_has_figure(rec, r))
			return r;
	}
	return NULL;
}

/* after-exit - warm, for each step that has both. */
static void refill_cost(struct findings *f, FILE *out)
{
	const struct record *rec = f->rec;
	char list[LIST_BYTES] = "", pages[32];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *after = &rec->results[i], *warm;
		struct estimate cost;

		if (after->variant != VARIANT_AFTER_EXIT || !row_has_figure(rec, after))
			continue;
		warm = part_of_step(rec, after, VARIANT_WARM);
		if (warm == NULL || rows_pair(after, warm, PAIR_DIFFERENCE, &cost) != 0)
			continue;
		(void)snprintf(pages, sizeof(pages), "%" PRIu64 " pages", after->pages);
		add_estimate(f, list, comma(list), pages, &cost);
	}
	if (list[0] != '\0')
		paragraph(out, "refill", "of a page after %s = after-exit - warm, in %s: %s",
			  rec->spec.native ? "a system call" : "an exit", latency_words(rec), list);
}

/* The row like *like with the next larger stride; NULL: there is none with a figure. */
static const struct result *next_stride(const struct record *rec, const struct result *like)
{
	const struct result *next = NULL;

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == like->workload && r->variant == like->variant && row_has_figure(rec, r) &&
		    r->pages == like->pages && r->stride_bytes > like->stride_bytes &&
		    (next == NULL || r->stride_bytes < next->stride_bytes))
			next = r;
	}
	return next;
}

/* Each stride takes the page walk one level higher than the last; a stride of one line is the control. */
static void level_cost(struct findings *f, FILE *out)
{
	const struct record *rec = f->rec;
	char list[LIST_BYTES] = "", lead[48], size[24];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *control = &rec->results[i], *row = control, *next;
		struct estimate cost;

		if (control->workload != WORKLOAD_alias || control->stride_bytes != CACHE_LINE_BYTES ||
		    !row_has_figure(rec, control))
			continue;
		for (; (next = next_stride(rec, row)) != NULL; row = next) {
			(void)snprintf(lead, sizeof(lead),
				       "%s%" PRIu64 " pages: ", list[0] == '\0' ? "" : ";  ", control->pages);
			if (rows_pair(next, row, PAIR_DIFFERENCE, &cost) == 0)
				add_estimate(f, list, row == control ? lead : ", ",
					     size_format(next->stride_bytes, size), &cost);
		}
	}
	if (list[0] == '\0')
		return;
	paragraph(out, "levels", "what each wider stride adds to the one before, in %s: %s",
		  latency_words(rec), list);
	paragraph(out, "",
		  "(the first over the control, on few pages; then each time one more level of the walk has "
		  "an entry of its own for every page)");
}

/* How the differences above were made. */
static void put_method(const struct findings *f, FILE *out)
{
	char size[24], interval[80] = "";

	if (f->least_rounds == UINT32_MAX)
		return;
	if (f->least_rounds > 1)
		(void)snprintf(interval, sizeof(interval),
			       "; in brackets its %.3g %% interval within this allocation",
			       100 * estimate_coverage(f->least_rounds));
	paragraph(out, "",
		  "(median over rounds of samples of the difference of their least ones, or, where lines and "
		  "leaf entries exceed %s, three quarters of L2, of their lower quartiles%s)",
		  size_format(in_core_bytes(f->rec), size), interval);
}

void put_findings(const struct record *rec, FILE *out)
{
	struct findings f = { .rec = rec, .least_rounds = UINT32_MAX };

	translation_cost(&f, out);
	refill_cost(&f, out);
	level_cost(&f, out);
	put_method(&f, out);
	put_throughput(rec, out);
}

#define LINE_BYTES 4096

/* Below this part of the time a count is an extrapolation worth mentioning. */
#define WHOLE_SHARE 0.999

/* A count an operation, or in all where the operations are not known. */
static void add_count(char *line, const struct pmu_counts *counts, const struct pmu_count *count)
{
	if (count->count < 0)
		append(line, LINE_BYTES, "?");
	else if (counts->operations != 0)
		append(line, LINE_BYTES, "%.3g", (double)count->count / (double)counts->operations);
	else
		append(line, LINE_BYTES, "%" PRId64 " in all", count->count);
}

static void add_event(char *line, const struct pmu_event *event, const struct pmu_counts *counts,
		      const struct pmu_count *count)
{
	append(line, LINE_BYTES, "%s%s ", line[0] != '\0' ? ", " : "", pmu_event_name(event));
	if (!event->split) {
		add_count(line, counts, &count[PMU_THREAD]);
		return;
	}
	add_count(line, counts, &count[PMU_GUEST]);
	append(line, LINE_BYTES, " + ");
	add_count(line, counts, &count[PMU_HOST]);
}

static void put_row_counts(const struct record *rec, const struct result *r, FILE *out)
{
	char name[96], size[24], line[LINE_BYTES] = "";

	(void)row_name(r, name, sizeof(name));
	if (row_has_working_set(r))
		append(name, sizeof(name), " %s", size_format(r->working_set_bytes, size));
	if (row_has_stride(r))
		append(name, sizeof(name), " stride %s", size_format(r->stride_bytes, size));
	if (row_has_chains(r))
		append(name, sizeof(name), " chains %u", r->chains);
	for (uint32_t i = 0; i < rec->pmu->event_count; i++) {
		if (rec->pmu->events[i].available)
			add_event(line, &rec->pmu->events[i], r->pmu, r->pmu->count[i]);
	}
	if (line[0] != '\0')
		paragraph(out, "", "%s: %s", name, line);
}

/* The least part of its time that any of a row's counters ran. */
static double least_share(const struct record *rec, const struct result *r)
{
	double least = 1;

	for (uint32_t i = 0; i < rec->pmu->event_count; i++) {
		for (int share = 0; share < PMU_SHARES; share++) {
			const struct pmu_count *c = &r->pmu->count[i][share];

			if (c->count >= 0 && c->running_share < least)
				least = c->running_share;
		}
	}
	return least;
}

void put_pmu(const struct record *rec, FILE *out)
{
	bool in_grid[WORKLOAD_COUNT];
	double least = 1;

	if (rec->pmu == NULL || !pmu_plan_text(rec->pmu, "pmu", out))
		return;
	grid_choose(rec, in_grid);
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		double share;

		if (r->pmu == NULL || r->vcpu != text_vcpu(rec))
			continue;
		/* As many lines as there are rows: what the table has as a matrix is left to JSON. */
		if (!in_grid[r->workload])
			put_row_counts(rec, r, out);
		share = least_share(rec, r);
		least = share < least ? share : least;
	}
	paragraph(out, "",
		  "(counts an operation, warm-up included; \"guest + host\" where the CPU tells them apart, "
		  "else of the whole thread)");
	if (least < WHOLE_SHARE)
		paragraph(out, "",
			  "(more events than counters: each ran part of the time, %.0f %% at least, and is "
			  "scaled up; fewer events would be exact)",
			  100 * least);
}
