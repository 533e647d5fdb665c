/* What workloads need beyond memory and a clock, and how much memory a working set that does not fit would need. */
#include "vmm/lab/measure/plan.h"

#include <stdio.h>

#include "layout.h"
#include "twin.h"
#include "units.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"

#define LIST_BYTES 256

uint64_t plan_slice_bytes(const struct config *c)
{
	uint64_t unit_bytes = max_u64(c->guest_page_bytes, c->map.alias_bytes);

	return align_down(driver_slice_bytes(c->map.arena_bytes, unit_bytes, c->vcpus), PAGE_4K);
}

bool plan_is_native(const struct config *c)
{
	return c->map.tables_bytes == 0;
}

/* What is left of the arena for one vCPU if RAM had ram_bytes; 0 where there is no such machine. */
static uint64_t slice_of_ram(const struct config *c, uint64_t ram_bytes)
{
	struct error ignored = { 0 };
	struct memmap map;

	if (plan_is_native(c))
		return driver_slice_bytes(ram_bytes, c->guest_page_bytes, c->vcpus);
	if (memmap_make(ram_bytes, c->page_bytes, c->guest_page_bytes, &map, &ignored) != 0)
		return 0;
	return driver_slice_bytes(map.arena_bytes, c->guest_page_bytes, c->vcpus);
}

/* With aliases all of --memory is the arena, and slices are whole repetitions of an alias: no search is needed. */
static uint64_t aliased_memory_for(const struct config *c, uint64_t set_bytes)
{
	uint64_t alias_bytes = c->map.alias_bytes;
	uint64_t repetitions = divide_up(set_bytes, alias_bytes);
	uint64_t bytes;

	if (!checked_mul(repetitions * alias_bytes, c->vcpus, &bytes) || bytes > ARENA_MAX_BYTES)
		return 0;
	return bytes;
}

/*
 * By trying sizes, because holes and tables have no simple formula. What RAM has beyond the arena is at most 3 GiB, the
 * tables and a leaf for each vCPU.
 */
uint64_t plan_memory_for(const struct config *c, uint64_t set_bytes)
{
	uint64_t stride = max_u64(256 * MIB, c->page_bytes);
	uint64_t ram_bytes;

	if (!checked_mul(set_bytes, c->vcpus, &ram_bytes) || ram_bytes > 64 * TIB)
		return 0;
	if (c->map.alias_bytes != 0)
		return aliased_memory_for(c, set_bytes);
	ram_bytes = align_up(ram_bytes, stride);
	for (uint32_t i = 0; i < 1024; i++, ram_bytes += stride) {
		if (slice_of_ram(c, ram_bytes) >= set_bytes)
			return ram_bytes;
	}
	return 0;
}

int refuse_large_set(const struct config *c, uint64_t set_bytes, struct error *e)
{
	uint64_t enough_bytes = plan_memory_for(c, set_bytes);
	char set[24], slice[24], ram[24], enough[24];
	int ret;

	ret = error_set(e, STATUS_USAGE, 0, "--working-set",
			"%s is more than one %s's share of %s, which is %s with --smp %u",
			size_format(set_bytes, set), plan_is_native(c) ? "thread" : "vCPU",
			size_format(c->ram_bytes, ram), size_format(plan_slice_bytes(c), slice), c->vcpus);
	if (enough_bytes != 0)
		error_hint(e, "--memory %s", size_format(enough_bytes, enough));
	return ret;
}

bool needs_apic(const struct run_spec *r)
{
	for (uint32_t i = 0; i < r->work.workload_count && i < SPEC_MAX_WORKLOADS; i++) {
		if ((uint32_t)r->work.workloads[i] < WORKLOAD_COUNT && r->machine.apic == CHOICE_DEFAULT &&
		    (workload_table[r->work.workloads[i]].needs & NEEDS_APIC) != 0)
			return true;
	}
	return r->machine.apic == CHOICE_ON;
}

bool needs_views(const struct run_spec *r)
{
	for (uint32_t i = 0; i < r->work.workload_count && i < SPEC_MAX_WORKLOADS; i++) {
		if ((uint32_t)r->work.workloads[i] < WORKLOAD_COUNT &&
		    (workload_table[r->work.workloads[i]].needs & NEEDS_VIEWS) != 0)
			return true;
	}
	return false;
}

uint64_t needs_most_bytes(const struct workload_info *workload, const struct config *c)
{
	uint64_t slice_bytes = plan_slice_bytes(c);
	uint64_t extra_bytes = (workload->needs & NEEDS_VIEWS) != 0 ? twin_extra_bytes(slice_bytes) : 0;

	return extra_bytes < slice_bytes ? align_down(slice_bytes - extra_bytes, PAGE_4K) : PAGE_4K;
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
	error_hint(e, "--workload %s, which work with it; or no --alias-memory", names);
	return ret;
}

/* More memory or, in a guest, smaller leaves. */
static int refuse_slice(const struct workload_info *workload, const struct config *c, struct error *e)
{
	uint64_t enough_bytes = plan_memory_for(c, 2 * c->guest_page_bytes);
	bool smaller = !plan_is_native(c) && c->guest_page_bytes > PAGE_4K;
	char why[160], leaf[24], slice[24], enough[24];
	const char *page = c->guest_page_bytes == PAGE_1G ? "--guest-page 2M" : "--guest-page 4K";
	int ret;

	(void)snprintf(why, sizeof(why), "it needs two pages of %s for each vCPU, which has %s",
		       size_format(c->guest_page_bytes, leaf), size_format(plan_slice_bytes(c), slice));
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

	if ((needs & NEEDS_GUEST) != 0 && plan_is_native(c)) {
		ret = refuse(workload, "it needs a guest: page tables, ports or ring 0 of its own", e);
		error_hint(e, "minivmm run --workload %s", workload->name);
	} else if ((needs & NEEDS_APIC) != 0 && r->machine.apic == CHOICE_OFF) {
		ret = refuse(workload, "it needs an APIC inside KVM, which --kernel-irqchip off leaves out",
			     e);
		error_hint(e, "--kernel-irqchip on");
	} else if ((needs & NEEDS_PEERS) != 0 && c->vcpus < 2) {
		ret = refuse(workload, "it needs other vCPUs, but there is only one", e);
		error_hint(e, "--smp 2");
	} else if ((needs & NEEDS_ONE_VCPU) != 0 && c->vcpus > 1) {
		ret = refuse(workload, "what it measures is the whole VM's, so it is for one vCPU", e);
		error_hint(e, "--smp 1");
	} else if ((needs & WORKS_ALIASED) == 0 && c->map.alias_bytes != 0) {
		ret = refuse_aliases(workload, e);
	} else if (plan_slice_bytes(c) < needs_least_bytes(workload, c)) {
		ret = (needs & NEEDS_TWO_LEAVES) != 0 ? refuse_slice(workload, c, e)
						      : refuse_large_set(c, PAGE_4K, e);
	}
	return ret;
}
