#include "vmm/host/facts.h"

#include <stdio.h>
#include <string.h>

#include "vmm/host/cpuinfo.h"
#include "vmm/host/kvm_module.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/host/thp.h"
#include "vmm/output/json.h"
#include "vmm/util/size.h"

#define MAX_LISTED 4096

/* What four levels of tables translate. */
#define FOUR_LEVELS_BITS 48

static void read_kernel(const char *root, struct host_facts *f)
{
	char release[64], version[64];

	if (sysfile_value(root, "proc/sys/kernel/osrelease", release, sizeof(release)) <= 0 ||
	    sysfile_value(root, "proc/sys/kernel/version", version, sizeof(version)) < 0) {
		(void)snprintf(f->kernel, sizeof(f->kernel), "unknown");
		return;
	}
	(void)snprintf(f->kernel, sizeof(f->kernel), "%s%s%s", release, *version != '\0' ? " " : "", version);
}

/* How many numbers a kernel list ("0-3,8") names, up to its end of line; 0 for anything else. */
static uint32_t count_list(char *list)
{
	uint16_t numbers[MAX_LISTED];
	int count;

	list[strcspn(list, " \t\n")] = '\0';
	count = list_parse(list, MAX_LISTED - 1, numbers, MAX_LISTED);
	return count < 0 ? 0 : (uint32_t)count;
}

/* The affinity mask, which a container or taskset may have made smaller than the machine. */
static uint32_t allowed_cpus(const char *root)
{
	static const char key[] = "Cpus_allowed_list:";
	char text[8192];
	char *line;

	if (sysfile_read(root, "proc/self/status", text, sizeof(text)) < 0)
		return 0;
	line = strstr(text, key);
	if (line == NULL)
		return 0;
	line += sizeof(key) - 1;
	return count_list(line + strspn(line, " \t"));
}

static void read_memory_policy(const char *root, struct host_facts *f)
{
	struct host_memory memory;
	char list[256];

	thp_policy(root, false, f->thp, sizeof(f->thp));
	thp_policy(root, true, f->shmem_thp, sizeof(f->shmem_thp));
	if (sysfile_value(root, "sys/kernel/mm/ksm/run", f->ksm, sizeof(f->ksm)) <= 0)
		(void)snprintf(f->ksm, sizeof(f->ksm), "unknown");
	if (meminfo_read(root, &memory) == 0) {
		f->memory_bytes = memory.total_bytes;
		f->memory_available_bytes = memory.available_bytes;
	}
	if (sysfile_value(root, "sys/devices/system/node/online", list, sizeof(list)) > 0)
		f->numa_nodes = count_list(list);
}

/*
 * As KVM chooses (kvm_mmu_get_tdp_level): NPT has the host kernel's own levels; EPT five where the CPU can. What the
 * guest's CPUID takes away from that is not known here.
 */
static uint32_t table_levels(enum second_dimension second, const struct cpuinfo *cpu)
{
	if (second == SECOND_EPT)
		return cpu->vmx_flags[0] == '\0' ? 0 : cpu->ept_5level ? 5 : 4;
	if (second == SECOND_NPT)
		return cpu->flags[0] == '\0' ? 0 : cpu->la57 ? 5 : 4;
	return 0;
}

void facts_settle_levels(struct host_facts *f, uint32_t guest_physical_bits)
{
	if (f->second_dimension != SECOND_EPT)
		return;
	if (guest_physical_bits != 0 && guest_physical_bits <= FOUR_LEVELS_BITS)
		f->second_dimension_levels = 4;
	else if (guest_physical_bits == 0 && f->second_dimension_levels == 5)
		f->second_dimension_levels = 0;
}

void facts_read(const char *root, struct host_facts *f)
{
	struct cpuinfo cpu;

	memset(f, 0, sizeof(*f));
	read_kernel(root, f);
	cpuinfo_read(root, &cpu);
	memcpy(f->cpu_model, cpu.model, sizeof(f->cpu_model));
	f->hypervisor = cpu.hypervisor;
	f->pdpe1gb = cpu.pdpe1gb;
	f->cpus = allowed_cpus(root);
	kvm_module_read(root, &cpu, f);
	f->second_dimension_levels = table_levels(f->second_dimension, &cpu);
	read_memory_policy(root, f);
	/* Hybrid CPUs name their performance cores' counters cpu_core. */
	f->pmu = sysfile_exists(root, "sys/bus/event_source/devices/cpu") ||
		 sysfile_exists(root, "sys/bus/event_source/devices/cpu_core");
}

json_t *host_facts_json(const struct host_facts *h)
{
	json_t *o = json_object(), *params = json_object();

	json_put(&o, "kernel", json_words(h->kernel));
	json_put(&o, "cpu_model", json_words(h->cpu_model));
	json_put(&o, "cpus", json_u64_or_null(h->cpus));
	json_put(&o, "hypervisor", json_boolean(h->hypervisor));
	json_put(&o, "tsc_khz", json_u64_or_null(h->tsc_khz));
	json_put(&o, "kvm_module", json_words(h->kvm_module));
	json_put(&o, "second_dimension", json_words(second_dimension_name(h->second_dimension)));
	json_put(&o, "second_dimension_levels", json_u64_or_null(h->second_dimension_levels));
	for (uint32_t i = 0; i < h->param_count && i < FACTS_MAX_PARAMS; i++)
		json_put(&params, h->params[i].name, json_words(h->params[i].value));
	json_put(&o, "params", params);
	json_put(&o, "thp", json_words(h->thp));
	json_put(&o, "shmem_thp", json_words(h->shmem_thp));
	json_put(&o, "ksm", json_words(h->ksm));
	json_put(&o, "nx_huge_pages", json_words(h->nx_huge_pages));
	json_put(&o, "numa_nodes", json_u64_or_null(h->numa_nodes));
	json_put(&o, "pmu", json_boolean(h->pmu));
	json_put(&o, "memory_bytes", json_u64_or_null(h->memory_bytes));
	return o;
}
