/*
 * What guest and VMM say to each other while the guest runs: three ports and one memory block a vCPU.
 *
 * Guest pointers are plain integers here (_gva, _gpa), so the VMM cannot dereference one by accident.
 * The VMM believes nothing in a block: it copies the block out first, then checks every field.
 */
#ifndef MINIVMM_ABI_H
#define MINIVMM_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "core_clock.h"
#include "load_histogram.h"
#include "layout.h"

#define MINIVMM_ABI_VERSION 5

/* 16550 UART, transmit only: data at +0, line status at +5. */
#define PORT_SERIAL 0x3f8
#define PORT_SERIAL_LSR (PORT_SERIAL + 5)
#define SERIAL_LSR_THR_EMPTY 0x20

/* QEMU's isa-debug-exit: one byte v ends the machine; QEMU's own exit status is then (v << 1) | 1. */
#define PORT_EXIT 0xf4

/* Doorbell: a 32-bit out of an enum doorbell value. Nothing answers there under other VMMs. */
#define PORT_DOORBELL 0x600

/*
 * Two ports that do nothing, 32 bits wide, to measure what an exit costs: the VMM answers the first; KVM itself the
 * second, where the tree says so (FDT_PROP_KERNEL_PORT), else the VMM again.
 */
#define PORT_USER 0x604
#define PORT_KERNEL 0x608

enum guest_exit {
	GUEST_EXIT_OK = 0x10,
	GUEST_EXIT_PANIC = 0x11,       /* an exception; the panic record of the vCPU's block is valid */
	GUEST_EXIT_UNSUPPORTED = 0x12, /* this CPU cannot do it (1G leaves); block->message says what */
	GUEST_EXIT_PARAMS = 0x13,      /* FDT missing or wrong; block->message says what */
	GUEST_EXIT_FAILED = 0x14,      /* a workload's own check failed; block->message says what */
};

enum doorbell {
	DOORBELL_MAIN = 1,      /* once, by vCPU 0: ring 3 reached, FDT read, tables built */
	DOORBELL_BEGIN = 2,     /* the timed phase of the step in block->result starts */
	DOORBELL_END = 3,       /* it ended; block->result is complete */
	DOORBELL_EMPTY = 4,     /* nothing: lets the VMM learn what a doorbell itself costs in exits */
	DOORBELL_VCPU_DONE = 5, /* this vCPU has no more steps (all but vCPU 0, which writes PORT_EXIT) */
};

#define VCPU_BLOCK_MAGIC UINT32_C(0x4d56424b) /* "MVBK" */
#define RESULT_MAX_SAMPLES 896
#define GUEST_MESSAGE_BYTES 256

/* One measured step on one vCPU. Writer: the guest. All counts are of this vCPU alone. */
struct guest_result {
	uint32_t step;     /* index in the plan */
	uint32_t variant;  /* which part of the workload: see enum workload_variant */
	uint32_t workload; /* enum workload_id */
	uint32_t samples;  /* valid entries of samples_cycles; 0 where unavailable says why */
	uint64_t working_set_bytes;
	uint64_t stride_bytes;  /* as in the plan */
	uint64_t chains;        /* as in the plan */
	uint64_t pages;         /* distinct pages of 4 KiB or lines touched, the workload's n */
	uint64_t accesses;      /* timed operations in one sample (bytes for bandwidth workloads) */
	uint64_t warm_accesses; /* operations of the phase beside the timed ones */
	uint64_t checksum;    /* a function of seed, working set and accesses alone: equal under every VMM */
	uint64_t unavailable; /* enum unavailable */
	/* 4 KiB pages of the set that were touched until the part's end, and those of them that set-up touched before it. */
	uint64_t touched_pages, untimed_pages;
	uint64_t
		zero_pages; /* of a part with host_act: pages that the timed operations found zeroed; else 0 */
	uint64_t samples_cycles[RESULT_MAX_SAMPLES];     /* TSC cycles of one whole sample */
	struct core_clock clock[RESULT_MAX_SAMPLES + 1]; /* before the first sample, and after each one */
	struct guest_histogram histogram; /* of a part with single_loads: all its samples; else zero */
};

/* Written by ring 0 at an exception (Intel SDM vol. 3A, 6.15 for vectors and error codes). */
struct panic_record {
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
	uint64_t cr2_gva, cr3_gpa;
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

struct vcpu_block {
	uint32_t magic;
	uint32_t abi_version;
	uint32_t vcpu;
	uint32_t reserved;
	struct panic_record panic;
	char message[GUEST_MESSAGE_BYTES]; /* NUL-terminated, printable; why the guest gave up */
	/* The same short loop in both rings, before the first step with a part in ring 0; 0 and 0: not measured. */
	uint64_t ring0_loop_cycles, ring3_loop_cycles;
	struct guest_result result;
};

_Static_assert(sizeof(struct guest_result) == 104 + 8 * RESULT_MAX_SAMPLES + 8 * (RESULT_MAX_SAMPLES + 1) +
						      4 * (1 + HISTOGRAM_BUCKETS),
	       "guest_result has no padding");
_Static_assert(sizeof(struct panic_record) == 24 * 8, "panic_record has no padding");
_Static_assert(offsetof(struct vcpu_block, panic) == 16, "the guest's assembly fills the panic record");
_Static_assert(sizeof(struct vcpu_block) <= VCPU_BLOCK_BYTES, "a block fits its slot");
_Static_assert(VCPU_BLOCKS_GPA + GUEST_MAX_VCPUS * VCPU_BLOCK_BYTES <= TABLE_POOL_GPA,
	       "blocks end below the pool");

#endif
