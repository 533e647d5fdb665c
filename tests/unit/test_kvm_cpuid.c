/*
 * Property: every CPUID leaf that states an APIC id states the vCPU's own, and the host's features stay as KVM gave
 * them. It could break unseen: the embedded guest reads leaf 1 alone, other payloads read the others.
 */

#include "test.h"
#include "vmm/core/kvm/vcpu.h"

static const struct kvm_cpuid_entry2 host[] = {
	{ .function = 0x1, .eax = 0x806f8, .ebx = 0x55400800, .ecx = 0x7ffefbff, .edx = 0xbfebfbff },
	{ .function = 0xb, .index = 0, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x55 },
	{ .function = 0xb, .index = 1, .eax = 7, .ebx = 64, .ecx = 0x201, .edx = 0x55 },
	{ .function = 0x1f, .index = 0, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x55 },
	{ .function = 0x80000001, .ecx = 0x121, .edx = 0x2c100800 },
	{ .function = 0x8000001e, .eax = 0x55, .ebx = 0x12a, .ecx = 0x301 },
	{ .function = 0x80000026, .index = 0, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x55 },
};
#define ENTRIES (sizeof(host) / sizeof(host[0]))

static struct kvm_cpuid2 *host_table(void)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + sizeof(host));

	assert_non_null(cpuid);
	cpuid->nent = ENTRIES;
	for (size_t i = 0; i < ENTRIES; i++)
		cpuid->entries[i] = host[i];
	return cpuid;
}

TEST(every_leaf_names_the_same_vcpu)
{
	struct kvm_cpuid2 *cpuid = host_table();

	/* One table serves all vCPUs in turn, so nothing of the one before may stay. */
	kvm_cpuid_identify(cpuid, 127, 128);
	kvm_cpuid_identify(cpuid, 3, 5);
	assert_int_equal(cpuid->entries[0].ebx, 0x03050800);
	assert_int_equal(cpuid->entries[1].edx, 3);
	assert_int_equal(cpuid->entries[2].edx, 3);
	assert_int_equal(cpuid->entries[3].edx, 3);
	assert_int_equal(cpuid->entries[5].eax, 3);
	assert_int_equal(cpuid->entries[5].ebx, 3);
	assert_int_equal(cpuid->entries[5].ecx, 0);
	assert_int_equal(cpuid->entries[6].edx, 3);
	free(cpuid);
}

TEST(features_stay)
{
	struct kvm_cpuid2 *cpuid = host_table();

	kvm_cpuid_identify(cpuid, 1, 2);
	assert_int_equal(cpuid->nent, ENTRIES);
	assert_int_equal(cpuid->entries[0].ecx, host[0].ecx);
	assert_int_equal(cpuid->entries[0].edx, host[0].edx);
	assert_memory_equal(&cpuid->entries[4], &host[4], sizeof(host[4]));
	free(cpuid);
}

TEST(physical_bits_are_those_of_the_table)
{
	struct kvm_cpuid2 *cpuid = host_table();

	assert_int_equal(kvm_cpuid_physical_bits(cpuid), 36);
	cpuid->entries[4] = (struct kvm_cpuid_entry2){ .function = 0x80000008, .eax = 0x3934 };
	assert_int_equal(kvm_cpuid_physical_bits(cpuid), 52);
	free(cpuid);
}

TEST(x2apic_goes_without_an_apic_and_nothing_else)
{
	struct kvm_cpuid2 *cpuid = host_table();

	kvm_cpuid_drop_x2apic(cpuid);
	assert_int_equal(cpuid->entries[0].ecx, host[0].ecx & ~(1u << 21));
	assert_int_not_equal(cpuid->entries[0].ecx, host[0].ecx);
	cpuid->entries[0].ecx = host[0].ecx;
	LOOP (size_t, i, 0, i < ENTRIES, i++)
		assert_memory_equal(&cpuid->entries[i], &host[i], sizeof(host[i]));
	free(cpuid);
}
