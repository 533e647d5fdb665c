/*
 * Sets are short arrays in the order of use: the ways are few, so that a search beats any list.
 */
#include "vmm/theory/simulate/walker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "random.h"
#include "units.h"

int lru_init(struct lru *l, uint64_t sets, uint32_t ways, bool hashed)
{
	uint64_t entries;

	*l = (struct lru){ .sets = ways != 0 ? sets : 0, .ways = ways, .hashed = hashed };
	if (l->sets == 0)
		return 0;
	if (!checked_mul(sets, ways, &entries) || entries > LRU_MOST_ENTRIES) {
		l->sets = 0;
		return -E2BIG;
	}
	l->keys = calloc(entries, sizeof(*l->keys));
	if (l->keys == NULL) {
		l->sets = 0;
		return -ENOMEM;
	}
	return 0;
}

void lru_free(struct lru *l)
{
	free(l->keys);
	*l = (struct lru){ 0 };
}

static uint64_t *set_of(const struct lru *l, uint64_t key)
{
	uint64_t index = l->hashed ? random_mix(key) : key;

	return l->keys + (is_pow2(l->sets) ? index & (l->sets - 1) : index % l->sets) * l->ways;
}

static void bring_to_front(uint64_t *set, uint32_t way, uint64_t key)
{
	memmove(&set[1], &set[0], way * sizeof(set[0]));
	set[0] = key + 1;
}

/*
 * Whether it holds key, which then becomes the most recent one of its set. Only with `insert` a key that was not there
 * is added.
 */
static bool use(struct lru *l, uint64_t key, bool insert)
{
	uint64_t *set;
	uint32_t way = 0;

	if (l->sets == 0)
		return false;
	set = set_of(l, key);
	while (way < l->ways && set[way] != key + 1)
		way++;
	if (way < l->ways || insert)
		bring_to_front(set, way < l->ways ? way : l->ways - 1, key);
	return way < l->ways;
}

bool lru_find(struct lru *l, uint64_t key)
{
	return use(l, key, false);
}

bool lru_touch(struct lru *l, uint64_t key)
{
	return use(l, key, true);
}

/* L1 and L2 are indexed by the lowest bits; L3 by all of them, as its slices are on every CPU described. */
int cache_init(struct cache *cache, const struct cpu_model *cpu)
{
	int ret = 0;

	*cache = (struct cache){ .cycle_parts[LEVEL_MEMORY] = cpu->parameter[CPU_MEMORY_CYCLES] };
	for (int i = 0; i < LEVEL_MEMORY && ret == 0; i++) {
		uint64_t lines = cpu->parameter[cpu_caches[i].bytes] / CACHE_LINE_BYTES;
		uint64_t w = cpu->parameter[cpu_caches[i].ways];

		cache->cycle_parts[i] = cpu->parameter[cpu_caches[i].cycles];
		ret = lru_init(&cache->level[i], w != 0 ? lines / w : 0, (uint32_t)w, i == LEVEL_L3);
	}
	return ret;
}

void cache_free(struct cache *cache)
{
	for (int i = 0; i < LEVEL_MEMORY; i++)
		lru_free(&cache->level[i]);
}

enum simulated_level cache_load(struct cache *cache, uint64_t pa)
{
	int i = 0;

	while (i < LEVEL_MEMORY && !lru_touch(&cache->level[i], pa / CACHE_LINE_BYTES))
		i++;
	return (enum simulated_level)i;
}

int tlb_init(struct tlb *tlb, const struct cpu_model *cpu, uint64_t leaf_bytes)
{
	struct cpu_tlb first = cpu_tlb(cpu, false, leaf_bytes);
	struct cpu_tlb second = cpu_tlb(cpu, true, leaf_bytes);
	int ret;

	*tlb = (struct tlb){ .leaf_bytes = leaf_bytes, .stlb_entry_bytes = second.entry_bytes };
	ret = lru_init(&tlb->dtlb, first.sets, first.ways, first.hashed);
	return ret != 0 ? ret : lru_init(&tlb->stlb, second.sets, second.ways, second.hashed);
}

void tlb_free(struct tlb *tlb)
{
	lru_free(&tlb->dtlb);
	lru_free(&tlb->stlb);
}

/* Every look-up fills both levels. The STLB is looked up, and so refreshed, only where the dTLB misses. */
enum tlb_result tlb_look(struct tlb *tlb, uint64_t address)
{
	if (lru_touch(&tlb->dtlb, address / tlb->leaf_bytes))
		return TLB_DTLB_HIT;
	return lru_touch(&tlb->stlb, address / tlb->stlb_entry_bytes) ? TLB_STLB_HIT : TLB_MISS;
}

#define ENTRIES UINT64_C(512)
#define ENTRY_BYTES UINT64_C(8)

/* The arena as a guest with much RAM has it: above all addresses that layout.h fixes, and aligned for every leaf. */
#define ARENA_GPA (4 * GIB)
#define WINDOW_TABLES_GPA (ARENA_GPA + PAGE_1G - 4 * PAGE_4K)

