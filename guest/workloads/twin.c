/*
 * twin: one random cycle over n lines, one in each of n pages, walked through every pair of leaves that guest and second
 * dimension can have here. The lines hold offsets, not addresses, so that all windows walk the very same bytes in the same
 * order by the same instruction; only what translates their addresses differs.
 *
 * The slice, from its start: the lines; as many packed 64 to a page, in the same cycle; at its end the page tables of an
 * address space of its own. Each window has a PML4 entry there, and addresses that are equal to its guest-physical ones
 * modulo 1 GiB. Everything is written through the arena: a part of its own meets the pages of each window first.
 */
#include "twin.h"

#include "abi.h"
#include "cpuid.h"
#include "cycle.h"
#include "layout.h"
#include "lines.h"
#include "privileged.h"
#include "random.h"
#include "refuse.h"
#include "tables.h"
#include "timing.h"
#include "units.h"
#include "x86.h"

#define UNROLL 16
/* Some tenths of a millisecond, or about one where loads miss the core's caches: what disturbs one leaves many others. */
#define ACCESSES_FEW_LINES (UINT64_C(1) << 16)
#define ACCESSES_MANY_LINES (UINT64_C(1) << 13)
#define FEW_LINES 4096

#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER)

/* What is kept between the parts, in ctx->own[]. */
struct twin {
	uint64_t windows;       /* a bit each: those that this machine has */
	uint64_t address_space; /* GPA of its PML4; 0: the guest's own is loaded */
	uint64_t content;       /* what reading all lines in the order of their pages comes to */
	uint64_t taken;         /* samples of the blocks */
	uint64_t block_start;   /* offset at which all entries of this block start */
	uint64_t block_end;     /* and where the first of them ended; LINES_NONE: none has */
	uint64_t damaged;       /* 1: some entry ended elsewhere */
	uint64_t accesses;      /* of a sample of the blocks */
};

_Static_assert(sizeof(struct twin) == sizeof(((struct workload_ctx *)0)->own), "it is kept there");
_Static_assert(TWIN_WINDOWS *TABLES_ENTRIES *PAGE_1G <= WINDOW_BYTES, "each window has a PML4 entry");
_Static_assert(WINDOW_GVA % (TABLES_ENTRIES * PAGE_1G) == 0, "which begin with the windows' addresses");
_Static_assert(VARIANT_FIRST_4K_4K + TWIN_WINDOWS == VARIANT_BLOCKS, "a first part for each window");

static struct twin *twin_of(struct workload_ctx *ctx)
{
	return (struct twin *)(void *)ctx->own;
}

static volatile uint64_t *line_at(const struct workload_ctx *ctx, uint64_t offset_bytes)
{
	return (volatile uint64_t *)(void *)(ctx->slice + offset_bytes);
}

/* Of the line of the cycle at that offset, in the packed cycle. */
static uint64_t packed_offset(const struct workload_ctx *ctx, uint64_t offset_bytes)
{
	return ctx->working_set_bytes + offset_bytes / PAGE_4K * CACHE_LINE_BYTES;
}

static const struct memory_view *view_of(const struct workload_ctx *ctx, uint32_t window)
{
	for (uint32_t i = 0; i < ctx->platform->view_count; i++) {
		if (ctx->platform->views[i].leaf_bytes == twin_host_leaf(window))
			return &ctx->platform->views[i];
	}
	return NULL;
}

/* Where the slice begins in a window: guest-physical, and as an address. */
static uint64_t window_gpa(const struct workload_ctx *ctx, uint32_t window)
{
	return view_of(ctx, window)->gpa + (uint64_t)(ctx->slice - ctx->arena);
}

static const unsigned char *window_base(const struct workload_ctx *ctx, uint32_t window)
{
	return (const unsigned char *)(uintptr_t)twin_window_gva(window, window_gpa(ctx, window));
}

