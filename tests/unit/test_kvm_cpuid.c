/*
 * Property: of what KVM supports the guest is given what a plan needs, and nothing that no row of the table allows; leaf 1 states
 * the vCPU's own APIC id. It could break unseen, by a bit too many, which nothing misses, or by one that only a payload reads.
 */

#include <errno.h>

#include "test.h"
#include "vmm/core/kvm/cpuid.h"

/* Of a Xeon (Sapphire Rapids, family 6, model 143) and an EPYC, with VMX, SVM, counters and KVM's own leaves, as KVM gives them. */
static const struct kvm_cpuid_entry2 host[] = {
	{ .function = 0x0, .eax = 0x1f, .ebx = 0x756e6547, .ecx = 0x6c65746e, .edx = 0x49656e69 },
	{ .function = 0x1, .eax = 0x806f8, .ebx = 0x55400800, .ecx = 0xfffefbff, .edx = 0xbfebfbff },
	{ .function = 0x4, .index = 0, .eax = 0xfc004121, .ebx = 0x2c0003f, .ecx = 0x3f },
	{ .function = 0x7, .index = 0, .eax = 2, .ebx = 0xf3bfbfef, .ecx = 0xbbc17f7e, .edx = 0xffdd4432 },
	{ .function = 0x7, .index = 1, .eax = 0x1e30, .ebx = 1, .ecx = 1, .edx = 1 },
	{ .function = 0xa, .eax = 0x8300805, .ecx = 0x0f, .edx = 0x8604 },
	{ .function = 0xb, .index = 0, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x55 },
	{ .function = 0xd, .index = 0, .eax = 0x602e7, .ebx = 0xa88, .ecx = 0x2b00 },
	{ .function = 0x40000000, .eax = 0x40000001, .ebx = 0x4b4d564b, .ecx = 0x564b4d56, .edx = 0x4d },
	{ .function = 0x40000001, .eax = 0x1007efb },
	{ .function = 0x80000000,
	  .eax = 0x80000026,
	  .ebx = 0x68747541,
	  .ecx = 0x444d4163,
	  .edx = 0x69746e65 },
	{ .function = 0x80000001, .eax = 0xa00f11, .ebx = 0x40000000, .ecx = 0x75c237ff, .edx = 0x2fd3fbff },
	{ .function = 0x80000007, .ebx = 0x1b, .edx = 0x6799 },
	{ .function = 0x80000008, .eax = 0x3934, .ebx = 0x111ef657, .ecx = 0x7001 },
	{ .function = 0x8000000a, .eax = 1, .ebx = 0x8000, .edx = 0x119b9cff },
	{ .function = 0x8000001e, .eax = 0x55, .ebx = 0x12a, .ecx = 0x301 },
	{ .function = 0x80000026, .index = 0, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 0x55 },
};
#define ENTRIES (sizeof(host) / sizeof(host[0]))

/* What has to be left of it, by hand. */
static const struct kvm_cpuid_entry2 guest[] = {
	{ .function = 0x0, .eax = 0x7, .ebx = 0x756e6547, .ecx = 0x6c65746e, .edx = 0x49656e69 },
	{ .function = 0x1, .eax = 0x806f8, .ebx = 0x55400800, .ecx = 0x80fa2201, .edx = 0x178bab7f },
	{ .function = 0x7, .index = 0, .ebx = 0x01980789, .ecx = 0x10000, .edx = 0x10 },
	{ .function = 0x80000000, .eax = 0x80000008 },
	{ .function = 0x80000001, .ecx = 0x121, .edx = 0x2d93ab7f },
	{ .function = 0x80000007, .edx = 0x100 },
	{ .function = 0x80000008, .eax = 0x3934 },
};
#define GUEST_ENTRIES (sizeof(guest) / sizeof(guest[0]))

static struct kvm_cpuid2 *host_table(void)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + sizeof(host));

	assert_non_null(cpuid);
	cpuid->nent = ENTRIES;
	for (size_t i = 0; i < ENTRIES; i++)
		cpuid->entries[i] = host[i];
	return cpuid;
}

TEST(what_no_row_allows_is_gone)
{
	struct kvm_cpuid2 *cpuid = host_table();

	/* Twice: nothing more goes. */
	LOOP (int, time, 0, time < 2, time++) {
		kvm_cpuid_allow(cpuid);
		assert_int_equal(cpuid->nent, GUEST_ENTRIES);
		LOOP (size_t, i, 0, i < GUEST_ENTRIES, i++)
			assert_memory_equal(&cpuid->entries[i], &guest[i], sizeof(guest[i]));
	}
	free(cpuid);
}

/* What the figures and the guests here rest on, by the names that the manuals have. */
TEST(what_is_needed_stays)
{
	struct kvm_cpuid2 *cpuid = host_table();

	kvm_cpuid_allow(cpuid);
	assert_int_equal(kvm_cpuid_has_1g_pages(cpuid), 1);
	assert_int_equal(kvm_cpuid_physical_bits(cpuid), 52);
	assert_true((cpuid->entries[1].ecx & 1u << 21) != 0 &&
		    (cpuid->entries[1].edx & 1u << 9) != 0); /* APIC */
	assert_true((cpuid->entries[4].edx & 1u << 29) != 0 &&
		    (cpuid->entries[4].edx & 1u << 20) != 0); /* LM, NX */
	free(cpuid);
}

TEST(each_row_says_why)
{
	LOOP (size_t, i, 0, i < cpuid_allowed_count, i++) {
		assert_true(cpuid_allowed[i].why[0] != '\0' && cpuid_allowed[i].bits != 0);
		/* A leaf of features has no row that takes all of them. */
		if (cpuid_allowed[i].in >= CPUID_ECX && cpuid_allowed[i].leaf != 0)
			assert_int_not_equal(cpuid_allowed[i].bits, UINT32_MAX);
	}
}

TEST(leaf_1_names_the_vcpu)
{
	struct kvm_cpuid2 *cpuid = host_table();

	/* One table serves all vCPUs in turn, so nothing of the one before may stay. */
	kvm_cpuid_identify(cpuid, 127, 128);
	kvm_cpuid_identify(cpuid, 3, 5);
	assert_int_equal(cpuid->entries[1].ebx, 0x03050800);
	cpuid->entries[1].ebx = host[1].ebx;
	LOOP (size_t, i, 0, i < ENTRIES, i++)
		assert_memory_equal(&cpuid->entries[i], &host[i], sizeof(host[i]));
	free(cpuid);
}

TEST(physical_bits_are_those_of_the_table)
{
	struct kvm_cpuid2 *cpuid = host_table();

	assert_int_equal(kvm_cpuid_physical_bits(cpuid), 52);
	cpuid->nent = 2;
	assert_int_equal(kvm_cpuid_physical_bits(cpuid), 36);
	assert_int_equal(kvm_cpuid_has_1g_pages(cpuid), -ENOENT);
	free(cpuid);
}

TEST(x2apic_goes_without_an_apic_and_nothing_else)
{
	struct kvm_cpuid2 *cpuid = host_table();

	kvm_cpuid_drop_x2apic(cpuid);
	assert_int_equal(cpuid->entries[1].ecx, host[1].ecx & ~(1u << 21));
	assert_int_not_equal(cpuid->entries[1].ecx, host[1].ecx);
	cpuid->entries[1].ecx = host[1].ecx;
	LOOP (size_t, i, 0, i < ENTRIES, i++)
		assert_memory_equal(&cpuid->entries[i], &host[i], sizeof(host[i]));
	free(cpuid);
}
