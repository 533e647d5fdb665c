/*
 * x86 bits used by both sides: the single copy. Names and numbers: Intel SDM vol. 3A chapters 2-4, 6, 8
 * (control registers, paging, interrupts, TSS); AMD APM vol. 2 chapters 3, 5. Usable from assembly.
 */
#ifndef MINIVMM_X86_H
#define MINIVMM_X86_H

#ifdef __ASSEMBLER__
#define X86_BIT(n) (1 << (n))
#else
#include <stdint.h>
#define X86_BIT(n) (UINT64_C(1) << (n))
#endif

#define CR0_PE X86_BIT(0)
#define CR0_MP X86_BIT(1)
#define CR0_ET X86_BIT(4)
#define CR0_NE X86_BIT(5)
#define CR0_WP X86_BIT(16)
#define CR0_PG X86_BIT(31)

#define CR4_PAE X86_BIT(5)
#define CR4_OSFXSR X86_BIT(9)
#define CR4_OSXMMEXCPT X86_BIT(10)
#define CR4_LA57 X86_BIT(12)

#define MSR_EFER 0xc0000080
#define EFER_LME X86_BIT(8)
#define EFER_LMA X86_BIT(10)
#define EFER_NXE X86_BIT(11)
#define MSR_FS_BASE 0xc0000100

/*
 * The local APIC (SDM vol. 3A, chapter "Advanced Programmable Interrupt Controller"; APM vol. 2, chapter 16): where
 * it is, in which mode, and its task-priority register, of which CR8 is bits 7:4.
 */
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_EXTD X86_BIT(10) /* x2APIC mode; only with APIC_BASE_EN */
#define APIC_BASE_EN X86_BIT(11)
#define APIC_BASE_GPA 0xffffffffff000 /* of the MSR: the address bits */
#define APIC_GPA 0xfee00000           /* after reset */
#define APIC_TPR 0x80                 /* register, from APIC_GPA */
#define APIC_TPR_CLASS_SHIFT 4
#define MSR_X2APIC_TPR 0x808

#define PTE_PRESENT X86_BIT(0)
#define PTE_WRITE X86_BIT(1)
#define PTE_USER X86_BIT(2)
#define PTE_ACCESSED X86_BIT(5)
#define PTE_DIRTY X86_BIT(6)
#define PTE_LEAF X86_BIT(7) /* PS: in a PDE a 2M leaf, in a PDPTE a 1G leaf */
#define PTE_GLOBAL X86_BIT(8)
#define PTE_NX X86_BIT(63) /* with EFER_NXE */

#define RFLAGS_FIXED X86_BIT(1)
#define RFLAGS_IOPL_3 (3 << 12)

/*
 * Selectors, in Linux's layout: hosts that run ring 3 natively without VMX or SVM expect it.
 *   0x08 kernel 32-bit code, 0x10 kernel 64-bit code, 0x18 kernel data, 0x20 user 32-bit code,
 *   0x28 user data, 0x30 user 64-bit code, 0x40 TSS (16 bytes)
 */
#define SEL_KERNEL_CS32 0x08
#define SEL_KERNEL_CS 0x10
#define SEL_KERNEL_DS 0x18
#define SEL_USER_DS 0x2b
#define SEL_USER_CS 0x33
#define SEL_TSS 0x40

#define VECTOR_DE 0
#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_COUNT 32

#define CPUID_FEATURES 1
#define CPUID_FEATURES_ECX_X2APIC X86_BIT(21)
#define CPUID_FEATURES_EDX_APIC X86_BIT(9) /* there is one, and IA32_APIC_BASE has it enabled */
#define CPUID_EXT_FEATURES 0x80000001
#define CPUID_EXT_EDX_PDPE1GB X86_BIT(26)

/* hvm_start_info, the PVH boot protocol (xen/include/public/arch-x86/hvm/start_info.h, version 1). */
#define HVM_START_MAGIC 0x336ec578
#define XEN_ELFNOTE_PHYS32_ENTRY 18

#ifndef __ASSEMBLER__
struct hvm_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modlist_gpa; /* of struct hvm_modlist_entry[nr_modules] */
	uint64_t cmdline_gpa; /* 0: none */
	uint64_t rsdp_gpa;    /* 0: none */
	uint64_t memmap_gpa;  /* of struct hvm_memmap_entry[memmap_entries] */
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct hvm_modlist_entry {
	uint64_t module_gpa;
	uint64_t bytes;
	uint64_t cmdline_gpa;
	uint64_t reserved;
};

struct hvm_memmap_entry {
	uint64_t start_gpa;
	uint64_t bytes;
	uint32_t type; /* 1: RAM, as in E820 */
	uint32_t reserved;
};

_Static_assert(sizeof(struct hvm_start_info) == 56, "as the PVH protocol lays it out");
_Static_assert(sizeof(struct hvm_modlist_entry) == 32, "as the PVH protocol lays it out");
_Static_assert(sizeof(struct hvm_memmap_entry) == 24, "as the PVH protocol lays it out");
#endif

#endif