/* Page tables at the end of the slice, taken from `next` on. */
struct pool {
	unsigned char *next, *end;
	uint64_t gpa_less_address; /* of any byte */
	uint64_t leaf_bytes;       /* of the window that is built */
	uint64_t gpa, end_gpa;     /* which it maps */
};

static uint64_t pool_gpa(const struct pool *pool, const uint64_t *table)
{
	return (uint64_t)(uintptr_t)table + pool->gpa_less_address;
}

/* NULL: there is no more. */
static uint64_t *pool_table(struct pool *pool)
{
	uint64_t *table = (uint64_t *)(void *)pool->next;

	if ((uint64_t)(pool->end - pool->next) < PAGE_4K)
		return NULL;
	pool->next += PAGE_4K;
	for (uint64_t i = 0; i < TABLES_ENTRIES; i++)
		table[i] = 0;
	return table;
}

/*
 * A table whose entries map span_bytes each from first_gpa on, as far as the window goes; three levels deep at most. A and
 * D are clear: a host with shadow paging that finds A set would map neighbours ahead of the touch. 0: no more memory.
 */
static uint64_t build(struct pool *pool, uint64_t first_gpa, uint64_t span_bytes)
{
	uint64_t *table = pool_table(pool);

	if (table == NULL)
		return 0;
	for (uint64_t i = 0; i < TABLES_ENTRIES; i++) {
		uint64_t at_gpa = first_gpa + i * span_bytes, below;

		if (at_gpa + span_bytes <= pool->gpa || at_gpa >= pool->end_gpa)
			continue;
		if (span_bytes == pool->leaf_bytes) {
			table[i] = at_gpa | TABLE_FLAGS | (span_bytes > PAGE_4K ? PTE_LEAF : 0);
			continue;
		}
		below = build(pool, at_gpa, span_bytes / TABLES_ENTRIES);
		if (below == 0)
			return 0;
		table[i] = below | TABLE_FLAGS;
	}
	return pool_gpa(pool, table);
}

static uint64_t *tables_start(const struct workload_ctx *ctx)
{
	return (uint64_t *)(void *)(ctx->slice + ctx->slice_bytes -
				    twin_tables_bytes(ctx->working_set_bytes));
}

static void load_cr3(void *root_gpa)
{
	cr3_write(*(const uint64_t *)root_gpa);
}

/* All windows in an address space that is else the guest's: 0, or -1 with failure. */
static int open_windows(struct workload_ctx *ctx)
{
	struct twin *twin = twin_of(ctx);
	uint64_t slice_gpa = ctx->platform->arena_gpa + (uint64_t)(ctx->slice - ctx->arena);
	struct pool pool = {
		.next = (unsigned char *)tables_start(ctx),
		.end = ctx->slice + ctx->slice_bytes,
		.gpa_less_address = slice_gpa - (uint64_t)(uintptr_t)ctx->slice,
	};
	uint64_t *pml4 = pool_table(&pool);

	for (uint64_t i = 0; pml4 != NULL && i < TABLES_ENTRIES; i++)
		pml4[i] = ctx->platform->pml4[i];
	for (uint32_t window = 0; window < TWIN_WINDOWS; window++) {
		uint64_t pdpt_gpa;

		if ((twin->windows >> window & 1) == 0)
			continue;
		pool.leaf_bytes = twin_guest_leaf(window);
		pool.gpa = window_gpa(ctx, window);
		pool.end_gpa = pool.gpa + ctx->working_set_bytes + twin_packed_bytes(ctx->working_set_bytes);
		pdpt_gpa = build(&pool, align_down(pool.gpa, PAGE_1G), PAGE_1G);
		if (pml4 == NULL || pdpt_gpa == 0)
			return refuse(ctx, "the page tables of the windows need more memory than reckoned");
		pml4[WINDOW_GVA / PAGE_1G / TABLES_ENTRIES + window] = pdpt_gpa | TABLE_FLAGS;
	}
	twin->address_space = pool_gpa(&pool, pml4);
	ctx->platform->privileged(load_cr3, &twin->address_space);
	return 0;
}

