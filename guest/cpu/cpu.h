/*
 * What is known about one vCPU, at %fs:0, and the offsets by which the exception stubs reach it.
 */
#ifndef MINIVMM_GUEST_CPU_CPU_H
#define MINIVMM_GUEST_CPU_CPU_H

#include "guest/cpu/areas.h"

/* Offsets in struct cpu and in struct vcpu_block, for assembly; checked below. */
#define CPU_PANICKING 12
#define BLOCK_VECTOR 16
#define BLOCK_ERROR_CODE 24
#define BLOCK_RIP 32
#define BLOCK_CS 40
#define BLOCK_RFLAGS 48
#define BLOCK_RSP 56
#define BLOCK_SS 64
#define BLOCK_CR2 72
#define BLOCK_CR3 80
#define BLOCK_RAX 88
#define BLOCK_RBX 96
#define BLOCK_RCX 104
#define BLOCK_RDX 112
#define BLOCK_RSI 120
#define BLOCK_RDI 128
#define BLOCK_RBP 136
#define BLOCK_R8 144
#define BLOCK_R15 200

/* PORT_EXIT and GUEST_EXIT_PANIC for assembly, which cannot read an enum; checked below. */
#define PANIC_PORT 0xf4
#define PANIC_CODE 0x11

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

struct cpu {
	uint64_t reserved;
	uint32_t vcpu;
	uint32_t panicking; /* set by ring 0 at the first exception, so that a second one ends it all */
	uint64_t unused[3];
	uint64_t stack_guard; /* %fs:0x28, where the compiler's stack protector in libfdt looks for it */
};

static inline struct cpu *cpu_of(uint32_t vcpu)
{
	return (struct cpu *)(uintptr_t)(CPU_AREAS_GPA + (uint64_t)vcpu * CPU_AREA_BYTES);
}

static inline struct vcpu_block *block_of(uint32_t vcpu)
{
	return (struct vcpu_block *)(uintptr_t)(VCPU_BLOCKS_GPA + (uint64_t)vcpu * VCPU_BLOCK_BYTES);
}

#define BLOCK_OFFSET_IS(name, field) \
	_Static_assert(offsetof(struct vcpu_block, panic.field) == (name), "assembly fills " #field)
BLOCK_OFFSET_IS(BLOCK_VECTOR, vector);
BLOCK_OFFSET_IS(BLOCK_ERROR_CODE, error_code);
BLOCK_OFFSET_IS(BLOCK_RIP, rip);
BLOCK_OFFSET_IS(BLOCK_CS, cs);
BLOCK_OFFSET_IS(BLOCK_RFLAGS, rflags);
BLOCK_OFFSET_IS(BLOCK_RSP, rsp);
BLOCK_OFFSET_IS(BLOCK_SS, ss);
BLOCK_OFFSET_IS(BLOCK_CR2, cr2_gva);
BLOCK_OFFSET_IS(BLOCK_CR3, cr3_gpa);
BLOCK_OFFSET_IS(BLOCK_RAX, rax);
BLOCK_OFFSET_IS(BLOCK_RBX, rbx);
BLOCK_OFFSET_IS(BLOCK_RCX, rcx);
BLOCK_OFFSET_IS(BLOCK_RDX, rdx);
BLOCK_OFFSET_IS(BLOCK_RSI, rsi);
BLOCK_OFFSET_IS(BLOCK_RDI, rdi);
BLOCK_OFFSET_IS(BLOCK_RBP, rbp);
BLOCK_OFFSET_IS(BLOCK_R8, r8);
BLOCK_OFFSET_IS(BLOCK_R15, r15);
_Static_assert(offsetof(struct cpu, panicking) == CPU_PANICKING, "assembly tests it");
_Static_assert(offsetof(struct cpu, stack_guard) == 0x28, "the x86-64 ABI's place for the guard");
_Static_assert(sizeof(struct cpu) <= 256, "the rest of the page is the panic stack");
_Static_assert(PANIC_PORT == PORT_EXIT && PANIC_CODE == GUEST_EXIT_PANIC, "as the ABI has them");
_Static_assert(CPU_AREA_BYTES == CPU_FAULT_STACK_TOP, "the stacks fill the area");
_Static_assert((CPU_AREA_BYTES & (CPU_AREA_BYTES - 1)) == 0 && CPU_AREAS_GPA % CPU_AREA_BYTES == 0,
	       "a ring-0 stack pointer rounded down is the area");
_Static_assert(CPU_AREAS_GPA + GUEST_MAX_VCPUS * CPU_AREA_BYTES <= STACKS_GPA, "areas end below the stacks");
_Static_assert(STACKS_GPA + GUEST_MAX_VCPUS * STACK_BYTES <= IMAGE_END_GPA, "stacks end with the image");
_Static_assert(STACKS_GPA % 0x200000 == 0 && GUEST_MAX_VCPUS * STACK_BYTES == 0x200000,
	       "one page table of 4 KiB leaves covers the stacks");
#endif

#endif
