/*
 * Where a guest-physical address lies on the host is what slots, pagemap and smaps say, "not known" where they do not, and to
 * look does not change what is looked at. It could break by an offset of the wrong slot, by a page size that was asked for
 * and never observed, or by a read that brings in the page it was to find absent.
 */
#include <sys/mman.h>

#include "test.h"
#include "tests/unit/fake_pages.h"

static struct fake_pages host;
static struct memmap map;
static struct backing backing;
static struct place_finder finder;
static struct explain_place place;

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

static void find(uint64_t gpa)
{
	place_find(&finder, gpa, &place);
	assert_true(place.gpa == gpa);
}

TEST_WITH(a_place_has_slot_pointer_and_frame, setup, teardown)
{
	find(3 * PAGE_4K + 5);
	assert_true(place.in_slot && place.present && place.frame_known);
	assert_int_equal(place.slot, 0);
	assert_true(place.hva == (uint64_t)(uintptr_t)host.memory + 3 * PAGE_4K + 5);
	assert_int_equal(place.frame, 0x103 * PAGE_4K + 5);
	assert_int_equal(place.page_bytes, PAGE_4K);
	find(4 * GIB + PAGE_4K + 8);
	assert_true(place.in_slot);
	assert_int_equal(place.slot, 1);
	assert_true(place.slot_gpa == 4 * GIB);
	assert_int_equal(place.frame, (0x100 + FAKE_PAGES / 2 + 1) * PAGE_4K + 8);
}

TEST_WITH(nothing_is_known_outside_slots, setup, teardown)
{
	const uint64_t nowhere[] = { FAKE_PAGES / 2 * PAGE_4K, 4 * GIB - 1, 5 * GIB, UINT64_MAX - 7 };

	EACH (i, nowhere) {
		uint64_t entry;

		find(nowhere[i]);
		assert_false(place.in_slot || place.present || place.frame_known);
		assert_int_equal(place_read_entry(&finder, nowhere[i], &entry), -EFAULT);
	}
	assert_int_equal(host.copies, 0);
}

/* Several slots over the same memory: the slot is that of the address, the frame that of the memory. */
TEST_WITH(repeated_memory_has_slots_of_its_own, setup, teardown)
{
	const uint64_t alias_bytes = FAKE_PAGES / 2 * PAGE_4K;

	map.alias_bytes = alias_bytes;
	map.ranges[1].bytes = 4 * alias_bytes;
	map.ranges[1].offset_bytes = 0;
	map.ranges[0].offset_bytes = alias_bytes;
	find(4 * GIB + 2 * alias_bytes + PAGE_4K);
	assert_true(place.in_slot);
	assert_int_equal(place.slot, 3);
	assert_true(place.slot_gpa == 4 * GIB + 2 * alias_bytes);
	assert_int_equal(place.frame, 0x101 * PAGE_4K);
}

/* A view is a slot as any other, but what it shows lies a leaf further on: the address's frame is that of the memory. */
TEST_WITH(views_are_slots_whose_gpa_and_hva_differ, setup, teardown)
{
	uint64_t entry;

	map.view_count = 1;
	map.views[0] = (struct memmap_view){ .gpa = 5 * GIB, .shift_bytes = PAGE_4K, .leaf_bytes = PAGE_4K };
	memset(host.memory + 3 * PAGE_4K, 0x55, 8);
	find(5 * GIB + 2 * PAGE_4K);
	assert_true(place.in_slot);
	assert_int_equal(place.slot, 2);
	assert_int_equal(place.frame, 0x103 * PAGE_4K);
	place.page_bytes = PAGE_2M;
	assert_true(explain_place_shift(&place) == ((uint64_t)(uintptr_t)host.memory + PAGE_4K) % PAGE_2M);
	assert_int_equal(place_read_entry(&finder, 5 * GIB + 2 * PAGE_4K, &entry), 0);
	assert_true(entry == UINT64_C(0x5555555555555555));
	/* The view is shorter by what it begins with, and an entry does not reach out of it. */
	find(5 * GIB + (FAKE_PAGES - 1) * PAGE_4K);
	assert_false(place.in_slot);
	assert_int_equal(place_read_entry(&finder, 5 * GIB + (FAKE_PAGES - 1) * PAGE_4K - 4, &entry),
			 -EFAULT);
}

