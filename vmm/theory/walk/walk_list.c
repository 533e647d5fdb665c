/* The references of one TLB miss: built tables, walked; see walk_list.h. */
#include "vmm/theory/walk/walk_list.h"

#include <errno.h>
#include <stdlib.h>

#include "units.h"
#include "vmm/theory/walk/walk_tables.h"

/* A walk on its way: what the guest's walk reads is itself walked to. */
struct recorder {
	struct walk_tables *tables;
	struct walk_list *list;
	uint32_t level; /* of the guest's entry that is read next */
};

static void push(struct walk_list *list, enum walk_dimension dimension, uint32_t level, uint32_t row,
		 bool leaf)
{
	struct walk_reference *r;

	if (list->count == WALK_MAX_REFERENCES)
		return;
	r = &list->references[list->count++];
	*r = (struct walk_reference){ .dimension = dimension, .level = level, .row = row, .leaf = leaf };
	page_walk_index_bits(level, &r->high_bit, &r->low_bit);
}

/* Walk the host's tables to gpa and record each entry that was read. */
static int through_host(struct recorder *r, uint64_t gpa, uint32_t row, uint64_t *hpa)
{
	struct page_walk walk;

	walk_tables_host(r->tables, gpa, &walk);
	for (uint32_t i = 0; i < walk.step_count; i++)
		push(r->list, DIMENSION_HOST, walk.steps[i].level, row, walk.steps[i].leaf);
	*hpa = walk.pa;
	return walk.fault == PAGE_FAULT_NONE ? 0 : -EINVAL;
}

/* A page_walk_read for the guest's entries: where there is a host, its tables come first. */
static int read_guest(void *self, uint64_t pa, uint64_t *entry)
{
	struct recorder *r = self;
	uint64_t hpa = pa;
	int ret = r->tables->host.levels != 0 ? through_host(r, pa, r->level, &hpa) : 0;

	if (ret == 0)
		ret = walk_tables_read(r->tables, hpa, entry);
	if (ret == 0)
		push(r->list, DIMENSION_GUEST, r->level, r->level, false);
	r->level--;
	return ret;
}

/* What a leaf is only the walk knows, once it has looked at the entry. */
static void mark_guest_leaf(struct walk_list *list, const struct page_walk *walk)
{
	uint32_t leaf_level = walk->steps[walk->step_count - 1].level;

	for (uint32_t i = 0; i < list->count; i++) {
		struct walk_reference *r = &list->references[i];

		if (r->dimension == DIMENSION_GUEST && r->level == leaf_level)
			r->leaf = true;
	}
}

static int walk_all(struct walk_tables *tables, struct walk_list *list)
{
	struct recorder r = { tables, list, tables->guest.levels };
	struct page_walk walk = { .pa = tables->gva };
	uint64_t hpa;

	if (list->plan.kind != WALK_UNPAGED) {
		page_walk(&tables->guest, tables->gva, read_guest, &r, &walk);
		if (walk.fault != PAGE_FAULT_NONE)
			return -EINVAL;
		mark_guest_leaf(list, &walk);
	}
	/* The address at the end is a guest-physical one as well. */
	return tables->host.levels != 0 ? through_host(&r, walk.pa, 0, &hpa) : 0;
}

static bool is_leaf_size(uint64_t bytes)
{
	return bytes == PAGE_4K || bytes == PAGE_2M || bytes == PAGE_1G;
}

static bool is_levels(uint32_t levels)
{
	return levels == 4 || levels == 5;
}

static bool plan_is_valid(const struct walk_plan *plan)
{
	bool guest = is_levels(plan->guest_levels) && is_leaf_size(plan->guest_leaf_bytes);
	bool host_leaf = is_leaf_size(plan->host_leaf_bytes);

	switch (plan->kind) {
	case WALK_NESTED:
		return guest && host_leaf && is_levels(plan->host_levels);
	case WALK_SHADOW:
		return guest && host_leaf;
	case WALK_NATIVE:
		return guest;
	case WALK_UNPAGED:
		return host_leaf && is_levels(plan->host_levels);
	default:
		return false;
	}
}

int walk_list_make(const struct walk_plan *plan, struct walk_list *list)
{
	struct walk_tables *tables;
	int ret;

	*list = (struct walk_list){ .plan = *plan };
	if (!plan_is_valid(plan))
		return -EINVAL;
	tables = malloc(sizeof(*tables));
	if (tables == NULL)
		return -ENOMEM;
	ret = walk_tables_build(plan, tables);
	if (ret == 0)
		ret = walk_all(tables, list);
	free(tables);
	return ret;
}
