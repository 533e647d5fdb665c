#include "cycle.h"

#include <stddef.h>

#include "accesses.h"
#include "chains.h"
#include "lines.h"
#include "random.h"
#include "refuse.h"
#include "timing.h"
#include "units.h"

#define UNROLL 16

static uint64_t line_of_offset(uint64_t offset_bytes)
{
	uint64_t page = offset_bytes / PAGE_4K;

	return line_of_page_bytes(page) == offset_bytes ? page : LINES_NONE;
}

const struct cycle_layout cycle_one_a_page = { .offset_bytes = line_of_page_bytes, .line = line_of_offset };

static uint64_t *line_at(const struct workload_ctx *ctx, uint64_t offset_bytes)
{
	return (uint64_t *)(void *)(ctx->slice + offset_bytes);
}

/* The line that a line's pointer names; LINES_NONE where it is not the address of one of the lines. */
static uint64_t next_line(const struct workload_ctx *ctx, const struct cycle_layout *layout, uint64_t line)
{
	uint64_t offset_bytes = *line_at(ctx, layout->offset_bytes(line)) - (uint64_t)(uintptr_t)ctx->slice;
	uint64_t next;

	if (offset_bytes >= ctx->working_set_bytes)
		return LINES_NONE;
	next = layout->line(offset_bytes);
	return next < ctx->lines ? next : LINES_NONE;
}

/* As asked, or of the workload's own choice; whole rounds of all chains. 0, or -1 with ctx->failure. */
static int choose_accesses(struct workload_ctx *ctx)
{
	uint64_t chains = chains_of(ctx), each;

	if (ctx->lines < chains)
		return refuse(ctx, "the working set has fewer pages than there are chains");
	if (accesses_choose(ctx, ACCESSES_LEAST, UNROLL) != 0)
		return -1;
	if (chains == 1)
		return 0;
	each = ctx->accesses / chains + (ctx->accesses % chains != 0);
	if (checked_align_up(each, CHAINS_UNROLL, &each) && checked_mul(each, chains, &ctx->accesses))
		return 0;
	return refuse(ctx, "the number of accesses a sample is too large");
}

int cycle_prepare(struct workload_ctx *ctx, const struct cycle_layout *layout)
{
	uint64_t state = ctx->seed;

	ctx->lines = ctx->working_set_bytes / PAGE_4K;
	if (ctx->lines == 0)
		return refuse(ctx, "the working set is smaller than a page");
	if (choose_accesses(ctx) != 0)
		return -1;
	if (ctx->histogram != NULL && chains_of(ctx) > 1)
		return refuse(ctx, "loads of several chains cannot be timed one by one");
	if (ctx->histogram != NULL && ctx->accesses > HISTOGRAM_MOST_LOADS / max_u64(ctx->repeat, 1))
		return refuse(ctx, "the histogram's counters are too small for so many accesses");
	ctx->pages = ctx->lines;
	ctx->pass_accesses = ctx->lines;
	ctx->cursor = layout->offset_bytes(0);
	ctx->rng = 0;

	for (uint64_t i = 0; i < ctx->lines; i++) {
		uint64_t *line = line_at(ctx, layout->offset_bytes(i));

		*line = (uint64_t)(uintptr_t)line;
	}
	/* Sattolo's algorithm: a partner strictly below i at each step leaves one cycle, each equally likely. */
	for (uint64_t i = ctx->lines - 1; i > 0; i--) {
		uint64_t *a = line_at(ctx, layout->offset_bytes(i));
		uint64_t *b = line_at(ctx, layout->offset_bytes(random_below(&state, i)));
		uint64_t swap = *a;

		*a = *b;
		*b = swap;
	}
	return 0;
}

/* The step of the cycle, counted from line 0, at which a chain is once it has made so many loads. */
static uint64_t chain_step(const struct workload_ctx *ctx, uint32_t chain, uint64_t loads)
{
	return (chains_start(ctx, chain) + loads % ctx->lines) % ctx->lines;
}

int cycle_verify(struct workload_ctx *ctx, const struct cycle_layout *layout)
{
	uint32_t chains = chains_of(ctx);
	uint64_t end_lines[CHAINS_MAX] = { 0 };
	uint64_t hash = ctx->lines, line = 0;

	/* Each line has one successor: the first return to line 0 after n steps means n distinct lines. */
	for (uint64_t step = 0; step < ctx->lines; step++) {
		if (line == 0 && step > 0)
			return refuse(ctx, "the pattern is not one cycle over all lines: it closes early");
		for (uint32_t chain = 0; chain < chains; chain++) {
			if (step == chains_start(ctx, chain))
				ctx->chain_cursors[chain] = layout->offset_bytes(line);
			if (step == chain_step(ctx, chain, ctx->accesses / chains))
				end_lines[chain] = line;
		}
		hash = random_mix(hash ^ line);
		line = next_line(ctx, layout, line);
		if (line == LINES_NONE)
			return refuse(
				ctx,
				"the pattern is not one cycle over all lines: a pointer leads out of it");
	}
	if (line != 0)
		return refuse(ctx, "the pattern is not one cycle over all lines: it does not close");
	for (uint32_t chain = 0; chain < chains; chain++)
		hash = random_mix(hash ^ end_lines[chain]);
	ctx->checksum = random_mix(hash ^ ctx->accesses);
	return 0;
}

