/*
 * Ring 3 asks ring 0 for a privileged act: int3 with a number in %eax and an argument in %rdi.
 *
 * A breakpoint because it is the one way into ring 0 that every host delivers: where ring 3 runs natively
 * without VMX or SVM, `int n` and `syscall` do not arrive. A number that is not listed is a panic.
 */
#ifndef MINIVMM_GUEST_CPU_UPCALL_H
#define MINIVMM_GUEST_CPU_UPCALL_H

#define UPCALL_LOAD_CR3 0x5501 /* %rdi: GPA of a PML4 */
#define UPCALL_INVLPG 0x5502   /* %rdi: GVA */
#define UPCALL_FLUSH 0x5503    /* reload CR3: drops all non-global translations of this vCPU */
#define UPCALL_CPUID 0x5504    /* %edi: leaf, subleaf 0; result in %eax, %ebx, %ecx, %edx */
#define UPCALL_CALL 0x5505     /* %rdi: a function, %rsi: its argument */

#ifndef __ASSEMBLER__
#include <stdint.h>

static inline void upcall(uint32_t number, uint64_t argument)
{
	uint64_t rax = number;

	__asm__ volatile("int3" : "+a"(rax) : "D"(argument) : "memory");
}

/* body(argument) in ring 0; what it wrote to memory is seen afterwards. */
static inline void upcall_call(void (*body)(void *), void *argument)
{
	uint64_t rax = UPCALL_CALL;

	__asm__ volatile("int3" : "+a"(rax) : "D"(body), "S"(argument) : "memory");
}

static inline void upcall_load_cr3(uint64_t pml4_gpa)
{
	upcall(UPCALL_LOAD_CR3, pml4_gpa);
}

static inline void upcall_invlpg(uint64_t gva)
{
	upcall(UPCALL_INVLPG, gva);
}

static inline void upcall_flush(void)
{
	upcall(UPCALL_FLUSH, 0);
}

/*
 * EDX of a CPUID leaf as the VMM set it. From ring 0, because a host that runs ring 3 natively cannot intercept
 * CPUID there: ring 3 would read the host's own leaves.
 */
static inline uint32_t upcall_cpuid_edx(uint32_t leaf)
{
	uint64_t rax = UPCALL_CPUID, rbx, rcx, rdx;

	__asm__ volatile("int3"
			 : "+a"(rax), "=b"(rbx), "=c"(rcx), "=d"(rdx)
			 : "D"((uint64_t)leaf)
			 : "memory");
	return (uint32_t)rdx;
}
#endif

#endif
