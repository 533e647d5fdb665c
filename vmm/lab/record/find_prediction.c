/*
 * From the rows of chase and packed to what the model says of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/theory/walk/walk_list.h"
#include "vmm/lab/record/pairs.h"
#include "vmm/lab/record/record.h"

/*
 * What a TLB miss of this run walks; false where that is not known. A guest on a host that says "none" is no native run, so
 * nothing is known of its second dimension.
 */
static bool plan_of(const struct record *rec, struct walk_plan *plan)
{
	enum second_dimension second = rec->spec.native ? SECOND_NONE : rec->host.second_dimension;
	uint64_t backing_bytes = rec->machine.observed.page_bytes != 0 ? rec->machine.observed.page_bytes
								       : rec->config.page_bytes;

	if (!rec->spec.native && second == SECOND_NONE)
		return false;
	return refs_plan(second, rec->host.second_dimension_levels, rec->config.guest_page_bytes,
			 backing_bytes, plan);
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
