/*
 * Every fixed guest address, once. Read by C on both sides, by the guest's assembly and by its linker script.
 *
 *   GPA                                               GVA
 *   0x0000000  +-------------------------------+      identity, first 4 GiB, 2 MiB leaves
 *              | not mapped: traps null        |      (only the first 2 MiB have 4 KiB leaves)
 *   0x0001000  | hvm_start_info, module list   |      written by the VMM (PVH)
 *   0x0010000  | FDT                           |      written by the VMM; elsewhere under other VMMs
 *   0x0090000  | unused (firmware holes elsewhere)
 *   0x0200000  | guest image: text, data, bss  |      the ELF's segments, per-vCPU stacks in bss
 *   0x0600000  | vCPU blocks, 16 KiB a vCPU    |      abi.h; read by the VMM at each doorbell
 *   0x0800000  | page-table pool               |      sized by the VMM for arena and leaf; named in the FDT
 *      ...     +-------------------------------+
 *              | arena: what workloads touch   |      ARENA_GVA, leaves of --guest-page
 *   0xc0000000 +-------------------------------+      RAM stops here (the hole below 4 GiB), goes on at 4 GiB
 *
 * The hole is where QEMU's microvm has it, so that one FDT describes the same RAM under both VMMs.
 */
#ifndef MINIVMM_LAYOUT_H
#define MINIVMM_LAYOUT_H

#define START_INFO_GPA 0x1000
#define START_INFO_BYTES 0x1000

#define FDT_GPA 0x10000
#define FDT_MAX_BYTES 0x80000

#define IMAGE_GPA 0x200000
#define IMAGE_END_GPA 0x600000

#define VCPU_BLOCKS_GPA 0x600000
#define VCPU_BLOCK_BYTES 0x4000

#define TABLE_POOL_GPA 0x800000

/* What the guest's static boot tables map, and so where the FDT and page-table pool have to be. */
#define BOOT_MAP_BYTES 0x100000000

#define RAM_HOLE_START_GPA 0xc0000000
#define RAM_HOLE_END_GPA 0x100000000

/* PML4 slots of its own, 512 GiB aligned: congruent with every leaf size. */
#define ARENA_GVA 0x10000000000
#define ARENA_MAX_BYTES (62 * UINT64_C(0x8000000000))

/* From here to the end of the lower half: addresses for what workloads map in an address space of their own. */
#define WINDOW_GVA 0x200000000000
#define WINDOW_BYTES (192 * UINT64_C(0x8000000000))

/* No physical address is longer than 52 bits (SDM vol. 3A, 4.1.4). */
#define GPA_LIMIT_BYTES 0x10000000000000

/* Blocks and stacks are laid out for so many; the 8-bit APIC id of CPUID leaf 1 names them. */
#define GUEST_MAX_VCPUS 128

#define RAM_MIN_BYTES 0x4000000

#endif