/* Frames, far from each other. */
#define RAM_HPA (UINT64_C(1) << 44)
#define WALK_TABLES_HPA (UINT64_C(2) << 44)
#define HOST_TABLES_HPA (UINT64_C(3) << 44)
#define LEVEL_SHIFT 40

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
		.guest_leaf_level = paged ? page_walk_leaf_level(leaf_bytes) : 0,
		.host_levels = hosted ? plan->host_levels : 0,
		.host_leaf_level = hosted ? page_walk_leaf_level(plan->host_leaf_bytes) : 0,
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

/* Number of the table in the order in which the guest's paging_map() allocates them: a table before those below it. */
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

/* Each is fully associative: their sets are not documented. */
static int caches_init(struct lru *caches, const struct cpu_model *cpu, enum cpu_parameter pde)
{
	int ret = 0;

	for (uint32_t level = 2; level < WALKER_LEVELS && ret == 0; level++) {
		uint64_t entries = cpu->parameter[pde + level - 2];

		ret = lru_init(&caches[level], entries != 0, (uint32_t)entries, false);
	}
	return ret;
}

_Static_assert(CPU_PWC_PML5E_ENTRIES == CPU_PWC_PDE_ENTRIES + 3, "one after another, from level 2 on");
_Static_assert(CPU_HOST_PWC_PML5E_ENTRIES == CPU_HOST_PWC_PDE_ENTRIES + 3, "likewise");

int walker_init(struct walker *w, const struct cpu_model *cpu, const struct tables *tables,
		struct cache *cache)
{
	uint64_t nested = cpu->parameter[CPU_NESTED_TLB_ENTRIES];
	int ret;

	*w = (struct walker){ .tables = tables,
			      .cache = cache,
			      .fixed_parts = cpu->parameter[CPU_WALK_CYCLES] };
	ret = caches_init(w->pwc, cpu, CPU_PWC_PDE_ENTRIES);
	if (ret == 0)
		ret = caches_init(w->host_pwc, cpu, CPU_HOST_PWC_PDE_ENTRIES);
	/* Unpaged there is nothing nested: the TLB itself holds guest-physical addresses. */
	if (ret == 0 && tables->kind == WALK_NESTED)
		ret = lru_init(&w->nested_tlb, nested != 0, (uint32_t)nested, false);
	return ret;
}

void walker_free(struct walker *w)
{
	for (uint32_t level = 0; level < WALKER_LEVELS; level++) {
		lru_free(&w->pwc[level]);
		lru_free(&w->host_pwc[level]);
	}
	lru_free(&w->nested_tlb);
}

static uint64_t read_entry(struct walker *w, uint64_t pa, uint64_t loads[LEVEL_COUNT])
{
	enum simulated_level level = cache_load(w->cache, pa);

	loads[level]++;
	return w->cache->cycle_parts[level];
}

/* Level of the first table to be read: below the lowest entry that is cached. */
static uint32_t first_level(struct lru *caches, uint64_t address, uint32_t leaf_level, uint32_t levels,
			    uint64_t hits[WALKER_LEVELS])
{
	for (uint32_t level = leaf_level + 1; level <= levels; level++) {
		if (lru_find(&caches[level], address / page_walk_span_bytes(level))) {
			hits[level]++;
			return level - 1;
		}
	}
	return levels;
}

static uint64_t translate(struct walker *w, uint64_t gpa)
{
	const struct tables *t = w->tables;
	uint64_t page = gpa / page_walk_span_bytes(t->host_leaf_level), parts = 0;
	uint32_t level;

	if (t->kind == WALK_NESTED && lru_find(&w->nested_tlb, page)) {
		w->counts.nested_tlb_hits++;
		return 0;
	}
	w->counts.nested_tlb_misses += t->kind == WALK_NESTED;
	level = first_level(w->host_pwc, gpa, t->host_leaf_level, t->host_levels, w->counts.host_pwc_hits);
	for (; level >= t->host_leaf_level; level--) {
		parts += read_entry(w, tables_host_entry(gpa, level), w->counts.host_loads);
		w->counts.host_references++;
		if (level > t->host_leaf_level)
			(void)lru_touch(&w->host_pwc[level], gpa / page_walk_span_bytes(level));
	}
	(void)lru_touch(&w->nested_tlb, page);
	return parts;
}

static uint64_t walk_guest(struct walker *w, uint64_t address)
{
	const struct tables *t = w->tables;
	uint32_t level =
		first_level(w->pwc, address, t->guest_leaf_level, t->guest_levels, w->counts.pwc_hits);
	bool known = level < t->guest_levels; /* a walk cache had the host's address of the table */
	uint64_t parts = 0;

	for (; level >= t->guest_leaf_level; level--) {
		uint64_t entry = tables_guest_entry(t, address, level);

		if (t->kind == WALK_NESTED) {
			parts += known ? 0 : translate(w, entry);
			entry = tables_hpa(t, entry);
		}
		known = false;
		parts += read_entry(w, entry, w->counts.guest_loads);
		w->counts.guest_references++;
		if (level > t->guest_leaf_level)
			(void)lru_touch(&w->pwc[level], address / page_walk_span_bytes(level));
	}
	return parts;
}

uint64_t walker_walk(struct walker *w, uint64_t address)
{
	const struct tables *t = w->tables;
	uint64_t parts = w->fixed_parts;

	if (t->kind != WALK_UNPAGED)
		parts += walk_guest(w, address);
	if (t->host_levels != 0)
		parts += translate(w, tables_gpa(t, address));
	return parts;
}
