/*
 * Every memory map is sound: RAM pieces disjoint, complete and congruent with their offsets; pool and arena inside
 * RAM and apart from each other and all fixed structures; tables enough. The sizes around the hole and the loop
 * between pool and arena are where arithmetic goes wrong unseen, and KVM then drops large mappings silently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "layout.h"
#include "units.h"
#include "vmm/machine/memmap.h"

static void check_ram(const struct memmap *m, uint64_t ram_bytes)
{
	uint64_t covered = 0, end_gpa = 0;

	assert_in_range(m->range_count, 1, 2);
	for (uint32_t i = 0; i < m->range_count; i++) {
		const struct ram_range *range = &m->ranges[i];

		assert_true(range->bytes > 0 && range->gpa >= end_gpa);
		assert_true(range->offset_bytes == covered);
		assert_true((range->gpa - range->offset_bytes) % memmap_congruence_bytes(ram_bytes) == 0);
		end_gpa = range->gpa + range->bytes;
		covered += range->bytes;
		assert_true(end_gpa <= RAM_HOLE_START_GPA || range->gpa >= RAM_HOLE_END_GPA);
	}
	assert_true(covered == ram_bytes);
	assert_true(m->ranges[0].gpa == 0);
}

/* Counted the slow way, independent of the formula: walk the arena leaf table by leaf table. */
static uint64_t tables_needed(uint64_t arena_bytes, uint64_t leaf_bytes)
{
	uint64_t pages = 1;

	for (uint64_t at = 0; at < arena_bytes && leaf_bytes < PAGE_1G; at += PAGE_1G) {
		uint64_t part = min_u64(arena_bytes - at, PAGE_1G);

		pages++;
		for (uint64_t in = 0; in < part && leaf_bytes < PAGE_2M; in += PAGE_2M)
			pages++;
	}
	return pages * PAGE_4K;
}

static void check_arena(const struct memmap *m, uint64_t ram_bytes, uint64_t leaf_bytes)
{
	uint64_t tables_end = m->tables_gpa + m->tables_bytes;
	uint64_t arena_end = m->arena_gpa + m->arena_bytes;
	bool inside = false;

	assert_true(m->tables_gpa == TABLE_POOL_GPA && m->tables_bytes % PAGE_2M == 0);
	assert_true(tables_end <= m->ranges[0].bytes && tables_end <= BOOT_MAP_BYTES);
	assert_true(m->tables_bytes >= tables_needed(m->arena_bytes, leaf_bytes));
	assert_true(m->arena_bytes > 0 && m->arena_bytes % leaf_bytes == 0);
	assert_true(m->arena_gpa >= tables_end);
	assert_true(m->arena_gpa % max_u64(PAGE_2M, leaf_bytes) == 0);
	for (uint32_t i = 0; i < m->range_count; i++)
		inside = inside || (m->arena_gpa >= m->ranges[i].gpa &&
				    arena_end <= m->ranges[i].gpa + m->ranges[i].bytes);
	assert_true(inside);
	if (ram_bytes >= 2 * GIB)
		assert_true(m->arena_gpa % PAGE_1G == 0);
}

static void every_size(void **state)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	uint64_t made = 0;

	(void)state;
	for (uint64_t ram = RAM_MIN_BYTES; ram <= 20 * GIB; ram += 30 * MIB + 4 * PAGE_4K) {
		for (size_t page = 0; page < 3; page++) {
			uint64_t ram_bytes = align_up(ram, leaves[page]);

			for (size_t leaf = 0; leaf < 3; leaf++) {
				struct error e = { 0 };
				struct memmap m;

				if (leaves[leaf] == PAGE_1G && ram_bytes < 2 * GIB)
					continue;
				assert_int_equal(memmap_make(ram_bytes, leaves[page], leaves[leaf], &m, &e),
						 0);
				check_ram(&m, ram_bytes);
				check_arena(&m, ram_bytes, leaves[leaf]);
				made++;
			}
		}
	}
	assert_true(made > 1000);
}

static void around_the_hole(void **state)
{
	static const uint64_t sizes[] = { 3 * GIB - PAGE_4K, 3 * GIB, 3 * GIB + PAGE_4K, 4 * GIB, 5 * GIB,
					  5 * GIB + PAGE_2M, 6 * GIB, 600 * GIB,         2 * TIB };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct error e = { 0 };
		struct memmap m;

		assert_int_equal(memmap_make(sizes[i], PAGE_4K, PAGE_4K, &m, &e), 0);
		assert_int_equal(m.range_count, sizes[i] > 3 * GIB ? 2 : 1);
		check_ram(&m, sizes[i]);
		check_arena(&m, sizes[i], PAGE_4K);
		/* 2 GiB lie below the hole: the arena moves up when more than that lies above it. */
		assert_true((m.arena_gpa >= RAM_HOLE_END_GPA) == (sizes[i] > 5 * GIB));
		assert_true(m.arena_bytes <= 512 * GIB);
	}
}

static void refused(void **state)
{
	static const struct {
		uint64_t ram, page, leaf;
		enum status status;
	} cases[] = {
		{ RAM_MIN_BYTES - PAGE_4K, PAGE_4K, PAGE_4K, STATUS_USAGE },
		{ 0, PAGE_4K, PAGE_4K, STATUS_USAGE },
		{ 2 * GIB - PAGE_4K, PAGE_4K, PAGE_1G, STATUS_USAGE },
		{ GIB, PAGE_1G, PAGE_1G, STATUS_USAGE },
		{ UINT64_C(1) << 52, PAGE_4K, PAGE_4K, STATUS_USAGE },
		{ ~UINT64_C(0) << 30, PAGE_1G, PAGE_4K, STATUS_USAGE },
		{ GIB + PAGE_4K, PAGE_2M, PAGE_4K, STATUS_FAILED },
		{ GIB, 0, PAGE_4K, STATUS_FAILED },
		{ GIB, PAGE_4K, 64 * KIB, STATUS_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error e = { 0 };
		struct memmap m;

		assert_true(memmap_make(cases[i].ram, cases[i].page, cases[i].leaf, &m, &e) < 0);
		assert_int_equal(e.status, cases[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size),
		cmocka_unit_test(around_the_hole),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
