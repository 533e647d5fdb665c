/*
 * cr8: reads and writes of CR8, the task priority as 64-bit kernels reach it. It needs no APIC inside KVM, so it also
 * shows what the TPR shadow saves: without such an APIC there is none.
 */
#include "task_priority.h"

static int cr8_verify(struct workload_ctx *ctx)
{
	return priority_prove(ctx, WAY_CR8);
}

const struct workload_ops workload_cr8 = {
	.prepare = priority_prepare,
	.verify = cr8_verify,
	.check = priority_check,
	.parts = 2,
	.part = { PRIORITY_CR8_READ_PART, PRIORITY_CR8_WRITE_PART },
};
