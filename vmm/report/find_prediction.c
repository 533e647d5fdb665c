/*
 * From the rows of chase and packed to what the model says of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/report/pairs.h"
#include "vmm/report/record.h"

/* The guest's own tables have four levels. */
#define GUEST_LEVELS 4

/* What a TLB miss of this run walks; false where that is not known. */
static bool plan_of(const struct record *rec, struct walk_plan *plan)
{
	const char *second = rec->host.second_dimension;
	uint64_t backing_bytes =
		rec->observed.page_bytes != 0 ? rec->observed.page_bytes : rec->config.page_bytes;

	*plan = (struct walk_plan){
		.kind = WALK_NATIVE,
		.guest_levels = GUEST_LEVELS,
		.host_levels = GUEST_LEVELS,
		.guest_leaf_bytes = rec->native ? backing_bytes : rec->config.guest_page_bytes,
		.host_leaf_bytes = backing_bytes,
	};
	if (backing_bytes == 0 || plan->guest_leaf_bytes == 0)
		return false;
	if (rec->native)
		return true;
	plan->kind = strcmp(second, "shadow") == 0 ? WALK_SHADOW : WALK_NESTED;
	if (plan->kind == WALK_SHADOW)
		return true;
	plan->host_levels = rec->host.second_dimension_levels;
	return plan->host_levels != 0 && (strcmp(second, "ept") == 0 || strcmp(second, "npt") == 0);
}

static void take_points(const struct record *rec, struct prediction *p)
{
	for (uint32_t i = 0; i < rec->result_count && p->count < PREDICTION_MOST_POINTS; i++) {
		const struct result *chase = &rec->results[i];
		const struct result *packed;

		if (chase->workload != WORKLOAD_chase || !row_has_figure(rec, chase))
			continue;
		packed = packed_partner(rec, chase);
		/* A clock too coarse may make it 0, of which no error has a share. */
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
	int ret;

	if (p == NULL)
		return -ENOMEM;
	take_points(rec, p);
	if (p->count == 0) {
		free(p);
		record_reason(
			rec, VERDICT_OK,
			"--predict: nothing to predict: it takes packed and chase over the same working "
			"sets");
		return 0;
	}
	if (!plan_of(rec, &p->plan)) {
		free(p);
		record_reason(rec, VERDICT_OK,
			      "--predict: the page behind the memory or this host's second dimension is not "
			      "known, so neither is its walk");
		return 0;
	}
	ret = prediction_make(cpu, p);
	if (ret != 0)
		free(p);
	else
		rec->prediction = p;
	return ret;
}
