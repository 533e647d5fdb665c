#include "vmm/lab/record/pairs.h"

#include "vmm/lab/record/text_table.h"

bool row_has_figure(const struct record *rec, const struct result *r)
{
	return r->sample_count != 0 && r->vcpu == text_vcpu(rec);
}

const struct result *packed_partner(const struct record *rec, const struct result *chase)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == WORKLOAD_packed && row_has_figure(rec, r) &&
		    r->working_set_bytes == chase->working_set_bytes)
			return r;
	}
	return NULL;
}

double row_stable_figure(const struct result *r)
{
	return r->pages <= IN_CORE_PAGES ? r->summary.min : r->summary.median;
}
