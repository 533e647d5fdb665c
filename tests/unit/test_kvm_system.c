/*
 * Property: every way in which /dev/kvm can be missing, forbidden, foreign or too old becomes one error value with
 * the right exit status and a cure, and nothing stays open; and a VM is denied what no guest here needs. It could break
 * because no developer's machine fails so, and nothing misses what is allowed too much.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <sys/mman.h>

#include "test.h"
#include "vmm/core/kvm/system.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"

#define FAKE_FD 1000

static struct {
	int open_errno;
	int api_version;
	long missing_capability, untold_capability;
	int run_bytes;
	unsigned long failing_request;
	int closed;
	int disable_exits;
	uint64_t disabled_exits, disabled_pmu, enforced_pv;
	struct kvm_msr_filter filter;
	uint8_t bitmaps[KVM_MSR_FILTER_MAX_RANGES][8]; /* of filter, as far as they are looked at */
	uint64_t prefaulted_bytes, prefault_most_bytes;
	int prefault_errno, prefault_interrupts;
} fake;

/* The leading fields of struct kvm_pre_fault_memory, which Debian 12's headers do not have. */
struct prefault {
	uint64_t gpa, bytes;
};
#define PREFAULT_NUMBER 0xd5

/* As KVM does it: part of the range at a time, the rest handed back; an error only where nothing was done. */
static int fake_prefault(struct prefault *range)
{
	uint64_t done = range->bytes < fake.prefault_most_bytes ? range->bytes : fake.prefault_most_bytes;

	if (fake.prefault_interrupts > 0) {
		fake.prefault_interrupts--;
		errno = EINTR;
		return -1;
	}
	if (done == 0) {
		errno = fake.prefault_errno;
		return -1;
	}
	assert_int_equal(range->gpa, fake.prefaulted_bytes);
	range->gpa += done;
	range->bytes -= done;
	fake.prefaulted_bytes += done;
	return 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_open(const char *path, int flags, ...)
{
	/* A failure looks into /proc for its cause. */
	if (strcmp(path, "/dev/kvm") != 0)
		return __real_open(path, flags);
	if (fake.open_errno == 0)
		return FAKE_FD;
	errno = fake.open_errno;
	return -1;
}

void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fd < FAKE_FD)
		return __real_mmap(addr, len, prot, flags, fd, offset);
	return __real_mmap(addr, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int fake_enable(const struct kvm_enable_cap *cap)
{
	if (cap->cap == KVM_CAP_X86_DISABLE_EXITS)
		fake.disabled_exits = cap->args[0];
	if (cap->cap == KVM_CAP_PMU_CAPABILITY)
		fake.disabled_pmu = cap->args[0];
	if (cap->cap == KVM_CAP_ENFORCE_PV_FEATURE_CPUID)
		fake.enforced_pv = cap->args[0];
	return 0;
}

static int fake_filter(const struct kvm_msr_filter *filter)
{
	fake.filter = *filter;
	LOOP (size_t, i, 0, i < KVM_MSR_FILTER_MAX_RANGES && filter->ranges[i].nmsrs != 0, i++) {
		assert_in_range(filter->ranges[i].nmsrs, 1, 64);
		memcpy(fake.bitmaps[i], filter->ranges[i].bitmap, (filter->ranges[i].nmsrs + 7) / 8);
	}
	return 0;
}

/* As KVM decides it (api.rst, KVM_X86_SET_MSR_FILTER): the bit of a range that has it, else the default. */
static bool may_use(uint32_t msr)
{
	LOOP (size_t, i, 0, i < KVM_MSR_FILTER_MAX_RANGES, i++) {
		const struct kvm_msr_filter_range *range = &fake.filter.ranges[i];

		if (msr < range->base || msr - range->base >= range->nmsrs)
			continue;
		assert_int_equal(range->flags, KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE);
		return (fake.bitmaps[i][(msr - range->base) / 8] >> (msr - range->base) % 8 & 1) != 0;
	}
	return (fake.filter.flags & KVM_MSR_FILTER_DEFAULT_DENY) == 0;
}

int __real_close(int fd);
int __wrap_close(int fd)
{
	if (fd < FAKE_FD)
		return __real_close(fd);
	fake.closed++;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long argument;

	(void)fd;
	/* Every argument is a number or a pointer, and both are as wide as a long. */
	va_start(args, request);
	argument = va_arg(args, long);
	va_end(args);
	if (request == fake.failing_request) {
		errno = EIO;
		return -1;
	}
	if (_IOC_NR(request) == PREFAULT_NUMBER && _IOC_SIZE(request) == 64)
		return fake_prefault((struct prefault *)argument);
	switch (request) {
	case KVM_GET_API_VERSION:
		return fake.api_version;
	case KVM_CHECK_EXTENSION:
		if (argument == fake.untold_capability) {
			errno = EIO;
			return -1;
		}
		if (argument == KVM_CAP_X86_DISABLE_EXITS)
			return fake.disable_exits;
		/* The statistics are left out: their file would be read for real. */
		return argument != fake.missing_capability && argument != KVM_CAP_BINARY_STATS_FD;
	case KVM_GET_VCPU_MMAP_SIZE:
		return fake.run_bytes;
	case KVM_CREATE_VM:
		return FAKE_FD + 1;
	case KVM_CREATE_VCPU:
		return FAKE_FD + 2;
	case KVM_ENABLE_CAP:
		return fake_enable((const struct kvm_enable_cap *)argument);
	case KVM_X86_SET_MSR_FILTER:
		return fake_filter((const struct kvm_msr_filter *)argument);
	default:
		return 0;
	}
}

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.api_version = KVM_API_VERSION;
	fake.run_bytes = 12288;
	fake.missing_capability = fake.untold_capability = -1;
	return 0;
}

