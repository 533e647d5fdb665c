#include "vmm/theory/walk/walk_list.h"

#include <errno.h>
#include <stdlib.h>

#include "units.h"

/* The guest's own tables, and those that KVM keeps as their shadow. */
#define GUEST_LEVELS 4

const struct names walk_kind_names = NAMES_OF("nested", "shadow", "native", "unpaged");

const char *walk_kind_name(enum walk_kind kind)
{
	return name_of(&walk_kind_names, kind);
}

bool walk_is_paged(enum walk_kind kind)
{
	return kind != WALK_UNPAGED;
}

bool walk_is_hosted(enum walk_kind kind)
{
	return kind == WALK_NESTED || kind == WALK_UNPAGED;
}

uint32_t refs_levels(uint32_t levels, uint64_t leaf_bytes)
{
	uint32_t leaf_level = page_walk_leaf_level(leaf_bytes);

	return (levels == 4 || levels == 5) && leaf_level != 0 ? levels + 1 - leaf_level : 0;
}

bool walk_plan_is_valid(const struct walk_plan *plan)
{
	if ((uint32_t)plan->kind >= WALK_KIND_COUNT)
		return false;
	if (walk_is_paged(plan->kind) && refs_levels(plan->guest_levels, plan->guest_leaf_bytes) == 0)
		return false;
	if (walk_is_hosted(plan->kind))
		return refs_levels(plan->host_levels, plan->host_leaf_bytes) != 0;
	return plan->kind != WALK_SHADOW || refs_levels(GUEST_LEVELS, plan->host_leaf_bytes) != 0;
}

uint64_t walk_leaf_bytes(const struct walk_plan *plan)
{
	switch (plan->kind) {
	case WALK_NATIVE:
		return plan->guest_leaf_bytes;
	case WALK_UNPAGED:
		return plan->host_leaf_bytes;
	default:
		return min_u64(plan->guest_leaf_bytes, plan->host_leaf_bytes);
	}
}

uint32_t refs_two_dimensional(uint32_t g, uint32_t h)
{
	return (g + 1) * (h + 1) - 1;
}

uint32_t refs_count(const struct walk_plan *plan)
{
	uint64_t guest_leaf_bytes =
		plan->kind == WALK_SHADOW ? walk_leaf_bytes(plan) : plan->guest_leaf_bytes;
	uint32_t g = walk_is_paged(plan->kind) ? refs_levels(plan->guest_levels, guest_leaf_bytes) : 0;
	uint32_t h = walk_is_hosted(plan->kind) ? refs_levels(plan->host_levels, plan->host_leaf_bytes) : 0;

	return walk_plan_is_valid(plan) ? refs_two_dimensional(g, h) : 0;
}

bool refs_plan(enum second_dimension second, uint32_t host_levels, uint64_t guest_leaf_bytes,
	       uint64_t backing_leaf_bytes, struct walk_plan *plan)
{
	bool native = second == SECOND_NONE, shadow = second == SECOND_SHADOW;
	bool nested = is_two_dimensional(second);

	*plan = (struct walk_plan){
		.kind = native   ? WALK_NATIVE
			: shadow ? WALK_SHADOW
				 : WALK_NESTED,
		.guest_levels = GUEST_LEVELS,
		.host_levels = nested ? host_levels : GUEST_LEVELS,
		.guest_leaf_bytes = native ? backing_leaf_bytes : guest_leaf_bytes,
		.host_leaf_bytes = backing_leaf_bytes,
	};
	return backing_leaf_bytes != 0 && plan->guest_leaf_bytes != 0 &&
	       (native || shadow || (nested && host_levels != 0));
}

uint32_t refs_theory(enum second_dimension second, uint32_t host_levels, uint64_t guest_leaf_bytes,
		     uint64_t backing_leaf_bytes)
{
	struct walk_plan plan;

	if (second == SECOND_NONE)
		backing_leaf_bytes = guest_leaf_bytes;
	if (!refs_plan(second, host_levels, guest_leaf_bytes, backing_leaf_bytes, &plan))
		return 0;
	return refs_count(&plan);
}

struct walk_reference walk_reference_make(enum walk_dimension dimension, uint32_t level, uint32_t row,
					  bool leaf)
{
	struct walk_reference r = { .dimension = dimension, .level = level, .row = row, .leaf = leaf };

	page_walk_index_bits(level, &r.high_bit, &r.low_bit);
	return r;
}

/* Records the entries that a walk reads. Each guest entry is read behind a walk of the host's tables to it. */
struct recorder {
	struct walk_tables *tables;
	struct walk_list *list;
	uint32_t level; /* of the guest's entry that is read next */
};

static void push(struct walk_list *list, enum walk_dimension dimension, uint32_t level, uint32_t row,
		 bool leaf)
{
	if (list->count < WALK_MAX_REFERENCES)
		list->references[list->count++] = walk_reference_make(dimension, level, row, leaf);
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

/* Which entry is the leaf is known only once it was read. */
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
	/* The address at the end is a guest-physical one too. */
	return tables->host.levels != 0 ? through_host(&r, walk.pa, 0, &hpa) : 0;
}

int walk_list_make(const struct walk_plan *plan, struct walk_list *list)
{
	struct walk_tables *tables;
	int ret;

	*list = (struct walk_list){ .plan = *plan };
	if (!walk_plan_is_valid(plan))
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
