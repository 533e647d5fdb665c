/*
 * Every memory map is sound: RAM pieces disjoint, complete and congruent with their offsets; pool and arena inside
 * RAM and apart from each other and all fixed structures; tables enough. The sizes around the hole and the loop
 * between pool and arena are where arithmetic goes wrong unseen, and KVM then drops large mappings silently. Where
 * memory repeats, each repetition is a slot of its own over the same bytes, and the guest's own memory is in none. Views
 * show the same bytes where KVM can install their leaf and no larger one.
 */
#include "test.h"
#include "layout.h"
#include "units.h"
#include "vmm/core/plan/memmap.h"

static void check_ram(const struct memmap *m, uint64_t ram_bytes)
{
	uint64_t covered = 0, end_gpa = 0;

	assert_in_range(m->range_count, 1, 2);
	LOOP (uint32_t, i, 0, i < m->range_count, i++) {
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

TEST(every_size)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	uint64_t made = 0;

	LOOP (uint64_t, ram, RAM_MIN_BYTES, ram <= 20 * GIB, ram += 30 * MIB + 4 * PAGE_4K) {
		LOOP (size_t, page, 0, page < 3, page++) {
			uint64_t ram_bytes = align_up(ram, leaves[page]);

			LOOP (size_t, leaf, 0, leaf < 3, leaf++) {
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

TEST(around_the_hole)
{
	static const uint64_t sizes[] = { 3 * GIB - PAGE_4K, 3 * GIB, 3 * GIB + PAGE_4K, 4 * GIB, 5 * GIB,
					  5 * GIB + PAGE_2M, 6 * GIB, 600 * GIB,         2 * TIB };

	EACH (i, sizes) {
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

/* Of every slot: where the host mapping, aligned as it will be, has the byte of a GPA; and that no page is split. */
static void check_slots(const struct memmap *m, uint64_t alias_bytes)
{
	uint64_t largest = alias_bytes % PAGE_1G == 0 ? PAGE_1G : PAGE_2M;
	uint32_t slots = memmap_slot_count(m);
	uint64_t end_gpa = 0;

	assert_true(slots == 1 + m->arena_bytes / alias_bytes);
	assert_true(memmap_congruence_bytes(memmap_host_bytes(m)) >= largest);
	LOOP (uint32_t, i, 0, i < slots, i++) {
		struct ram_range slot = memmap_slot(m, i);
		uint64_t last = slot.bytes - 1;

		assert_true(slot.gpa >= end_gpa && slot.bytes > 0);
		assert_true((slot.gpa - slot.offset_bytes) % largest == 0);
		assert_true(slot.offset_bytes + slot.bytes <= memmap_host_bytes(m));
		assert_true(memmap_offset(m, slot.gpa, slot.bytes) == slot.offset_bytes);
		assert_true(memmap_offset(m, slot.gpa + last, 1) == slot.offset_bytes + last);
		assert_true(memmap_offset(m, slot.gpa + last, 2) == UINT64_MAX);
		assert_true(i == 0 || (slot.bytes == alias_bytes && slot.offset_bytes == 0));
		end_gpa = slot.gpa + slot.bytes;
	}
	assert_true(memmap_offset(m, end_gpa, 1) == UINT64_MAX);
	assert_true(memmap_offset(m, m->ranges[0].bytes, 1) == UINT64_MAX);
	/* What the guest itself lives in repeats nowhere. */
	assert_true(memmap_slot(m, 0).offset_bytes >= alias_bytes);
}

/* Counted by what each PML4 slot, GiB and 2 MiB of the arena takes, from ARENA_GVA on. */
static uint64_t tables_of_slots(uint64_t arena_bytes, uint64_t leaf_bytes)
{
	uint64_t bytes = 0;

	for (uint64_t at = 0; at < arena_bytes; at += 512 * GIB) {
		uint64_t part = min_u64(arena_bytes - at, 512 * GIB);

		bytes += tables_needed(part, leaf_bytes);
	}
	return bytes;
}

TEST(aliased)
{
	static const struct {
		uint64_t arena, alias, page, leaf, low;
	} cases[] = {
		{ TIB, GIB, PAGE_4K, PAGE_4K, 8 * MIB + 2054 * MIB },
		{ TIB, GIB, PAGE_1G, PAGE_2M, GIB },
		{ 31 * TIB, GIB, PAGE_2M, PAGE_2M, 8 * MIB + 126 * MIB },
		{ 31 * TIB, 2 * GIB + GIB / 2 * 11, PAGE_4K, PAGE_1G, 0 },
		{ 3 * GIB, 3 * GIB, PAGE_1G, PAGE_1G, GIB },
		{ 12 * MIB, 2 * MIB, PAGE_2M, PAGE_2M, 10 * MIB },
		{ 60 * MIB, 6 * MIB, PAGE_4K, PAGE_4K, 10 * MIB },
		{ 9 * GIB, 1536 * MIB, PAGE_2M, PAGE_4K, 8 * MIB + 20 * MIB },
	};

	EACH (i, cases) {
		struct error e = { 0 };
		struct memmap m;
		int ret = memmap_make_aliased(cases[i].arena, cases[i].alias, cases[i].page, cases[i].leaf,
					      &m, &e);

		if (cases[i].low == 0) {
			assert_true(ret < 0 && e.status == STATUS_USAGE);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_true(m.range_count == 2 && m.ranges[0].gpa == 0);
		assert_true(m.ranges[0].bytes == cases[i].low);
		assert_true(m.ranges[1].gpa == RAM_HOLE_END_GPA && m.ranges[1].bytes == cases[i].arena);
		assert_true(m.arena_gpa == RAM_HOLE_END_GPA && m.arena_bytes == cases[i].arena);
		assert_true(memmap_host_bytes(&m) == cases[i].alias + cases[i].low);
		assert_true(memmap_host_bytes(&m) % cases[i].page == 0);
		assert_true(m.tables_gpa == TABLE_POOL_GPA && m.tables_gpa + m.tables_bytes <= cases[i].low);
		assert_true(m.tables_bytes >= tables_of_slots(cases[i].arena, cases[i].leaf));
		check_slots(&m, cases[i].alias);
	}
}

/* The hint, taken at its word, works. */
TEST(aliased_refused)
{
	static const struct {
		uint64_t arena, alias, page, leaf;
		const char *naming, *hint;
	} cases[] = {
		{ TIB, 3 * MIB, PAGE_4K, PAGE_4K, "3M is not a whole number of pages of 2M",
		  "--alias-memory 2M" },
		{ TIB, PAGE_4K, PAGE_4K, PAGE_4K, "pages of 2M", "--alias-memory 2M" },
		{ TIB, 1700 * MIB, PAGE_1G, PAGE_4K, "backing pages of 1G", "--alias-memory 2G" },
		{ TIB, 512 * MIB, PAGE_2M, PAGE_1G, "guest pages of 1G", "--alias-memory 1G" },
		{ GIB, 2 * GIB, PAGE_4K, PAGE_4K, "more than the 1G", "--memory 4G" },
		{ 10 * GIB, 3 * GIB, PAGE_4K, PAGE_4K, "10G of --memory", "--memory 9G" },
		{ 10 * GIB, 4 * GIB, PAGE_4K, PAGE_4K, "10G of --memory", "--memory 8G" },
		{ 31 * TIB + GIB, GIB, PAGE_4K, PAGE_2M, "more than the 31T", "--memory 31T" },
		{ 2 * TIB, GIB, PAGE_4K, PAGE_4K, "below its hole at 3 GiB", "--guest-page 2M" },
		{ UINT64_MAX, UINT64_MAX, PAGE_4K, PAGE_4K, "at most 31T", "" },
		{ UINT64_MAX, GIB, PAGE_4K, PAGE_4K, "more than the 31T", "--memory 31T" },
	};

	EACH (i, cases) {
		struct error e = { 0 };
		struct memmap m;

		assert_true(memmap_make_aliased(cases[i].arena, cases[i].alias, cases[i].page, cases[i].leaf,
						&m, &e) < 0);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_string_equal(e.hint, cases[i].hint);
		if (strstr(e.what, cases[i].naming) == NULL)
			fail_msg("'%s' does not name '%s'", e.what, cases[i].naming);
	}
}

/* The last arena whose 4 KiB leaves still find place for their tables, and the first that does not. */
TEST(tables_end_at_the_hole)
{
	uint64_t low = TIB, high = 2 * TIB;
	struct error e = { 0 };
	struct memmap m;

	while (high - low > GIB) {
		uint64_t middle = align_down((low + high) / 2, GIB);
		struct error ignored = { 0 };

		if (memmap_make_aliased(middle, GIB, PAGE_4K, PAGE_4K, &m, &ignored) == 0)
			low = middle;
		else
			high = middle;
	}
	assert_int_equal(memmap_make_aliased(low, GIB, PAGE_4K, PAGE_4K, &m, &e), 0);
	assert_in_range(m.ranges[0].bytes, 3 * GIB - 4 * MIB, 3 * GIB);
	assert_in_range(low, 1400 * GIB, 1600 * GIB);
}

/* The map of distinct memory through the same functions: one slot a range, and nothing contiguous across the hole. */
TEST(slots_of_distinct_memory)
{
	struct error e = { 0 };
	struct memmap m;

	assert_int_equal(memmap_make(8 * GIB, PAGE_2M, PAGE_4K, &m, &e), 0);
	assert_true(memmap_slot_count(&m) == 2 && memmap_host_bytes(&m) == 8 * GIB);
	LOOP (uint32_t, i, 0, i < 2, i++) {
		struct ram_range slot = memmap_slot(&m, i);

		assert_memory_equal(&slot, &m.ranges[i], sizeof(slot));
	}
	assert_true(memmap_offset(&m, 0, 3 * GIB) == 0);
	assert_true(memmap_offset(&m, 0, 3 * GIB + 1) == UINT64_MAX);
	assert_true(memmap_offset(&m, 3 * GIB - 1, 2) == UINT64_MAX);
	assert_true(memmap_offset(&m, 3 * GIB, 0) == UINT64_MAX);
	assert_true(memmap_offset(&m, 4 * GIB, 5 * GIB) == 3 * GIB);
	assert_true(memmap_offset(&m, 9 * GIB - 1, 1) == 8 * GIB - 1);
	assert_true(memmap_offset(&m, 9 * GIB, 1) == UINT64_MAX);
	assert_true(memmap_offset(&m, 5 * GIB, UINT64_MAX) == UINT64_MAX);
	assert_int_equal(memmap_make(GIB, PAGE_2M, PAGE_4K, &m, &e), 0);
	assert_true(memmap_slot_count(&m) == 1 && memmap_host_bytes(&m) == GIB);
}

/* What KVM goes by: a leaf is possible in a slot where gpa and hva are equal modulo it (hva is aligned to 1 GiB). */
static bool leaf_is_possible(const struct memmap_view *v, uint64_t leaf_bytes)
{
	return (v->gpa - v->shift_bytes) % leaf_bytes == 0;
}

TEST(views_of_distinct_memory)
{
	static const uint64_t pages[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	static const uint64_t sizes[] = { 64 * MIB, 1 * GIB, 3 * GIB, 12 * GIB };

	EACH (i, sizes) {
		LOOP (uint32_t, p, 0, p < 3, p++) {
			struct error e = { 0 };
			struct memmap m;
			uint32_t slots, views = 0;
			uint64_t leaf_bytes = pages[p];

			if (sizes[i] % pages[p] != 0)
				continue;
			assert_int_equal(memmap_make(sizes[i], pages[p], PAGE_4K, &m, &e), 0);
			slots = memmap_slot_count(&m);
			memmap_add_views(&m, pages[p]);
			assert_int_equal(m.view_count, p + 1);
			assert_int_equal(memmap_slot_count(&m), slots + p + 1);
			assert_int_equal(memmap_host_bytes(&m), sizes[i]);
			for (; views < m.view_count; views++) {
				const struct memmap_view *v = &m.views[views];
				struct ram_range slot = memmap_slot(&m, slots + views),
						 before = memmap_slot(&m, slots + views - 1);
				uint64_t arena_gpa = memmap_view_arena_gpa(&m, views);

				assert_int_equal(v->leaf_bytes, leaf_bytes);
				leaf_bytes /= 512;
				assert_true(leaf_is_possible(v, v->leaf_bytes));
				assert_true(views == 0 ||
					    !leaf_is_possible(v, m.views[views - 1].leaf_bytes));
				assert_true(slot.gpa % PAGE_1G == 0 && slot.gpa >= before.gpa + before.bytes);
				assert_int_equal(slot.offset_bytes + slot.bytes, sizes[i]);
				/* The arena's bytes, all of them, and no others at that place. */
				assert_int_equal(arena_gpa - slot.gpa + slot.offset_bytes,
						 memmap_offset(&m, m.arena_gpa, m.arena_bytes));
				assert_true(arena_gpa >= slot.gpa &&
					    arena_gpa + m.arena_bytes <= slot.gpa + slot.bytes);
				assert_true(memmap_end_gpa(&m) >= slot.gpa + slot.bytes);
			}
		}
	}
}

TEST(refused)
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

	EACH (i, cases) {
		struct error e = { 0 };
		struct memmap m;

		assert_true(memmap_make(cases[i].ram, cases[i].page, cases[i].leaf, &m, &e) < 0);
		assert_int_equal(e.status, cases[i].status);
	}
}
