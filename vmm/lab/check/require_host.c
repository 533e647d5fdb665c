/*
 * Requirements that memory, CPUs and the rest of the host answer.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "abi.h"
#include "units.h"
#include "vmm/lab/check/question.h"
#include "vmm/util/size.h"
#include "vmm/host/sysfile.h"
#include "vmm/host/thp.h"

#define MAX_NODES 1024

int answer_thp(struct question *q)
{
	const char *policy = q->report->facts.thp;

	if (strcmp(policy, "unknown") == 0)
		return settle(q, KNOWN_UNKNOWN, "the kernel does not say what its THP policy is");
	return settle(q, thp_policy_allows_madvise(policy) ? KNOWN_YES : KNOWN_NO, "THP is '%s'", policy);
}

int answer_memory(struct question *q)
{
	uint64_t available = q->report->facts.memory_available_bytes;
	uint64_t wanted;

	if (size_parse(q->value, MIB, &wanted) != 0)
		return -EINVAL;
	if (available == 0)
		return settle(q, KNOWN_UNKNOWN, "MemAvailable cannot be read");
	return settle(q, available >= wanted ? KNOWN_YES : KNOWN_NO,
		      "%" PRIu64 " MiB wanted, %" PRIu64 " MiB available", wanted / MIB, available / MIB);
}

/* KVM_CAP_MAX_VCPUS where /dev/kvm was asked, else 0. */
static uint64_t kvm_max_vcpus(const struct kvm_probe *kvm)
{
	for (uint32_t i = 0; i < kvm->capability_count; i++) {
		if (strcmp(kvm->capability[i].name, "KVM_CAP_MAX_VCPUS") == 0 && kvm->capability[i].value > 0)
			return (uint64_t)kvm->capability[i].value;
	}
	return 0;
}

int answer_vcpus(struct question *q)
{
	uint64_t allowed = kvm_max_vcpus(&q->report->kvm), cpus = q->report->facts.cpus, wanted;

	if (number_parse(q->value, 1, UINT32_MAX, &wanted) != 0)
		return -EINVAL;
	if (wanted > GUEST_MAX_VCPUS)
		return settle(q, KNOWN_NO, "the guest supports %d vCPUs", GUEST_MAX_VCPUS);
	if (allowed != 0 && allowed < wanted)
		return settle(q, KNOWN_NO, "KVM allows %" PRIu64 " vCPUs", allowed);
	if (cpus == 0)
		return settle(q, KNOWN_UNKNOWN, "the CPUs of this process cannot be read");
	return settle(q, cpus >= wanted ? KNOWN_YES : KNOWN_NO,
		      "%" PRIu64 " wanted, this process may run on %" PRIu64 " CPUs", wanted, cpus);
}

int answer_nodes(struct question *q)
{
	uint64_t nodes = q->report->facts.numa_nodes, wanted;

	if (number_parse(q->value, 1, MAX_NODES, &wanted) != 0)
		return -EINVAL;
	if (nodes == 0)
		return settle(q, KNOWN_UNKNOWN, "the NUMA nodes cannot be read");
	return settle(q, nodes >= wanted ? KNOWN_YES : KNOWN_NO,
		      "%" PRIu64 " wanted, %" PRIu64 " NUMA nodes online", wanted, nodes);
}

int answer_pmu(struct question *q)
{
	if (q->report->facts.pmu)
		return settle(q, KNOWN_YES, "the CPU's counters are an event source of perf");
	if (!sysfile_exists(q->root, "sys/bus"))
		return settle(q, KNOWN_UNKNOWN, "the event sources of perf cannot be read");
	return settle(q, KNOWN_NO, "perf has no event source for this CPU's counters");
}

int answer_bare_metal(struct question *q)
{
	const struct host_facts *f = &q->report->facts;

	if (f->hypervisor)
		return settle(q, KNOWN_NO, "the CPU says that it runs under a hypervisor");
	if (strcmp(f->cpu_model, "unknown") == 0)
		return settle(q, KNOWN_UNKNOWN, "the CPU's flags cannot be read");
	return settle(q, KNOWN_YES, "the CPU does not say that it runs under a hypervisor");
}

int answer_undisturbed(struct question *q)
{
	const struct check_report *report = q->report;

	if (report->disturber_count == 0)
		return settle(q, KNOWN_YES, "nothing found that would disturb a measurement");
	return settle(q, KNOWN_NO, "%" PRIu32 " found, the first: %s", report->disturber_count,
		      report->disturbers[0].what);
}
