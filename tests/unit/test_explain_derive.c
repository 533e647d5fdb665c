/*
 * What follows from an explanation's facts: references as the literature has them for every pair of pages, the shadow leaf, "not
 * known" where one fact is missing, and a sentence where two facts disagree. It could break by an error of one level, which
 * looks as plausible as the truth, or by a claim about a dimension that could not be seen.
 */
#include "test.h"
#include "layout.h"
#include "units.h"
#include "vmm/lab/explain/explanation.h"
#include "x86.h"

static const uint64_t sizes[] = { PAGE_4K, PAGE_2M, PAGE_1G };
static const struct memmap map = { .range_count = 1, .ranges = { { .bytes = 3 * GIB } } };
static struct explanation x;

#define HVA UINT64_C(0x7f0000000000)
#define DATA_GPA (2 * GIB + 0x123)

static struct explain_place place_at(uint64_t gpa, uint64_t page_bytes)
{
	return (struct explain_place){ .gpa = gpa,
				       .in_slot = true,
				       .hva = HVA + gpa,
				       .present = true,
				       .page_bytes = page_bytes,
				       .frame_known = true,
				       .frame = gpa };
}

static void fill_walk(struct explain_walk *walk, uint64_t leaf_bytes, uint64_t page_bytes, uint64_t bits)
{
	uint32_t levels = x.mode.levels - (leaf_bytes == PAGE_1G ? 2 : leaf_bytes == PAGE_2M ? 1 : 0);

	*walk = (struct explain_walk){ .taken = true };
	walk->walk.step_count = levels;
	walk->walk.leaf_bytes = leaf_bytes;
	walk->walk.pa = DATA_GPA;
	walk->data = place_at(DATA_GPA, page_bytes);
	LOOP (uint32_t, i, 0, i < levels, i++) {
		walk->walk.steps[i].level = x.mode.levels - i;
		walk->walk.steps[i].entry = PTE_PRESENT | bits;
		walk->places[i] = place_at(TABLE_POOL_GPA + i * PAGE_4K, page_bytes);
	}
}

/* An address that was read and written, on a host where all is as asked. */
static void make(const char *second, uint32_t guest_levels, uint32_t host_levels, uint64_t guest_bytes,
		 uint64_t page_bytes)
{
	x = (struct explanation){
		.touched = true,
		.mode.levels = guest_levels,
		.guest_page_bytes = guest_bytes,
		.backing_page_bytes = page_bytes,
		.host_levels = host_levels,
		.translate = { .asked = true, .valid = true, .gpa = DATA_GPA, .agrees = true },
		.leaves_4k = 9,
		.leaves_2m = 9,
		.leaves_1g = 9
	};
	x.second_dimension = second_dimension_find(second);
	fill_walk(&x.walks[EXPLAIN_BEFORE], guest_bytes, page_bytes, 0);
	fill_walk(&x.walks[EXPLAIN_AFTER_READ], guest_bytes, page_bytes, PTE_ACCESSED);
	fill_walk(&x.walks[EXPLAIN_AFTER_WRITE], guest_bytes, page_bytes, PTE_ACCESSED | PTE_DIRTY);
}

static bool has_note(const char *words)
{
	LOOP (uint32_t, i, 0, i < x.note_count, i++) {
		if (strstr(x.notes[i], words) != NULL)
			return true;
	}
	return false;
}

static void derive(void)
{
	explain_derive(&map, "N", &x);
}

/* Of one miss; 0: not known, or there is no translation. */
static uint32_t references(void)
{
	return x.references.complete ? x.references.count : 0;
}

TEST(references_are_those_of_the_literature)
{
	static const uint32_t expected[6][6] = {
		{ 24, 19, 14, 29, 24, 19 }, { 19, 15, 11, 23, 19, 15 }, { 14, 11, 8, 17, 14, 11 },
		{ 29, 23, 17, 35, 29, 23 }, { 24, 19, 14, 29, 24, 19 }, { 19, 15, 11, 23, 19, 15 },
	};

	LOOP (uint32_t, row, 0, row < 6, row++) {
		LOOP (uint32_t, column, 0, column < 6, column++) {
			make(column % 2 ? "ept" : "npt", row < 3 ? 4 : 5, column < 3 ? 4 : 5, sizes[row % 3],
			     sizes[column % 3]);
			derive();
			assert_int_equal(x.kind, WALK_NESTED);
			assert_int_equal(references(), expected[row][column]);
			assert_int_equal(x.walks[2].data.host_leaf_bytes, sizes[column % 3]);
			assert_int_equal(x.walks[2].data.host_entries, (column < 3 ? 4 : 5) - column % 3);
			assert_int_equal(x.note_count, 0);
		}
	}
}

