#include "vmm/core/machine/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

/* Documentation/virt/kvm/api.rst, KVM_CAP_NR_MEMSLOTS. */
#define SLOTS_UNTOLD 32

/* The least that repeats a whole number of times, in whole pages of both sides, and no more often than `most`. 0: none. */
static uint64_t least_alias_bytes(const struct config *c, uint32_t most)
{
	uint64_t unit_bytes = max_u64(max_u64(c->page_bytes, c->guest_page_bytes), PAGE_2M);

	for (uint32_t times = most; times > 0; times--) {
		if (c->map.arena_bytes % times == 0 && c->map.arena_bytes / times % unit_bytes == 0)
			return c->map.arena_bytes / times;
	}
	return 0;
}

int limits_check_slots(const struct config *c, uint32_t slots, struct error *e)
{
	uint32_t needed = memmap_slot_count(&c->map);
	uint64_t least_bytes;
	char least[24];
	int ret;

	if (slots == 0)
		slots = SLOTS_UNTOLD;
	if (needed <= slots)
		return 0;
	ret = error_set(e, STATUS_USAGE, EINVAL, "KVM_CAP_NR_MEMSLOTS",
			"this memory takes %u memory slots, and this KVM has %u", needed, slots);
	/* One slot is the low memory's. */
	least_bytes = c->map.alias_bytes != 0 ? least_alias_bytes(c, slots - 1) : 0;
	if (least_bytes != 0)
		error_hint(e, "--alias-memory %s or more", size_format(least_bytes, least));
	return ret;
}

int limits_check_width(const struct config *c, uint32_t physical_bits, struct error *e)
{
	const struct memmap *map = &c->map;
	const struct ram_range *last = &map->ranges[map->range_count == 2 ? 1 : 0];
	/* An aliased machine's -m is the part that repeats; the low memory comes on top. */
	uint64_t below_bytes = map->range_count == 2 && map->alias_bytes == 0 ? map->ranges[0].bytes : 0;
	uint64_t unit_bytes = max_u64(max_u64(c->page_bytes, map->alias_bytes), PAGE_4K);
	uint64_t end_gpa = memmap_end_gpa(map);
	uint64_t reach_bytes;
	char text[24];
	int ret;

	/* 52 bits is all that the architecture has (SDM vol. 3A, 4.1.4), and all that a plan reaches. */
	if (physical_bits >= 52 || end_gpa <= UINT64_C(1) << physical_bits)
		return 0;
	reach_bytes = UINT64_C(1) << physical_bits;
	ret = error_set(e, STATUS_CANNOT, ERANGE, "guest CPU",
			"guest RAM would end at %s, and this CPU's guest-physical addresses have %u bits",
			size_format(end_gpa, text), physical_bits);
	if (reach_bytes >= last->gpa + unit_bytes)
		error_hint(
			e, "-m %s at most",
			size_format(below_bytes + (reach_bytes - last->gpa) / unit_bytes * unit_bytes, text));
	else
		error_hint(e, "a smaller --alias-memory");
	return ret;
}

/*
 * arch/x86/kvm: struct kvm_rmap_head (8 bytes) and the write tracking's counter (2) for each 4K; a kvm_rmap_head and a
 * kvm_lpage_info (4) for each 2M and each 1G.
 */
#define COST_PER_4K 10
#define COST_PER_LARGE 12

int limits_check_leaf(const struct config *c, int has_1g_pages, struct error *e)
{
	if (c->guest_page_bytes != PAGE_1G || has_1g_pages != 0)
		return 0;
	(void)error_set(e, STATUS_CANNOT, 0, "--guest-page 1G",
			"the guest's CPUID has no 1G pages (pdpe1gb)");
	return error_hint(e, "--guest-page 2M");
}

uint64_t limits_slots_cost(uint64_t guest_bytes)
{
	return guest_bytes / PAGE_4K * COST_PER_4K +
	       (guest_bytes / PAGE_2M + guest_bytes / PAGE_1G) * COST_PER_LARGE;
}

int limits_check_slots_cost(const struct config *c, uint64_t done_bytes, uint64_t next_bytes,
			    uint64_t room_bytes, struct error *e)
{
	const struct memmap *map = &c->map;
	uint64_t unit_bytes = map->alias_bytes;
	uint64_t enough_bytes;
	char text[24];
	int ret;

	if (limits_slots_cost(next_bytes) <= room_bytes)
		return 0;
	ret = error_set(e, STATUS_FAILED, ENOMEM, "--memory",
			"what KVM keeps about %s of guest RAM takes up to %" PRIu64
			" MiB; this host has %" PRIu64 " MiB to spare",
			size_format(c->ram_bytes, text), limits_slots_cost(done_bytes + next_bytes) / MIB,
			room_bytes / MIB);
	if (unit_bytes == 0)
		return ret;
	/* What KVM has already, and as much again as the room holds; the low memory's slot is not part of -m. */
	enough_bytes = done_bytes + room_bytes / limits_slots_cost(PAGE_1G) * PAGE_1G;
	enough_bytes -= min_u64(enough_bytes, map->ranges[0].bytes);
	enough_bytes = min_u64(enough_bytes, map->arena_bytes) / unit_bytes * unit_bytes;
	if (enough_bytes != 0)
		error_hint(e, "--memory %s", size_format(enough_bytes, text));
	return ret;
}

const char *limits_apic_asker(const struct config *c, char *buf, size_t bytes)
{
	for (uint32_t i = 0; i < c->step_count; i++) {
		const struct workload_info *info = &workload_table[c->steps[i].workload];

		if ((info->needs & NEEDS_APIC) == 0)
			continue;
		(void)snprintf(buf, bytes, "--workload %s", info->name);
		return buf;
	}
	return "--kernel-irqchip on";
}
