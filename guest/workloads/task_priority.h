/*
 * The task-priority register and the three ways to it: CR8, the APIC's memory (xAPIC), an MSR (x2APIC). What the
 * workloads tpr and cr8 share: the timed loops, and the proof that all ways lead to the same four bits.
 *
 * Nothing is ever delivered by it: interrupts are off and none is pending. It ends at 0, as it began.
 */
#ifndef MINIVMM_WORKLOADS_TASK_PRIORITY_H
#define MINIVMM_WORKLOADS_TASK_PRIORITY_H

#include <stdint.h>

#include "workload.h"

enum priority_way { WAY_CR8, WAY_XAPIC, WAY_X2APIC };

/* The workload's words of ctx->own from this one on are free for who uses these functions. */
#define PRIORITY_OWN 3

/* Set pages, accesses and checksum; needs ring 0. 0, or -1 with ctx->failure. */
int priority_prepare(struct workload_ctx *ctx);

/* Each of the 16 priorities, written this way, is read back this way and by CR8; then 0 again. 0 or -1. */
int priority_prove(struct workload_ctx *ctx, enum priority_way way);

/*
 * Before a part, untimed: leave a priority that the timed reads have to find, or that the timed writes have to
 * replace. 0 or -1.
 */
int priority_start(struct workload_ctx *ctx, enum priority_way way);

/* ctx->accesses reads, or writes of changing values that end with 0. TSC cycles. */
uint64_t priority_read(struct workload_ctx *ctx, enum priority_way way);
uint64_t priority_write(struct workload_ctx *ctx, enum priority_way way);

/* After a part: did the reads see the value, did the writes take place; 0 again. 0 or -1; 0 where no part ran. */
int priority_check(struct workload_ctx *ctx);

/* The parts by CR8, for the workloads' tables. */
int priority_cr8_start(struct workload_ctx *ctx);
uint64_t priority_cr8_read(struct workload_ctx *ctx);
uint64_t priority_cr8_write(struct workload_ctx *ctx);

#define PRIORITY_CR8_READ_PART                                                                       \
	{                                                                                            \
		.variant = VARIANT_CR8_READ, .may_exit = 1, .ring0 = 1, .setup = priority_cr8_start, \
		.sample = priority_cr8_read,                                                         \
	}
#define PRIORITY_CR8_WRITE_PART                                                                       \
	{                                                                                             \
		.variant = VARIANT_CR8_WRITE, .may_exit = 1, .ring0 = 1, .setup = priority_cr8_start, \
		.sample = priority_cr8_write,                                                         \
	}

#endif
