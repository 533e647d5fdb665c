/*
 * shootdown: vCPU 0 leads a page that all vCPUs share to other memory and does not go on before every other vCPU has
 * invalidated it, touched it and said so. Told through memory: no interrupt is sent, so its delivery is no part of it.
 *
 * Rounds are numbered from 1 over the whole step, and in round r the page is led to leaf r mod 2. Each sample has an
 * opening round before its timed ones, so that no late arrival is timed, and a closing one behind them. Their
 * number is even, so every vCPU's last word is that the page is back on its own memory.
 */
#include "layout.h"
#include "privileged.h"
#include "random.h"
#include "refuse.h"
#include "tables.h"
#include "timing.h"
#include "workload.h"

/*
 * A sample's own choice: fewer with more vCPUs, because where they outnumber the CPUs a round takes until the host has
 * run each of them, some milliseconds for each.
 */
#define SAMPLE_TURNS 64
#define ROUNDS_LEAST 4

/* One that opens a sample, and one that closes it. */
#define UNTIMED_ROUNDS 2

struct line {
	volatile uint64_t word;
	uint64_t unused[CACHE_LINE_BYTES / sizeof(uint64_t) - 1];
};

/*
 * The second leaf of the arena, which stays mapped at its own address. The first line of the first leaf is a stamp as
 * well; nothing else of that leaf is used. A line has one writer.
 */
struct board {
	struct line stamp;                 /* written before the first round only */
	struct line round;                 /* vCPU 0: the page leads where this round says */
	struct line seen[GUEST_MAX_VCPUS]; /* vCPU v: it has done its part of that round */
};

_Static_assert(sizeof(struct line) == CACHE_LINE_BYTES, "no two writers share a line");

enum own {
	OWN_TABLE,   /* of the shared page's leaf entry */
	OWN_ENTRY,   /* that entry as it was */
	OWN_STRANGE, /* or of all differences between what touches saw and what they had to see */
	OWN_SILENT,  /* a sample ended without this vCPU's word for its last round */
};

struct shootdown {
	struct board *board;
	const volatile uint64_t *shared; /* the stamp, as the shared page shows it */
	volatile uint64_t *entry;
	uint64_t to[2]; /* what the entry is in even and odd rounds */
	uint64_t first_round, rounds;
	uint64_t stamp;
	uint32_t vcpu, vcpus;
	uint64_t strange;
	uint64_t cycles;
};

static struct line *first_leaf(const struct workload_ctx *ctx)
{
	return (struct line *)(void *)ctx->arena;
}

static struct board *board_of(const struct workload_ctx *ctx)
{
	return (struct board *)(void *)(ctx->arena + ctx->leaf_bytes);
}

/* vCPU 0 alone, and behind the gate that follows the others find it done: all of this is in its slice. */
static void start_board(const struct workload_ctx *ctx)
{
	struct board *board = board_of(ctx);

	first_leaf(ctx)->word = tables_first_stamp(ctx);
	board->stamp.word = tables_first_stamp(ctx) + 1;
	board->round.word = 0;
	for (uint32_t v = 0; v < ctx->vcpus; v++)
		board->seen[v].word = 0;
}

static int choose_accesses(struct workload_ctx *ctx)
{
	if (ctx->accesses == 0)
		ctx->accesses = max_u64(SAMPLE_TURNS / ctx->vcpus, ROUNDS_LEAST);
	/* Rounds of all samples, RESULT_MAX_SAMPLES of them, have to stay countable. */
	if (ctx->accesses > UINT64_C(1) << 48)
		return refuse(ctx, "the number of accesses a sample is too large");
	ctx->accesses = align_up(ctx->accesses, 2);
	return 0;
}

static int shootdown_prepare(struct workload_ctx *ctx)
{
	const struct platform *platform = ctx->platform;
	uint64_t *entry, leaf_bytes = 0;

	if (!tables_changeable(platform))
		return refuse(ctx, "it needs page tables of its own to change");
	if (ctx->vcpus < 2 || ctx->vcpus > GUEST_MAX_VCPUS)
		return refuse(ctx, "a shootdown needs more than one vCPU");
	if (ctx->slice_bytes < ctx->leaf_bytes || ctx->slice_bytes - ctx->leaf_bytes < sizeof(struct board))
		return refuse(ctx, "a vCPU's part of the arena has no two guest pages");
	if (choose_accesses(ctx) != 0)
		return -1;
	entry = tables_leaf(platform->pml4, (uint64_t)(uintptr_t)ctx->arena, &leaf_bytes);
	if (entry == NULL || leaf_bytes != ctx->leaf_bytes)
		return refuse(ctx, "the arena is not mapped by pages of the size that was said");
	ctx->own[OWN_TABLE] = (uint64_t)(uintptr_t)entry;
	ctx->own[OWN_ENTRY] = *entry;
	ctx->pages = 1;
	ctx->pass_accesses = ctx->accesses;
	ctx->untimed_accesses = UNTIMED_ROUNDS;
	ctx->checksum =
		random_mix(random_mix(tables_first_stamp(ctx) ^ ctx->working_set_bytes) ^ ctx->accesses);
	if (ctx->vcpu == 0)
		start_board(ctx);
	return 0;
}

