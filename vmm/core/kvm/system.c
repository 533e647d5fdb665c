#include "vmm/core/kvm/system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/util/cause.h"

/* Documentation/admin-guide/devices.txt: the misc device 232. */
#define KVM_DEVICE_MAJOR 10
#define KVM_DEVICE_MINOR 232

const struct kvm_capability kvm_capabilities[KVM_CAPABILITY_COUNT] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "guest RAM in our own mapping", true },
	{ KVM_CAP_SYNC_MMU, "KVM_CAP_SYNC_MMU", "guest RAM that is populated lazily", true },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "the guest's CPUID", true },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "stopping a vCPU without losing the signal",
	  true },
	{ KVM_CAP_GET_TSC_KHZ, "KVM_CAP_GET_TSC_KHZ", "cycles as nanoseconds", true },
	{ KVM_CAP_BINARY_STATS_FD, "KVM_CAP_BINARY_STATS_FD",
	  "the proof: pages mapped by size, exits inside the timed part", false },
	{ MINIVMM_CAP_PRE_FAULT_MEMORY, "KVM_CAP_PRE_FAULT_MEMORY",
	  "--prefault: second-dimension tables filled before the guest runs", false },
	{ KVM_CAP_NR_VCPUS, "KVM_CAP_NR_VCPUS", "the number of vCPUs that KVM recommends", false },
	{ KVM_CAP_MAX_VCPUS, "KVM_CAP_MAX_VCPUS", "the limit of --smp", false },
	{ KVM_CAP_NR_MEMSLOTS, "KVM_CAP_NR_MEMSLOTS", "the number of pieces that guest RAM can be cut into",
	  false },
	{ KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR",
	  "Intel without unrestricted guest: a TSS for guests that do not page yet", false },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "KVM_CAP_SET_IDENTITY_MAP_ADDR",
	  "the same: an identity map for guests that do not page yet", false },
	{ KVM_CAP_X86_DISABLE_EXITS, "KVM_CAP_X86_DISABLE_EXITS",
	  "vCPUs that spin at a gate stay in the guest", false },
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP",
	  "an APIC inside KVM, which TPR shadow and FlexPriority serve: --workload tpr, --kernel-irqchip on",
	  false },
	{ KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP",
	  "that APIC alone, without the two other interrupt controllers of a PC", false },
	{ KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD",
	  "a port that KVM serves by itself: an exit without user space, for --workload exit and vpid",
	  false },
	{ KVM_CAP_PMU_CAPABILITY, "KVM_CAP_PMU_CAPABILITY",
	  "no performance counters inside the guest: nothing there reads them", false },
};

int kvm_check_extension(int fd, long capability)
{
	int ret = ioctl(fd, KVM_CHECK_EXTENSION, capability);

	return ret < 0 ? -errno : ret;
}

static uint32_t node_circumstances(const char *path)
{
	return cause_of_node(path, KVM_DEVICE_MAJOR, KVM_DEVICE_MINOR, "kvm");
}

int kvm_device_open(const char *path, struct error *e)
{
	char where[96] = "open ";
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int err = errno;

	if (fd >= 0)
		return fd;
	(void)strncat(where, path, sizeof(where) - sizeof("open "));
	(void)error_set(e, STATUS_FAILED, err, where, "cannot open the KVM device");
	return error_cause(e, "open /dev/kvm", node_circumstances(path), path);
}

int kvm_device_check(int fd, const char *path, int *version, struct error *e)
{
	int err;

	*version = ioctl(fd, KVM_GET_API_VERSION, 0);
	err = errno;
	if (*version == KVM_API_VERSION)
		return 0;
	if (*version < 0) {
		(void)error_set(e, STATUS_CANNOT, err, "KVM_GET_API_VERSION",
				"%s does not answer as a KVM device", path);
		return error_cause(e, "KVM_GET_API_VERSION", node_circumstances(path), path);
	}
	return error_set(e, STATUS_CANNOT, ENOTSUP, "KVM_GET_API_VERSION",
			 "KVM API version %d found, %d needed", *version, KVM_API_VERSION);
}

int kvm_capability(const struct kvm_system *sys, long number)
{
	for (size_t i = 0; i < KVM_CAPABILITY_COUNT; i++) {
		if (kvm_capabilities[i].number == number)
			return sys->capability[i];
	}
	return 0;
}

/* All at once: what is asked for later is then known, and not taken for missing where KVM does not say. */
static int read_capabilities(struct kvm_system *sys, struct error *e)
{
	for (size_t i = 0; i < KVM_CAPABILITY_COUNT; i++) {
		const struct kvm_capability *c = &kvm_capabilities[i];
		int has = kvm_check_extension(sys->fd, c->number);

		if (has < 0)
			return error_set(e, STATUS_FAILED, -has, "KVM_CHECK_EXTENSION",
					 "KVM does not say whether it has %s", c->name);
		sys->capability[i] = has;
		if (has == 0 && c->required)
			return error_set(e, STATUS_CANNOT, ENOTSUP, "KVM_CHECK_EXTENSION",
					 "this KVM lacks %s, needed for %s", c->name, c->purpose);
	}
	return 0;
}

static int read_limits(struct kvm_system *sys, struct error *e)
{
	int max = kvm_capability(sys, KVM_CAP_MAX_VCPUS);
	int recommended = kvm_capability(sys, KVM_CAP_NR_VCPUS);
	int bytes = ioctl(sys->fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (bytes < 4096)
		return error_set(e, STATUS_FAILED, errno, "KVM_GET_VCPU_MMAP_SIZE",
				 "implausible size %d for a vCPU's run area", bytes);
	sys->run_bytes = (size_t)bytes;
	/* Where MAX_VCPUS is missing the limit is NR_VCPUS, and 4 where that is missing too (KVM's api.rst). */
	sys->max_vcpus = max > 0 ? (uint32_t)max : recommended > 0 ? (uint32_t)recommended : 4;
	sys->can_read_stats = kvm_capability(sys, KVM_CAP_BINARY_STATS_FD) > 0;
	sys->has_tss_addr = kvm_capability(sys, KVM_CAP_SET_TSS_ADDR) > 0;
	return 0;
}

int kvm_system_open(const char *path, struct kvm_system *sys, struct error *e)
{
	int ret, version;

	*sys = (struct kvm_system){ .fd = kvm_device_open(path, e) };
	if (sys->fd < 0)
		return sys->fd;
	ret = kvm_device_check(sys->fd, path, &version, e);
	if (ret == 0)
		ret = read_capabilities(sys, e);
	if (ret == 0)
		ret = read_limits(sys, e);
	if (ret != 0)
		kvm_system_close(sys);
	return ret;
}

void kvm_system_close(struct kvm_system *sys)
{
	if (sys->fd >= 0)
		(void)close(sys->fd);
	sys->fd = -1;
}
