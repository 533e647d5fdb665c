/*
 * Counts by formula; the tables of both dimensions as they are built; the list of a walk through them.
 */
#include "vmm/theory/walk/walk_list.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "x86.h"

/* The guest's own tables, and those that KVM keeps as their shadow. */
#define GUEST_LEVELS 4

const struct names walk_kind_names = NAMES_OF("nested", "shadow", "native", "unpaged");

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

#define ENTRY_BYTES sizeof(uint64_t)
#define PHYSICAL_BITS 52
#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)

/* A different index in every table: an entry that was read at the wrong place is found empty. */
#define GVA_4_LEVELS UINT64_C(0x00003a5b7c9d1e68)
#define GVA_LEVEL_5 (UINT64_C(0x2d) << 48)

/* From one guest-physical page to the next: another index in every table of the host. */
#define GPA_STEP_4_LEVELS UINT64_C(0x0000008040201000)
#define GPA_STEP_LEVEL_5 (UINT64_C(1) << 48)

/* Tables of the host, and behind them what its leaves map. */
#define FIRST_TABLE_HPA MIB
#define FIRST_LEAF_HPA TIB

/* One dimension's tables as they are built: the guest's memory is behind the host's tables, the host's is memory. */
struct dimension {
	struct walk_tables *tables;
	const struct page_walk_mode *mode;
	int (*locate)(struct walk_tables *tables, uint64_t pa, uint64_t *hpa);
	int (*new_table)(struct walk_tables *tables, uint64_t *pa);
};

static uint64_t *entry_at(struct walk_tables *tables, uint64_t hpa)
{
	for (uint32_t i = 0; i < tables->frame_count; i++) {
		if (tables->frames[i].pa == align_down(hpa, PAGE_4K))
			return &tables->frames[i].entries[hpa % PAGE_4K / ENTRY_BYTES];
	}
	return NULL;
}

int walk_tables_read(void *self, uint64_t hpa, uint64_t *entry)
{
	const uint64_t *at = entry_at(self, hpa);

	if (at == NULL)
		return -ENOENT;
	*entry = *at;
	return 0;
}

void walk_tables_host(struct walk_tables *tables, uint64_t gpa, struct page_walk *walk)
{
	page_walk(&tables->host, gpa, walk_tables_read, tables, walk);
}

static int add_frame(struct walk_tables *tables, uint64_t hpa)
{
	struct physical_frame *frame;

	if (tables->frame_count == WALK_MAX_FRAMES)
		return -ENOMEM;
	frame = &tables->frames[tables->frame_count++];
	memset(frame, 0, sizeof(*frame));
	frame->pa = align_down(hpa, PAGE_4K);
	return 0;
}

/* Map one leaf, and make the missing tables on the way to it. */
static int map(const struct dimension *d, uint64_t va, uint64_t leaf_bytes, uint64_t pa)
{
	uint64_t table_pa = d->mode->root_pa;

	for (uint32_t level = d->mode->levels;; level--) {
		bool leaf = page_walk_span_bytes(level) == leaf_bytes;
		uint64_t hpa = 0, *entry;
		int ret = d->locate(d->tables, table_pa + page_walk_index(va, level) * ENTRY_BYTES, &hpa);

		entry = ret == 0 ? entry_at(d->tables, hpa) : NULL;
		if (entry == NULL)
			return -ENOMEM;
		if (leaf) {
			*entry = align_down(pa, leaf_bytes) | TABLE_FLAGS | (level > 1 ? PTE_LEAF : 0);
			return 0;
		}
		if ((*entry & PTE_PRESENT) == 0) {
			ret = d->new_table(d->tables, &table_pa);
			if (ret != 0)
				return ret;
			*entry = table_pa | TABLE_FLAGS;
		} else {
			table_pa = align_down(*entry, PAGE_4K);
		}
	}
}

static int locate_hpa(struct walk_tables *tables, uint64_t pa, uint64_t *hpa)
{
	(void)tables;
	*hpa = pa;
	return 0;
}