static void ask_1g_pages(void *answer)
{
	*(uint64_t *)answer = (cpuid_read(CPUID_EXT_FEATURES).edx & CPUID_EXT_EDX_PDPE1GB) != 0;
}

static const char *refusal(const struct workload_ctx *ctx)
{
	const struct platform *platform = ctx->platform;

	if (!tables_changeable(platform))
		return "an address space of its own needs a guest";
	if (platform->view_count == 0)
		return "this machine shows the arena through one memory slot only";
	if (ctx->vcpus != 1)
		return "windows of the same memory are for one vCPU";
	if (ctx->working_set_bytes < PAGE_4K || !is_aligned(ctx->slice_bytes, PAGE_4K) ||
	    ctx->slice_bytes < ctx->working_set_bytes ||
	    ctx->slice_bytes - ctx->working_set_bytes < twin_extra_bytes(ctx->working_set_bytes))
		return "this vCPU's part of the arena has no room for the windows' page tables";
	return NULL;
}

static uint32_t windows_here(const struct workload_ctx *ctx)
{
	uint64_t has_1g_pages = 0;
	uint32_t windows = 0;

	ctx->platform->privileged(ask_1g_pages, &has_1g_pages);
	for (uint32_t window = 0; window < TWIN_WINDOWS; window++) {
		if (view_of(ctx, window) != NULL && (twin_guest_leaf(window) < PAGE_1G || has_1g_pages))
			windows |= 1U << window;
	}
	return windows;
}

/* Sattolo's algorithm on the offsets, as cycle.c has it on addresses; then the same cycle over packed lines. */
static void write_cycles(struct workload_ctx *ctx)
{
	uint64_t state = ctx->seed;

	for (uint64_t i = 0; i < ctx->lines; i++)
		*line_at(ctx, line_of_page_bytes(i)) = line_of_page_bytes(i);
	for (uint64_t i = ctx->lines - 1; i > 0; i--) {
		volatile uint64_t *a = line_at(ctx, line_of_page_bytes(i));
		volatile uint64_t *b = line_at(ctx, line_of_page_bytes(random_below(&state, i)));
		uint64_t swap = *a;

		*a = *b;
		*b = swap;
	}
	for (uint64_t i = 0; i < ctx->lines; i++) {
		uint64_t at = line_of_page_bytes(i);

		*line_at(ctx, packed_offset(ctx, at)) = packed_offset(ctx, *line_at(ctx, at));
	}
}

static int twin_prepare(struct workload_ctx *ctx)
{
	struct twin *twin = twin_of(ctx);
	uint32_t entries[TWIN_ENTRIES], count;

	ctx->failure = refusal(ctx);
	if (ctx->failure != NULL)
		return -1;
	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (ctx->accesses == 0)
		ctx->accesses = ctx->lines <= FEW_LINES ? ACCESSES_FEW_LINES : ACCESSES_MANY_LINES;
	if (!checked_align_up(ctx->accesses, UNROLL, &ctx->accesses))
		return refuse(ctx, "the number of accesses a sample is too large");
	ctx->pages = ctx->pass_accesses = ctx->lines;
	twin->accesses = ctx->accesses;
	twin->windows = windows_here(ctx);
	if (twin->windows == 0)
		return refuse(ctx, "none of the views has leaves that this guest has");
	count = twin_entries((uint32_t)twin->windows, entries);
	ctx->repeat = count * twin_blocks(ctx->repeat, count, RESULT_MAX_SAMPLES);
	write_cycles(ctx);
	return 0;
}

