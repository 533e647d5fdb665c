/*
 * The probe of /dev/kvm, and the report that is built from it and from the host's files.
 */
#include "vmm/lab/check/report.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/core/kvm/system.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"

_Static_assert(KVM_CAPABILITY_COUNT <= CHECK_MAX_CAPABILITIES, "the probe has room for every capability");

static void note_failure(const struct error *e, struct kvm_probe *probe)
{
	probe->err = e->err;
	(void)snprintf(probe->failure, sizeof(probe->failure), "%.400s (%s)", e->what, strerror(e->err));
	(void)snprintf(probe->cure, sizeof(probe->cure), "%s", e->hint);
}

/* The node may be something else than KVM's: a directory, a file. */
static void note_open_failure(const struct error *e, struct kvm_probe *probe)
{
	note_failure(e, probe);
	switch (e->err) {
	case ENOENT:
	case ENODEV: /* a node without a driver behind it */
	case ENXIO:
	case EISDIR:
	case ENOTDIR:
	case ELOOP:
		probe->present = KNOWN_NO;
		break;
	case EACCES:
	case EPERM:
		probe->present = KNOWN_YES;
		probe->permitted = KNOWN_NO;
		break;
	default:
		break;
	}
}

static void ask_capabilities(int fd, struct kvm_probe *probe)
{
	for (uint32_t i = 0; i < probe->capability_count; i++) {
		int value = kvm_check_extension(fd, kvm_capabilities[i].number);

		probe->capability[i].value = value < 0 ? -1 : value;
	}
}

static void ask_cpuid(int fd, struct kvm_probe *probe)
{
	const struct kvm_system sys = { .fd = fd };
	struct error ignored = { .status = STATUS_OK };
	struct kvm_cpuid2 *cpuid = kvm_supported_cpuid(&sys, &ignored);
	int has_1g;

	if (cpuid == NULL)
		return;
	has_1g = kvm_cpuid_has_1g_pages(cpuid);
	probe->guest_1g_pages = has_1g < 0 ? KNOWN_UNKNOWN : has_1g == 1 ? KNOWN_YES : KNOWN_NO;
	probe->guest_physical_bits = kvm_cpuid_physical_bits(cpuid);
	free(cpuid);
}

/* Only KVM itself knows whether it can: another hypervisor may hold the CPU. */
static void try_vm(int fd, struct kvm_probe *probe)
{
	const struct kvm_system sys = { .fd = fd };
	struct error e = { .status = STATUS_OK };
	struct kvm_vm vm;

	probe->makes_vm = known_if(kvm_vm_create(&sys, &vm, &e) == 0);
	if (probe->makes_vm == KNOWN_YES)
		kvm_vm_destroy(&vm);
	else
		note_failure(&e, probe);
}

void check_probe_kvm(const char *path, struct kvm_probe *probe)
{
	struct error e = { .status = STATUS_OK };
	int fd;

	memset(probe, 0, sizeof(*probe));
	probe->api_version = -1;
	probe->capability_count = KVM_CAPABILITY_COUNT;
	for (uint32_t i = 0; i < KVM_CAPABILITY_COUNT; i++) {
		probe->capability[i].name = kvm_capabilities[i].name;
		probe->capability[i].purpose = kvm_capabilities[i].purpose;
		probe->capability[i].required = kvm_capabilities[i].required;
		probe->capability[i].value = -1;
	}
	fd = kvm_device_open(path, &e);
	if (fd < 0) {
		note_open_failure(&e, probe);
		return;
	}
	probe->permitted = KNOWN_YES;
	(void)kvm_device_check(fd, path, &probe->api_version, &e);
	if (probe->api_version < 0) {
		note_failure(&e, probe);
		/* The node belongs to something else than KVM; by another error it does not say so. */
		probe->present = e.err == ENOTTY || e.err == EINVAL ? KNOWN_NO : KNOWN_UNKNOWN;
	} else {
		probe->present = KNOWN_YES;
		ask_capabilities(fd, probe);
		ask_cpuid(fd, probe);
		try_vm(fd, probe);
	}
	(void)close(fd);
}

const char *known_name(enum known answer)
{
	return answer == KNOWN_YES ? "yes" : answer == KNOWN_NO ? "no" : "unknown";
}

void check_build(const char *root, struct check_report *report)
{
	struct cpuinfo cpu;

	facts_read(root, &report->facts);
	cpuinfo_read(root, &cpu);
	rows_build(root, &cpu, report);
	verdict_build(root, &cpu, report);
	disturb_build(root, report);
}
