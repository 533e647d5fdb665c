/*
 * Every table the CPU needs to leave ring 0, as constants of the image: nothing is computed at boot.
 */
#include "guest/cpu/areas.h"
#include "x86.h"

/*
 * A and D are set beforehand: these pages are not what is measured, and a host with shadow paging would have to
 * set each bit by a fault.
 */
#define TABLE_FLAGS (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define LEAF_4K_FLAGS (TABLE_FLAGS | PTE_DIRTY)
#define LEAF_2M_FLAGS (LEAF_4K_FLAGS | PTE_LEAF)

#define DESCRIPTOR_KERNEL_CODE32 0x00cf9b000000ffff
#define DESCRIPTOR_KERNEL_CODE64 0x00af9b000000ffff
#define DESCRIPTOR_KERNEL_DATA 0x00cf93000000ffff
#define DESCRIPTOR_USER_CODE32 0x00cffb000000ffff
#define DESCRIPTOR_USER_DATA 0x00cff3000000ffff
#define DESCRIPTOR_USER_CODE64 0x00affb000000ffff

#define GATE_INTERRUPT 0x8e
#define GATE_INTERRUPT_USER 0xee

/* Task state segments (SDM vol. 3A, 8.7): a ring-0 stack, and one of its own for double faults. First in .data. */
	.section .data.tss, "aw", @progbits
	.balign	TSS_STRIDE_BYTES
	.globl	boot_tss
boot_tss:
	.set	vcpu, 0
	.rept	GUEST_MAX_VCPUS
	.long	0
	.quad	CPU_AREAS_GPA + vcpu * CPU_AREA_BYTES + CPU_RING0_STACK_TOP
	.quad	0, 0
	.quad	0
	.quad	CPU_AREAS_GPA + vcpu * CPU_AREA_BYTES + CPU_FAULT_STACK_TOP
	.fill	6, 8, 0
	.quad	0
	.word	0
	.word	IO_BITMAP_GPA - TSS_GPA - vcpu * TSS_STRIDE_BYTES
	.balign	TSS_STRIDE_BYTES
	.set	vcpu, vcpu + 1
	.endr
/*
 * I/O permissions: zeros allow, and the byte after the last has to be ones (SDM vol. 1, 19.5.2). IOPL 3 alone
 * would do on hardware, but a host that runs ring 3 natively keeps no IOPL across its exits, and asks the TSS.
 */
	.fill	IO_BITMAP_BYTES, 1, 0
	.byte	0xff

/* The GDT in the order of x86.h, then one TSS descriptor a vCPU; in .data because ltr sets a busy bit. */
	.section .data.gdt, "aw", @progbits
	.balign	16
boot_gdt:
	.quad	0
	.quad	DESCRIPTOR_KERNEL_CODE32
	.quad	DESCRIPTOR_KERNEL_CODE64
	.quad	DESCRIPTOR_KERNEL_DATA
	.quad	DESCRIPTOR_USER_CODE32
	.quad	DESCRIPTOR_USER_DATA
	.quad	DESCRIPTOR_USER_CODE64
	.quad	0
	.if	. - boot_gdt - SEL_TSS
	.error	"the TSS descriptors are not at SEL_TSS"
	.endif
	.set	tss_gpa, TSS_GPA
	.rept	GUEST_MAX_VCPUS
	.word	IO_BITMAP_GPA + IO_BITMAP_BYTES - tss_gpa
	.word	tss_gpa & 0xffff
	.byte	(tss_gpa >> 16) & 0xff
	.byte	0x89
	.byte	0
	.byte	(tss_gpa >> 24) & 0xff
	.quad	0
	.set	tss_gpa, tss_gpa + TSS_STRIDE_BYTES
	.endr
boot_gdt_end:

/* Stubs are 16 bytes apart from VECTORS_GPA on (vectors.S), so a gate is a constant too. */
	.section .rodata.idt, "a", @progbits
	.balign	16
boot_idt:
	.set	vector, 0
	.rept	VECTOR_COUNT
	.word	(VECTORS_GPA + vector * VECTOR_STUB_BYTES) & 0xffff
	.word	SEL_KERNEL_CS
	.if	vector == VECTOR_DF
	.byte	1
	.else
	.byte	0
	.endif
	.if	vector == VECTOR_BP
	.byte	GATE_INTERRUPT_USER
	.else
	.byte	GATE_INTERRUPT
	.endif
	.word	(VECTORS_GPA + vector * VECTOR_STUB_BYTES) >> 16
	.quad	0
	.set	vector, vector + 1
	.endr
boot_idt_end:

	.globl	boot_gdtr, boot_idtr
	.balign	8
boot_gdtr:
	.word	boot_gdt_end - boot_gdt - 1
	.quad	boot_gdt
	.balign	8
boot_idtr:
	.word	boot_idt_end - boot_idt - 1
	.quad	boot_idt

/* Identity map of BOOT_MAP_BYTES for ring 3. */
	.section .data.boot_page_tables, "aw", @progbits
	.balign	4096
	.globl	boot_pml4
boot_pml4:
	.quad	boot_pdpt + TABLE_FLAGS
	.fill	511, 8, 0
boot_pdpt:
	.set	i, 0
	.rept	BOOT_MAP_BYTES >> 30
	.quad	boot_pds + i * 4096 + TABLE_FLAGS
	.set	i, i + 1
	.endr
	.fill	512 - (BOOT_MAP_BYTES >> 30), 8, 0
boot_pds:
	.set	gpa, 0
	.rept	BOOT_MAP_BYTES >> 21
	.if	gpa == 0
	.quad	boot_pt_low + TABLE_FLAGS
	.elseif	gpa == STACKS_GPA
	.quad	boot_pt_stacks + TABLE_FLAGS
	.else
	.quad	gpa + LEAF_2M_FLAGS
	.endif
	.set	gpa, gpa + 0x200000
	.endr

/* Page 0 is not there: a null pointer traps. */
boot_pt_low:
	.quad	0
	.set	gpa, 0x1000
	.rept	511
	.quad	gpa + LEAF_4K_FLAGS
	.set	gpa, gpa + 0x1000
	.endr

/* The lowest page of each stack is not there: an overflow traps. */
boot_pt_stacks:
	.set	gpa, STACKS_GPA
	.rept	512
	.if	gpa & (STACK_BYTES - 1)
	.quad	gpa + LEAF_4K_FLAGS
	.else
	.quad	0
	.endif
	.set	gpa, gpa + 0x1000
	.endr

	.section .note.GNU-stack, "", @progbits
