/*
 * What the rows of a run show together: the TLB of tlb-probe, and the model's prediction of chase.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vmm/lab/record/record.h"
#include "units.h"
#include "vmm/lab/record/rows.h"
#include "vmm/theory/walk/walk_list.h"

static bool is_probe(const struct result *r)
{
	return row_is_single(r) && r->workload == WORKLOAD_tlb_probe && r->sample_count > 0;
}

int record_find_tlb(struct record *rec)
{
	struct tlb_point *points;
	size_t count = 0;

	for (uint32_t i = 0; i < rec->result_count; i++)
		count += is_probe(&rec->results[i]);
	if (count == 0)
		return 0;
	points = calloc(count, sizeof(*points));
	if (points == NULL)
		return -ENOMEM;
	count = 0;
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (!is_probe(r))
			continue;
		points[count++] = (struct tlb_point){
			.pages = r->pages,
			.stride_bytes = r->stride_bytes,
			.leaf_bytes = r->guest_page_bytes,
			.cycles = r->summary.min,
		};
	}
	/* Natively there is one mapping for each address, so each load has a cache line of its own. */
	rec->have_tlb = tlb_findings_make(points, count, rec->spec.native, &rec->tlb);
	free(points);
	return 0;
}

bool row_has_figure(const struct record *rec, const struct result *r)
{
	return r->sample_count != 0 && r->vcpu == text_vcpu(rec);
}

const struct result *packed_partner(const struct record *rec, const struct result *chase)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == WORKLOAD_packed && r->variant == VARIANT_ONLY && row_has_figure(rec, r) &&
		    r->working_set_bytes == chase->working_set_bytes && r->chains == chase->chains)
			return r;
	}
	return NULL;
}

const char *latency_words(const struct record *rec)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		if (rec->results[i].sample_count != 0 && rec->results[i].unit == UNIT_TSC_CYCLES_PER_ACCESS)
			return "TSC cycles";
	}
	return "core cycles";
}

double row_stable_figure(const struct result *r)
{
	return r->in_core ? r->summary.min : r->summary.median;
}

/* Three quarters of 256 KiB. */
#define IN_CORE_LEAST_BYTES (192 * KIB)
#define ENTRIES_A_LINE 8

uint64_t in_core_bytes(const struct record *rec)
{
	return rec->in_core_bytes != 0 ? rec->in_core_bytes : IN_CORE_LEAST_BYTES;
}

/* Lines of a dimension's leaf entries, of pages so far apart. */
static double leaf_lines(uint64_t pages, uint64_t apart_bytes, uint64_t leaf_bytes)
{
	double lines_a_page = (double)apart_bytes / (ENTRIES_A_LINE * (double)leaf_bytes);

	return leaf_bytes == 0 ? 0 : (double)pages * fmin(1, lines_a_page);
}

bool row_fits_core(const struct record *rec, const struct result *r)
{
	uint64_t guest_bytes = rec->config.guest_page_bytes, host_bytes = rec->config.page_bytes;
	uint64_t apart_bytes = r->stride_bytes != 0 ? r->stride_bytes : PAGE_4K;
	double lines;

	/* Natively there is one table, shadow paging walks one. */
	if (rec->spec.native || (rec->host.second_dimension == SECOND_SHADOW && guest_bytes > host_bytes))
		guest_bytes = 0;
	else if (rec->host.second_dimension == SECOND_SHADOW)
		host_bytes = 0;
	lines = (double)r->pages + leaf_lines(r->pages, apart_bytes, guest_bytes) +
		leaf_lines(r->pages, apart_bytes, host_bytes);
	return lines * CACHE_LINE_BYTES <= (double)in_core_bytes(rec);
}

/*
 * What a TLB miss of this run walks; false where that is not known. Where a guest ran although the host says "none",
 * nothing is known of its second dimension.
 */
static bool walk_of(const struct record *rec, struct walk_plan *plan)
{
	enum second_dimension second = rec->spec.native ? SECOND_NONE : rec->host.second_dimension;
	uint64_t backing_bytes = rec->machine.observed.page_bytes != 0 ? rec->machine.observed.page_bytes
								       : rec->config.page_bytes;

	if (!rec->spec.native && second == SECOND_NONE)
		return false;
	return refs_plan(second, rec->host.second_dimension_levels, rec->config.guest_page_bytes,
			 backing_bytes, plan);
}

static void collect_points(const struct record *rec, struct prediction *p)
{
	for (uint32_t i = 0; i < rec->result_count && p->count < PREDICTION_MOST_POINTS; i++) {
		const struct result *chase = &rec->results[i];
		const struct result *packed;

		/* The model follows one load after the other. */
		if (chase->workload != WORKLOAD_chase || chase->variant != VARIANT_ONLY ||
		    row_has_chains(chase) || !row_has_figure(rec, chase))
			continue;
		packed = packed_partner(rec, chase);
		/* A clock too coarse may measure 0 cycles, of which there is no relative error. */
		if (packed != NULL && row_stable_figure(chase) > 0)
			p->points[p->count++] = (struct prediction_point){
				.pages = chase->pages,
				.data_cycles = row_stable_figure(packed),
				.measured_cycles = row_stable_figure(chase),
			};
	}
}

int record_predict(struct record *rec, const struct cpu_model *cpu)
{
	struct prediction *p = calloc(1, sizeof(*p));
	const char *why = NULL;
	int ret;

	if (p == NULL)
		return -ENOMEM;
	collect_points(rec, p);
	(void)snprintf(p->measured_unit, sizeof(p->measured_unit), "%s", latency_words(rec));
	if (p->count == 0)
		why = "nothing to predict: it takes packed and chase over the same working sets";
	else if (!walk_of(rec, &p->plan))
		why = "the page behind the memory or this host's second dimension is not known, so neither is its "
		      "walk";
	if (why != NULL)
		record_reason(rec, VERDICT_OK, "--predict: %s", why);
	ret = why == NULL ? prediction_make(cpu, p) : 0;
	if (why != NULL || ret != 0)
		free(p);
	else
		rec->prediction = p;
	return ret;
}
