/* The PMU's part of the text report, and of the check's. */
#include "vmm/lab/pmu/counters.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "vmm/util/size.h"
#include "vmm/util/workloads.h"
#include "vmm/output/paragraph.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/write.h"
#include "vmm/util/text.h"

#define LINE_BYTES 4096

/* Below this part of the time a count is an extrapolation worth mentioning. */
#define WHOLE_SHARE 0.999

static const char *event_name(const struct pmu_event *event)
{
	const char *role = pmu_role_name(event->role);

	return role != NULL ? role : event->name;
}

/* Is i the first of those that are not available for this reason? */
static bool first_of_reason(const struct pmu_plan *plan, uint32_t i)
{
	for (uint32_t before = 0; before < i; before++) {
		if (!plan->events[before].available &&
		    strcmp(plan->events[before].reason, plan->events[i].reason) == 0)
			return false;
	}
	return !plan->events[i].available;
}

/* Names with commas of the events that are available, or of those that are not for the same reason as `like`. */
static const char *names(const struct pmu_plan *plan, const struct pmu_event *like, char buf[LINE_BYTES])
{
	buf[0] = '\0';
	for (uint32_t i = 0; i < plan->event_count; i++) {
		const struct pmu_event *event = &plan->events[i];

		if (like == NULL ? event->available
				 : !event->available && strcmp(event->reason, like->reason) == 0)
			append(buf, LINE_BYTES, "%s%s", buf[0] != '\0' ? ", " : "", event_name(event));
	}
	return buf;
}

void pmu_plan_text(const struct pmu_plan *plan, const char *label, FILE *out)
{
	char text[LINE_BYTES];

	paragraph(out, label, "%s (%s); can be counted: %s", plan->pmu, plan->model->title,
		  names(plan, NULL, text)[0] != '\0' ? text : "nothing");
	for (uint32_t i = 0; i < plan->event_count; i++) {
		if (first_of_reason(plan, i))
			paragraph(out, "", "unavailable: %s: %s", names(plan, &plan->events[i], text),
				  plan->events[i].reason);
	}
}

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
	append(line, LINE_BYTES, "%s%s ", line[0] != '\0' ? ", " : "", event_name(event));
	if (!event->split) {
		add_count(line, counts, &count[PMU_THREAD]);
		return;
	}
	add_count(line, counts, &count[PMU_GUEST]);
	append(line, LINE_BYTES, " + ");
	add_count(line, counts, &count[PMU_HOST]);
}

/* The name of a row, as in the table. */
static void add_row_name(char *line, const struct result *r)
{
	const char *variant = workload_variant_name(r->variant);
	char size[24];

	append(line, LINE_BYTES, "%s%s%s", workload_table[r->workload].name, variant[0] != '\0' ? " " : "",
	       variant);
	if (row_has_working_set(r))
		append(line, LINE_BYTES, " %s", size_format(r->working_set_bytes, size));
	if (row_has_stride(r))
		append(line, LINE_BYTES, " stride %s", size_format(r->stride_bytes, size));
}

static void text_row(const struct record *rec, const struct result *r, FILE *out)
{
	char name[LINE_BYTES] = "", line[LINE_BYTES] = "";

	add_row_name(name, r);
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

void text_pmu(const struct record *rec, FILE *out)
{
	bool in_matrix[WORKLOAD_COUNT];
	char text[LINE_BYTES];
	double least = 1;

	if (rec->pmu == NULL)
		return;
	pmu_plan_text(rec->pmu, "pmu", out);
	if (names(rec->pmu, NULL, text)[0] == '\0')
		return;
	matrix_choose(rec, in_matrix);
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		double share;

		if (r->pmu == NULL || r->vcpu != text_vcpu(rec))
			continue;
		/* As many lines as there are rows: what the table has as a matrix is left to JSON. */
		if (!in_matrix[r->workload])
			text_row(rec, r, out);
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
