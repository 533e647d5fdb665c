/*
 * The window shows one leaf at every address, the rest of the address space stays as it was, and the way back is always
 * taken. It could break by an entry at the wrong level, by tables that overlap what they map, by a leaf that is not the
 * slice's, or by an address space that outlives its step. Here the paging is done by software: what the tables say is
 * mapped for real, so the walks run as they do in a guest.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "guest/workloads/walk.h"
#include "guest/workloads/window.h"
#include "layout.h"
#include "units.h"
#include "workload.h"
#include "x86.h"

#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define ARENA_GPA (3 * PAGE_2M)
#define ARENA_BYTES (4 * PAGE_2M)

static int arena_fd;
static unsigned char *arena;
static uint64_t pml4[512] __attribute__((aligned(4096)));
static uint64_t loaded_gpa; /* the software's CR3 */
static uint32_t loads;

/* What the tables below root say of gva: a GPA, or UINT64_MAX. Tables and data lie in the arena. */
static uint64_t translate(const uint64_t *root, uint64_t gva, uint64_t *leaf_bytes)
{
	const uint64_t *table = root;
	uint32_t shift = 39;

	for (;; shift -= 9) {
		uint64_t entry = table[gva >> shift & 511], gpa = entry & ADDRESS_MASK;
		uint64_t all = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;

		if ((entry & all) != all)
			return UINT64_MAX;
		if (shift == 12 || (entry & PTE_LEAF) != 0) {
			assert_true(shift != 39 && (shift == 12) == ((entry & PTE_LEAF) == 0));
			assert_true((entry & PTE_DIRTY) != 0);
			*leaf_bytes = UINT64_C(1) << shift;
			assert_true(is_aligned(gpa, *leaf_bytes));
			return gpa + gva % *leaf_bytes;
		}
		assert_true(gpa >= ARENA_GPA && gpa < ARENA_GPA + ARENA_BYTES);
		table = (const uint64_t *)(void *)(arena + (gpa - ARENA_GPA));
	}
}

/* Map by hand the pages of the window that n lines of a stride need. */
static uint64_t wanted_pages, wanted_stride_bytes, wanted_spread_bytes, wanted_leaf_bytes, wanted_slice_gpa;

static void map_window(const uint64_t *root, bool mapped)
{
	LOOP (uint64_t, i, 0, i < wanted_pages, i++) {
		uint64_t gva = WINDOW_GVA + i * wanted_stride_bytes + i % 512 * wanted_spread_bytes;
		uint64_t leaf_bytes = 0, gpa;
		void *at;

		gva += wanted_slice_gpa % wanted_leaf_bytes;
		gpa = translate(root, gva, &leaf_bytes);
		assert_int_equal(leaf_bytes, wanted_leaf_bytes);
		assert_true(gpa >= ARENA_GPA && gpa < ARENA_GPA + ARENA_BYTES);
		at = (void *)(uintptr_t)gva;
		if (mapped)
			assert_ptr_equal(mmap(at, PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
					      arena_fd, (off_t)(gpa - ARENA_GPA)),
					 at);
		else
			assert_int_equal(munmap(at, PAGE_4K), 0);
	}
}

/* Ring 0 of the software: the argument is the address of the root's GPA; the body itself would fault here. */
static void load_root(void (*body)(void *), void *argument)
{
	uint64_t gpa = *(uint64_t *)argument;

	assert_non_null(body);
	loads++;
	if (gpa != (uint64_t)(uintptr_t)pml4) {
		assert_true(gpa >= ARENA_GPA && gpa < ARENA_GPA + ARENA_BYTES && is_aligned(gpa, PAGE_4K));
		map_window((const uint64_t *)(void *)(arena + (gpa - ARENA_GPA)), true);
	} else if (loaded_gpa != 0 && loaded_gpa != gpa) {
		map_window((const uint64_t *)(void *)(arena + (loaded_gpa - ARENA_GPA)), false);
	}
	loaded_gpa = gpa;
}

static const struct platform software = { .privileged = load_root, .pml4 = pml4, .arena_gpa = ARENA_GPA };

static struct workload_ctx make_ctx(uint64_t leaf_bytes, uint64_t pages, uint64_t stride_bytes)
{
	return (struct workload_ctx){
		.slice = arena,
		.arena = arena,
		.slice_bytes = ARENA_BYTES,
		.leaf_bytes = leaf_bytes,
		.working_set_bytes = pages * PAGE_4K,
		.stride_bytes = stride_bytes,
		.platform = &software,
		.seed = 3,
		.vcpus = 1,
		.repeat = 1,
	};
}

static void want(uint64_t leaf_bytes, uint64_t pages, uint64_t stride_bytes, uint64_t spread_bytes)
{
	wanted_leaf_bytes = leaf_bytes;
	wanted_pages = pages;
	wanted_stride_bytes = stride_bytes;
	wanted_spread_bytes = spread_bytes;
	wanted_slice_gpa = ARENA_GPA;
	loads = 0;
}

