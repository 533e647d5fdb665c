/* What the VM costs beside its memory, into the record. */
#include "vmm/lab/measure/phases.h"

#include "vmm/host/meminfo.h"
#include "vmm/output/scribe.h"

/*
 * A run without any step takes less time than meminfo_refresh, which is therefore left out: the tables of such a run are of
 * no interest.
 */
static int64_t tables_bytes(const struct phases *p)
{
	uint64_t bytes = 0;

	/* Root's alone, which this process may have given up. */
	if (p->rec->config.step_count != 0 && !scribe_errand() && meminfo_refresh("") != 0)
		p->rec->kvm_tables_late = true;
	return meminfo_kvm_tables("", &bytes) == 0 && bytes <= INT64_MAX ? (int64_t)bytes : -1;
}

static void keep_peak(struct phases *p)
{
	int64_t now_bytes = p->cost.before_bytes < 0 ? -1 : tables_bytes(p);
	int64_t mine_bytes = now_bytes - p->cost.before_bytes;

	if (now_bytes < 0)
		return;
	/* SecPageTables is host-wide. If it shrank, some other VM ended meanwhile. */
	if (mine_bytes < 0)
		mine_bytes = 0;
	if (mine_bytes > p->rec->kvm_tables_bytes)
		p->rec->kvm_tables_bytes = mine_bytes;
}

void cost_start(struct phases *p)
{
	p->cost = (struct vm_cost){ .before_bytes = tables_bytes(p), .part = -1 };
}

void cost_sample(struct phases *p, int64_t part)
{
	if (part != p->cost.part)
		p->cost.ended = 0;
	p->cost.part = part;
	if (++p->cost.ended == p->rec->config.vcpus)
		keep_peak(p);
}

void cost_finish(struct phases *p, const struct machine_view *view)
{
	int64_t sum = 0;

	keep_peak(p);
	for (uint32_t i = 0; i < p->rec->config.vcpus; i++) {
		int64_t stats[VCPU_STAT_COUNT];

		stats_read(&view->vcpus[i].stats, stats);
		if (stats[VCPU_PF_FIXED] < 0)
			return;
		sum += stats[VCPU_PF_FIXED];
	}
	p->rec->kvm_page_faults = sum;
}
