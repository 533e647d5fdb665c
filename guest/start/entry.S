/*
 * From the PVH entry (32-bit protected mode, paging off, %ebx = GPA of hvm_start_info) to ring 3.
 *
 * Every vCPU comes in here, in no order, told apart by its APIC id alone. Short on purpose: there are hosts that
 * interpret ring 0, thousands of times slower than ring 3. All tables are constants (tables.S); .bss is not
 * cleared, because a loader zero-fills it or gives fresh memory.
 */
#include "guest/cpu/cpu.h"
#include "x86.h"

#define BOOT_CR0 (CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE)
/* libfdt, compiled for any x86-64, uses SSE. */
#define BOOT_CR4 (CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT)

	.section .note.Xen, "a", @note
	.balign	4
	.long	2f - 1f
	.long	4f - 3f
	.long	XEN_ELFNOTE_PHYS32_ENTRY
1:	.asciz	"Xen"
2:	.balign	4
3:	.quad	entry32
4:	.balign	4

	.text
	.code32
	.globl	entry32
entry32:
	mov	%ebx, %esi
	mov	$1, %eax
	cpuid
	shr	$24, %ebx
	cmp	$GUEST_MAX_VCPUS, %ebx
	jae	too_many
	mov	%ebx, %edi

	mov	$BOOT_CR4, %eax
	mov	%eax, %cr4
	mov	$boot_pml4, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	mov	$EFER_LME, %eax
	xor	%edx, %edx
	wrmsr
	mov	$BOOT_CR0, %eax
	mov	%eax, %cr0
	lgdt	boot_gdtr
	ljmp	$SEL_KERNEL_CS, $entry64

/* An APIC id that has no area: only the exit port can report it. */
too_many:
	mov	$PANIC_CODE, %al
	out	%al, $PANIC_PORT
	cli
1:	hlt
	jmp	1b

	.code64
entry64:
	/* The upper halves are undefined after the switch: write the 32-bit names to clear them. */
	mov	%edi, %edi
	mov	%esi, %esi
	lidt	boot_idtr
	mov	%edi, %eax
	shl	$4, %eax
	add	$SEL_TSS, %eax
	ltr	%ax

	/* Data segments that iretq leaves alone: ring 3's own, and null where a base is set by MSR. */
	mov	$SEL_USER_DS, %eax
	mov	%eax, %ds
	mov	%eax, %es
	xor	%edx, %edx
	mov	%edx, %fs
	mov	%edx, %gs
	imul	$CPU_AREA_BYTES, %edi, %eax
	add	$CPU_AREAS_GPA, %eax
	mov	$MSR_FS_BASE, %ecx
	wrmsr

	lea	CPU_RING0_STACK_TOP(%rax), %rsp
	imul	$STACK_BYTES, %edi, %ecx
	/* As after a call: 8 below a multiple of 16. */
	add	$(STACKS_GPA + STACK_BYTES - 8), %ecx
	pushq	$SEL_USER_DS
	push	%rcx
	pushq	$(RFLAGS_FIXED | RFLAGS_IOPL_3)
	pushq	$SEL_USER_CS
	pushq	$guest_main
	iretq

	.section .note.GNU-stack, "", @progbits
