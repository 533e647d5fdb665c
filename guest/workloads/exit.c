/*
 * exit: the three ways out of a guest that cost least, by where they are served: CPUID by KVM itself, a port by user
 * space, a port by KVM. A loop of nothing else, so that cycles an operation are cycles an exit.
 */
#include "abi.h"
#include "cpuid.h"
#include "random.h"
#include "timing.h"
#include "workload.h"

/* A sample's own choice: a millisecond or so on hardware, a tenth of a second where an exit costs 100 us. */
#define SAMPLE_EXITS 1000

/* What CPUID leaf 0 says, and whether it ever said something else. */
enum own { OWN_VENDOR, OWN_DIFFERENT };

static inline void port_out(uint16_t port)
{
	__asm__ volatile("outl %0, %1" : : "a"(0), "d"(port) : "memory");
}

/* The vendor's name is twelve characters; eight of them are enough to tell. */
static uint64_t vendor(struct cpuid_leaf leaf)
{
	return (uint64_t)leaf.ecx << 32 | leaf.ebx;
}

static int exit_prepare(struct workload_ctx *ctx)
{
	if (ctx->accesses == 0)
		ctx->accesses = SAMPLE_EXITS;
	ctx->pages = 1;
	ctx->pass_accesses = ctx->accesses;
	ctx->checksum = random_mix(random_mix(ctx->seed) ^ ctx->accesses);
	ctx->own[OWN_VENDOR] = vendor(cpuid_read(0));
	ctx->own[OWN_DIFFERENT] = 0;
	return 0;
}

static int exit_verify(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_VENDOR] != 0)
		return 0;
	ctx->failure = "CPUID leaf 0 names no vendor";
	return -1;
}

static uint64_t exit_cpuid(struct workload_ctx *ctx)
{
	uint64_t expected = ctx->own[OWN_VENDOR], different = 0;
	uint64_t start_cycles = tsc_read(), end_cycles;

	for (uint64_t left = ctx->accesses; left > 0; left--)
		different |= vendor(cpuid_read(0)) ^ expected;
	end_cycles = tsc_read();
	ctx->own[OWN_DIFFERENT] |= different;
	return end_cycles - start_cycles;
}

static inline uint64_t time_port(const struct workload_ctx *ctx, uint16_t port)
{
	uint64_t start_cycles = tsc_read();

	for (uint64_t left = ctx->accesses; left > 0; left--)
		port_out(port);
	return tsc_read() - start_cycles;
}

static uint64_t exit_port_user(struct workload_ctx *ctx)
{
	return time_port(ctx, PORT_USER);
}

/* Where KVM does not serve it, user space does: that would be the other part's figure. */
static int need_kernel_port(struct workload_ctx *ctx)
{
	if (ctx->platform == NULL || !ctx->platform->kernel_port)
		ctx->unavailable = UNAVAILABLE_KERNEL_PORT;
	return 0;
}

static uint64_t exit_port_kernel(struct workload_ctx *ctx)
{
	return time_port(ctx, PORT_KERNEL);
}

static int exit_check(struct workload_ctx *ctx)
{
	if (ctx->own[OWN_DIFFERENT] == 0)
		return 0;
	ctx->failure = "CPUID did not give the same answer each time";
	return -1;
}

const struct workload_ops workload_exit = {
	.prepare = exit_prepare,
	.verify = exit_verify,
	.check = exit_check,
	.parts = 3,
	.part = {
		{ .variant = VARIANT_CPUID, .may_exit = 1, .sample = exit_cpuid },
		{ .variant = VARIANT_PORT_USER, .may_exit = 1, .sample = exit_port_user },
		{ .variant = VARIANT_PORT_KERNEL, .may_exit = 1, .setup = need_kernel_port, .sample = exit_port_kernel },
	},
};
