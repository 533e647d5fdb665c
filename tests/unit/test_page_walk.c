/*
 * Property: a walk ends where the CPU's would, on the leaf or on the fault with its level and bits. Every diagram and
 * every count stands on it. It could take a reserved bit for an address, or a fault for the wrong level's. Reserved bits
 * are typed in from the SDM's figures; random tables are walked by a second walk too (random_walk.h).
 */
#include "test.h"
#include "random_walk.h"
#include "units.h"
#include "x86.h"

#define FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define VA UINT64_C(0x0a1b2c3d4e5f6a78)
#define FIRST_TABLE UINT64_C(0x1000)
#define DATA_PA UINT64_C(0x12c0000000) /* 1G aligned */

/* Five tables one behind the other, the highest first; one entry each. */
struct chain {
	struct page_walk_mode mode;
	uint64_t va;
	uint64_t entries[PAGE_WALK_MAX_LEVELS + 1]; /* by level */
	uint32_t reads;
	uint64_t missing_pa; /* a table that is not in memory */
};

static uint64_t table_pa(uint32_t level)
{
	return FIRST_TABLE * (6 - level);
}

static int read_chain(void *self, uint64_t pa, uint64_t *entry)
{
	struct chain *c = self;
	uint32_t level = 6 - (uint32_t)(pa / FIRST_TABLE);

	c->reads++;
	assert_in_range(level, 1, 5);
	assert_int_equal(pa % 4096 / 8, c->va >> (3 + 9 * level) & 511);
	if (pa / 4096 * 4096 == c->missing_pa)
		return -ENOENT;
	*entry = c->entries[level];
	return 0;
}

static struct chain make_chain(uint32_t levels, uint32_t leaf_level)
{
	struct chain c = { .mode = { .root_pa = table_pa(levels),
				     .levels = levels,
				     .physical_bits = 46,
				     .nx = true,
				     .pages_1g = true },
			   .va = VA & ((UINT64_C(1) << (levels == 5 ? 56 : 47)) - 1) };

	for (uint32_t level = 2; level <= 5; level++)
		c.entries[level] = table_pa(level - 1) | FLAGS;
	c.entries[1] = DATA_PA | FLAGS;
	if (leaf_level == 2 || leaf_level == 3)
		c.entries[leaf_level] = DATA_PA | FLAGS | PTE_LEAF;
	return c;
}

static struct page_walk walk_chain(struct chain *c)
{
	struct page_walk walk;

	c->reads = 0;
	page_walk(&c->mode, c->va, read_chain, c, &walk);
	return walk;
}

TEST(leaves_of_each_size)
{
	static const uint64_t bytes[] = { 0, PAGE_4K, PAGE_2M, PAGE_1G };

	LOOP (uint32_t, levels, 4, levels <= 5, levels++) {
		LOOP (uint32_t, leaf, 1, leaf <= 3, leaf++) {
			struct chain c = make_chain(levels, leaf);
			struct page_walk walk = walk_chain(&c);

			assert_int_equal(walk.fault, PAGE_FAULT_NONE);
			assert_int_equal(walk.fault_level, 0);
			assert_int_equal(walk.leaf_bytes, bytes[leaf]);
			assert_int_equal(walk.pa, DATA_PA + c.va % bytes[leaf]);
			assert_int_equal(walk.step_count, levels - leaf + 1);
			assert_int_equal(c.reads, walk.step_count);
			LOOP (uint32_t, i, 0, i < walk.step_count, i++) {
				const struct page_walk_step *step = &walk.steps[i];

				assert_int_equal(step->level, levels - i);
				assert_int_equal(step->entry, c.entries[levels - i]);
				assert_int_equal(step->entry_pa, table_pa(levels - i) + step->index * 8);
				assert_int_equal(step->leaf, i == walk.step_count - 1);
			}
		}
	}
}

static void faults_at(struct chain *c, enum page_fault fault, uint32_t level, uint64_t reserved)
{
	struct page_walk walk = walk_chain(c);

	assert_int_equal(walk.fault, fault);
	assert_int_equal(walk.fault_level, level);
	assert_int_equal(walk.reserved, reserved);
	assert_int_equal(c->reads, c->mode.levels - level + 1);
	assert_int_equal(walk.step_count, c->reads - (fault == PAGE_FAULT_NO_MEMORY));
	assert_int_equal(walk.leaf_bytes, 0);
}

TEST(holes_at_each_level)
{
	LOOP (uint32_t, levels, 4, levels <= 5, levels++) {
		LOOP (uint32_t, level, 1, level <= levels, level++) {
			struct chain c = make_chain(levels, 1);

			/* Without P nothing else is looked at. */
			c.entries[level] = ~PTE_PRESENT;
			faults_at(&c, PAGE_FAULT_NOT_PRESENT, level, 0);
			c.entries[level] = 0;
			faults_at(&c, PAGE_FAULT_NOT_PRESENT, level, 0);
			c.missing_pa = table_pa(level);
			faults_at(&c, PAGE_FAULT_NO_MEMORY, level, 0);
		}
	}
}

TEST(reserved_everywhere)
{
	LOOP (uint32_t, level, 1, level <= 5, level++) {
		struct chain c = make_chain(5, 1);

		/* MAXPHYADDR is 46: bits 51:46, each alone; bit 45 is an address, 62:52 are ignored. */
		LOOP (uint32_t, bit, 46, bit <= 51, bit++) {
			c = make_chain(5, 1);
			c.entries[level] |= UINT64_C(1) << bit;
			faults_at(&c, PAGE_FAULT_RESERVED, level, UINT64_C(1) << bit);
			c.mode.physical_bits = bit;
			faults_at(&c, PAGE_FAULT_RESERVED, level, UINT64_C(1) << bit);
		}
		c = make_chain(5, 1);
		c.entries[level] |= UINT64_C(0x7ff) << 52;
		assert_int_equal(walk_chain(&c).fault, PAGE_FAULT_NONE);
		c.entries[level] |= PTE_NX;
		assert_int_equal(walk_chain(&c).fault, PAGE_FAULT_NONE);
		c.mode.nx = false;
		faults_at(&c, PAGE_FAULT_RESERVED, level, PTE_NX);
	}
}