TEST(the_shadow_leaf_is_the_smaller_page)
{
	LOOP (uint32_t, guest, 0, guest < 3, guest++) {
		LOOP (uint32_t, host, 0, host < 3, host++) {
			make("shadow", 4, 0, sizes[guest], sizes[host]);
			derive();
			assert_int_equal(x.kind, WALK_SHADOW);
			assert_int_equal(x.shadow_leaf_bytes, min_u64(sizes[guest], sizes[host]));
			assert_int_equal(references(), 4 - (guest < host ? guest : host));
			assert_int_equal(x.walks[2].data.host_entries, 0);
			assert_int_equal(x.walks[2].data.host_leaf_bytes, 0);
			assert_int_equal(x.note_count, 0);
		}
	}
}

/* As any leaf of KVM's: it fits its slot, and KVM has to count one of its size. The guest's leaf alone is no reason for a note. */
TEST(the_shadow_leaf_is_one_that_kvm_can_have)
{
	make("shadow", 4, 0, PAGE_2M, PAGE_2M);
	x.walks[2].data.hva += PAGE_4K;
	derive();
	assert_int_equal(x.shadow_leaf_bytes, PAGE_4K);
	assert_int_equal(references(), 4);
	assert_true(has_note("fits its memory slot"));
	make("shadow", 4, 0, PAGE_1G, PAGE_1G);
	x.leaves_1g = 0;
	derive();
	assert_int_equal(x.shadow_leaf_bytes, PAGE_2M);
	assert_true(has_note("KVM counts no leaf of that size"));
	make("shadow", 4, 0, PAGE_4K, PAGE_2M);
	x.leaves_2m = x.leaves_1g = 0;
	derive();
	assert_int_equal(x.shadow_leaf_bytes, PAGE_4K);
	assert_int_equal(x.note_count, 0);
}

/* Boot tables map more than there is memory: what lies there is no page that a first access would bring in. */
TEST(an_address_without_memory_is_no_absent_page)
{
	static const char *const seconds[] = { "npt", "shadow" };

	LOOP (uint32_t, i, 0, i < 2, i++) {
		make(seconds[i], 4, 4, PAGE_2M, PAGE_4K);
		x.touched = false;
		x.walks[1].taken = x.walks[2].taken = false;
		x.walks[0].data = (struct explain_place){ .gpa = DATA_GPA };
		derive();
		assert_int_equal(references(), 0);
		assert_true(has_note("MMIO"));
		assert_int_equal(x.note_count, 1);
	}
}

TEST(mixed_pages_are_added_up)
{
	make("npt", 4, 4, PAGE_4K, PAGE_2M);
	x.walks[2].places[1].page_bytes = PAGE_4K;
	derive();
	assert_int_equal(references(), 20);
}

/* One unknown makes the sum unknown, and nothing else. */
TEST(unknown_stays_unknown)
{
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	x.walks[2].places[3].page_bytes = 0;
	derive();
	assert_int_equal(references(), 0);
	assert_int_equal(x.walks[2].data.host_entries, 4);
	make("ept", 4, 0, PAGE_4K, PAGE_4K);
	derive();
	assert_int_equal(references(), 0);
	assert_true(has_note("levels of the second dimension"));
	make("unknown", 4, 0, PAGE_4K, PAGE_4K);
	derive();
	assert_int_equal(references(), 0);
	assert_true(has_note("does not say"));
	make("shadow", 4, 0, PAGE_4K, PAGE_4K);
	x.walks[2].data.page_bytes = 0;
	derive();
	assert_int_equal(x.shadow_leaf_bytes, 0);
	assert_int_equal(references(), 0);
	assert_true(has_note("size of the host's page is not known"));
}

