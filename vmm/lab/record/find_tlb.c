/*
 * From the rows of a TLB probe to what they say.
 */
#include "vmm/lab/record/record.h"

#include <errno.h>
#include <stdlib.h>

#include "vmm/lab/record/rows.h"

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
