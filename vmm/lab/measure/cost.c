#include "vmm/lab/measure/cost.h"

#include "vmm/host/meminfo.h"
#include "vmm/core/machine/machine.h"

/*
 * A run without any step is over in less time than it takes to have all CPUs bring their counts in, and its tables are
 * of no interest.
 */
static int64_t tables_bytes(const struct machine *m)
{
	uint64_t bytes = 0;

	if (m->rec->config.step_count != 0)
		meminfo_settle("");
	return meminfo_kvm_tables("", &bytes) == 0 && bytes <= INT64_MAX ? (int64_t)bytes : -1;
}

static void keep_peak(struct machine *m)
{
	int64_t now_bytes = m->cost.before_bytes < 0 ? -1 : tables_bytes(m);
	int64_t mine_bytes = now_bytes - m->cost.before_bytes;

	if (now_bytes < 0)
		return;
	/* Below what was there before the VM: another one has ended. */
	if (mine_bytes < 0)
		mine_bytes = 0;
	if (mine_bytes > m->rec->kvm_tables_bytes)
		m->rec->kvm_tables_bytes = mine_bytes;
}

void cost_start(struct machine *m)
{
	m->cost = (struct vm_cost){ .before_bytes = tables_bytes(m), .part = -1 };
}

void cost_sample(struct machine *m, int64_t part)
{
	if (part != m->cost.part)
		m->cost.ended = 0;
	m->cost.part = part;
	if (++m->cost.ended == m->rec->config.vcpus)
		keep_peak(m);
}

void cost_finish(struct machine *m)
{
	int64_t sum = 0;

	keep_peak(m);
	for (uint32_t i = 0; i < m->rec->config.vcpus; i++) {
		int64_t stats[VCPU_STAT_COUNT];

		stats_read(&m->tasks[i].vcpu.stats, stats);
		if (stats[VCPU_PF_FIXED] < 0)
			return;
		sum += stats[VCPU_PF_FIXED];
	}
	m->rec->kvm_page_faults = sum;
}
