/*
 * Every window shows the slice's bytes through tables with the leaf it is named after, the walks through all of them are
 * the same, and a window that shows anything else is found out. It could break by an entry at the wrong level, by a base
 * that is off by the view's shift, by tables that run into the lines, by a packed cycle that is another one, or by an
 * address space that outlives its step. Paging is done by software: what the tables say is mapped for real.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "abi.h"
#include "guest/driver/table.h"
#include "layout.h"
#include "lines.h"
#include "twin.h"
#include "units.h"
#include "workload.h"
#include "x86.h"

#define ADDRESS_MASK UINT64_C(0x000ffffffffff000)
#define ARENA_GPA (12 * PAGE_2M)
#define ARENA_BYTES PAGE_2M
#define SET_PAGES 70

static int arena_fd;
static unsigned char *arena;
static uint64_t pml4[512] __attribute__((aligned(4096)));
static uint64_t loaded_gpa;   /* the software's CR3 */
static bool has_1g;           /* what its CPUID says */
static uint32_t wrong_window; /* shows the page before the right one; TWIN_WINDOWS: none does */

static struct platform software;

/* What the tables below root say of gva: a GPA, and the leaf it was found by; 0: nothing is mapped. */
static uint64_t translate(const uint64_t *root, uint64_t gva, uint64_t *leaf_bytes)
{
	const uint64_t *table = root;

	for (uint32_t shift = 39;; shift -= 9) {
		uint64_t entry = table[gva >> shift & 511], gpa = entry & ADDRESS_MASK;

		if ((entry & (PTE_PRESENT | PTE_USER | PTE_WRITE)) != (PTE_PRESENT | PTE_USER | PTE_WRITE))
			return 0;
		if (shift == 12 || (entry & PTE_LEAF) != 0) {
			*leaf_bytes = UINT64_C(1) << shift;
			assert_true(shift < 39 && is_aligned(gpa, *leaf_bytes));
			/* A host with shadow paging would map neighbours of what was accessed. */
			assert_int_equal(entry & (PTE_ACCESSED | PTE_DIRTY), 0);
			return gpa + gva % *leaf_bytes;
		}
		assert_true(gpa >= ARENA_GPA + SET_PAGES * PAGE_4K && gpa < ARENA_GPA + ARENA_BYTES);
		table = (const uint64_t *)(void *)(arena + (gpa - ARENA_GPA));
	}
}

static const struct memory_view *view_of(uint32_t window)
{
	for (uint32_t i = 0; i < software.view_count; i++) {
		if (software.views[i].leaf_bytes == twin_host_leaf(window))
			return &software.views[i];
	}
	return NULL;
}

static void map_window(const uint64_t *root, uint32_t window, bool mapped)
{
	const struct memory_view *view = view_of(window);
	uint64_t pages = SET_PAGES + twin_packed_bytes(SET_PAGES * PAGE_4K) / PAGE_4K;

	LOOP (uint64_t, page, 0, page < pages, page++) {
		uint64_t gva = WINDOW_GVA + window * 512 * PAGE_1G + view->gpa % PAGE_1G + page * PAGE_4K;
		uint64_t leaf_bytes = 0, offset = translate(root, gva, &leaf_bytes) - view->gpa;
		void *at = (void *)(uintptr_t)gva;

		assert_int_equal(leaf_bytes, twin_guest_leaf(window));
		assert_int_equal(offset, page * PAGE_4K);
		if (window == wrong_window && page == 1)
			offset = 0;
		if (mapped)
			assert_ptr_equal(
				mmap(at, PAGE_4K, PROT_READ, MAP_SHARED | MAP_FIXED, arena_fd, (off_t)offset),
				at);
		else
			assert_int_equal(munmap(at, PAGE_4K), 0);
	}
}

static void map_windows(uint64_t root_gpa, bool mapped)
{
	const uint64_t *root = (const uint64_t *)(void *)(arena + (root_gpa - ARENA_GPA));

	assert_true(root[0] == pml4[0] && root[2] == pml4[2]);
	LOOP (uint32_t, window, 0, window < TWIN_WINDOWS, window++) {
		bool here = view_of(window) != NULL && (has_1g || twin_guest_leaf(window) < PAGE_1G);

		if (here)
			map_window(root, window, mapped);
		else
			assert_int_equal(root[WINDOW_GVA / PAGE_1G / 512 + window], 0);
	}
}

