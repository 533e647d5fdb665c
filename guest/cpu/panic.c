#include "guest/cpu/panic.h"

#include "guest/io/report.h"
#include "guest/lib/text.h"
#include "x86.h"

/* Page-fault error code (SDM vol. 3A, 4.7). */
#define PF_PRESENT X86_BIT(0)
#define PF_WRITE X86_BIT(1)

static const char *const vector_names[VECTOR_COUNT] = {
	[0] = "#DE divide error",
	[1] = "#DB debug",
	[2] = "NMI",
	[3] = "#BP breakpoint that is not an upcall",
	[4] = "#OF overflow",
	[5] = "#BR bound",
	[6] = "#UD invalid opcode",
	[7] = "#NM no device",
	[8] = "#DF double fault",
	[10] = "#TS invalid TSS",
	[11] = "#NP segment not present",
	[12] = "#SS stack fault",
	[13] = "#GP general protection",
	[14] = "#PF page fault",
	[16] = "#MF x87 error",
	[17] = "#AC alignment check",
	[18] = "#MC machine check",
	[19] = "#XM SIMD error",
	[20] = "#VE virtualization",
	[21] = "#CP control protection",
};

static void add_page_fault(struct text *t, const struct panic_record *p)
{
	uint64_t stack_offset = p->cr2_gva - STACKS_GPA;

	/* The error code tells a fetch only where no-execute is on, which it is not here. */
	if (p->cr2_gva == p->rip)
		text_add(t, ": fetch from ");
	else
		text_add(t, p->error_code & PF_WRITE ? ": write to " : ": read from ");
	text_add_hex(t, p->cr2_gva);
	text_add(t, p->error_code & PF_PRESENT ? ", not allowed" : ", not mapped");
	if (p->cr2_gva < 0x1000)
		text_add(t, " (null pointer)");
	else if (stack_offset < (uint64_t)GUEST_MAX_VCPUS * STACK_BYTES &&
		 stack_offset % STACK_BYTES < STACK_GUARD_BYTES)
		text_add(t, " (stack overflow)");
}

void panic_main(const struct cpu *cpu)
{
	struct vcpu_block *block = block_of(cpu->vcpu);
	const struct panic_record *p = &block->panic;
	const char *name = p->vector < VECTOR_COUNT ? vector_names[p->vector] : NULL;
	struct text t;

	text_start(&t, block->message, sizeof(block->message));
	text_add(&t, "vCPU ");
	text_add_dec(&t, cpu->vcpu);
	text_add(&t, " panics, vector ");
	text_add_dec(&t, p->vector);
	text_add(&t, " ");
	text_add(&t, name != NULL ? name : "reserved");
	if (p->vector == VECTOR_PF)
		add_page_fault(&t, p);
	text_add(&t, "; error code ");
	text_add_hex(&t, p->error_code);
	text_add(&t, ", rip ");
	text_add_hex(&t, p->rip);
	text_add(&t, ", rsp ");
	text_add_hex(&t, p->rsp);
	text_add(&t, p->cs == SEL_USER_CS ? ", ring 3" : ", ring 0");
	report_failure(block, GUEST_EXIT_PANIC);
}
