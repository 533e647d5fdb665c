#include "vmm/theory/simulate/tables.h"

#include "layout.h"
#include "units.h"
#include "vmm/theory/walk/page_walk.h"
#include "vmm/theory/walk/walk_list.h"

#define ENTRIES UINT64_C(512)
#define ENTRY_BYTES UINT64_C(8)

/* Above all that layout.h fixes, and congruent with every leaf; what a large RAM has for an arena. */
#define ARENA_GPA (4 * GIB)
#define WINDOW_TABLES_GPA (ARENA_GPA + PAGE_1G - 4 * PAGE_4K)

/* Frames, far from each other. */
#define RAM_HPA (UINT64_C(1) << 44)
#define WALK_TABLES_HPA (UINT64_C(2) << 44)
#define HOST_TABLES_HPA (UINT64_C(3) << 44)
#define LEVEL_SHIFT 40

static uint32_t leaf_level(uint64_t leaf_bytes)
{
	return leaf_bytes == PAGE_4K ? 1 : leaf_bytes == PAGE_2M ? 2 : 3;
}

bool tables_make(const struct walk_plan *plan, bool window, struct tables *t)
{
	bool paged = walk_is_paged(plan->kind), hosted = walk_is_hosted(plan->kind);
	uint64_t leaf_bytes = plan->guest_leaf_bytes;

	if (!walk_plan_is_valid(plan) || (window && !paged))
		return false;
	if (plan->kind == WALK_SHADOW)
		leaf_bytes = walk_leaf_bytes(plan);
	*t = (struct tables){
		.kind = plan->kind,
		.window = window,
		.guest_levels = paged ? plan->guest_levels : 0,
		.guest_leaf_level = paged ? leaf_level(leaf_bytes) : 0,
		.host_levels = hosted ? plan->host_levels : 0,
		.host_leaf_level = hosted ? leaf_level(plan->host_leaf_bytes) : 0,
		.guest_leaf_bytes = paged ? plan->guest_leaf_bytes : 0,
		.walk_leaf_bytes = walk_leaf_bytes(plan),
	};
	return true;
}

uint64_t tables_address(const struct tables *t, uint64_t offset_bytes)
{
	if (t->kind == WALK_UNPAGED)
		return ARENA_GPA + offset_bytes;
	return (t->window ? WINDOW_GVA : ARENA_GVA) + offset_bytes;
}

uint64_t tables_gpa(const struct tables *t, uint64_t address)
{
	if (t->kind == WALK_UNPAGED)
		return address;
	return ARENA_GPA + (t->window ? address % t->guest_leaf_bytes : address - ARENA_GVA);
}

uint64_t tables_hpa(const struct tables *t, uint64_t gpa)
{
	return t->kind == WALK_NATIVE ? gpa : RAM_HPA + gpa;
}

/* Number of the table in the order in which paging_map() of the guest takes them: each before what lies below it. */
static uint64_t pool_number(const struct tables *t, uint64_t offset_bytes, uint32_t level)
{
	uint64_t gib = offset_bytes / PAGE_1G;
	uint64_t directory = 1 + gib * (t->guest_leaf_level == 1 ? 1 + ENTRIES : 1);

	if (level == 3)
		return 0;
	return level == 2 ? directory : directory + 1 + offset_bytes / PAGE_2M % ENTRIES;
}

static uint64_t guest_table(const struct tables *t, uint64_t address, uint32_t level)
{
	if (level == 5 || (level == 4 && !t->window))
		return IMAGE_GPA + (level - 4) * PAGE_4K;
	if (t->window)
		return WINDOW_TABLES_GPA + (4 - level) * PAGE_4K;
	return TABLE_POOL_GPA + pool_number(t, address - ARENA_GVA, level) * PAGE_4K;
}

uint64_t tables_guest_entry(const struct tables *t, uint64_t address, uint32_t level)
{
	uint64_t pa = guest_table(t, address, level) + page_walk_index(address, level) * ENTRY_BYTES;

	return t->kind == WALK_NESTED ? pa : WALK_TABLES_HPA + pa;
}

uint64_t tables_host_entry(uint64_t gpa, uint32_t level)
{
	uint64_t table = gpa / page_walk_span_bytes(level) / ENTRIES;

	/* A page further at each level: else the first entries of all levels would share one set of a cache. */
	return HOST_TABLES_HPA + ((uint64_t)level << LEVEL_SHIFT) + (table + level) * PAGE_4K +
	       page_walk_index(gpa, level) * ENTRY_BYTES;
}