/* What reading all lines through `base` in the order of their pages comes to. */
static uint64_t read_content(const unsigned char *base, uint64_t lines)
{
	uint64_t content = lines;

	for (uint64_t i = 0; i < lines; i++) {
		const unsigned char *line = base + line_of_page_bytes(i);

		content = random_mix(content ^ *(const volatile uint64_t *)(const void *)line);
	}
	return content;
}

/* One cycle over all lines, none of them anywhere else, and the packed one beside it; then the windows are opened. */
static int twin_verify(struct workload_ctx *ctx)
{
	struct twin *twin = twin_of(ctx);
	uint64_t offset = line_of_page_bytes(0);

	for (uint64_t step = 0; step < ctx->lines; step++) {
		uint64_t next = *line_at(ctx, offset);

		if ((step > 0 && offset == line_of_page_bytes(0)) || next / PAGE_4K >= ctx->lines ||
		    next != line_of_page_bytes(next / PAGE_4K))
			return refuse(ctx, "the pattern is not one cycle over all lines");
		if (*line_at(ctx, packed_offset(ctx, offset)) != packed_offset(ctx, next))
			return refuse(ctx, "the packed lines are not in the same cycle");
		offset = next;
	}
	if (offset != line_of_page_bytes(0))
		return refuse(ctx, "the pattern is not one cycle over all lines: it does not close");
	twin->content = ctx->checksum = read_content(ctx->slice, ctx->lines);
	twin->block_start = line_of_page_bytes(0);
	twin->block_end = LINES_NONE;
	return open_windows(ctx);
}

static uint32_t first_window(const struct workload_ctx *ctx)
{
	return (uint32_t)(ctx->variant - VARIANT_FIRST_4K_4K);
}

static int first_setup(struct workload_ctx *ctx)
{
	uint32_t window = first_window(ctx);

	ctx->accesses = ctx->lines;
	ctx->untimed_accesses = 0;
	if (view_of(ctx, window) == NULL)
		ctx->unavailable = UNAVAILABLE_VIEW;
	else if ((twin_of(ctx)->windows >> window & 1) == 0)
		ctx->unavailable = UNAVAILABLE_1G_PAGES;
	return 0;
}

static uint64_t first_sample(struct workload_ctx *ctx)
{
	const unsigned char *base = window_base(ctx, first_window(ctx));
	uint64_t start_cycles = tsc_read();

	ctx->checksum = read_content(base, ctx->lines);
	keep_value(ctx->checksum);
	return tsc_read() - start_cycles;
}

/* `rounds` times 16 loads, each of them the next one's offset. */
static inline uint64_t follow(const unsigned char *base, uint64_t offset, uint64_t rounds)
{
	if (rounds == 0)
		return offset;
	__asm__ volatile("1:\n\t.rept %c[unroll]\n\tmov\t(%[base],%[offset]), %[offset]\n\t.endr\n\t"
			 "dec\t%[rounds]\n\tjnz\t1b"
			 : [offset] "+&r"(offset), [rounds] "+&r"(rounds)
			 : [base] "r"(base), [unroll] "i"(UNROLL)
			 : "cc", "memory");
	return offset;
}

/* The first parts have met all pages of the lines; those of the packed lines are met here, through their window. */
static int blocks_setup(struct workload_ctx *ctx)
{
	const struct twin *twin = twin_of(ctx);
	const unsigned char *base = window_base(ctx, twin_largest((uint32_t)twin->windows));

	for (uint64_t at = 0; at < twin_packed_bytes(ctx->working_set_bytes); at += PAGE_4K)
		(void)*(const volatile unsigned char *)(base + ctx->working_set_bytes + at);
	ctx->accesses = twin->accesses;
	ctx->untimed_accesses = ctx->lines;
	ctx->checksum = random_mix(twin->content ^ ctx->accesses);
	return 0;
}

/* The entry of the block that sample number `taken` belongs to. */
static uint32_t entry_of(const struct workload_ctx *ctx, const struct twin *twin, uint32_t *count)
{
	uint32_t entries[TWIN_ENTRIES];

	*count = twin_entries((uint32_t)twin->windows, entries);
	twin_shuffle(ctx->seed, twin->taken / *count, entries, *count);
	return entries[twin->taken % *count];
}