TEST_WITH(a_good_host_opens, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys;

	assert_int_equal(kvm_system_open("/dev/kvm", &sys, &e), 0);
	assert_int_equal(sys.run_bytes, 12288);
	assert_int_equal(fake.closed, 0);
	kvm_system_close(&sys);
	kvm_system_close(&sys);
	assert_int_equal(fake.closed, 1);
}

TEST_WITH(missing_device_means_cannot, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys;

	fake.open_errno = ENOENT;
	assert_int_equal(kvm_system_open("/dev/kvm", &sys, &e), -ENOENT);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_non_null(strstr(e.where, "/dev/kvm"));
	assert_non_null(strstr(e.hint, "native"));
}

TEST_WITH(no_permission_means_cannot, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys;

	fake.open_errno = EACCES;
	assert_int_equal(kvm_system_open("/dev/kvm", &sys, &e), -EACCES);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_string_not_equal(e.hint, "");
}

TEST_WITH(other_api_version_is_named, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys;

	fake.api_version = 11;
	assert_true(kvm_system_open("/dev/kvm", &sys, &e) < 0);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_non_null(strstr(e.what, "11"));
	assert_int_equal(fake.closed, 1);
}

/* Also those that a run could do without: it is not known whether it has to. */
TEST_WITH(an_untold_capability_is_not_a_missing_one, reset, NULL)
{
	EACH (i, kvm_capabilities) {
		struct error e = { .status = STATUS_OK };
		struct kvm_system sys;

		fake.untold_capability = kvm_capabilities[i].number;
		assert_int_equal(kvm_system_open("/dev/kvm", &sys, &e), -EIO);
		assert_int_equal(e.status, STATUS_FAILED);
		assert_non_null(strstr(e.what, kvm_capabilities[i].name));
	}
}

TEST_WITH(missing_capability_is_named, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys;

	fake.missing_capability = KVM_CAP_SYNC_MMU;
	assert_true(kvm_system_open("/dev/kvm", &sys, &e) < 0);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_non_null(strstr(e.what, "KVM_CAP_SYNC_MMU"));
	assert_int_equal(fake.closed, 1);
}

TEST_WITH(implausible_run_area_is_refused, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys;

	fake.run_bytes = 0;
	assert_true(kvm_system_open("/dev/kvm", &sys, &e) < 0);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_int_equal(fake.closed, 1);
}

TEST_WITH(failing_vm_calls_leave_nothing_open, reset, NULL)
{
	static const unsigned long requests[] = { KVM_CREATE_VM, KVM_SET_IDENTITY_MAP_ADDR,
						  KVM_SET_TSS_ADDR };

	EACH (i, requests) {
		struct error e = { .status = STATUS_OK };
		const struct kvm_system sys = { .fd = FAKE_FD, .has_tss_addr = true };
		struct kvm_vm vm;

		(void)reset(NULL);
		fake.failing_request = requests[i];
		assert_int_equal(kvm_vm_create(&sys, &vm, &e), -EIO);
		assert_int_equal(e.status, requests[i] == KVM_CREATE_VM ? STATUS_CANNOT : STATUS_FAILED);
		assert_int_equal(vm.fd, -1);
		assert_int_equal(fake.closed, requests[i] == KVM_CREATE_VM ? 0 : 1);
	}
}

