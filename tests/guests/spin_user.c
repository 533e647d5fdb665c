/*
 * spin_user: never ends, in ring 3 of long mode, where every host runs it natively: no exit of its own ever comes
 * back, so only a signal can take the vCPU out of the guest. spin is the same in ring 0.
 */
#include "guest.h"
#include "x86.h"

#define ENTRIES 512

void enter_long_mode(void);

static uint64_t pml4[ENTRIES] __attribute__((aligned(4096), used));
static uint64_t pdpt[ENTRIES] __attribute__((aligned(4096)));
static uint64_t pd[ENTRIES] __attribute__((aligned(4096)));

/* By selector, as in x86.h; the TSS is left out, nothing comes back to ring 0. */
static const uint64_t gdt[] __attribute__((used)) = {
	[SEL_KERNEL_CS >> 3] = UINT64_C(0x00af9b000000ffff),
	[SEL_KERNEL_DS >> 3] = UINT64_C(0x00cf93000000ffff),
	[SEL_USER_DS >> 3] = UINT64_C(0x00cff3000000ffff),
	[SEL_USER_CS >> 3] = UINT64_C(0x00affb000000ffff),
};

#define STRING(x) #x
#define VALUE(x) STRING(x)

/* CR4.PAE, CR3, EFER.LME, CR0.PG, then a far jump makes it 64-bit code (SDM vol. 3A, 9.8.5). */
/* clang-format off */
__asm__(".pushsection .text\n"
	"gdtr:\t.word 8 * 7 - 1\n\t"
	".long gdt\n"
	"enter_long_mode:\n\t"
	"lgdt gdtr\n\t"
	"movl %cr4, %eax\n\t"
	"orl $0x20, %eax\n\t"
	"movl %eax, %cr4\n\t"
	"movl $pml4, %eax\n\t"
	"movl %eax, %cr3\n\t"
	"movl $" VALUE(MSR_EFER) ", %ecx\n\t"
	"rdmsr\n\t"
	"orl $0x100, %eax\n\t"
	"wrmsr\n\t"
	"movl %cr0, %eax\n\t"
	"orl $0x80000000, %eax\n\t"
	"movl %eax, %cr0\n\t"
	"movl $user, %ebx\n\t"
	"ljmp $" VALUE(SEL_KERNEL_CS) ", $long_mode\n\t"
	".code64\n"
	"long_mode:\n\t"
	"movl %esp, %eax\n\t"
	"pushq $" VALUE(SEL_USER_DS) "\n\t"
	"pushq %rax\n\t"
	"pushq $2\n\t"
	"pushq $" VALUE(SEL_USER_CS) "\n\t"
	"pushq %rbx\n\t"
	"iretq\n"
	"user:\tjmp user\n\t"
	".code32\n\t"
	".popsection");
/* clang-format on */

void guest_main(void)
{
	const uint64_t table = PTE_PRESENT | PTE_WRITE | PTE_USER;

	pml4[0] = (uintptr_t)pdpt | table;
	pdpt[0] = (uintptr_t)pd | table;
	for (uint32_t i = 0; i < 2; i++)
		pd[i] = ((uint64_t)i << 21) | table | PTE_LEAF;
	enter_long_mode();
}
