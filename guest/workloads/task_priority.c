#include "task_priority.h"

#include <stddef.h>

#include "privileged.h"
#include "random.h"
#include "timing.h"
#include "x86.h"

/*
 * A sample's own choice. Many, so that the way to ring 0 and back (some hundred cycles) is lost in it; few enough
 * that a part whose operations all exit takes some tenths of a second.
 */
#define SAMPLE_OPERATIONS 2000

/* CR8 and bits 7:4 of the register: priority classes. */
#define PRIORITIES 16

/* Words of ctx->own: what the register holds now, bits that were ever wrong, the way of the part that ran plus 1. */
enum own { OWN_HELD, OWN_WRONG, OWN_WAY, OWN_COUNT };
_Static_assert((int)OWN_COUNT == PRIORITY_OWN, "the rest is free for others");

/* What a loop is told and tells. */
struct loop {
	uint64_t operations;
	uint64_t expected; /* of each read */
	uint64_t wrong;    /* bits in which any read differed */
};

/* The address is mapped one to one, for ring 3 too. Fixed registers: hosts decode these two instructions. */
static inline uint64_t xapic_read(void)
{
	uint32_t value;

	__asm__ volatile("movl (%1), %0" : "=a"(value) : "d"((uintptr_t)APIC_GPA + APIC_TPR) : "memory");
	return value >> APIC_TPR_CLASS_SHIFT;
}

static inline void xapic_write(uint64_t priority)
{
	uint32_t value = (uint32_t)(priority << APIC_TPR_CLASS_SHIFT);

	__asm__ volatile("movl %0, (%1)" : : "a"(value), "d"((uintptr_t)APIC_GPA + APIC_TPR) : "memory");
}

static inline uint64_t x2apic_read(void)
{
	return msr_read(MSR_X2APIC_TPR) >> APIC_TPR_CLASS_SHIFT;
}

static inline void x2apic_write(uint64_t priority)
{
	msr_write(MSR_X2APIC_TPR, priority << APIC_TPR_CLASS_SHIFT);
}

/* The timed loops, each with its access in line. They may run in ring 0, so they call no function. */
#define READ_LOOP(way)                                                \
	static void way##_read_loop(void *argument)                   \
	{                                                             \
		struct loop *l = argument;                            \
		uint64_t expected = l->expected, wrong = 0;           \
                                                                      \
		for (uint64_t left = l->operations; left > 0; left--) \
			wrong |= way##_read() ^ expected;             \
		l->wrong |= wrong;                                    \
	}
#define WRITE_LOOP(way)                                               \
	static void way##_write_loop(void *argument)                  \
	{                                                             \
		const struct loop *l = argument;                      \
                                                                      \
		for (uint64_t left = l->operations; left > 0; left--) \
			way##_write((left - 1) % PRIORITIES);         \
	}

READ_LOOP(cr8)
WRITE_LOOP(cr8)
READ_LOOP(xapic)
WRITE_LOOP(xapic)
READ_LOOP(x2apic)
WRITE_LOOP(x2apic)

static const struct {
	void (*read)(void *argument);
	void (*write)(void *argument);
	int ring3; /* ring 3 can do it itself */
} ways[] = {
	[WAY_CR8] = { cr8_read_loop, cr8_write_loop, 0 },
	[WAY_XAPIC] = { xapic_read_loop, xapic_write_loop, 1 },
	[WAY_X2APIC] = { x2apic_read_loop, x2apic_write_loop, 0 },
};

/* One access, untimed. */
struct access {
	enum priority_way way;
	uint64_t priority;
};

static void put(void *argument)
{
	const struct access *a = argument;

	if (a->way == WAY_CR8)
		cr8_write(a->priority);
	else if (a->way == WAY_XAPIC)
		xapic_write(a->priority);
	else
		x2apic_write(a->priority);
}

static void get(void *argument)
{
	struct access *a = argument;

	if (a->way == WAY_CR8)
		a->priority = cr8_read();
	else if (a->way == WAY_XAPIC)
		a->priority = xapic_read();
	else
		a->priority = x2apic_read();
}

