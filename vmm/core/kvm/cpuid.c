#include "vmm/core/kvm/cpuid.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "units.h"

#define CPUID_MAX_ENTRIES 512
#define CPUID_LEAF_FEATURES 1
#define CPUID_ECX_X2APIC (1u << 21)
#define CPUID_LEAF_EXTENDED 0x80000000
#define CPUID_LEAF_EXTENDED_FEATURES 0x80000001
#define CPUID_EDX_1G_PAGES (1u << 26)
#define CPUID_LEAF_ADDRESS_SIZES 0x80000008

#define BIT(n) (1u << (n))
#define ALL UINT32_MAX

/* The numbers are those of SDM vol. 2A, CPUID, and of AMD APM vol. 3, appendix E. */
#define PAGING (BIT(3) | BIT(6) | BIT(13) | BIT(16) | BIT(17)) /* PSE, PAE, PGE, PAT, PSE-36 */
#define OLD_CPU \
	(BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(5) | BIT(8) | BIT(15)) /* FPU ... TSC, MSR, CX8, CMOV */
#define SSE (BIT(23) | BIT(24) | BIT(25) | BIT(26))                     /* MMX, FXSR, SSE, SSE2 */

const struct cpuid_allowed cpuid_allowed[] = {
	{ 0, CPUID_EAX, ALL, "the greatest leaf, lowered to that which stays" },
	{ 0, CPUID_EBX, ALL, "the vendor: KVM chooses by it, and the workload exit reads it" },
	{ 0, CPUID_ECX, ALL, "the vendor" },
	{ 0, CPUID_EDX, ALL, "the vendor" },
	{ 1, CPUID_EAX, ALL, "family, model, stepping" },
	{ 1, CPUID_EBX, ALL, "the APIC id, by which a vCPU finds its block; the line that clflush flushes" },
	{ 1, CPUID_ECX, BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23),
	  "plain instructions (SSE3 to SSE4.2, CMPXCHG16B, MOVBE, POPCNT): no state of their own, and none can be forbidden" },
	{ 1, CPUID_ECX, BIT(17), "PCID: part of how addresses are translated" },
	{ 1, CPUID_ECX, BIT(21), "x2APIC, where the machine has an APIC: the workload tpr" },
	{ 1, CPUID_ECX, BIT(31), "that it is a guest" },
	{ 1, CPUID_EDX, OLD_CPU | PAGING, "what any 64-bit guest takes for granted" },
	{ 1, CPUID_EDX, BIT(9), "the APIC: the workload tpr" },
	{ 1, CPUID_EDX, BIT(11) | BIT(19) | BIT(28), "SYSENTER, CLFLUSH, more than one logical CPU" },
	{ 1, CPUID_EDX, SSE, "64-bit code of any compiler uses them" },
	{ 7, CPUID_EBX, BIT(0) | BIT(3) | BIT(8) | BIT(9) | BIT(19) | BIT(23) | BIT(24),
	  "plain instructions (FSGSBASE, BMI, ERMS, ADX, CLFLUSHOPT, CLWB)" },
	{ 7, CPUID_EBX, BIT(7) | BIT(10) | BIT(20),
	  "SMEP, INVPCID, SMAP: part of how addresses are translated" },
	{ 7, CPUID_ECX, BIT(16), "LA57: five levels of page tables" },
	{ 7, CPUID_EDX, BIT(4), "fast short REP MOVSB" },
	{ 0x80000000, CPUID_EAX, ALL, "the greatest extended leaf, lowered to that which stays" },
	{ 0x80000001, CPUID_ECX, BIT(0) | BIT(5) | BIT(8), "plain instructions (LAHF, LZCNT, PREFETCHW)" },
	{ 0x80000001, CPUID_EDX, OLD_CPU | PAGING | BIT(9) | BIT(23) | BIT(24),
	  "AMD: the same bits as in leaf 1" },
	{ 0x80000001, CPUID_EDX, BIT(11) | BIT(20) | BIT(27) | BIT(29), "SYSCALL, NX, RDTSCP, long mode" },
	{ 0x80000001, CPUID_EDX, BIT(26), "1 GiB pages: the guest asks before it uses them" },
	{ 0x80000007, CPUID_EDX, BIT(8), "the TSC's rate does not change" },
	{ 0x80000008, CPUID_EAX, ALL, "widths of addresses: KVM reserves the bits beyond" },
};
const size_t cpuid_allowed_count = COUNT_OF(cpuid_allowed);