/*
 * One pass over all lines to warm up what this window's translations are kept in, then the timed loads. All entries of a
 * block start at the same line, so that they differ in nothing else.
 */
static uint64_t blocks_sample(struct workload_ctx *ctx)
{
	struct twin *twin = twin_of(ctx);
	uint32_t count, entry = entry_of(ctx, twin, &count);
	bool is_packed = entry == TWIN_PACKED;
	uint32_t window = entry < TWIN_WINDOWS ? entry : twin_largest((uint32_t)twin->windows);
	const unsigned char *base = window_base(ctx, window);
	uint64_t start = is_packed ? packed_offset(ctx, twin->block_start) : twin->block_start;
	uint64_t offset = follow(base, start, ctx->lines / UNROLL), end;
	uint64_t start_cycles, end_cycles;

	for (uint64_t left = ctx->lines % UNROLL; left > 0; left--)
		offset = *(const volatile uint64_t *)(const void *)(base + offset);
	start_cycles = tsc_read();
	end = follow(base, offset, ctx->accesses / UNROLL);
	keep_value(end);
	end_cycles = tsc_read();

	twin->damaged |= offset != start;
	if (twin->block_end == LINES_NONE)
		twin->block_end =
			is_packed ? line_of_page_bytes((end - ctx->working_set_bytes) / CACHE_LINE_BYTES)
				  : end;
	twin->damaged |= end != (is_packed ? packed_offset(ctx, twin->block_end) : twin->block_end);
	if (++twin->taken % count == 0) {
		twin->block_start = twin->block_end;
		twin->block_end = LINES_NONE;
	}
	return end_cycles - start_cycles;
}

static int twin_check(struct workload_ctx *ctx)
{
	const struct twin *twin = twin_of(ctx);

	if (ctx->variant == VARIANT_BLOCKS)
		return twin->damaged == 0
			       ? 0
			       : refuse(ctx,
					"a walk through one window ended elsewhere than through another");
	if (ctx->checksum != twin->content)
		return refuse(ctx, "a window does not show what was written through the arena");
	return 0;
}

static void twin_finish(struct workload_ctx *ctx)
{
	struct twin *twin = twin_of(ctx);
	uint64_t root_gpa = (uint64_t)(uintptr_t)ctx->platform->pml4;
	volatile uint64_t *table = tables_start(ctx);

	if (twin->address_space == 0)
		return;
	ctx->platform->privileged(load_cr3, &root_gpa);
	/* As in window.c: a host with shadow paging lets go of what it took for tables once they are overwritten. */
	for (uint64_t i = 0; i < twin_tables_bytes(ctx->working_set_bytes) / sizeof(*table); i++)
		table[i] = 0;
	twin->address_space = 0;
}

#define FIRST(leaves)                                                                                     \
	{                                                                                                 \
		.variant = VARIANT_FIRST_##leaves, .max_samples = 1, .may_exit = 1, .setup = first_setup, \
		.sample = first_sample,                                                                   \
	}

const struct workload_ops workload_twin = {
	.prepare = twin_prepare,
	.verify = twin_verify,
	.check = twin_check,
	.finish = twin_finish,
	.parts = TWIN_WINDOWS + 1,
	.part = {
		FIRST(4K_4K), FIRST(4K_2M), FIRST(4K_1G),
		FIRST(2M_4K), FIRST(2M_2M), FIRST(2M_1G),
		FIRST(1G_4K), FIRST(1G_2M), FIRST(1G_1G),
		{ .variant = VARIANT_BLOCKS, .samples_a_repeat = TWIN_BLOCKS_A_REPEAT * TWIN_ENTRIES,
		  .setup = blocks_setup, .sample = blocks_sample },
	},
};
