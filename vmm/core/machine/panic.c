/* How a guest ends itself: the byte on the exit port, and what its block says about why. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/core/machine/internal.h"
#include "x86.h"

const char *vector_name(uint64_t vector)
{
	static const char *const names[VECTOR_COUNT] = {
		"#DE divide error",
		"#DB debug",
		"NMI",
		"#BP breakpoint",
		"#OF overflow",
		"#BR bound range",
		"#UD invalid opcode",
		"#NM no FPU",
		"#DF double fault",
		"coprocessor overrun",
		"#TS invalid TSS",
		"#NP segment not present",
		"#SS stack fault",
		"#GP general protection",
		"#PF page fault",
		"reserved",
		"#MF x87 error",
		"#AC alignment check",
		"#MC machine check",
		"#XM SIMD error",
		"#VE virtualization",
		"#CP control protection",
	};

	return vector < VECTOR_COUNT && names[vector] != NULL ? names[vector] : "reserved";
}

void panic_format(const struct panic_record *p, char *buf, size_t bytes)
{
	char access[80] = "";

	/* Error code of a page fault: SDM vol. 3A, 4.7. */
	if (p->vector == VECTOR_PF)
		(void)snprintf(access, sizeof(access), " on a %s of 0x%" PRIx64 " (%s)",
			       p->error_code & 16  ? "fetch"
			       : p->error_code & 2 ? "write"
						   : "read",
			       p->cr2_gva, p->error_code & 1 ? "not allowed" : "not mapped");
	(void)snprintf(buf, bytes,
		       "%s (vector %" PRIu64 ", error code 0x%" PRIx64 ")%s at rip 0x%" PRIx64
		       " in ring %u; rsp 0x%" PRIx64 " rflags 0x%" PRIx64 " cr3 0x%" PRIx64 " rax 0x%" PRIx64
		       " rbx 0x%" PRIx64 " rcx 0x%" PRIx64 " rdx 0x%" PRIx64 " rsi 0x%" PRIx64
		       " rdi 0x%" PRIx64 " rbp 0x%" PRIx64,
		       vector_name(p->vector), p->vector, p->error_code, access, p->rip,
		       (unsigned int)(p->cs & 3), p->rsp, p->rflags, p->cr3_gpa, p->rax, p->rbx, p->rcx,
		       p->rdx, p->rsi, p->rdi, p->rbp);
}

int block_check(const struct vcpu_block *block, uint32_t vcpu, char *why, size_t why_bytes)
{
	if (block->magic == VCPU_BLOCK_MAGIC && block->abi_version == MINIVMM_ABI_VERSION &&
	    block->vcpu == vcpu)
		return 0;
	if (block->magic != VCPU_BLOCK_MAGIC)
		(void)snprintf(why, why_bytes, "magic 0x%x, 0x%x expected", block->magic, VCPU_BLOCK_MAGIC);
	else if (block->abi_version != MINIVMM_ABI_VERSION)
		(void)snprintf(why, why_bytes, "ABI version %u, %d expected", block->abi_version,
			       MINIVMM_ABI_VERSION);
	else
		(void)snprintf(why, why_bytes, "says vCPU %u", block->vcpu);
	return -EINVAL;
}

/* The guest's own words, made printable; "no reason given" where its block is not in order. */
static void read_message(struct vcpu_task *task, char *buf, size_t bytes)
{
	char why[80];
	size_t n = 0;

	if (block_check(&task->copy, task->vcpu->index, why, sizeof(why)) == 0) {
		for (; n + 1 < bytes && n < sizeof(task->copy.message) && task->copy.message[n] != '\0';
		     n++) {
			char c = task->copy.message[n];

			buf[n] = c;
			if (c < 0x20 || c > 0x7e)
				buf[n] = '?';
		}
	}
	buf[n] = '\0';
	if (n == 0)
		(void)snprintf(buf, bytes, "no reason given");
}

static int guest_panicked(struct vcpu_task *task, struct error *e)
{
	char why[80];
	char text[480];

	if (block_check(&task->copy, task->vcpu->index, why, sizeof(why)) != 0)
		return error_set(e, STATUS_GUEST_PANIC, 0, "guest",
				 "vCPU %u panicked, and its record is not in order: %s", task->vcpu->index,
				 why);
	panic_format(&task->copy.panic, text, sizeof(text));
	return error_set(e, STATUS_GUEST_PANIC, 0, "guest", "vCPU %u panicked: %s", task->vcpu->index, text);
}

int guest_ended(struct vcpu_task *task, uint32_t code, struct error *e)
{
	int ret = machine_read_block(task->machine, task->vcpu->index, &task->copy, e);
	char message[GUEST_MESSAGE_BYTES];

	pthread_mutex_lock(&task->machine->lock);
	task->machine->report->exit_code = (int)code;
	pthread_mutex_unlock(&task->machine->lock);
	if (ret != 0)
		return ret;
	read_message(task, message, sizeof(message));
	switch (code) {
	case GUEST_EXIT_OK:
		return 1;
	case GUEST_EXIT_PANIC:
		return guest_panicked(task, e);
	case GUEST_EXIT_UNSUPPORTED:
		return error_set(e, STATUS_CANNOT, ENOTSUP, "guest", "%s", message);
	case GUEST_EXIT_PARAMS:
		return error_set(e, STATUS_FAILED, 0, "guest", "it cannot use its parameters: %s", message);
	case GUEST_EXIT_FAILED:
		return error_set(e, STATUS_FAILED, 0, "guest", "its own check failed: %s", message);
	default:
		return error_set(e, STATUS_FAILED, 0, "guest", "it ended with the unknown code 0x%x", code);
	}
}