/* KVM that shadows them sees them overwritten, and stops watching them. */
static void tables_are_memory_again(void)
{
	LOOP (uint64_t, i, ARENA_BYTES - WINDOW_TABLES_BYTES, i < ARENA_BYTES, i++)
		assert_int_equal(arena[i], 0);
}

static int set_up(void **state)
{
	(void)state;
	arena_fd = memfd_create("arena", MFD_CLOEXEC);
	if (arena_fd < 0 || ftruncate(arena_fd, ARENA_BYTES) != 0)
		return -1;
	arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, arena_fd, 0);
	pml4[0] = 0x1234007;
	pml4[2] = 0x5678007;
	loaded_gpa = (uint64_t)(uintptr_t)pml4;
	return arena != MAP_FAILED ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(arena, ARENA_BYTES) != 0 || close(arena_fd) != 0;
}

TEST(every_address_is_the_leaf)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	uint64_t *tables = (uint64_t *)(void *)arena;
	uint64_t rng = 1;

	LOOP (size_t, l, 0, l < 3, l++) {
		uint64_t leaf_gpa = 7 * PAGE_1G;

		memset(arena, 0xff, WINDOW_TABLES_BYTES + PAGE_4K);
		window_build(tables, ARENA_GPA, leaf_gpa, leaves[l], pml4);
		LOOP (uint32_t, i, 0, i < 2000, i++) {
			uint64_t leaf_bytes = 0, gva;

			rng = rng * UINT64_C(6364136223846793005) + 1442695040888963407;
			gva = WINDOW_GVA + rng % WINDOW_BYTES;
			assert_int_equal(translate(tables, gva, &leaf_bytes), leaf_gpa + gva % leaves[l]);
			assert_int_equal(leaf_bytes, leaves[l]);
		}
		/* Everything else is the guest's, and nothing behind the tables was written. */
		LOOP (uint64_t, slot, 0, slot < 512, slot++) {
			bool inside = slot >= WINDOW_GVA >> 39 && slot < (WINDOW_GVA + WINDOW_BYTES) >> 39;

			assert_true(inside || tables[slot] == pml4[slot]);
		}
		assert_int_equal(arena[WINDOW_TABLES_BYTES], 0xff);
	}
}

TEST(alias_loads_one_page_at_every_stride)
{
	static const struct {
		uint64_t leaf_bytes, pages, stride_bytes, spread_bytes;
	} cases[] = {
		{ PAGE_4K, 600, PAGE_4K, 0 },
		{ PAGE_4K, 600, PAGE_2M, PAGE_4K },
		{ PAGE_4K, 600, PAGE_1G, PAGE_2M + PAGE_4K },
		{ PAGE_4K, 192, 512 * PAGE_1G, PAGE_1G + PAGE_2M + PAGE_4K },
		{ PAGE_2M, 100, PAGE_2M, 0 },
		{ PAGE_2M, 100, PAGE_1G, PAGE_2M },
		{ PAGE_2M, 192, 512 * PAGE_1G, PAGE_1G + PAGE_2M },
	};

	EACH (c, cases) {
		struct workload_ctx ctx =
			make_ctx(cases[c].leaf_bytes, cases[c].pages, cases[c].stride_bytes);

		want(cases[c].leaf_bytes, cases[c].pages, cases[c].stride_bytes, cases[c].spread_bytes);
		assert_int_equal(workload_alias.prepare(&ctx), 0);
		assert_int_equal(loads, 1);
		assert_int_equal(ctx.pages, cases[c].pages);
		assert_int_equal(workload_alias.verify(&ctx), 0);
		(void)workload_alias.part[0].sample(&ctx);
		assert_int_equal(workload_alias.check(&ctx), 0);
		workload_alias.finish(&ctx);
		workload_alias.finish(&ctx);
		tables_are_memory_again();
		assert_int_equal(loads, 2);
		assert_ptr_equal((void *)(uintptr_t)loaded_gpa, pml4);
	}
}

/* vCPUs that share a leaf: the slice begins somewhere inside it, and so does the window. */
TEST(slice_may_begin_inside_a_leaf)
{
	struct workload_ctx ctx = make_ctx(PAGE_2M, 64, PAGE_2M);

	want(PAGE_2M, 64, PAGE_2M, 0);
	wanted_slice_gpa = ARENA_GPA + PAGE_2M + 33 * PAGE_4K;
	ctx.slice = arena + PAGE_2M + 33 * PAGE_4K;
	ctx.slice_bytes = 64 * PAGE_4K;
	assert_int_equal(workload_alias.prepare(&ctx), 0);
	assert_int_equal(workload_alias.verify(&ctx), 0);
	workload_alias.finish(&ctx);
}

