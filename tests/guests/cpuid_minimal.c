/*
 * cpuid_minimal: what CPUID offers beside what a plan needs. The VMM must not hand down all that KVM has:
 * nesting, paravirtual features and counters are what an attacker asks for. A host that runs ring 3 natively (kvm_pvm) shows
 * plain instructions of its own in leaves 1 and 7, so that those are no subject here.
 */
#include "guest.h"

/* SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E; Linux' Documentation/virt/kvm/x86/cpuid.rst. */
#define ECX_VMX (1u << 5)
#define EXT_ECX_SVM (1u << 2)
#define KVM_SIGNATURE 0x4b4d564b

struct leaf {
	uint32_t eax, ebx, ecx, edx;
};

static struct leaf cpuid(uint32_t number)
{
	struct leaf l = { .eax = number, .ecx = 0 };

	__asm__ volatile("cpuid" : "+a"(l.eax), "=b"(l.ebx), "+c"(l.ecx), "=d"(l.edx));
	return l;
}

void guest_main(void)
{
	if (cpuid(0).ebx == 0 || (cpuid(1).edx & 1) == 0)
		guest_fail("no vendor, or no FPU");
	if ((cpuid(1).ecx & ECX_VMX) != 0)
		guest_fail("it has VMX");
	if (cpuid(0).eax != 7)
		guest_fail("the greatest leaf is not 7");
	if ((cpuid(0x80000001).ecx & EXT_ECX_SVM) != 0)
		guest_fail("it has SVM");
	if (cpuid(0x80000000).eax != 0x80000008)
		guest_fail("the greatest extended leaf is not 0x80000008");
	if (cpuid(0x80000008).eax == 0)
		guest_fail("no width of addresses");
	if (cpuid(0x40000000).ebx == KVM_SIGNATURE)
		guest_fail("it has KVM's own leaves");
}