/* As cycle_sample, of several chains. */
static uint64_t sample_chains(struct workload_ctx *ctx)
{
	uint32_t chains = chains_of(ctx);
	uint64_t cursors[CHAINS_MAX] = { 0 };
	uint64_t each = ctx->accesses / chains, cycles;

	for (uint32_t chain = 0; chain < chains; chain++)
		cursors[chain] = (uint64_t)(uintptr_t)line_at(ctx, ctx->chain_cursors[chain]);
	cycles = chains_walk(cursors, chains, each / CHAINS_UNROLL);
	for (uint32_t chain = 0; chain < chains; chain++)
		ctx->chain_cursors[chain] = cursors[chain] - (uint64_t)(uintptr_t)ctx->slice;
	ctx->rng = (ctx->rng + each % ctx->lines) % ctx->lines;
	return cycles;
}

/* One chain: a loop of its own, so that its figures stay those of a single cursor. */
static uint64_t sample_one(struct workload_ctx *ctx)
{
	const volatile uint64_t *line = line_at(ctx, ctx->cursor);
	uint64_t rounds = ctx->accesses / UNROLL;
	uint64_t start_cycles, end_cycles;

	start_cycles = tsc_read();
	for (; rounds > 0; rounds--) {
		line = cycle_next_4(line);
		line = cycle_next_4(line);
		line = cycle_next_4(line);
		line = cycle_next_4(line);
	}
	keep_value((uint64_t)(uintptr_t)line);
	end_cycles = tsc_read();

	ctx->cursor = (uint64_t)(uintptr_t)line - (uint64_t)(uintptr_t)ctx->slice;
	ctx->rng = (ctx->rng + ctx->accesses % ctx->lines) % ctx->lines;
	return end_cycles - start_cycles;
}

uint64_t cycle_sample(struct workload_ctx *ctx)
{
	return chains_of(ctx) > 1 ? sample_chains(ctx) : sample_one(ctx);
}

/* Odd, so that there is a middle one. */
#define EMPTY_PAIRS 31

/* What a pair of readings takes with nothing between: the median, as one of the pairs may be interrupted. TSC cycles. */
static uint64_t empty_pair(void)
{
	uint64_t sorted[EMPTY_PAIRS] = { 0 };

	for (uint32_t i = 0; i < EMPTY_PAIRS; i++) {
		uint64_t start_cycles = tsc_read(), cycles = tsc_read() - start_cycles;
		uint32_t at = i;

		for (; at > 0 && sorted[at - 1] > cycles; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = cycles;
	}
	return sorted[EMPTY_PAIRS / 2];
}

uint64_t cycle_single_sample(struct workload_ctx *ctx)
{
	const volatile uint64_t *line = line_at(ctx, ctx->cursor);
	uint64_t empty_cycles = empty_pair(), sum_cycles = 0;
	uint32_t *loads = ctx->histogram->loads;

	for (uint64_t left = ctx->accesses; left > 0; left--) {
		uint64_t start_cycles = tsc_read(), cycles;

		line = cycle_next(line);
		keep_value((uint64_t)(uintptr_t)line);
		cycles = tsc_read() - start_cycles;
		cycles = cycles > empty_cycles ? cycles - empty_cycles : 0;
		loads[histogram_bucket(cycles)]++;
		sum_cycles += cycles;
	}
	ctx->histogram->empty_cycles = (uint32_t)min_u64(empty_cycles, UINT32_MAX);
	ctx->cursor = (uint64_t)(uintptr_t)line - (uint64_t)(uintptr_t)ctx->slice;
	ctx->rng = (ctx->rng + ctx->accesses % ctx->lines) % ctx->lines;
	return max_u64(sum_cycles, 1);
}

int cycle_check(struct workload_ctx *ctx, const struct cycle_layout *layout)
{
	uint32_t chains = chains_of(ctx), ended = 0;
	uint64_t line = 0;

	for (uint64_t step = 0; step < ctx->lines; step++) {
		for (uint32_t chain = 0; chain < chains; chain++) {
			uint64_t cursor = chains > 1 ? ctx->chain_cursors[chain] : ctx->cursor;

			if (step != chain_step(ctx, chain, ctx->rng))
				continue;
			if (layout->offset_bytes(line) != cursor)
				return refuse(ctx, "the timed walk did not end where that many accesses end");
			ended++;
		}
		if (ended == chains)
			return 0;
		line = next_line(ctx, layout, line);
		if (line == LINES_NONE)
			break;
	}
	return refuse(ctx, "the cycle was damaged while it was walked");
}