TEST_WITH(an_absent_page_reads_as_0_and_stays_away, setup, teardown)
{
	uint64_t entry = 1;

	memset(host.memory + PAGE_4K, 0xff, PAGE_4K);
	host.entries[1] = 0;
	assert_int_equal(place_read_entry(&finder, PAGE_4K + 8, &entry), 0);
	assert_int_equal(entry, 0);
	assert_int_equal(host.copies, 0);
	find(PAGE_4K + 8);
	assert_true(place.in_slot);
	assert_false(place.present || place.frame_known);
	assert_int_equal(place.page_bytes, 0);
	/* What was swapped out is not absent: it has a value. */
	host.entries[1] = PAGEMAP_SWAPPED;
	assert_int_equal(place_read_entry(&finder, PAGE_4K + 8, &entry), 0);
	assert_true(entry == UINT64_MAX);
}

TEST_WITH(frames_are_hidden_without_a_privilege, setup, teardown)
{
	host.entries[2] = PAGEMAP_PRESENT;
	find(2 * PAGE_4K);
	assert_true(place.present);
	assert_false(place.frame_known);
	assert_int_equal(finder.frames_hidden, 1);
	assert_int_equal(finder.frames_known, 0);
}

TEST_WITH(page_sizes_are_observed, setup, teardown)
{
	static const struct {
		const char *page_kb, *anon_huge_kb;
		int scan_err;
		bool huge;
		uint64_t page_bytes;
	} rows[] = {
		/* hugetlb says it of the mapping; the scan could know no better. */
		{ "2048", "0", 0, false, PAGE_2M },
		{ "1048576", "0", -ENOTTY, false, PAGE_1G },
		/* The scan says it of the page, whatever is around it. */
		{ "4", "128", 0, true, PAGE_2M },
		{ "4", "128", 0, false, PAGE_4K },
		/* Older kernels: all or nothing (Rss is 256), or not known. */
		{ "4", "256", -ENOTTY, false, PAGE_2M },
		{ "4", "0", -ENOTTY, true, PAGE_4K },
		{ "4", "128", -ENOTTY, true, 0 },
	};

	EACH (i, rows) {
		host.page_kb = rows[i].page_kb;
		host.anon_huge_kb = rows[i].anon_huge_kb;
		host.scan_err = rows[i].scan_err;
		host.huge = rows[i].huge;
		place_next_moment(&finder);
		find(0);
		find(PAGE_4K);
		assert_int_equal(place.page_bytes, rows[i].page_bytes);
		assert_int_equal(host.smaps_reads, i + 1);
	}
}

TEST_WITH(what_cannot_be_read_is_told, setup, teardown)
{
	uint64_t entry = 0;

	host.smaps_err = -EACCES;
	find(0);
	assert_int_equal(place.page_bytes, 0);
	assert_int_equal(finder.smaps_err, EACCES);
	host.pagemap_err = -ENOENT;
	find(0);
	assert_false(place.present);
	assert_true(place.presence_hidden);
	assert_int_equal(finder.pagemap_err, ENOENT);
	/* The entry itself can still be had. */
	host.memory[8] = 7;
	assert_int_equal(place_read_entry(&finder, 8, &entry), 0);
	assert_int_equal(entry, 7);
	assert_int_equal(finder.copy_err, 0);
	/* Where it cannot, that is told apart from where there is no memory. */
	host.copy_err = -EPERM;
	assert_int_equal(place_read_entry(&finder, 8, &entry), -EPERM);
	assert_int_equal(finder.copy_err, EPERM);
}