struct kvm_cpuid2 *kvm_supported_cpuid(const struct kvm_system *sys, struct error *e)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + CPUID_MAX_ENTRIES * sizeof(struct kvm_cpuid_entry2));

	if (cpuid == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the CPUID table");
		return NULL;
	}
	cpuid->nent = CPUID_MAX_ENTRIES;
	if (ioctl(sys->fd, KVM_GET_SUPPORTED_CPUID, cpuid) != 0) {
		(void)error_set(e, STATUS_FAILED, errno, "KVM_GET_SUPPORTED_CPUID",
				"KVM does not say which CPUID it supports");
		free(cpuid);
		return NULL;
	}
	return cpuid;
}

/* Clear what no row allows. False: no row has the leaf. */
static bool allow_bits(struct kvm_cpuid_entry2 *entry)
{
	uint32_t bits[] = { 0, 0, 0, 0 };
	bool known = false;

	for (size_t i = 0; entry->index == 0 && i < cpuid_allowed_count; i++) {
		if (cpuid_allowed[i].leaf != entry->function)
			continue;
		bits[cpuid_allowed[i].in] |= cpuid_allowed[i].bits;
		known = true;
	}
	entry->eax &= bits[CPUID_EAX];
	entry->ebx &= bits[CPUID_EBX];
	entry->ecx &= bits[CPUID_ECX];
	entry->edx &= bits[CPUID_EDX];
	return known;
}

void kvm_cpuid_allow(struct kvm_cpuid2 *cpuid)
{
	uint32_t count = 0, greatest[2] = { 0, CPUID_LEAF_EXTENDED };

	for (uint32_t i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 entry = cpuid->entries[i];
		uint32_t *of_its_kind = &greatest[entry.function >= CPUID_LEAF_EXTENDED];

		if (!allow_bits(&entry))
			continue;
		if (entry.function > *of_its_kind)
			*of_its_kind = entry.function;
		cpuid->entries[count++] = entry;
	}
	cpuid->nent = count;
	for (uint32_t i = 0; i < count; i++) {
		struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

		if (entry->function == 0 || entry->function == CPUID_LEAF_EXTENDED)
			entry->eax = greatest[entry->function == CPUID_LEAF_EXTENDED];
	}
}

/* The place of that leaf's subleaf 0; nent: the table has none. */
static uint32_t find(const struct kvm_cpuid2 *cpuid, uint32_t leaf)
{
	uint32_t i = 0;

	while (i < cpuid->nent && (cpuid->entries[i].function != leaf || cpuid->entries[i].index != 0))
		i++;
	return i;
}

void kvm_cpuid_identify(struct kvm_cpuid2 *cpuid, uint32_t index, uint32_t count)
{
	uint32_t i = find(cpuid, CPUID_LEAF_FEATURES);

	if (i < cpuid->nent)
		cpuid->entries[i].ebx =
			(cpuid->entries[i].ebx & 0x0000ffff) | (count << 16 & 0x00ff0000) | index << 24;
}

void kvm_cpuid_drop_x2apic(struct kvm_cpuid2 *cpuid)
{
	uint32_t i = find(cpuid, CPUID_LEAF_FEATURES);

	if (i < cpuid->nent)
		cpuid->entries[i].ecx &= ~CPUID_ECX_X2APIC;
}

uint32_t kvm_cpuid_physical_bits(const struct kvm_cpuid2 *cpuid)
{
	uint32_t i = find(cpuid, CPUID_LEAF_ADDRESS_SIZES);

	return i < cpuid->nent ? cpuid->entries[i].eax & 0xff : 36;
}

int kvm_cpuid_has_1g_pages(const struct kvm_cpuid2 *cpuid)
{
	uint32_t i = find(cpuid, CPUID_LEAF_EXTENDED_FEATURES);

	return i < cpuid->nent ? (cpuid->entries[i].edx & CPUID_EDX_1G_PAGES) != 0 : -ENOENT;
}
