/*
 * Where the image keeps what belongs to one vCPU, as plain numbers for C, assembly and the linker script.
 *
 *   IMAGE_GPA        vectors (16 bytes each), text, read-only data
 *   IMAGE_DATA_GPA   task state segments, GDT, boot page tables, data, bss
 *   CPU_AREAS_GPA    8 KiB a vCPU: struct cpu, panic stack, ring-0 stack, double-fault stack
 *   STACKS_GPA       16 KiB a vCPU: an unmapped guard page, then 12 KiB of ring-3 stack
 *
 * They are fixed so that GDT, IDT, TSS and page tables are constants of the assembler: ring 0 computes nothing.
 */
#ifndef MINIVMM_GUEST_CPU_AREAS_H
#define MINIVMM_GUEST_CPU_AREAS_H

#include "layout.h"

#define VECTORS_GPA IMAGE_GPA
#define VECTOR_STUB_BYTES 16

#define IMAGE_DATA_GPA 0x280000
#define TSS_GPA IMAGE_DATA_GPA
#define TSS_STRIDE_BYTES 128
#define TSS_BYTES 104

/* Ports that ring 3 may use by the TSS as well: all up to and with the doorbell. Shared by all TSSs. */
#define IO_BITMAP_GPA (TSS_GPA + GUEST_MAX_VCPUS * TSS_STRIDE_BYTES)
#define IO_BITMAP_PORTS 0x800
#define IO_BITMAP_BYTES (IO_BITMAP_PORTS / 8)

/* A vCPU's block (abi.h) is found from its area: see TO_BLOCK in vectors.S. */
#define CPU_AREAS_GPA 0x300000
#define CPU_AREA_BYTES 0x2000
#define CPU_PANIC_STACK_TOP 0x1000
#define CPU_RING0_STACK_TOP 0x1800
#define CPU_FAULT_STACK_TOP 0x2000

#define STACKS_GPA 0x400000
#define STACK_BYTES 0x4000
#define STACK_GUARD_BYTES 0x1000

#endif