/* And only that: a guest that halts has to come out. */
TEST_WITH(spinning_stays_in_the_guest_where_kvm_allows, reset, NULL)
{
	static const int allowed[] = { 0, KVM_X86_DISABLE_EXITS_HLT, KVM_X86_DISABLE_VALID_EXITS };

	EACH (i, allowed) {
		struct error e = { .status = STATUS_OK };
		const struct kvm_system sys = { .fd = FAKE_FD };
		struct kvm_vm vm;

		(void)reset(NULL);
		fake.disable_exits = allowed[i];
		assert_int_equal(kvm_vm_create(&sys, &vm, &e), 0);
		assert_int_equal(fake.disabled_exits, allowed[i] & KVM_X86_DISABLE_EXITS_PAUSE);
		kvm_vm_destroy(&vm);
	}
}

/* The numbers of SDM vol. 4, table 2-2, and of Linux' Documentation/virt/kvm/x86/msr.rst. */
TEST_WITH(a_vm_has_no_counters_and_few_msrs, reset, NULL)
{
	static const uint32_t needed[] = { 0x10,       0x1b,       0x174,      0x176,      0x277,
					   0xc0000080, 0xc0000081, 0xc0000084, 0xc0000100, 0xc0000103 };
	static const uint32_t denied[] = { 0x11,  0x12,       0x3a,       0x48,       0x8b,       0xc1,
					   0x186, 0x1a0,      0x1d9,      0x309,      0x480,      0xda0,
					   0x17,  0xc0000085, 0xc0010117, 0x4b564d00, 0x40000000, 0 };
	struct error e = { .status = STATUS_OK };
	const struct kvm_system sys = { .fd = FAKE_FD };
	struct kvm_vm vm;

	assert_int_equal(kvm_vm_create(&sys, &vm, &e), 0);
	assert_int_equal(fake.disabled_pmu, KVM_PMU_CAP_DISABLE);
	EACH (i, needed)
		assert_true(may_use(needed[i]));
	EACH (i, denied)
		assert_false(may_use(denied[i]));
	kvm_vm_destroy(&vm);
}

TEST_WITH(a_vcpu_has_no_hypercalls, reset, NULL)
{
	struct kvm_cpuid2 cpuid = { .nent = 0 };
	struct error e = { .status = STATUS_OK };
	const struct kvm_system sys = { .fd = FAKE_FD, .run_bytes = 4096 };
	const struct kvm_vm vm = { .fd = FAKE_FD + 1 };
	struct kvm_vcpu vcpu;

	assert_int_equal(kvm_vcpu_create(&sys, &vm, 0, 1, &cpuid, &vcpu, &e), 0);
	assert_int_equal(fake.enforced_pv, 1);
	kvm_vcpu_destroy(&vcpu);
}

TEST_WITH(prefault_goes_on_until_all_is_done, reset, NULL)
{
	const struct kvm_vcpu vcpu = { .fd = FAKE_FD + 2 };
	struct error e = { .status = STATUS_OK };

	fake.prefault_most_bytes = 3 << 20;
	fake.prefault_interrupts = 2;
	assert_int_equal(kvm_vcpu_prefault(&vcpu, 0, 64 << 20, &e), 0);
	assert_int_equal(fake.prefaulted_bytes, 64 << 20);
}

TEST_WITH(prefault_is_refused_or_fails_by_name, reset, NULL)
{
	const struct kvm_vcpu vcpu = { .fd = FAKE_FD + 2 };
	struct error e = { .status = STATUS_OK };
	struct kvm_system sys = { .fd = FAKE_FD };

	EACH (i, kvm_capabilities)
		sys.capability[i] = kvm_capabilities[i].number == MINIVMM_CAP_PRE_FAULT_MEMORY;
	assert_int_equal(kvm_prefault_check(&sys, &e), 0);
	sys = (struct kvm_system){ .fd = FAKE_FD };
	assert_int_equal(kvm_prefault_check(&sys, &e), -ENOTSUP);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_non_null(strstr(e.hint, "6.10"));
	e = (struct error){ .status = STATUS_OK };
	fake.prefault_errno = EOPNOTSUPP;
	assert_int_equal(kvm_vcpu_prefault(&vcpu, 0, 4096, &e), -EOPNOTSUPP);
	assert_int_equal(e.status, STATUS_CANNOT);
	e = (struct error){ .status = STATUS_OK };
	fake.prefault_errno = EFAULT;
	assert_int_equal(kvm_vcpu_prefault(&vcpu, 0x5000, 4096, &e), -EFAULT);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_non_null(strstr(e.what, "0x5000"));
}

TEST_WITH(refused_slot_is_told_with_its_address, reset, NULL)
{
	struct error e = { .status = STATUS_OK };
	const struct kvm_vm vm = { .fd = FAKE_FD + 1, .stats = { .fd = -1 } };

	fake.failing_request = KVM_SET_USER_MEMORY_REGION;
	assert_int_equal(kvm_vm_add_slot(&vm, 1, 0x100000000, 4096, &fake, &e), -EIO);
	assert_non_null(strstr(e.what, "0x100000000"));
}
