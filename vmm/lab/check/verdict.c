/*
 * The verdict on a host: what pages its guests, how deep the tables are, how large a leaf can get; and the one line
 * that says so.
 */
#include "vmm/lab/check/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"
#include "vmm/host/sysfile.h"
#include "vmm/host/facts.h"
#include "vmm/theory/walk/walk_list.h"

/* Levels of the tables that minivmm's guest builds (guest/mm/paging.c). */
#define GUEST_LEVELS 4

#define HUGEPAGES "sys/kernel/mm/hugepages/hugepages-"

/*
 * EPT: by its own capability; NPT and shadow tables are in the CPU's ordinary format, so by pdpe1gb (kvm_configure_mmu
 * and its callers). 0: not known, but 2M at least: no CPU that has EPT lacks 2M leaves.
 */
static uint64_t hardware_leaf(const struct check_report *r, const struct cpuinfo *cpu)
{
	enum known has_1g = r->second_dimension == SECOND_EPT ? cpuinfo_has(cpu->vmx_flags, "ept_1gb")
							      : cpuinfo_has(cpu->flags, "pdpe1gb");

	return has_1g == KNOWN_UNKNOWN ? 0 : has_1g == KNOWN_YES ? PAGE_1G : PAGE_2M;
}

/* The largest page this kernel can back guest RAM with, pool or not yet; 0: not known. */
static uint64_t backing_leaf(const char *root, const struct host_facts *f)
{
	const enum known has_1g = sysfile_exists(root, HUGEPAGES "1048576kB");

	if (has_1g != KNOWN_NO)
		return has_1g == KNOWN_YES ? PAGE_1G : 0;
	if (sysfile_exists(root, HUGEPAGES "2048kB") == KNOWN_YES)
		return PAGE_2M;
	if (strcmp(f->thp, "unknown") != 0 && thp_policy_allows_madvise(f->thp))
		return PAGE_2M;
	return sysfile_exists(root, "sys/kernel/mm") == KNOWN_YES ? PAGE_4K : 0;
}

static uint64_t second_leaf(const char *root, const struct check_report *r, const struct cpuinfo *cpu)
{
	uint64_t hardware = hardware_leaf(r, cpu);
	uint64_t backing = backing_leaf(root, &r->facts);

	if (is_two_dimensional(r->second_dimension) && backing != 0 && backing <= PAGE_2M)
		return backing;
	if (hardware == 0 || backing == 0)
		return 0;
	if (is_two_dimensional(r->second_dimension))
		return min_u64(hardware, backing);
	/* One table for both, so the smaller page of the two. */
	if (r->second_dimension == SECOND_SHADOW && r->largest_guest_leaf_bytes != 0)
		return min_u64(r->largest_guest_leaf_bytes, min_u64(hardware, backing));
	return 0;
}

static const char *leaf_name(uint64_t bytes, char buf[24])
{
	return bytes == 0 ? "of unknown size" : size_format(bytes, buf);
}

static void append_two_dimensional(struct check_report *r)
{
	const char *name = r->second_dimension == SECOND_EPT ? "EPT" : "NPT";
	uint32_t levels = r->second_levels;
	char guest[24], second[24];

	append(r->verdict, sizeof(r->verdict), "two-dimensional by %s: %" PRIu32 " levels in the guest, ",
	       name, r->guest_levels);
	if (levels == 0)
		append(r->verdict, sizeof(r->verdict), "an unknown number in %s", name);
	else
		append(r->verdict, sizeof(r->verdict),
		       "%" PRIu32 " in %s, at most %" PRIu32 " references a TLB miss", levels, name,
		       refs_two_dimensional(r->guest_levels, levels));
	append(r->verdict, sizeof(r->verdict), "; largest leaf %s in the guest, %s in %s",
	       leaf_name(r->largest_guest_leaf_bytes, guest), leaf_name(r->largest_second_leaf_bytes, second),
	       name);
}

static void append_shadow(struct check_report *r)
{
	char guest[24], second[24];

	append(r->verdict, sizeof(r->verdict),
	       "one-dimensional: shadow paging by %s; a TLB miss walks %" PRIu32
	       " levels, as natively; largest leaf %s in the guest, %s in the shadow table",
	       r->facts.kvm_module, r->guest_levels, leaf_name(r->largest_guest_leaf_bytes, guest),
	       leaf_name(r->largest_second_leaf_bytes, second));
}

static void append_unknown(struct check_report *r)
{
	const char *module = r->facts.kvm_module;
	const char *param = strcmp(module, "kvm_intel") == 0 ? "kvm_intel.ept" : "kvm_amd.npt";
	const char *value = facts_param(&r->facts, param);

	if (strcmp(module, "builtin") == 0)
		append(r->verdict, sizeof(r->verdict),
		       "unknown: /dev/kvm exists, but by no module that this program knows");
	else if (strcmp(module, "unknown") == 0)
		append(r->verdict, sizeof(r->verdict), "unknown: more than one vendor's KVM module is live");
	else if (value == NULL)
		append(r->verdict, sizeof(r->verdict), "unknown: %s is in charge, but %s was not found",
		       module, param);
	else
		append(r->verdict, sizeof(r->verdict), "unknown: %s is in charge, but %s reads \"%.40s\"",
		       module, param, value);
}

/* Append whether this host is itself a guest. */
static void append_outer(struct check_report *r)
{
	if (r->facts.hypervisor == KNOWN_YES)
		append(r->verdict, sizeof(r->verdict), "; all of it inside a virtual machine");
}

/* Append the reason why this process cannot use KVM, if there is one. */
static void append_access(struct check_report *r)
{
	if (r->kvm.permitted == KNOWN_NO)
		append(r->verdict, sizeof(r->verdict), "; but this process may not open /dev/kvm");
	else if (r->kvm.present == KNOWN_NO && r->kvm.permitted == KNOWN_YES)
		append(r->verdict, sizeof(r->verdict), "; but /dev/kvm does not answer as KVM does");
	else if (r->kvm.present == KNOWN_NO && r->second_dimension != SECOND_NONE)
		append(r->verdict, sizeof(r->verdict), "; but this process sees no /dev/kvm");
}

void verdict_build(const char *root, const struct cpuinfo *cpu, struct check_report *r)
{
	r->second_dimension = r->facts.second_dimension;
	r->verdict[0] = '\0';
	r->guest_levels = r->second_dimension == SECOND_NONE ? 0 : GUEST_LEVELS;
	facts_limit_levels(&r->facts, r->kvm.guest_physical_bits);
	r->second_levels = r->facts.second_dimension_levels;
	r->largest_guest_leaf_bytes = 0;
	if (r->second_dimension != SECOND_NONE && r->kvm.guest_1g_pages != KNOWN_UNKNOWN)
		r->largest_guest_leaf_bytes = r->kvm.guest_1g_pages == KNOWN_YES ? PAGE_1G : PAGE_2M;
	r->largest_second_leaf_bytes = second_leaf(root, r, cpu);
	if (is_two_dimensional(r->second_dimension))
		append_two_dimensional(r);
	else if (r->second_dimension == SECOND_SHADOW)
		append_shadow(r);
	else if (r->second_dimension == SECOND_NONE)
		append(r->verdict, sizeof(r->verdict),
		       "none: no KVM here, so no guest; `minivmm native` works");
	else
		append_unknown(r);
	append_outer(r);
	append_access(r);
}
