#include "vmm/theory/walk/scale.h"

#include <errno.h>

#include "units.h"

#define ENTRIES 512

#define ADDRESS_BITS(levels) (12 + 9 * (levels))
#define PHYSICAL_BITS 52
#define UNPAGED_BITS 32

static bool fits(uint64_t bytes, uint32_t bits)
{
	return bytes <= UINT64_C(1) << bits;
}

/* Count the tables over `bytes`, level by level: what is a table on one is an entry on the next. */
static void count_tables(struct scale_tables *t, uint64_t bytes, uint64_t leaf_bytes)
{
	uint64_t entries = divide_up(bytes, leaf_bytes);

	t->present = true;
	t->leaf_bytes = leaf_bytes;
	t->leaf_entries = entries;
	for (uint32_t level = page_walk_leaf_level(leaf_bytes); level <= t->levels; level++) {
		t->entries += entries;
		entries = divide_up(entries, ENTRIES);
		t->tables[level] = entries;
		t->table_count += entries;
	}
	t->table_bytes = t->table_count * PAGE_4K;
}

/* half: the addresses are of the lower half, one bit less than the levels translate, as a GVA is. */
static void make_dimension(struct scale_tables *t, uint64_t bytes, uint32_t levels, uint64_t leaf_bytes,
			   bool half)
{
	t->raised = levels == 4 && !fits(bytes, ADDRESS_BITS(4) - half);
	t->beyond = !fits(bytes, ADDRESS_BITS(5) - half);
	t->levels = t->raised ? 5 : levels;
	count_tables(t, bytes, leaf_bytes);
}

static void make_tables(struct scale *s)
{
	const struct walk_plan *walk = &s->plan.walk;
	uint64_t bytes = s->plan.memory_bytes;

	if (walk_is_paged(walk->kind)) {
		make_dimension(&s->guest, bytes, walk->guest_levels, walk->guest_leaf_bytes, true);
		s->walk.guest_levels = s->guest.levels;
	}
	if (walk_is_hosted(walk->kind)) {
		make_dimension(&s->host, bytes, walk->host_levels, walk->host_leaf_bytes, false);
		s->walk.host_levels = s->host.levels;
	}
	if (walk->kind == WALK_SHADOW)
		make_dimension(&s->shadow, bytes, walk->guest_levels, s->leaf_bytes, true);
	s->table_bytes = s->guest.table_bytes + s->host.table_bytes + s->shadow.table_bytes;
}

/* A nested walk maps what the backing has, whatever the guest's page; the others map what one entry can hold. */
static int make_faults(struct scale *s)
{
	const struct scale_plan *plan = &s->plan;

	s->fault_leaf_bytes = plan->walk.kind == WALK_NESTED ? plan->walk.host_leaf_bytes : s->leaf_bytes;
	s->faults = divide_up(plan->memory_bytes, s->fault_leaf_bytes);
	if (!checked_mul(s->faults, s->fault_leaf_bytes, &s->populated_bytes))
		return -ERANGE;
	s->fault_s = (double)s->faults * plan->fault_ns / 1e9;
	s->zeroing_s = (double)s->populated_bytes / plan->zeroing_bytes_per_s;
	s->populate_s = s->fault_s + s->zeroing_s;
	return 0;
}

static uint64_t reach(uint32_t entries, uint64_t entry_bytes, uint64_t leaf_bytes)
{
	return entries * (entry_bytes != 0 ? entry_bytes : leaf_bytes);
}

int scale_make(const struct scale_plan *plan, struct scale *s)
{
	struct walk_list list;
	int ret = walk_list_make(&plan->walk, &list);

	*s = (struct scale){ .plan = *plan, .walk = plan->walk };
	if (ret != 0)
		return ret;
	/* Written so that a NaN is refused too. */
	if (plan->memory_bytes == 0 || !(plan->fault_ns > 0) || !(plan->zeroing_bytes_per_s > 0))
		return -EINVAL;
	s->leaf_bytes = walk_leaf_bytes(&plan->walk);
	s->tlb_l1_bytes = reach(plan->tlb_l1_entries, plan->tlb_l1_entry_bytes, s->leaf_bytes);
	s->tlb_l2_bytes = reach(plan->tlb_l2_entries, plan->tlb_l2_entry_bytes, s->leaf_bytes);
	s->beyond_physical = !fits(plan->memory_bytes, PHYSICAL_BITS);
	s->beyond_unpaged = !walk_is_paged(plan->walk.kind) && !fits(plan->memory_bytes, UNPAGED_BITS);
	make_tables(s);
	/* With the levels that the size takes. */
	ret = walk_list_make(&s->walk, &list);
	s->references = list.count;
	return ret == 0 ? make_faults(s) : ret;
}
