#include "vmm/lab/measure/needs.h"

#include <stdio.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/lab/measure/room.h"
#include "vmm/util/append.h"

#define LIST_BYTES 256

bool needs_apic(const struct run_spec *r)
{
	for (uint32_t i = 0; i < r->work.workload_count && i < SPEC_MAX_WORKLOADS; i++) {
		if ((uint32_t)r->work.workloads[i] < WORKLOAD_COUNT && r->machine.apic == CHOICE_DEFAULT &&
		    (workload_table[r->work.workloads[i]].needs & NEEDS_APIC) != 0)
			return true;
	}
	return r->machine.apic == CHOICE_ON;
}

uint64_t needs_least_bytes(const struct workload_info *workload, const struct config *c)
{
	return (workload->needs & NEEDS_TWO_LEAVES) != 0 ? 2 * c->guest_page_bytes : PAGE_4K;
}

static int refuse(const struct workload_info *workload, const char *why, struct error *e)
{
	char where[96];

	(void)snprintf(where, sizeof(where), "--workload %s", workload->name);
	return error_set(e, STATUS_USAGE, 0, where, "%s", why);
}

static int refuse_aliases(const struct workload_info *workload, struct error *e)
{
	char names[LIST_BYTES] = "";
	int ret;

	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		if ((workload_table[id].needs & WORKS_ALIASED) != 0)
			append(names, sizeof(names), "%s%s", names[0] != '\0' ? "," : "",
			       workload_table[id].name);
	}
	ret = refuse(workload,
		     "it needs distinct memory, but with --alias-memory several of its pages are the same",
		     e);
	error_hint(e, "--workload %s, which bear it; or no --alias-memory", names);
	return ret;
}

/* More memory or, in a guest, smaller leaves. */
static int refuse_slice(const struct workload_info *workload, const struct config *c, struct error *e)
{
	uint64_t enough_bytes = room_memory_for(c, 2 * c->guest_page_bytes);
	bool smaller = !room_is_native(c) && c->guest_page_bytes > PAGE_4K;
	char why[160], leaf[24], slice[24], enough[24];
	const char *page = c->guest_page_bytes == PAGE_1G ? "--guest-page 2M" : "--guest-page 4K";
	int ret;

	(void)snprintf(why, sizeof(why), "it needs two pages of %s for each vCPU, which has %s",
		       size_format(c->guest_page_bytes, leaf), size_format(config_slice_bytes(c), slice));
	ret = refuse(workload, why, e);
	if (enough_bytes != 0)
		error_hint(e, "%s%s--memory %s", smaller ? page : "", smaller ? ", or " : "",
			   size_format(enough_bytes, enough));
	else if (smaller)
		error_hint(e, "%s", page);
	return ret;
}

int needs_check(const struct workload_info *workload, const struct run_spec *r, const struct config *c,
		struct error *e)
{
	uint32_t needs = workload->needs;
	int ret = 0;

	if ((needs & NEEDS_GUEST) != 0 && room_is_native(c)) {
		ret = refuse(workload, "it needs a guest: page tables, ports or ring 0 of its own", e);
		error_hint(e, "minivmm run --workload %s", workload->name);
	} else if ((needs & NEEDS_APIC) != 0 && r->machine.apic == CHOICE_OFF) {
		ret = refuse(workload, "it needs an APIC inside KVM, which --kernel-irqchip off leaves out",
			     e);
		error_hint(e, "--kernel-irqchip on");
	} else if ((needs & NEEDS_PEERS) != 0 && c->vcpus < 2) {
		ret = refuse(workload, "it needs other vCPUs, but there is only one", e);
		error_hint(e, "--smp 2");
	} else if ((needs & WORKS_ALIASED) == 0 && c->map.alias_bytes != 0) {
		ret = refuse_aliases(workload, e);
	} else if (config_slice_bytes(c) < needs_least_bytes(workload, c)) {
		ret = (needs & NEEDS_TWO_LEAVES) != 0 ? refuse_slice(workload, c, e)
						      : room_refuse(c, PAGE_4K, e);
	}
	return ret;
}