/* tmpfs that was swapped out looks like a page that never was: what it holds is read all the same. */
TEST_WITH(an_absent_page_of_a_file_is_read, setup, teardown)
{
	static const struct backing_spec specs[] = { { .kind = BACKING_MEMFD, .share = true },
						     { .kind = BACKING_FILE },
						     { .kind = BACKING_ANON, .share = true } };

	memset(host.memory + PAGE_4K, 0xff, PAGE_4K);
	host.entries[1] = 0;
	EACH (i, specs) {
		uint64_t entry = 0;

		backing.spec.kind = specs[i].kind;
		backing.spec.share = specs[i].share;
		assert_int_equal(place_read_entry(&finder, PAGE_4K + 8, &entry), 0);
		assert_true(entry == UINT64_MAX);
	}
}

/* The real thing: an untouched page of this process is still untouched after a look. */
TEST_WITH(this_process_is_not_disturbed, setup, teardown)
{
	struct explain_place other;
	unsigned char resident[2] = { 0 };
	uint64_t entry = 1;
	int fd;

	backing.spec.bytes = 2 * PAGE_4K;
	backing.hva = mmap(NULL, 2 * PAGE_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(backing.hva, MAP_FAILED);
	assert_int_equal(madvise(backing.hva, 2 * PAGE_4K, MADV_NOHUGEPAGE), 0);
	map.range_count = 1;
	map.ranges[0].bytes = 2 * PAGE_4K;
	((volatile uint64_t *)backing.hva)[1] = 0x1234;
	host_pages_open(&finder.pages, &fd);
	assert_true(fd >= 0);
	assert_int_equal(place_read_entry(&finder, 8, &entry), 0);
	assert_int_equal(entry, 0x1234);
	assert_int_equal(place_read_entry(&finder, PAGE_4K + 8, &entry), 0);
	assert_int_equal(entry, 0);
	place_find(&finder, 8, &place);
	place_find(&finder, PAGE_4K + 8, &other);
	assert_true(place.present && !other.present);
	assert_int_equal(place.page_bytes, PAGE_4K);
	assert_int_equal(mincore(backing.hva, 2 * PAGE_4K, resident), 0);
	assert_int_equal(resident[0] & 1, 1);
	assert_int_equal(resident[1] & 1, 0);
	/* Memory that is gone is an errno. */
	assert_int_equal(munmap(backing.hva, 2 * PAGE_4K), 0);
	assert_true(finder.pages.copy(finder.pages.self, (uint64_t)(uintptr_t)backing.hva, &entry, 8) < 0);
	host_pages_close(&fd);
	assert_true(finder.pages.pagemap(finder.pages.self, 0, &entry) < 0);
}

/* Where the kernel scans page by page, its word on a huge page is smaps' word on the whole mapping. */
TEST_WITH(a_huge_page_of_this_process_is_seen, setup, teardown)
{
	const uint64_t bytes = 4 * PAGE_2M;
	bool huge = false;
	int fd, ret;
	void *area;

	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	backing.hva = (void *)(uintptr_t)align_up((uint64_t)(uintptr_t)area, PAGE_2M);
	backing.spec.bytes = PAGE_2M;
	assert_int_equal(madvise(area, bytes, MADV_HUGEPAGE), 0);
	*(volatile char *)backing.hva = 1;
	map.range_count = 1;
	map.ranges[0].bytes = PAGE_2M;
	host_pages_open(&finder.pages, &fd);
	ret = finder.pages.scan(finder.pages.self, (uint64_t)(uintptr_t)backing.hva, &huge);
	place_find(&finder, PAGE_4K, &place);
	if (ret != 0)
		print_message("SKIP scan: this kernel has none (%d)\n", ret);
	else
		assert_int_equal(place.page_bytes, huge ? PAGE_2M : PAGE_4K);
	/* The mapping also has what lies around the page, so only a huge page is told of all of it. */
	assert_true(place.present);
	assert_true(place.page_bytes == PAGE_2M || place.page_bytes == PAGE_4K || place.page_bytes == 0);
	host_pages_close(&fd);
	assert_int_equal(munmap(area, bytes), 0);
}