/* The control: as many loads of each line, by changing addresses, on a few pages. */
TEST(control_stays_on_few_pages)
{
	static const struct workload_ops *const both[] = { &workload_alias, &workload_tlb_probe };

	LOOP (size_t, w, 0, w < 2, w++) {
		struct workload_ctx ctx = make_ctx(PAGE_4K, 256, CACHE_LINE_BYTES);
		uint64_t last[16] = { 0 };

		want(PAGE_4K, 8, PAGE_4K, 0);
		assert_int_equal(both[w]->prepare(&ctx), 0);
		assert_int_equal(ctx.pages, 256);
		LOOP (uint64_t, turn, 0, turn < 256, turn++) {
			uint64_t gva = (uint64_t)(uintptr_t)walk_at(&ctx, turn);
			uint64_t line = gva % PAGE_4K / CACHE_LINE_BYTES;

			assert_true(gva - WINDOW_GVA < 8 * PAGE_4K && line < 16);
			assert_true(last[line] != gva);
			last[line] = gva;
		}
		assert_int_equal(both[w]->verify(&ctx), 0);
		(void)both[w]->part[0].sample(&ctx);
		assert_int_equal(both[w]->check(&ctx), 0);
		both[w]->finish(&ctx);
	}
}

/* In a guest a probe goes through the window from the guest's page on, and through the slice inside one. */
TEST(probe_chooses_window_or_slice)
{
	struct workload_ctx outside = make_ctx(PAGE_2M, 64, 4 * PAGE_2M);
	struct workload_ctx inside = make_ctx(PAGE_2M, 64, PAGE_4K);

	want(PAGE_2M, 64, 4 * PAGE_2M, 0);
	assert_int_equal(workload_tlb_probe.prepare(&outside), 0);
	assert_int_equal(loads, 1);
	assert_true((uint64_t)(uintptr_t)walk_at(&outside, 0) >= WINDOW_GVA);
	assert_int_equal(workload_tlb_probe.verify(&outside), 0);
	workload_tlb_probe.finish(&outside);
	assert_int_equal(loads, 2);
	assert_int_equal(workload_tlb_probe.prepare(&inside), 0);
	assert_int_equal(workload_tlb_probe.verify(&inside), 0);
	workload_tlb_probe.finish(&inside);
	assert_int_equal(loads, 2);
	assert_true(walk_at(&inside, 0) >= arena && walk_at(&inside, 0) < arena + ARENA_BYTES);
}

/* A page of the window that is other memory. */
TEST(wrong_mapping_is_noticed)
{
	struct workload_ctx ctx = make_ctx(PAGE_4K, 64, PAGE_4K);
	void *page = (void *)(uintptr_t)(WINDOW_GVA + 17 * PAGE_4K);

	want(PAGE_4K, 64, PAGE_4K, 0);
	assert_int_equal(workload_alias.prepare(&ctx), 0);
	assert_ptr_equal(
		mmap(page, PAGE_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		page);
	assert_int_equal(workload_alias.verify(&ctx), -1);
	assert_non_null(strstr(ctx.failure, "not all the same memory"));
	workload_alias.finish(&ctx);
	assert_ptr_equal((void *)(uintptr_t)loaded_gpa, pml4);
}

TEST(impossible_inputs_are_refused)
{
	static const struct {
		uint64_t leaf_bytes, pages, stride_bytes, slice_bytes;
	} inputs[] = {
		{ PAGE_4K, 0, PAGE_4K, ARENA_BYTES },
		{ PAGE_4K, 64, 2 * PAGE_4K, ARENA_BYTES },
		{ PAGE_4K, 64, 0, ARENA_BYTES },
		{ PAGE_2M, 64, PAGE_4K, ARENA_BYTES },
		{ PAGE_4K, 193, 512 * PAGE_1G, ARENA_BYTES },
		{ PAGE_4K, UINT64_C(1) << 40, PAGE_4K, ARENA_BYTES },
		{ PAGE_4K, UINT64_C(1) << 51, PAGE_1G, ARENA_BYTES },
		{ PAGE_4K, 4, PAGE_4K, 5 * PAGE_4K },
	};
	struct workload_ctx ctx = make_ctx(PAGE_4K, 4, PAGE_4K);
	struct platform native = { 0 };

	want(PAGE_4K, 4, PAGE_4K, 0);
	EACH (i, inputs) {
		ctx = make_ctx(inputs[i].leaf_bytes, inputs[i].pages, inputs[i].stride_bytes);
		ctx.slice_bytes = inputs[i].slice_bytes;
		assert_int_equal(workload_alias.prepare(&ctx), -1);
		assert_non_null(ctx.failure);
		workload_alias.finish(&ctx);
	}
	ctx = make_ctx(PAGE_4K, 4, PAGE_4K);
	ctx.platform = &native;
	assert_int_equal(workload_alias.prepare(&ctx), -1);
	ctx.platform = NULL;
	assert_int_equal(workload_alias.prepare(&ctx), -1);
	assert_int_equal(loads, 0);
	/* Opened, then refused: the way back is taken all the same. */
	ctx = make_ctx(PAGE_4K, 4, PAGE_4K);
	ctx.accesses = UINT64_MAX;
	assert_int_equal(workload_alias.prepare(&ctx), -1);
	workload_alias.finish(&ctx);
	assert_ptr_equal((void *)(uintptr_t)loaded_gpa, pml4);
	assert_int_equal(loads, 2);
}

TEST_GROUP(set_up, tear_down)