static int new_host_table(struct walk_tables *tables, uint64_t *hpa)
{
	*hpa = tables->next_table_hpa;
	tables->next_table_hpa += PAGE_4K;
	return add_frame(tables, *hpa);
}

static int map_in_host(struct walk_tables *tables, uint64_t gpa)
{
	const struct dimension host = { tables, &tables->host, locate_hpa, new_host_table };
	uint64_t leaf_hpa = tables->next_leaf_hpa;

	tables->next_leaf_hpa += tables->host_leaf_bytes;
	return map(&host, gpa, tables->host_leaf_bytes, leaf_hpa);
}

static int locate_gpa(struct walk_tables *tables, uint64_t pa, uint64_t *hpa)
{
	struct page_walk walk;

	walk_tables_host(tables, pa, &walk);
	*hpa = walk.pa;
	return walk.fault == PAGE_FAULT_NONE ? 0 : -ENOENT;
}

/* A table of the guest's: a page of guest-physical memory, which the host has to map. */
static int new_guest_table(struct walk_tables *tables, uint64_t *gpa)
{
	uint64_t hpa;
	int ret;

	*gpa = tables->next_gpa;
	tables->next_gpa += tables->gpa_step;
	ret = map_in_host(tables, *gpa);
	if (ret == 0)
		ret = locate_gpa(tables, *gpa, &hpa);
	return ret == 0 ? add_frame(tables, hpa) : ret;
}

/* One dimension alone: native tables, or the hypervisor's shadow of the guest's. */
static int build_single(struct walk_tables *tables, uint64_t leaf_bytes)
{
	const struct dimension single = { tables, &tables->guest, locate_hpa, new_host_table };
	int ret = new_host_table(tables, &tables->guest.root_pa);

	return ret == 0 ? map(&single, tables->gva, leaf_bytes, FIRST_LEAF_HPA) : ret;
}

static int build_nested(struct walk_tables *tables, uint64_t guest_leaf_bytes)
{
	const struct dimension guest = { tables, &tables->guest, locate_gpa, new_guest_table };
	uint64_t data_gpa = align_down(tables->gpa_step, guest_leaf_bytes) + tables->gva % guest_leaf_bytes;
	int ret = new_guest_table(tables, &tables->guest.root_pa);

	if (ret == 0)
		ret = map(&guest, tables->gva, guest_leaf_bytes, data_gpa);
	tables->gpa = data_gpa;
	return ret == 0 ? map_in_host(tables, data_gpa) : ret;
}

int walk_tables_build(const struct walk_plan *plan, struct walk_tables *tables)
{
	bool hosted = walk_is_hosted(plan->kind);
	int ret = 0;

	memset(tables, 0, offsetof(struct walk_tables, frames));
	tables->guest = (struct page_walk_mode){
		.levels = plan->guest_levels, .physical_bits = PHYSICAL_BITS, .nx = true, .pages_1g = true
	};
	tables->host = tables->guest;
	tables->host.levels = hosted ? plan->host_levels : 0;
	tables->host_leaf_bytes = plan->host_leaf_bytes;
	tables->next_table_hpa = FIRST_TABLE_HPA;
	tables->next_leaf_hpa = FIRST_LEAF_HPA;
	tables->gva = GVA_4_LEVELS + (plan->guest_levels == 5 ? GVA_LEVEL_5 : 0);
	tables->gpa_step = GPA_STEP_4_LEVELS + (tables->host.levels == 5 ? GPA_STEP_LEVEL_5 : 0);
	/* The first page is the data's. */
	tables->gpa = tables->gpa_step;
	tables->next_gpa = 2 * tables->gpa_step;
	if (hosted)
		ret = new_host_table(tables, &tables->host.root_pa);
	if (ret != 0)
		return ret;
	switch (plan->kind) {
	case WALK_NESTED:
		return build_nested(tables, plan->guest_leaf_bytes);
	case WALK_UNPAGED:
		tables->gva = tables->gpa;
		return map_in_host(tables, tables->gpa);
	default:
		return build_single(tables, walk_leaf_bytes(plan));
	}
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
