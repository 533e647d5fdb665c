#include "vmm/theory/simulate/walker.h"

#include "vmm/theory/walk/page_walk.h"

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
			lru_insert(&w->host_pwc[level], gpa / page_walk_span_bytes(level));
	}
	lru_insert(&w->nested_tlb, page);
	return parts;
}

static uint64_t walk_guest(struct walker *w, uint64_t address)
{
	const struct tables *t = w->tables;
	uint32_t level =
		first_level(w->pwc, address, t->guest_leaf_level, t->guest_levels, w->counts.pwc_hits);
	bool known = level < t->guest_levels; /* the host's address of the table */
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
			lru_insert(&w->pwc[level], address / page_walk_span_bytes(level));
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
