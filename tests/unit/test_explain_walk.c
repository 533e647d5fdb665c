/*
 * The walk that explain makes through guest memory finds what an independent walk over the same bytes finds, and tables that
 * mean harm lead it nowhere: out of memory is an answer, an absent page stays absent, and it ends after so many levels. It
 * could break by an index of the wrong level, a flag taken for address bits, or trust in what a guest wrote.
 */

#include "test.h"
#include "tests/unit/fake_pages.h"
#include "vmm/util/random.h"
#include "vmm/theory/walk/page_walk.h"

static struct fake_pages host;
static struct memmap map;
static struct backing backing;
static struct place_finder finder;
static const struct page_walk_mode mode = {
	.root_pa = 0, .levels = 4, .physical_bits = 40, .nx = false, .pages_1g = true
};

static int setup(void **state)
{
	(void)state;
	fake_pages_make(&host, &map, &backing, &finder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(host.memory);
	return 0;
}

/* The guest's memory as one buffer: the first half from GPA 0, the second from 4 GiB on. NULL: no memory there. */
static uint64_t *word_at(uint64_t gpa)
{
	const uint64_t half = FAKE_PAGES / 2 * PAGE_4K;

	if (gpa + 8 <= half)
		return (uint64_t *)(void *)(host.memory + gpa);
	if (gpa >= 4 * GIB && gpa - 4 * GIB + 8 <= half)
		return (uint64_t *)(void *)(host.memory + half + (gpa - 4 * GIB));
	return NULL;
}

struct found {
	bool mapped;
	uint64_t pa, leaf_bytes;
	uint32_t entries;
};

/* Written after the manual's figures alone, one level a line: 47:39, 38:30, 29:21, 20:12. */
static struct found look_up(uint64_t va)
{
	const uint64_t address = 0xffffffffff000, large = 1 << 7;
	struct found f = { .entries = 1 };
	const uint64_t *e = word_at((va >> 39 & 511) * 8);

	if (e == NULL || !(*e & 1) || *e & large)
		return f;
	e = word_at((*e & address) + (va >> 30 & 511) * 8);
	f.entries = 2;
	if (e == NULL || !(*e & 1))
		return f;
	if (*e & large)
		return (struct found){ true, (*e & 0xfffffc0000000) | (va & 0x3fffffff), 1 << 30, 2 };
	e = word_at((*e & address) + (va >> 21 & 511) * 8);
	f.entries = 3;
	if (e == NULL || !(*e & 1))
		return f;
	if (*e & large)
		return (struct found){ true, (*e & 0xfffffffe00000) | (va & 0x1fffff), 1 << 21, 3 };
	e = word_at((*e & address) + (va >> 12 & 511) * 8);
	f.entries = 4;
	if (e == NULL || !(*e & 1))
		return f;
	return (struct found){ true, (*e & address) | (va & 0xfff), 1 << 12, 4 };
}

static struct page_walk walk_to(uint64_t va)
{
	struct page_walk walk;

	page_walk(&mode, va, place_read_entry, &finder, &walk);
	return walk;
}

/* Entries of a guest that is well: tables anywhere in memory, leaves anywhere at all, every third entry empty. */
static uint64_t make_entry(uint64_t *seed, uint32_t level, const uint64_t *tables, uint32_t table_count)
{
	uint64_t flags = 1 | (random_next(seed) & 0x66);
	uint64_t frame = random_next(seed) % (UINT64_C(1) << 28);

	if (random_next(seed) % 3 == 0)
		return 0;
	if (level == 1)
		return frame << 12 | flags;
	if (level < 4 && random_next(seed) % 3 == 0)
		return (frame << 12 & ~((UINT64_C(1) << (12 + 9 * (level - 1))) - 1)) | flags | 1 << 7;
	return tables[random_next(seed) % table_count] | flags;
}

/* Page 0 is the root, then three pages of each level, two of them behind the hole. */
static void build_tables(uint64_t *seed)
{
	uint64_t tables[4][3];

	for (uint32_t level = 1; level <= 3; level++) {
		for (uint32_t i = 0; i < 3; i++)
			tables[level][i] = (i == 0 ? 0 : 4 * GIB) + (level * 3 + i) * PAGE_4K;
	}
	for (uint32_t i = 0; i < 512; i++)
		*word_at(i * 8) = make_entry(seed, 4, tables[3], 3);
	for (uint32_t level = 1; level <= 3; level++) {
		for (uint32_t t = 0; t < 3; t++) {
			for (uint32_t i = 0; i < 512; i++)
				*word_at(tables[level][t] + i * 8) =
					make_entry(seed, level, tables[level > 1 ? level - 1 : 1], 3);
		}
	}
}

TEST_WITH(two_walks_find_the_same, setup, teardown)
{
	uint32_t mapped[3] = { 0 }, faults = 0;
	uint64_t seed = 4;

	build_tables(&seed);
	LOOP (uint32_t, i, 0, i < 20000, i++) {
		uint64_t va = random_next(&seed) >> 17;
		struct found expected = look_up(va);
		struct page_walk walk = walk_to(va);

		assert_int_equal(walk.fault == PAGE_FAULT_NONE, expected.mapped);
		assert_int_equal(walk.step_count, expected.entries);
		if (!expected.mapped) {
			assert_int_equal(walk.fault, PAGE_FAULT_NOT_PRESENT);
			faults++;
			continue;
		}
		assert_true(walk.pa == expected.pa);
		assert_true(walk.leaf_bytes == expected.leaf_bytes);
		mapped[expected.leaf_bytes == PAGE_4K ? 0 : expected.leaf_bytes == PAGE_2M ? 1 : 2]++;
	}
	/* All of it was met. */
	assert_true(mapped[0] > 100 && mapped[1] > 100 && mapped[2] > 100 && faults > 100);
}

/* An entry in the middle of nowhere: the level to blame is that of the table that is not there. */
TEST_WITH(tables_outside_memory_are_an_answer, setup, teardown)
{
	const uint64_t nowhere[] = { FAKE_PAGES / 2 * PAGE_4K, 4 * GIB - PAGE_4K,
				     4 * GIB + FAKE_PAGES / 2 * PAGE_4K, 0xfffffff000 };

	EACH (i, nowhere) {
		struct page_walk walk;

		*word_at(0) = nowhere[i] | 7;
		walk = walk_to(0);
		assert_int_equal(walk.fault, PAGE_FAULT_NO_MEMORY);
		assert_int_equal(walk.fault_level, 3);
		assert_int_equal(walk.step_count, 1);
	}
	*word_at(0) = UINT64_C(0xff0000001000) | 7;
	assert_int_equal(walk_to(0).fault, PAGE_FAULT_RESERVED);
}

/* A table in a page that the host has not got: empty, and no reason to get it. */
TEST_WITH(tables_in_absent_pages_are_empty, setup, teardown)
{
	struct page_walk walk;

	*word_at(0) = 5 * PAGE_4K | 7;
	*word_at(5 * PAGE_4K) = 6 * PAGE_4K | 7;
	host.entries[5] = 0;
	walk = walk_to(0);
	assert_int_equal(walk.fault, PAGE_FAULT_NOT_PRESENT);
	assert_int_equal(walk.fault_level, 3);
	assert_int_equal(walk.steps[1].entry, 0);
	assert_int_equal(host.copies, 1);
}

/* A table that is its own child is walked as often as there are levels. */
TEST_WITH(a_loop_ends, setup, teardown)
{
	struct page_walk walk;

	*word_at(0) = 0 | 7;
	walk = walk_to(0x123);
	assert_int_equal(walk.fault, PAGE_FAULT_NONE);
	assert_int_equal(walk.step_count, 4);
	assert_int_equal(walk.pa, 0x123);
}

/* Whatever bytes are there, the answer is one of those there are, and places of what was read lie in slots. */
TEST_WITH(any_bytes_at_all, setup, teardown)
{
	uint64_t seed = 9;

	LOOP (uint32_t, round, 0, round < 200, round++) {
		for (uint64_t i = 0; i < FAKE_PAGES * PAGE_4K / 8; i += 1 + random_next(&seed) % 3)
			((uint64_t *)(void *)host.memory)[i] =
				random_next(&seed) >> random_next(&seed) % 40 | (i & 1);
		LOOP (uint32_t, i, 0, i < 100, i++) {
			struct page_walk walk = walk_to(random_next(&seed) >> random_next(&seed) % 40);

			assert_true(walk.fault < PAGE_FAULT_COUNT && walk.step_count <= 4);
			LOOP (uint32_t, s, 0, s < walk.step_count, s++) {
				struct explain_place place;

				place_find(&finder, walk.steps[s].entry_pa, &place);
				assert_true(place.in_slot);
			}
		}
	}
}