/* Nothing to find but one's own entry: the others may not be as far. */
static int shootdown_verify(struct workload_ctx *ctx)
{
	const uint64_t *entry = (const uint64_t *)(uintptr_t)ctx->own[OWN_TABLE];

	if ((*entry & TABLES_ADDRESS) != ctx->platform->arena_gpa)
		return refuse(ctx, "the shared page is not mapped to its own memory");
	return 0;
}

/* An earlier dirty log may have left table and ring-0 stack write-protected: they are written here first. */
static int set_bits(struct workload_ctx *ctx)
{
	volatile uint64_t *entry = (volatile uint64_t *)(uintptr_t)ctx->own[OWN_TABLE];

	if (ctx->vcpu == 0)
		*entry = *entry | PTE_ACCESSED | PTE_DIRTY;
	tables_flush(ctx->platform);
	return 0;
}

/* What a vCPU does with the page in a round, and what it saw there. */
static inline void forget_and_touch(struct shootdown *s, uint64_t round)
{
	tlb_forget_page((uint64_t)(uintptr_t)s->shared);
	s->strange |= *s->shared ^ (s->stamp + round % 2);
}

/*
 * x86 keeps stores in order, so a vCPU that sees the round sees the entry; invlpg, serialising, keeps the touch behind it.
 * Waiting is for all others, in any order. No vCPU can be ahead of a round; its touch would show it,
 * so waits are for "not yet" and cannot last for ever.
 */
static void lead(void *argument)
{
	struct shootdown *s = argument;
	uint64_t last = s->first_round + s->rounds + 1, start_cycles = 0;

	for (uint64_t round = s->first_round; round <= last; round++) {
		if (round == s->first_round + 1)
			start_cycles = tsc_read();
		if (round == last)
			s->cycles = tsc_read() - start_cycles;
		*s->entry = s->to[round % 2];
		__atomic_store_n(&s->board->round.word, round, __ATOMIC_RELEASE);
		forget_and_touch(s, round);
		for (uint32_t v = 1; v < s->vcpus; v++) {
			while (__atomic_load_n(&s->board->seen[v].word, __ATOMIC_ACQUIRE) < round)
				__builtin_ia32_pause();
		}
	}
}

static void follow(void *argument)
{
	struct shootdown *s = argument;
	uint64_t last = s->first_round + s->rounds + 1, start_cycles = 0;

	for (uint64_t round = s->first_round; round <= last; round++) {
		while (__atomic_load_n(&s->board->round.word, __ATOMIC_ACQUIRE) < round)
			__builtin_ia32_pause();
		if (round == s->first_round + 1)
			start_cycles = tsc_read();
		if (round == last)
			s->cycles = tsc_read() - start_cycles;
		forget_and_touch(s, round);
		__atomic_store_n(&s->board->seen[s->vcpu].word, round, __ATOMIC_RELEASE);
	}
}

/* cursor: rounds done. The board is read here: after the next gate another part may use its memory. */
static uint64_t shootdown_sample(struct workload_ctx *ctx)
{
	uint64_t entry = ctx->own[OWN_ENTRY], gpa = ctx->platform->arena_gpa;
	struct shootdown s = {
		.board = board_of(ctx),
		.shared = &first_leaf(ctx)->word,
		.entry = (volatile uint64_t *)(uintptr_t)ctx->own[OWN_TABLE],
		.to = { tables_redirect(entry, gpa), tables_redirect(entry, gpa + ctx->leaf_bytes) },
		.first_round = ctx->cursor + 1,
		.rounds = ctx->accesses,
		.stamp = tables_first_stamp(ctx),
		.vcpu = ctx->vcpu,
		.vcpus = ctx->vcpus,
	};

	ctx->platform->privileged(ctx->vcpu == 0 ? lead : follow, &s);
	ctx->cursor += ctx->accesses + UNTIMED_ROUNDS;
	ctx->own[OWN_STRANGE] |= s.strange;
	ctx->own[OWN_SILENT] |= s.board->seen[ctx->vcpu].word != (ctx->vcpu == 0 ? 0 : ctx->cursor);
	return s.cycles;
}

static int shootdown_check(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_STRANGE] != 0)
		return refuse(ctx, "a vCPU touched the shared page and did not see the memory of that round");
	if (ctx->own[OWN_SILENT] != 0)
		return refuse(ctx, "a vCPU has not acknowledged every round");
	return shootdown_verify(ctx);
}

const struct workload_ops workload_shootdown = {
	.prepare = shootdown_prepare,
	.verify = shootdown_verify,
	.check = shootdown_check,
	.parts = 1,
	.part = { { .variant = VARIANT_ONLY,
		    .may_exit = 1,
		    .ring0 = 1,
		    .setup = set_bits,
		    .sample = shootdown_sample } },
};
