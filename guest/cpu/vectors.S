/*
 * Exceptions: record everything in the vCPU's block, then let ring 3 speak. And the upcall, which is #BP.
 *
 * Stack at the common part, as the CPU leaves it plus two words of ours (SDM vol. 3A, 6.14):
 *   vector, error code, rip, cs, rflags, rsp, ss
 */
#include "guest/cpu/cpu.h"
#include "guest/cpu/upcall.h"
#include "x86.h"

/* A block is twice as large as an area, so one register reaches both: the block is at TO_BLOCK(area, area). */
#if VCPU_BLOCK_BYTES != 2 * CPU_AREA_BYTES
#error "a block is twice as large as an area"
#endif
#define TO_BLOCK (VCPU_BLOCKS_GPA - 2 * CPU_AREAS_GPA)

/* Vectors where the CPU pushes an error code itself: 8, 10-14, 17, 21, 29, 30. */
#define ERROR_CODE_VECTORS 0x60227d00

	.section .text.vectors, "ax", @progbits
	.set	vector, 0
	.rept	VECTOR_COUNT
	.balign	VECTOR_STUB_BYTES
	.if	vector == VECTOR_BP
	jmp	breakpoint
	.else
	.if	((ERROR_CODE_VECTORS >> vector) & 1) == 0
	pushq	$0
	.endif
	pushq	$vector
	jmp	exception
	.endif
	.set	vector, vector + 1
	.endr

	.text
breakpoint:
	cmp	$UPCALL_INVLPG, %eax
	jne	1f
	invlpg	(%rdi)
	iretq
1:	cmp	$UPCALL_FLUSH, %eax
	jne	2f
	mov	%cr3, %rax
	mov	%rax, %cr3
	iretq
2:	cmp	$UPCALL_LOAD_CR3, %eax
	jne	3f
	mov	%rdi, %cr3
	iretq
3:	cmp	$UPCALL_CPUID, %eax
	jne	4f
	mov	%edi, %eax
	xor	%ecx, %ecx
	cpuid
	iretq
4:	cmp	$UPCALL_CALL, %eax
	jne	5f
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	/* The CPU pushed five words, this makes fourteen: a multiple of 16, as the ABI wants it at a call. */
	sub	$8, %rsp
	mov	%rdi, %rax
	mov	%rsi, %rdi
	cld
	call	*%rax
	add	$8, %rsp
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	iretq
5:	pushq	$0
	pushq	$VECTOR_BP

exception:
	push	%rbx
	/* Ring-0 stacks lie inside the vCPU's area: who we are is in the stack pointer. */
	mov	%rsp, %rbx
	and	$-CPU_AREA_BYTES, %rbx
	cmpl	$0, CPU_PANICKING(%rbx)
	jne	give_up
	movl	$1, CPU_PANICKING(%rbx)

	mov	%rax, TO_BLOCK + BLOCK_RAX(%rbx, %rbx)
	mov	%rcx, TO_BLOCK + BLOCK_RCX(%rbx, %rbx)
	mov	%rdx, TO_BLOCK + BLOCK_RDX(%rbx, %rbx)
	mov	%rsi, TO_BLOCK + BLOCK_RSI(%rbx, %rbx)
	mov	%rdi, TO_BLOCK + BLOCK_RDI(%rbx, %rbx)
	mov	%rbp, TO_BLOCK + BLOCK_RBP(%rbx, %rbx)
	mov	%r8, TO_BLOCK + BLOCK_R8(%rbx, %rbx)
	mov	%r9, TO_BLOCK + BLOCK_R8 + 8(%rbx, %rbx)
	mov	%r10, TO_BLOCK + BLOCK_R8 + 16(%rbx, %rbx)
	mov	%r11, TO_BLOCK + BLOCK_R8 + 24(%rbx, %rbx)
	mov	%r12, TO_BLOCK + BLOCK_R8 + 32(%rbx, %rbx)
	mov	%r13, TO_BLOCK + BLOCK_R8 + 40(%rbx, %rbx)
	mov	%r14, TO_BLOCK + BLOCK_R8 + 48(%rbx, %rbx)
	mov	%r15, TO_BLOCK + BLOCK_R15(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_RBX(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_VECTOR(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_ERROR_CODE(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_RIP(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_CS(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_RFLAGS(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_RSP(%rbx, %rbx)
	pop	%rax
	mov	%rax, TO_BLOCK + BLOCK_SS(%rbx, %rbx)
	mov	%cr2, %rax
	mov	%rax, TO_BLOCK + BLOCK_CR2(%rbx, %rbx)
	mov	%cr3, %rax
	mov	%rax, TO_BLOCK + BLOCK_CR3(%rbx, %rbx)

	mov	%rbx, %rdi
	lea	CPU_RING0_STACK_TOP(%rbx), %rsp
	/* As after a call: 8 below a multiple of 16. */
	lea	CPU_PANIC_STACK_TOP - 8(%rbx), %rax
	pushq	$SEL_USER_DS
	push	%rax
	pushq	$(RFLAGS_FIXED | RFLAGS_IOPL_3)
	pushq	$SEL_USER_CS
	pushq	$panic_main
	iretq

/* An exception while panicking: the record of the first one stands. */
give_up:
	mov	$PANIC_CODE, %al
	out	%al, $PANIC_PORT
	cli
1:	hlt
	jmp	1b

	.section .note.GNU-stack, "", @progbits
