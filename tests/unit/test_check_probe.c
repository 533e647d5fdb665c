/*
 * Property: a KVM device that is absent, forbidden, something else, or there, are four different answers, and what KVM
 * was not asked stays unknown. It could break because every failure of open() looks alike from the outside.
 */
#include <errno.h>
#include <linux/kvm.h>

#include "test.h"
#include "vmm/lab/check/report.h"
#include "vmm/core/kvm/system.h"

#define FAKE_FD 1000

static struct {
	int open_errno, api_errno, cpuid_errno, create_errno;
	uint32_t leaf, edx;
	int opened, closed;
} fake;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_open(const char *path, int flags, ...)
{
	/* A failure looks into /proc for its cause. */
	if (strcmp(path, "/dev/kvm") != 0)
		return __real_open(path, flags);
	errno = fake.open_errno;
	fake.opened += fake.open_errno == 0;
	return fake.open_errno == 0 ? FAKE_FD : -1;
}

int __wrap_close(int fd)
{
	if (fd < FAKE_FD)
		return __real_close(fd);
	fake.closed++;
	return 0;
}

static int fill_cpuid(struct kvm_cpuid2 *cpuid)
{
	errno = fake.cpuid_errno;
	if (fake.cpuid_errno != 0)
		return -1;
	cpuid->nent = 2;
	cpuid->entries[0].function = fake.leaf;
	cpuid->entries[0].edx = fake.edx;
	cpuid->entries[1].function = 0x80000008;
	cpuid->entries[1].eax = 0x3034;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long argument;

	(void)fd;
	va_start(args, request);
	argument = va_arg(args, long);
	va_end(args);
	switch (request) {
	case KVM_GET_API_VERSION:
		errno = fake.api_errno;
		return fake.api_errno == 0 ? KVM_API_VERSION : -1;
	case KVM_CREATE_VM:
		errno = fake.create_errno;
		fake.opened += fake.create_errno == 0;
		return fake.create_errno == 0 ? FAKE_FD + 1 : -1;
	case KVM_CHECK_EXTENSION:
		errno = EINVAL;
		return argument == KVM_CAP_MAX_VCPUS ? 1024 : argument == KVM_CAP_IRQCHIP ? -1 : 0;
	case KVM_GET_SUPPORTED_CPUID:
		return fill_cpuid((struct kvm_cpuid2 *)argument);
	default:
		return 0;
	}
}

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.leaf = 0x80000001;
	fake.edx = 1u << 26;
	return 0;
}

static int capability(const struct kvm_probe *probe, const char *name)
{
	for (uint32_t i = 0; i < probe->capability_count; i++) {
		if (strcmp(probe->capability[i].name, name) == 0)
			return probe->capability[i].value;
	}
	fail_msg("%s is not in the table", name);
	return -2;
}

TEST_WITH(four_answers, reset, NULL)
{
	static const struct {
		int open_errno, api_errno;
		enum known present, permitted;
		int err, api_version;
	} cases[] = {
		{ 0, 0, KNOWN_YES, KNOWN_YES, 0, KVM_API_VERSION },
		{ ENOENT, 0, KNOWN_NO, KNOWN_UNKNOWN, ENOENT, -1 },
		{ ENODEV, 0, KNOWN_NO, KNOWN_UNKNOWN, ENODEV, -1 },
		{ EACCES, 0, KNOWN_YES, KNOWN_NO, EACCES, -1 },
		{ EPERM, 0, KNOWN_YES, KNOWN_NO, EPERM, -1 },
		{ EMFILE, 0, KNOWN_UNKNOWN, KNOWN_UNKNOWN, EMFILE, -1 },
		{ 0, ENOTTY, KNOWN_NO, KNOWN_YES, ENOTTY, -1 },
	};

	EACH (i, cases) {
		struct kvm_probe probe;

		(void)reset(NULL);
		memset(&probe, 0xff, sizeof(probe));
		fake.open_errno = cases[i].open_errno;
		fake.api_errno = cases[i].api_errno;
		check_probe_kvm("/dev/kvm", &probe);
		assert_int_equal(probe.present, cases[i].present);
		assert_int_equal(probe.permitted, cases[i].permitted);
		assert_int_equal(probe.err, cases[i].err);
		assert_int_equal(probe.api_version, cases[i].api_version);
		assert_int_equal(fake.opened, fake.closed);
		assert_int_equal(probe.makes_vm, probe.api_version < 0 ? KNOWN_UNKNOWN : KNOWN_YES);
		assert_int_equal(probe.failure[0] != '\0', probe.err != 0);
		assert_int_equal(probe.cure[0] != '\0', probe.err != 0);
		/* Unasked is -1, and the names are there for the table in any case. */
		assert_int_equal(capability(&probe, "KVM_CAP_MAX_VCPUS"), probe.api_version < 0 ? -1 : 1024);
		if (probe.api_version < 0)
			assert_int_equal(probe.guest_1g_pages, KNOWN_UNKNOWN);
	}
}

/* Where another hypervisor holds the CPU, all but the VM itself works. */
TEST_WITH(a_vm_that_cannot_be_made, reset, NULL)
{
	struct kvm_probe probe;

	fake.create_errno = EBUSY;
	check_probe_kvm("/dev/kvm", &probe);
	assert_int_equal(probe.permitted, KNOWN_YES);
	assert_int_equal(probe.makes_vm, KNOWN_NO);
	assert_int_equal(probe.err, EBUSY);
	assert_non_null(strstr(probe.failure, "another hypervisor"));
	assert_non_null(strstr(probe.cure, "administrator"));
	assert_int_equal(fake.opened, fake.closed);
}

TEST_WITH(capabilities_as_kvm_says, reset, NULL)
{
	struct kvm_probe probe;

	check_probe_kvm("/dev/kvm", &probe);
	assert_int_equal(probe.capability_count, KVM_CAPABILITY_COUNT);
	assert_int_equal(capability(&probe, "KVM_CAP_PRE_FAULT_MEMORY"), 0);
	assert_int_equal(capability(&probe, "KVM_CAP_IRQCHIP"), -1);
	LOOP (uint32_t, i, 0, i < probe.capability_count, i++) {
		assert_non_null(probe.capability[i].purpose);
		assert_int_equal(probe.capability[i].required, i < 5);
	}
}

TEST_WITH(what_a_guest_gets, reset, NULL)
{
	static const struct {
		int cpuid_errno;
		uint32_t leaf, edx;
		enum known has_1g;
		uint32_t bits;
	} cases[] = {
		{ 0, 0x80000001, 1u << 26, KNOWN_YES, 52 },
		{ 0, 0x80000001, ~(1u << 26), KNOWN_NO, 52 },
		{ 0, 0x80000002, 1u << 26, KNOWN_UNKNOWN, 52 },
		{ E2BIG, 0x80000001, 1u << 26, KNOWN_UNKNOWN, 0 },
	};

	EACH (i, cases) {
		struct kvm_probe probe;

		fake.cpuid_errno = cases[i].cpuid_errno;
		fake.leaf = cases[i].leaf;
		fake.edx = cases[i].edx;
		check_probe_kvm("/dev/kvm", &probe);
		assert_int_equal(probe.guest_1g_pages, cases[i].has_1g);
		assert_int_equal(probe.guest_physical_bits, cases[i].bits);
	}
}
