/*
 * Ring 0 and its hardware for a test process: privileged instructions, port output and the APIC's memory trap (SIGSEGV)
 * and are carried out here, counted and checked. So the workloads' own loops run, instruction by instruction.
 */
#ifndef MINIVMM_TESTS_TRAP_CPU_H
#define MINIVMM_TESTS_TRAP_CPU_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "abi.h"
#include "x86.h"

enum trap_kind {
	TRAP_PORT_USER,
	TRAP_PORT_KERNEL,
	TRAP_CR8_READ,
	TRAP_CR8_WRITE,
	TRAP_XAPIC_READ,
	TRAP_XAPIC_WRITE,
	TRAP_X2APIC_READ,
	TRAP_X2APIC_WRITE,
	TRAP_BASE_READ,
	TRAP_BASE_WRITE,
	TRAP_KINDS
};

/* What this CPU does wrong, for tests of the workloads' own proofs. */
enum trap_defect {
	DEFECT_NONE,
	DEFECT_CR8_STUCK,   /* writes of CR8 are lost */
	DEFECT_XAPIC_APART, /* the APIC's register is not the one of CR8 */
	DEFECT_X2APIC_APART,
	DEFECT_ODD_READ,   /* one read out of many is wrong */
	DEFECT_LAST_WRITE, /* from some time on, writes are lost */
};

struct trap_cpu {
	uint64_t base; /* IA32_APIC_BASE */
	uint32_t tpr, apart;
	enum trap_defect defect;
	uint64_t counts[TRAP_KINDS];
	uint16_t priorities; /* a bit for each priority that was written */
	bool illegal;        /* something that a CPU answers with #GP, or that no device takes */
};

static struct trap_cpu trap_cpu;

static uint64_t trap_total(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < TRAP_KINDS; i++)
		sum += trap_cpu.counts[i];
	return sum;
}

/* The access of its kind from which the late defects show: after the proofs before the first phase. */
#define TRAP_LATE 90

static uint32_t trap_read(enum trap_kind kind, bool apart)
{
	uint32_t value = apart ? trap_cpu.apart : trap_cpu.tpr;

	trap_cpu.counts[kind]++;
	return trap_cpu.defect == DEFECT_ODD_READ && trap_cpu.counts[kind] == TRAP_LATE ? value ^ 0x10
											: value;
}

static void trap_write(enum trap_kind kind, bool apart, uint64_t value)
{
	trap_cpu.counts[kind]++;
	trap_cpu.illegal = trap_cpu.illegal || value > 0xff;
	trap_cpu.priorities |= (uint16_t)(1U << (value >> APIC_TPR_CLASS_SHIFT & 15));
	if (trap_cpu.defect == DEFECT_LAST_WRITE && trap_cpu.counts[kind] >= TRAP_LATE)
		return;
	if (apart)
		trap_cpu.apart = (uint32_t)value;
	else
		trap_cpu.tpr = (uint32_t)value;
}

/* The transitions of SDM vol. 3A, 11.12.5; EXTD alone is none, and the rest of the register stays. */
static void trap_base_write(uint64_t value)
{
	uint64_t modes = APIC_BASE_EN | APIC_BASE_EXTD;
	uint64_t from = trap_cpu.base & modes, to = value & modes;
	bool legal = from == to || to == 0 || (to == APIC_BASE_EN && from == 0) ||
		     (to == modes && from == APIC_BASE_EN);

	trap_cpu.counts[TRAP_BASE_WRITE]++;
	if (!legal || (value & ~modes) != (trap_cpu.base & ~modes))
		trap_cpu.illegal = true;
	trap_cpu.base = value;
}

static bool trap_mode_is(bool x2apic)
{
	return (trap_cpu.base & APIC_BASE_EN) != 0 && ((trap_cpu.base & APIC_BASE_EXTD) != 0) == x2apic;
}

