/* KVM opened, and everything asked that could refuse the plan before memory is taken for it. */
#include <errno.h>
#include <linux/kvm.h>

#include "vmm/util/workloads.h"
#include "vmm/core/kvm/apic.h"
#include "vmm/lab/measure/limits.h"
#include "vmm/core/machine/machine.h"

#define KVM_DEVICE "/dev/kvm"

static int check_limits(struct machine *m, struct error *e)
{
	struct config *c = &m->rec->config;
	int slots = kvm_check_extension(m->sys.fd, KVM_CAP_NR_MEMSLOTS);
	char asker[48];
	int ret;

	if (c->vcpus > m->sys.max_vcpus)
		return error_set(e, STATUS_USAGE, EINVAL, "KVM_CAP_MAX_VCPUS",
				 "--smp %u: this KVM allows %u vCPUs", c->vcpus, m->sys.max_vcpus);
	ret = limits_check_slots(c, slots > 0 ? (uint32_t)slots : 0, e);
	if (ret == 0)
		ret = limits_check_width(c, kvm_cpuid_physical_bits(m->cpuid), e);
	if (ret == 0)
		ret = limits_check_leaf(c, kvm_cpuid_has_1g_pages(m->cpuid), e);
	if (ret == 0 && c->apic)
		ret = kvm_apic_check(&m->sys, limits_apic_asker(c, asker, sizeof(asker)), e);
	if (ret == 0 && m->rec->spec.machine.populate == POPULATE_PREFAULT)
		ret = kvm_prefault_check(&m->sys, e);
	return ret;
}

/*
 * Only for who uses it: giving a VM with such a port back takes KVM some milliseconds, as long as a short run takes in
 * all. What another payload uses nobody knows.
 */
static bool wants_kernel_port(const struct record *rec)
{
	for (uint32_t i = 0; i < rec->config.step_count; i++) {
		if ((workload_table[rec->config.steps[i].workload].needs & LEAVES_BY_PORT) != 0)
			return true;
	}
	return rec->spec.machine.guest_path != NULL;
}

int machine_open(struct machine *m, struct error *e)
{
	int ret = kvm_system_open(KVM_DEVICE, &m->sys, e);

	if (ret != 0)
		return ret;
	m->cpuid = kvm_supported_cpuid(&m->sys, e);
	if (m->cpuid == NULL)
		return -EIO;
	/* The tree tells the guest, so it has to be known before that is written. */
	m->rec->config.kernel_port =
		wants_kernel_port(m->rec) && kvm_check_extension(m->sys.fd, KVM_CAP_IOEVENTFD) > 0;
	return check_limits(m, e);
}