TEST(reserved_by_level)
{
	struct chain c = make_chain(5, 1);

	c.entries[5] |= PTE_LEAF;
	faults_at(&c, PAGE_FAULT_RESERVED, 5, PTE_LEAF);
	c = make_chain(5, 1);
	c.entries[4] |= PTE_LEAF;
	faults_at(&c, PAGE_FAULT_RESERVED, 4, PTE_LEAF);
	c = make_chain(4, 3);
	c.mode.pages_1g = false;
	faults_at(&c, PAGE_FAULT_RESERVED, 3, PTE_LEAF);
	/* In a PTE the same bit is PAT, in a large leaf PAT is bit 12; between it and the address all must be 0. */
	c = make_chain(4, 1);
	c.entries[1] |= PTE_LEAF;
	assert_int_equal(walk_chain(&c).fault, PAGE_FAULT_NONE);
	LOOP (uint32_t, leaf, 2, leaf <= 3, leaf++) {
		LOOP (uint32_t, bit, 12, bit < (leaf == 2 ? 21 : 30), bit++) {
			c = make_chain(4, leaf);
			c.entries[leaf] |= UINT64_C(1) << bit;
			if (bit == 12) {
				assert_int_equal(walk_chain(&c).fault, PAGE_FAULT_NONE);
				assert_int_equal(walk_chain(&c).pa,
						 DATA_PA + c.va % (leaf == 2 ? PAGE_2M : PAGE_1G));
			} else {
				faults_at(&c, PAGE_FAULT_RESERVED, leaf, UINT64_C(1) << bit);
			}
		}
	}
}

TEST(canonical_edges)
{
	static const struct {
		uint64_t va;
		bool in_4, in_5;
	} edges[] = {
		{ 0, true, true },
		{ 0x00007fffffffffff, true, true },
		{ 0x0000800000000000, false, true },
		{ 0x00ffffffffffffff, false, true },
		{ 0x0100000000000000, false, false },
		{ 0x8000000000000000, false, false },
		{ 0xfeffffffffffffff, false, false },
		{ 0xff00000000000000, false, true },
		{ 0xffff7fffffffffff, false, true },
		{ 0xffff800000000000, true, true },
		{ 0xffffffffffffffff, true, true },
	};

	EACH (i, edges) {
		LOOP (uint32_t, levels, 4, levels <= 5, levels++) {
			bool canonical = levels == 4 ? edges[i].in_4 : edges[i].in_5;
			struct chain c = make_chain(levels, 1);
			struct page_walk walk;

			c.va = edges[i].va;
			walk = walk_chain(&c);
			assert_int_equal(page_walk_canonical(edges[i].va, levels), canonical);
			assert_int_equal(walk.fault, canonical ? PAGE_FAULT_NONE : PAGE_FAULT_NOT_CANONICAL);
			assert_int_equal(walk.fault_level, 0);
			assert_int_equal(c.reads, canonical ? levels : 0);
			assert_string_equal(page_fault_exception(walk.fault), canonical ? "" : "#GP");
		}
	}
}

/* A right is one that every entry gives; NX takes it away wherever it stands. */
TEST(rights_of_all_entries)
{
	LOOP (uint32_t, level, 1, level <= 4, level++) {
		struct chain c = make_chain(4, 1);
		struct page_walk walk = walk_chain(&c);

		assert_true(walk.writable && walk.user && walk.executable);
		c.entries[level] &= ~PTE_WRITE;
		walk = walk_chain(&c);
		assert_true(!walk.writable && walk.user && walk.executable);
		c.entries[level] ^= PTE_WRITE | PTE_USER;
		walk = walk_chain(&c);
		assert_true(walk.writable && !walk.user && walk.executable);
		c.entries[level] ^= PTE_USER | PTE_NX;
		walk = walk_chain(&c);
		assert_true(walk.writable && walk.user && !walk.executable);
	}
}

/* Loops and garbage: thousands of tables, and two walks that agree on each. ASan watches the memory. */
TEST(random_tables)
{
	enum { MEMORIES = 400, WALKS = 100 };
	uint32_t faults[PAGE_FAULT_COUNT] = { 0 }, leaves[4] = { 0 };
	uint64_t rng = 7;

	LOOP (int, i, 0, i < MEMORIES, i++) {
		struct random_memory *m = random_memory_make(&rng);

		LOOP (int, k, 0, k < WALKS, k++) {
			uint64_t va = random_va(&rng, m->mode.levels);
			struct outcome expected = second_walk(m, va);
			struct page_walk walk;

			page_walk(&m->mode, va, random_memory_read, m, &walk);
			assert_same_outcome(&walk, &expected);
			faults[walk.fault]++;
			if (walk.fault == PAGE_FAULT_NONE)
				leaves[walk.steps[walk.step_count - 1].level]++;
		}
		free(m);
	}
	/* All there is was met, so that agreement says something. */
	LOOP (int, fault, 0, fault < PAGE_FAULT_COUNT, fault++)
		assert_in_range(faults[fault], 200, MEMORIES * WALKS);
	LOOP (int, level, 1, level <= 3, level++)
		assert_in_range(leaves[level], 200, MEMORIES * WALKS);
}