static void trap_cr8(greg_t *regs, bool write)
{
	if (!write)
		regs[REG_RAX] = trap_read(TRAP_CR8_READ, false) >> APIC_TPR_CLASS_SHIFT;
	else if (trap_cpu.defect != DEFECT_CR8_STUCK)
		trap_write(TRAP_CR8_WRITE, false, (uint64_t)regs[REG_RAX] << APIC_TPR_CLASS_SHIFT);
}

static void trap_msr(greg_t *regs, bool write)
{
	uint64_t value = (uint64_t)(uint32_t)regs[REG_RDX] << 32 | (uint32_t)regs[REG_RAX];
	bool apart = trap_cpu.defect == DEFECT_X2APIC_APART;

	if ((uint32_t)regs[REG_RCX] == MSR_APIC_BASE && write)
		trap_base_write(value);
	else if ((uint32_t)regs[REG_RCX] == MSR_APIC_BASE)
		trap_cpu.counts[TRAP_BASE_READ]++, value = trap_cpu.base;
	else if ((uint32_t)regs[REG_RCX] != MSR_X2APIC_TPR || !trap_mode_is(true))
		trap_cpu.illegal = true;
	else if (write)
		trap_write(TRAP_X2APIC_WRITE, apart, value);
	else
		value = trap_read(TRAP_X2APIC_READ, apart);
	if (!write) {
		regs[REG_RAX] = (greg_t)(uint32_t)value;
		regs[REG_RDX] = (greg_t)(value >> 32);
	}
}

static void trap_memory(greg_t *regs, bool write)
{
	bool apart = trap_cpu.defect == DEFECT_XAPIC_APART;

	if (!trap_mode_is(false))
		trap_cpu.illegal = true;
	if (write)
		trap_write(TRAP_XAPIC_WRITE, apart, (uint32_t)regs[REG_RAX]);
	else
		regs[REG_RAX] = trap_read(TRAP_XAPIC_READ, apart);
}

static void trap_out(const greg_t *regs)
{
	uint16_t port = (uint16_t)regs[REG_RDX];

	if (port == PORT_USER)
		trap_cpu.counts[TRAP_PORT_USER]++;
	else if (port == PORT_KERNEL)
		trap_cpu.counts[TRAP_PORT_KERNEL]++;
	else
		trap_cpu.illegal = true;
}

/* The encodings that the workloads' inline assembly has; anything else strikes again, uncaught. */
static void trap_on_fault(int signum, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *code = (const unsigned char *)regs[REG_RIP];
	bool tpr = (uint64_t)regs[REG_RDX] == APIC_GPA + APIC_TPR;

	(void)info;
	if (code[0] == 0xef) {
		trap_out(regs);
		regs[REG_RIP] += 1;
	} else if (code[0] == 0x44 && code[1] == 0x0f && (code[2] | 2) == 0x22 && code[3] == 0xc0) {
		trap_cr8(regs, code[2] == 0x22);
		regs[REG_RIP] += 4;
	} else if (code[0] == 0x0f && (code[1] == 0x30 || code[1] == 0x32)) {
		trap_msr(regs, code[1] == 0x30);
		regs[REG_RIP] += 2;
	} else if (tpr && (code[0] == 0x89 || code[0] == 0x8b) && code[1] == 0x02) {
		trap_memory(regs, code[0] == 0x89);
		regs[REG_RIP] += 2;
	} else {
		(void)signal(signum, SIG_DFL);
	}
}

/* After it the APIC is as a reset leaves it. 0 or -1. */
static int trap_install(void)
{
	struct sigaction action;

	memset(&trap_cpu, 0, sizeof(trap_cpu));
	trap_cpu.base = APIC_GPA | APIC_BASE_EN;
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = trap_on_fault;
	action.sa_flags = SA_SIGINFO;
	sigemptyset(&action.sa_mask);
	return sigaction(SIGSEGV, &action, NULL);
}

#endif
