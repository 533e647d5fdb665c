/*
 * seq: the working set read, then written, in ascending order: bandwidth, where one translation serves a page.
 *
 * Word i holds (seed + i) * gamma, so the sum of any run of words has a closed form and each sample can be checked
 * without a second look at the memory.
 */
#include "random.h"
#include "timing.h"
#include "units.h"
#include "workload.h"

#define WORD_BYTES sizeof(uint64_t)
#define UNROLL 8

/* A sample's own choice: whole passes, at least so many bytes (a few milliseconds from memory). */
#define SAMPLE_LEAST_BYTES (32 * MIB)

/* Sum of words [0, count), modulo 2^64. */
static uint64_t sum_below(const struct workload_ctx *ctx, uint64_t count)
{
	uint64_t triangle = count % 2 == 0 ? count / 2 * (count - 1) : count * ((count - 1) / 2);

	return (count * ctx->seed + triangle) * RANDOM_GAMMA;
}

static uint64_t write_key(const struct workload_ctx *ctx)
{
	return random_mix(ctx->seed) | 1;
}

static int choose_accesses(struct workload_ctx *ctx)
{
	uint64_t set_bytes = ctx->working_set_bytes;

	if (ctx->accesses == 0) {
		uint64_t passes = (max_u64(SAMPLE_LEAST_BYTES, set_bytes) + set_bytes - 1) / set_bytes;

		ctx->accesses = passes * set_bytes;
		return 0;
	}
	/* What is asked counts loads; what is reported are the bytes they move. */
	if (checked_mul(ctx->accesses, WORD_BYTES, &ctx->accesses) &&
	    checked_align_up(ctx->accesses, UNROLL * WORD_BYTES, &ctx->accesses))
		return 0;
	ctx->failure = "the number of accesses a sample is too large";
	return -1;
}

static int seq_prepare(struct workload_ctx *ctx)
{
	uint64_t *words = (uint64_t *)(void *)ctx->slice;
	uint64_t count = ctx->working_set_bytes / WORD_BYTES;

	if (ctx->working_set_bytes < PAGE_4K) {
		ctx->failure = "the working set is smaller than a page";
		return -1;
	}
	if (choose_accesses(ctx) != 0)
		return -1;
	ctx->pages = ctx->working_set_bytes / PAGE_4K;
	ctx->pass_accesses = ctx->working_set_bytes;
	ctx->cursor = 0;
	ctx->rng = 0;
	ctx->lines = 0;
	for (uint64_t i = 0; i < count; i++)
		words[i] = (ctx->seed + i) * RANDOM_GAMMA;
	return 0;
}

static int seq_verify(struct workload_ctx *ctx)
{
	const uint64_t *words = (const uint64_t *)(const void *)ctx->slice;
	uint64_t count = ctx->working_set_bytes / WORD_BYTES;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < count; i++) {
		if (words[i] != (ctx->seed + i) * RANDOM_GAMMA) {
			ctx->failure = "the words to be read are not what was written";
			return -1;
		}
		sum += words[i];
	}
	if (sum != sum_below(ctx, count)) {
		ctx->failure = "the words to be read do not have the sum they should have";
		return -1;
	}
	ctx->checksum = random_mix(random_mix(sum ^ count) ^ ctx->accesses);
	return 0;
}

static uint64_t read_run(const uint64_t *words, uint64_t count)
{
	const volatile uint64_t *w = words;
	uint64_t a = 0, b = 0, c = 0, d = 0;

	/* Four sums: one would wait for itself at every addition. */
	for (uint64_t i = 0; i < count; i += UNROLL) {
		a += w[i];
		b += w[i + 1];
		c += w[i + 2];
		d += w[i + 3];
		a += w[i + 4];
		b += w[i + 5];
		c += w[i + 6];
		d += w[i + 7];
	}
	return a + b + c + d;
}

static void write_run(uint64_t *words, uint64_t count, uint64_t key)
{
	volatile uint64_t *w = words;

	for (uint64_t i = 0; i < count; i += UNROLL) {
		w[i] = key;
		w[i + 1] = key;
		w[i + 2] = key;
		w[i + 3] = key;
		w[i + 4] = key;
		w[i + 5] = key;
		w[i + 6] = key;
		w[i + 7] = key;
	}
}

/* Words of the run that starts at `from`: to the end of the set, or of the sample. */
static uint64_t run_words(const struct workload_ctx *ctx, uint64_t from, uint64_t left)
{
	return min_u64(left, ctx->working_set_bytes / WORD_BYTES - from);
}

static uint64_t next_start(const struct workload_ctx *ctx, uint64_t end)
{
	return end == ctx->working_set_bytes / WORD_BYTES ? 0 : end;
}

/* cursor: the next word. rng: or of all differences between the sums found and expected. lines: words written. */
static uint64_t seq_read(struct workload_ctx *ctx)
{
	const uint64_t *words = (const uint64_t *)(const void *)ctx->slice;
	uint64_t from = ctx->cursor, sum = 0, expected = 0;
	uint64_t start_cycles, end_cycles;

	start_cycles = tsc_read();
	for (uint64_t left = ctx->accesses / WORD_BYTES, run; left > 0; left -= run) {
		run = run_words(ctx, from, left);
		sum += read_run(words + from, run);
		from = next_start(ctx, from + run);
	}
	keep_value(sum);
	end_cycles = tsc_read();

	from = ctx->cursor;
	for (uint64_t left = ctx->accesses / WORD_BYTES, run; left > 0; left -= run) {
		run = run_words(ctx, from, left);
		expected += sum_below(ctx, from + run) - sum_below(ctx, from);
		from = next_start(ctx, from + run);
	}
	ctx->cursor = from;
	ctx->rng |= sum ^ expected;
	return end_cycles - start_cycles;
}

static uint64_t seq_write(struct workload_ctx *ctx)
{
	uint64_t *words = (uint64_t *)(void *)ctx->slice;
	uint64_t key = write_key(ctx), from = ctx->cursor;
	uint64_t start_cycles, end_cycles;

	keep_value(key);
	start_cycles = tsc_read();
	for (uint64_t left = ctx->accesses / WORD_BYTES, run; left > 0; left -= run) {
		run = run_words(ctx, from, left);
		write_run(words + from, run, key);
		from = next_start(ctx, from + run);
	}
	end_cycles = tsc_read_after_stores();
	ctx->cursor = from;
	ctx->lines = ctx->working_set_bytes / WORD_BYTES;
	return end_cycles - start_cycles;
}

/* After the reads the first pattern is still whole; after the writes, warm-up included, all of it is replaced. */
static int seq_check(struct workload_ctx *ctx)
{
	const uint64_t *words = (const uint64_t *)(const void *)ctx->slice;
	uint64_t count = ctx->working_set_bytes / WORD_BYTES;
	uint64_t key = write_key(ctx);
	bool written = ctx->lines != 0;

	if (ctx->rng != 0) {
		ctx->failure = "a sequential read did not find the sum it should";
		return -1;
	}
	for (uint64_t i = 0; i < count; i++) {
		if (words[i] != (written ? key : (ctx->seed + i) * RANDOM_GAMMA)) {
			ctx->failure = "a word does not hold what was written to it";
			return -1;
		}
	}
	return 0;
}

const struct workload_ops workload_seq = {
	.prepare = seq_prepare,
	.verify = seq_verify,
	.check = seq_check,
	.parts = 2,
	.part = {
		{ .variant = VARIANT_READ, .warm_passes = 1, .sample = seq_read },
		{ .variant = VARIANT_WRITE, .warm_passes = 1, .sample = seq_write },
	},
};
