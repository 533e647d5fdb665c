/*
 * tpr: the task-priority register by all three ways: CR8, the APIC's memory, and the MSR of x2APIC mode. Each way has
 * hardware of its own that can keep it from leaving the guest; the exits an operation tell which is at work.
 */
#include <stddef.h>

#include "cpuid.h"
#include "privileged.h"
#include "task_priority.h"
#include "x86.h"

/* Words of ctx->own after those of task_priority.h: IA32_APIC_BASE at the start (0: not known) and now; x2APIC there. */
enum own { OWN_BASE_FIRST = PRIORITY_OWN, OWN_BASE_NOW, OWN_X2APIC };

struct apic_facts {
	uint64_t base; /* IA32_APIC_BASE; 0 where there is no APIC */
	int x2apic;
};

/* In ring 0, because a host that runs ring 3 natively cannot answer CPUID there. */
static void ask(void *argument)
{
	struct apic_facts *facts = argument;
	struct cpuid_leaf features = cpuid_read(CPUID_FEATURES);

	facts->x2apic = (features.ecx & CPUID_FEATURES_ECX_X2APIC) != 0;
	facts->base = (features.edx & CPUID_FEATURES_EDX_APIC) != 0 ? msr_read(MSR_APIC_BASE) : 0;
}

struct mode_change {
	uint64_t from, to; /* IA32_APIC_BASE */
};

/* From x2APIC mode the way back leads through a disabled APIC: the direct one is a #GP (SDM vol. 3A, 11.12.5). */
static void change_mode(void *argument)
{
	const struct mode_change *c = argument;

	if ((c->from & APIC_BASE_EXTD) != 0 && (c->to & APIC_BASE_EXTD) == 0)
		msr_write(MSR_APIC_BASE, c->from & ~(APIC_BASE_EN | APIC_BASE_EXTD));
	msr_write(MSR_APIC_BASE, c->to);
}

static void set_base(struct workload_ctx *ctx, uint64_t base)
{
	struct mode_change c = { .from = ctx->own[OWN_BASE_NOW], .to = base };

	if (c.from == c.to)
		return;
	ctx->platform->privileged(change_mode, &c);
	ctx->own[OWN_BASE_NOW] = base;
}

static void set_xapic(struct workload_ctx *ctx)
{
	set_base(ctx, ctx->own[OWN_BASE_FIRST] & ~APIC_BASE_EXTD);
}

static int tpr_prepare(struct workload_ctx *ctx)
{
	struct apic_facts facts = { 0 };

	ctx->own[OWN_BASE_FIRST] = 0;
	if (priority_prepare(ctx) != 0)
		return -1;
	ctx->platform->privileged(ask, &facts);
	if ((facts.base & APIC_BASE_EN) == 0)
		ctx->failure = "this CPU has no APIC, or it is disabled";
	else if ((facts.base & APIC_BASE_GPA) != APIC_GPA)
		ctx->failure = "the APIC is not where a reset puts it";
	if (ctx->failure != NULL)
		return -1;
	ctx->own[OWN_BASE_FIRST] = facts.base;
	ctx->own[OWN_BASE_NOW] = facts.base;
	ctx->own[OWN_X2APIC] = facts.x2apic != 0;
	return 0;
}

static int tpr_verify(struct workload_ctx *ctx)
{
	set_xapic(ctx);
	return priority_prove(ctx, WAY_CR8) == 0 ? priority_prove(ctx, WAY_XAPIC) : -1;
}

static void tpr_finish(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_BASE_FIRST] != 0)
		set_base(ctx, ctx->own[OWN_BASE_FIRST]);
}

static int xapic_start(struct workload_ctx *ctx)
{
	return priority_start(ctx, WAY_XAPIC);
}

static uint64_t xapic_read(struct workload_ctx *ctx)
{
	return priority_read(ctx, WAY_XAPIC);
}

static uint64_t xapic_write(struct workload_ctx *ctx)
{
	return priority_write(ctx, WAY_XAPIC);
}

static int x2apic_start(struct workload_ctx *ctx)
{
	if (!ctx->own[OWN_X2APIC]) {
		ctx->unavailable = UNAVAILABLE_X2APIC;
		return 0;
	}
	set_base(ctx, ctx->own[OWN_BASE_FIRST] | APIC_BASE_EXTD);
	return priority_start(ctx, WAY_X2APIC);
}

static uint64_t x2apic_read(struct workload_ctx *ctx)
{
	return priority_read(ctx, WAY_X2APIC);
}

static uint64_t x2apic_write(struct workload_ctx *ctx)
{
	return priority_write(ctx, WAY_X2APIC);
}

const struct workload_ops workload_tpr = {
	.prepare = tpr_prepare,
	.verify = tpr_verify,
	.check = priority_check,
	.finish = tpr_finish,
	.parts = 6,
	.part = {
		PRIORITY_CR8_READ_PART,
		PRIORITY_CR8_WRITE_PART,
		{ .variant = VARIANT_XAPIC_READ, .may_exit = 1, .setup = xapic_start, .sample = xapic_read },
		{ .variant = VARIANT_XAPIC_WRITE, .may_exit = 1, .setup = xapic_start, .sample = xapic_write },
		{ .variant = VARIANT_X2APIC_READ, .may_exit = 1, .ring0 = 1, .setup = x2apic_start, .sample = x2apic_read },
		{ .variant = VARIANT_X2APIC_WRITE, .may_exit = 1, .ring0 = 1, .setup = x2apic_start, .sample = x2apic_write },
	},
};