TEST(a_fault_has_no_references)
{
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	x.touched = false;
	x.walks[1].taken = x.walks[2].taken = false;
	x.walks[0].walk.fault = PAGE_FAULT_NOT_PRESENT;
	x.walks[0].walk.step_count = 2;
	x.translate.valid = false;
	derive();
	assert_int_equal(references(), 0);
	assert_int_equal(x.walks[0].places[1].host_entries, 4);
	assert_int_equal(x.note_count, 0);
}

/* KVM counts no leaf of the size of the host's pages: it has smaller ones, whatever the reason. */
TEST(counts_overrule_the_hosts_pages)
{
	make("ept", 4, 4, PAGE_2M, PAGE_2M);
	x.leaves_2m = x.leaves_1g = 0;
	derive();
	assert_int_equal(references(), 19);
	assert_true(has_note("KVM counts no leaf of that size"));
	assert_int_equal(x.note_count, 1);
	make("ept", 4, 4, PAGE_2M, PAGE_1G);
	x.leaves_1g = 0;
	derive();
	assert_int_equal(references(), 15);
	/* Not known is not none. */
	make("ept", 4, 4, PAGE_2M, PAGE_1G);
	x.leaves_4k = x.leaves_2m = x.leaves_1g = -1;
	derive();
	assert_int_equal(references(), 11);
	assert_int_equal(x.note_count, 0);
}

/* A large leaf that would reach beyond its slot, or whose addresses are not congruent, there is not. */
TEST(a_leaf_fits_its_slot)
{
	const struct memmap small = { .range_count = 1, .ranges = { { .bytes = 2 * GIB + 64 * MIB } } };

	make("npt", 4, 4, PAGE_4K, PAGE_1G);
	explain_derive(&small, "N", &x);
	assert_int_equal(x.walks[2].data.host_leaf_bytes, PAGE_2M);
	assert_int_equal(x.walks[2].places[0].host_leaf_bytes, PAGE_1G);
	assert_true(has_note("fits its memory slot"));
	make("npt", 4, 4, PAGE_4K, PAGE_2M);
	x.walks[2].data.hva += PAGE_4K;
	derive();
	assert_int_equal(x.walks[2].data.host_leaf_bytes, PAGE_4K);
}

TEST(disagreements_are_told)
{
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	x.translate.agrees = false;
	x.translate.gpa = 0x777;
	derive();
	assert_true(has_note("KVM_TRANSLATE says GPA 0x777"));
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	x.translate = (struct explain_translate){ .asked = true };
	derive();
	assert_true(has_note("KVM_TRANSLATE finds no translation"));
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	x.guest_page_bytes = PAGE_2M;
	x.backing_page_bytes = PAGE_2M;
	derive();
	assert_true(has_note("asked for guest pages of 2M, but the guest's leaf here is 4K"));
	assert_true(has_note("asked for backing pages of 2M, but the host's page here is 4K"));
}

TEST(bits_that_stay_clear_are_told)
{
	make("shadow", 4, 0, PAGE_4K, PAGE_4K);
	x.walks[1].walk.steps[3].entry &= ~PTE_ACCESSED;
	x.walks[2].walk.steps[3].entry &= ~PTE_DIRTY;
	derive();
	assert_true(has_note("A bit is still clear"));
	assert_true(has_note("D bit is still clear"));
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	x.walks[1].data.frame += PAGE_4K;
	derive();
	assert_false(has_note("page of zeros"));
	assert_true(has_note("the kernel moved or copied it"));
	(void)snprintf(x.backing, sizeof(x.backing), "anon");
	derive();
	assert_true(has_note("page of zeros"));
}

/* The 1G page from 0 on holds image and tables; one of 2M under the tables alone holds no code. */
TEST(split_pages_are_told_where_there_is_code)
{
	make("ept", 4, 4, PAGE_4K, PAGE_1G);
	explain_derive(&map, "Y", &x);
	assert_true(has_note("nx_huge_pages=Y"));
	make("ept", 4, 4, PAGE_4K, PAGE_2M);
	explain_derive(&map, "Y", &x);
	assert_false(has_note("nx_huge_pages=Y"));
}

TEST(notes_are_few_and_different)
{
	make("ept", 4, 4, PAGE_4K, PAGE_4K);
	LOOP (int, i, 0, i < 20, i++)
		explain_note(&x, "note %d", i / 2);
	assert_int_equal(x.note_count, 8);
	assert_string_equal(x.notes[7], "note 7");
}
