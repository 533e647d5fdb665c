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

/* Count the tables over `bytes`, level by level: a table of one level is an entry of the next. */
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

/* half: the addresses are of the lower half, as GVAs are: they have one bit less than the levels translate. */
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
	const struct walk_plan *walk = &s->input.walk;
	uint64_t bytes = s->input.memory_bytes;

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

/*
 * A fault under nested paging maps a page of the backing, whatever the guest's page; the others map what one TLB entry
 * can hold.
 */
static int make_faults(struct scale *s)
{
	const struct scale_input *input = &s->input;

	s->fault_leaf_bytes = input->walk.kind == WALK_NESTED ? input->walk.host_leaf_bytes : s->leaf_bytes;
	s->faults = divide_up(input->memory_bytes, s->fault_leaf_bytes);
	if (!checked_mul(s->faults, s->fault_leaf_bytes, &s->populated_bytes))
		return -ERANGE;
	s->fault_s = (double)s->faults * input->fault_ns / 1e9;
	s->zeroing_s = (double)s->populated_bytes / input->zeroing_bytes_per_s;
	s->populate_s = s->fault_s + s->zeroing_s;
	return 0;
}

static uint64_t reach(uint32_t entries, uint64_t entry_bytes, uint64_t leaf_bytes)
{
	return entries * (entry_bytes != 0 ? entry_bytes : leaf_bytes);
}

int scale_make(const struct scale_input *input, struct scale *s)
{
	struct walk_list list;
	int ret = walk_list_make(&input->walk, &list);

	*s = (struct scale){ .input = *input, .walk = input->walk };
	if (ret != 0)
		return ret;
	/* Written so that a NaN is refused too. */
	if (input->memory_bytes == 0 || !(input->fault_ns > 0) || !(input->zeroing_bytes_per_s > 0))
		return -EINVAL;
	s->leaf_bytes = walk_leaf_bytes(&input->walk);
	s->tlb_l1_bytes = reach(input->tlb_l1_entries, input->tlb_l1_entry_bytes, s->leaf_bytes);
	s->tlb_l2_bytes = reach(input->tlb_l2_entries, input->tlb_l2_entry_bytes, s->leaf_bytes);
	s->beyond_physical = !fits(input->memory_bytes, PHYSICAL_BITS);
	s->beyond_unpaged = !walk_is_paged(input->walk.kind) && !fits(input->memory_bytes, UNPAGED_BITS);
	make_tables(s);
	/* Counted with the levels that so much memory needs. */
	ret = walk_list_make(&s->walk, &list);
	s->references = list.count;
	return ret == 0 ? make_faults(s) : ret;
}