static void write_one(const struct workload_ctx *ctx, enum priority_way way, uint64_t priority)
{
	struct access a = { way, priority };

	ctx->platform->privileged(put, &a);
}

/* Whether this way, and CR8, read `priority`. */
static int holds(const struct workload_ctx *ctx, enum priority_way way, uint64_t priority)
{
	struct access this_way = { .way = way }, cr8 = { .way = WAY_CR8 };

	ctx->platform->privileged(get, &this_way);
	ctx->platform->privileged(get, &cr8);
	return this_way.priority == priority && cr8.priority == priority;
}

int priority_prepare(struct workload_ctx *ctx)
{
	if (ctx->platform == NULL || ctx->platform->privileged == NULL) {
		ctx->failure = "only ring 0 can access the task priority";
		return -1;
	}
	if (ctx->accesses == 0)
		ctx->accesses = SAMPLE_OPERATIONS;
	ctx->pages = 1;
	ctx->pass_accesses = ctx->accesses;
	ctx->checksum = random_mix(random_mix(ctx->seed) ^ ctx->accesses);
	ctx->own[OWN_WAY] = 0;
	ctx->own[OWN_WRONG] = 0;
	return 0;
}

int priority_prove(struct workload_ctx *ctx, enum priority_way way)
{
	int same = 1;

	for (uint64_t left = PRIORITIES; left > 0; left--) {
		write_one(ctx, way, left - 1);
		same = same && holds(ctx, way, left - 1);
	}
	if (same)
		return 0;
	ctx->failure = way == WAY_CR8     ? "CR8 does not read as it was written"
		       : way == WAY_XAPIC ? "the APIC's task priority, CR8 and what was written differ"
					  : "the x2APIC's task priority, CR8 and what was written differ";
	return -1;
}

int priority_start(struct workload_ctx *ctx, enum priority_way way)
{
	/* Any but 0, which the writes end with. */
	ctx->own[OWN_HELD] = 1 + ctx->seed % (PRIORITIES - 1);
	ctx->own[OWN_WRONG] = 0;
	ctx->own[OWN_WAY] = (uint64_t)way + 1;
	if (priority_prove(ctx, way) != 0)
		return -1;
	write_one(ctx, way, ctx->own[OWN_HELD]);
	return 0;
}

static uint64_t time_loop(const struct workload_ctx *ctx, enum priority_way way, void (*body)(void *),
			  struct loop *l)
{
	uint64_t start_cycles = tsc_read();

	if (ways[way].ring3)
		body(l);
	else
		ctx->platform->privileged(body, l);
	return tsc_read() - start_cycles;
}

uint64_t priority_read(struct workload_ctx *ctx, enum priority_way way)
{
	struct loop l = { .operations = ctx->accesses, .expected = ctx->own[OWN_HELD] };
	uint64_t cycles = time_loop(ctx, way, ways[way].read, &l);

	ctx->own[OWN_WRONG] |= l.wrong;
	return cycles;
}

uint64_t priority_write(struct workload_ctx *ctx, enum priority_way way)
{
	struct loop l = { .operations = ctx->accesses };

	ctx->own[OWN_HELD] = 0;
	return time_loop(ctx, way, ways[way].write, &l);
}

int priority_check(struct workload_ctx *ctx)
{
	enum priority_way way = (enum priority_way)(ctx->own[OWN_WAY] - 1);

	if (ctx->own[OWN_WAY] == 0)
		return 0;
	ctx->own[OWN_WAY] = 0;
	if (ctx->own[OWN_WRONG] != 0)
		ctx->failure = "a timed read of the task priority did not find what was written";
	else if (!holds(ctx, way, ctx->own[OWN_HELD]))
		ctx->failure = "the task priority is not what the timed loop leaves";
	write_one(ctx, way, 0);
	return ctx->failure == NULL ? 0 : -1;
}

int priority_cr8_start(struct workload_ctx *ctx)
{
	return priority_start(ctx, WAY_CR8);
}

uint64_t priority_cr8_read(struct workload_ctx *ctx)
{
	return priority_read(ctx, WAY_CR8);
}

uint64_t priority_cr8_write(struct workload_ctx *ctx)
{
	return priority_write(ctx, WAY_CR8);
}