/* Ring 0 of the software: asked for the CPU's features, the argument is 0; else it is the address of a root's GPA. */
static void ring0(void (*body)(void *), void *argument)
{
	uint64_t gpa = *(uint64_t *)argument;

	assert_non_null(body);
	if (gpa == 0) {
		*(uint64_t *)argument = has_1g;
		return;
	}
	map_windows(gpa != (uint64_t)(uintptr_t)pml4 ? gpa : loaded_gpa, gpa != (uint64_t)(uintptr_t)pml4);
	loaded_gpa = gpa;
}

static struct workload_ctx make_ctx(void)
{
	return (struct workload_ctx){
		.slice = arena,
		.arena = arena,
		.slice_bytes = ARENA_BYTES,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = SET_PAGES * PAGE_4K,
		.platform = &software,
		.accesses = 100,
		.seed = 3,
		.vcpus = 1,
		.repeat = 1,
	};
}

/* A backing with pages of leaf size number `largest`. */
static void start_platform(uint32_t largest)
{
	static const uint64_t shifts[] = { PAGE_4K, PAGE_2M, 0 };

	software = (struct platform){ .privileged = ring0, .pml4 = pml4, .arena_gpa = ARENA_GPA };
	for (uint32_t leaf = largest + 1; leaf-- > 0;)
		software.views[software.view_count++] =
			(struct memory_view){ twin_leaf_bytes(leaf),
					      (16 + 8 * leaf) * PAGE_1G + ARENA_GPA - shifts[leaf] };
	has_1g = true;
	wrong_window = TWIN_WINDOWS;
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

static const struct workload_ops *const ops = &workload_twin;

static int run_part(struct workload_ctx *ctx, uint32_t part)
{
	const struct workload_part *p = &ops->part[part];

	ctx->variant = p->variant;
	ctx->unavailable = AVAILABLE;
	assert_int_equal(p->setup(ctx), 0);
	for (uint32_t i = 0; ctx->unavailable == AVAILABLE && i < (p->max_samples != 0 ? 1 : ctx->repeat);
	     i++)
		(void)p->sample(ctx);
	return ops->check(ctx);
}

static void prepared(struct workload_ctx *ctx)
{
	if (ops->prepare(ctx) != 0 || ops->verify(ctx) != 0)
		fail_msg("%s", ctx->failure);
}

static void finished(struct workload_ctx *ctx)
{
	ops->finish(ctx);
	ops->finish(ctx);
	assert_int_equal(loaded_gpa, (uint64_t)(uintptr_t)pml4);
	/* KVM that shadows the tables sees them overwritten, and stops watching them. */
	LOOP (uint64_t, i, ARENA_BYTES - twin_tables_bytes(ctx->working_set_bytes), i < ARENA_BYTES, i++)
		assert_int_equal(arena[i], 0);
}

TEST(all_windows_walk_the_same_lines)
{
	LOOP (uint32_t, largest, 0, largest < TWIN_LEAVES, largest++) {
		uint32_t windows = 0, entries[TWIN_ENTRIES];
		struct workload_ctx ctx = make_ctx();
		uint64_t content = 0;

		start_platform(largest);
		has_1g = largest != 1;
		prepared(&ctx);
		assert_int_equal(ctx.accesses, 112);
		LOOP (uint32_t, part, 0, part < TWIN_WINDOWS, part++) {
			assert_int_equal(run_part(&ctx, part), 0);
			assert_int_equal(ops->part[part].variant, VARIANT_FIRST_4K_4K + part);
			if (view_of(part) == NULL) {
				assert_int_equal(ctx.unavailable, UNAVAILABLE_VIEW);
			} else if (!has_1g && twin_guest_leaf(part) == PAGE_1G) {
				assert_int_equal(ctx.unavailable, UNAVAILABLE_1G_PAGES);
			} else {
				windows |= 1U << part;
				assert_int_equal(ctx.accesses, SET_PAGES);
				assert_true(content == 0 || ctx.checksum == content);
				content = ctx.checksum;
			}
		}
		assert_int_equal(__builtin_popcount(windows), (largest + 1) * (has_1g ? 3 : 2));
		assert_int_equal(ctx.repeat, twin_entries(windows, entries) * TWIN_BLOCKS_A_REPEAT);
		assert_true(ctx.repeat <= ops->part[TWIN_WINDOWS].samples_a_repeat);
		assert_int_equal(run_part(&ctx, TWIN_WINDOWS), 0);
		assert_int_equal(ctx.accesses, 112);
		assert_int_not_equal(ctx.checksum, content);
		finished(&ctx);
	}
}

/* Once at the first contact; and where that is kept from seeing it, at the end of a walk. */
TEST(a_window_that_shows_something_else_is_refused)
{
	start_platform(2);
	LOOP (uint32_t, window, 0, window < TWIN_WINDOWS, window++) {
		struct workload_ctx ctx = make_ctx();

		wrong_window = window;
		prepared(&ctx);
		LOOP (uint32_t, part, 0, part < TWIN_WINDOWS, part++)
			assert_int_equal(run_part(&ctx, part), part == window ? -1 : 0);
		assert_int_equal(run_part(&ctx, TWIN_WINDOWS), -1);
		assert_non_null(ctx.failure);
		finished(&ctx);
	}
	wrong_window = TWIN_WINDOWS;
}

TEST(what_cannot_be_is_refused)
{
	const struct platform native = { 0 };
	struct workload_ctx ctx = make_ctx();

	start_platform(1);
	ctx.platform = &native;
	assert_int_equal(ops->prepare(&ctx), -1);
	ctx = make_ctx();
	ctx.vcpus = 2;
	assert_int_equal(ops->prepare(&ctx), -1);
	ctx = make_ctx();
	ctx.slice_bytes = ctx.working_set_bytes + twin_extra_bytes(ctx.working_set_bytes) - PAGE_4K;
	assert_int_equal(ops->prepare(&ctx), -1);
	ctx = make_ctx();
	ctx.accesses = UINT64_MAX;
	assert_int_equal(ops->prepare(&ctx), -1);
	ctx = make_ctx();
	software.view_count = 0;
	assert_int_equal(ops->prepare(&ctx), -1);
	ops->finish(&ctx);
}

TEST(a_damaged_cycle_is_refused)
{
	struct workload_ctx ctx = make_ctx();

	start_platform(0);
	assert_int_equal(ops->prepare(&ctx), 0);
	memcpy(arena + line_of_page_bytes(3), arena + line_of_page_bytes(4), sizeof(uint64_t));
	assert_int_equal(ops->verify(&ctx), -1);
	ops->finish(&ctx);
}

/* A block is each entry once, blocks differ, and no place is preferred. */
TEST(blocks_are_complete_and_shuffled)
{
	uint32_t seen[TWIN_ENTRIES][TWIN_ENTRIES] = { { 0 } };
	const uint32_t blocks = 11000;

	LOOP (uint64_t, block, 0, block < blocks, block++) {
		uint32_t entries[TWIN_ENTRIES], all = 0;

		assert_int_equal(twin_entries((1U << TWIN_WINDOWS) - 1, entries), TWIN_ENTRIES);
		twin_shuffle(7, block, entries, TWIN_ENTRIES);
		for (uint32_t i = 0; i < TWIN_ENTRIES; i++) {
			all |= 1U << entries[i];
			seen[i][entries[i]]++;
		}
		assert_int_equal(all, (1U << TWIN_ENTRIES) - 1);
	}
	/* Each 1000 times but for chance: five standard deviations. */
	for (uint32_t i = 0; i < TWIN_ENTRIES * TWIN_ENTRIES; i++)
		assert_in_range(seen[i / TWIN_ENTRIES][i % TWIN_ENTRIES], 850, 1150);
}

TEST_GROUP(set_up, tear_down)
