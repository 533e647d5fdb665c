#include "vmm/host/facts.h"

#include <cpuid.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/output/json.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define MAX_LISTED 4096

/* Address bits that four levels of tables translate. */
#define FOUR_LEVELS_BITS 48

#define THP_DIR "sys/kernel/mm/transparent_hugepage/"

void thp_policy(const char *root, bool shmem, char *buf, size_t size)
{
	const char *own =
		shmem ? THP_DIR "hugepages-2048kB/shmem_enabled" : THP_DIR "hugepages-2048kB/enabled";
	const char *all = shmem ? THP_DIR "shmem_enabled" : THP_DIR "enabled";

	if (sysfile_choice(root, own, buf, size) >= 0 && strcmp(buf, "inherit") != 0)
		return;
	if (sysfile_choice(root, all, buf, size) < 0)
		(void)snprintf(buf, size, "unknown");
}

bool thp_policy_allows_madvise(const char *policy)
{
	return strcmp(policy, "never") != 0 && strcmp(policy, "deny") != 0;
}

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

/* The CPUs of the affinity mask, which a container or taskset may have made smaller than the machine. */
static uint32_t allowed_cpus(const char *root)
{
	uint16_t numbers[MAX_LISTED];

	return sysfile_status_list(root, "Cpus_allowed_list", numbers, MAX_LISTED);
}

static uint32_t online_nodes(const char *root)
{
	uint16_t numbers[MAX_LISTED];
	char list[256];
	int count = 0;

	if (sysfile_value(root, "sys/devices/system/node/online", list, sizeof(list)) > 0)
		count = list_parse(list, MAX_LISTED - 1, numbers, MAX_LISTED);
	return count < 0 ? 0 : (uint32_t)count;
}

static void read_memory_policy(const char *root, struct host_facts *f)
{
	struct host_memory memory;

	thp_policy(root, false, f->thp, sizeof(f->thp));
	thp_policy(root, true, f->shmem_thp, sizeof(f->shmem_thp));
	if (sysfile_value(root, "sys/kernel/mm/ksm/run", f->ksm, sizeof(f->ksm)) <= 0)
		(void)snprintf(f->ksm, sizeof(f->ksm), "unknown");
	if (meminfo_read(root, &memory) == 0) {
		f->memory_bytes = memory.total_bytes;
		f->memory_available_bytes = memory.available_bytes;
	}
	f->numa_nodes = online_nodes(root);
}

/*
 * Vendor modules: the CPU's flag that one needs, and the parameter that says whether it uses the hardware's second
 * dimension.
 */
struct vendor {
	const char *module;
	const char *flag;  /* NULL: it needs none */
	const char *param; /* NULL: it has none to use */
	enum second_dimension with_param, without;
};

static const struct vendor vendors[] = {
	{ "kvm_intel", "vmx", "kvm_intel.ept", SECOND_EPT, SECOND_SHADOW },
	{ "kvm_amd", "svm", "kvm_amd.npt", SECOND_NPT, SECOND_SHADOW },
	{ "kvm_pvm", NULL, NULL, SECOND_SHADOW, SECOND_SHADOW },
};

static void set(char *buf, size_t size, const char *text)
{
	(void)snprintf(buf, size, "%s", text);
}

/* Is it the module that serves guests here? */
static enum known vendor_counts(const char *root, const struct vendor *v, const struct cpuinfo *cpu)
{
	char path[64], state[16];
	enum known loaded;

	(void)snprintf(path, sizeof(path), "sys/module/%s", v->module);
	loaded = sysfile_exists(root, path);
	if (loaded != KNOWN_YES)
		return loaded;
	(void)snprintf(path, sizeof(path), "sys/module/%s/initstate", v->module);
	/* Only a loadable module has initstate; a failed one does not stay loaded. */
	if (sysfile_value(root, path, state, sizeof(state)) > 0)
		return strcmp(state, "live") == 0 ? KNOWN_YES : KNOWN_NO;
	return v->flag == NULL ? KNOWN_YES : cpuinfo_has(cpu->flags, v->flag);
}

static void add_params(const char *root, const char *module, struct host_facts *f)
{
	char rel[128];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(rel, sizeof(rel), "sys/module/%s/parameters", module);
	dir = sysfile_directory(root, rel);
	if (dir == NULL)
		return;
	while (f->param_count < FACTS_MAX_PARAMS && (entry = readdir(dir)) != NULL) {
		struct host_param *p = &f->params[f->param_count];
		char path[sizeof(rel) + sizeof(entry->d_name)];
		int n;

		if (entry->d_name[0] == '.')
			continue;
		n = snprintf(p->name, sizeof(p->name), "%s.%s", module, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(p->name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", rel, entry->d_name);
		/* Parameters may be write-only: known by name, not by value. */
		if (sysfile_value(root, path, p->value, sizeof(p->value)) < 0)
			set(p->value, sizeof(p->value), "unknown");
		/* It is a key of JSON, which takes none that is not UTF-8. */
		(void)make_printable(p->name, "");
		f->param_count++;
	}
	(void)closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct host_param *)a)->name, ((const struct host_param *)b)->name);
}

const char *facts_param(const struct host_facts *f, const char *name)
{
	for (uint32_t i = 0; i < f->param_count; i++) {
		if (strcmp(f->params[i].name, name) == 0)
			return f->params[i].value;
	}
	return NULL;
}

/* Booleans read Y or N; older kernels' integers 1 or 0. */
static enum second_dimension find_dimension(const struct host_facts *f, const struct vendor *v)
{
	enum known used = v->param == NULL ? KNOWN_NO : known_boolean(facts_param(f, v->param));

	return used == KNOWN_UNKNOWN ? SECOND_UNKNOWN : used == KNOWN_YES ? v->with_param : v->without;
}

/*
 * Fill kvm_module, second_dimension, params and nx_huge_pages of *f from sys/module below root.
 * Linux keeps sys/module/kvm_intel for a module that is built in even where its start-up failed, so a built-in
 * module counts only where the CPU has its feature (vmx, svm). Two that count, or one of which it is not known: "unknown".
 */
static void read_kvm_module(const char *root, const struct cpuinfo *cpu, struct host_facts *f)
{
	const struct vendor *found = NULL;
	const enum known device = sysfile_exists(root, "dev/kvm"),
			 listed = sysfile_exists(root, "sys/module");
	/* /dev/kvm alone: guests can run, by a module this table does not know. */
	const char *nx, *module = device == KNOWN_NO ? "none" : device == listed ? "builtin" : "unknown";
	unsigned int count = 0;

	for (size_t i = 0; i < COUNT_OF(vendors); i++) {
		enum known counts = vendor_counts(root, &vendors[i], cpu);

		if (counts == KNOWN_NO)
			continue;
		found = &vendors[i];
		module = count++ == 0 && counts == KNOWN_YES ? found->module : "unknown";
	}
	add_params(root, "kvm", f);
	if (count == 1)
		add_params(root, found->module, f);
	qsort(f->params, f->param_count, sizeof(f->params[0]), by_name);

	set(f->kvm_module, sizeof(f->kvm_module), module);
	if (count == 1 && module == found->module)
		f->second_dimension = find_dimension(f, found);
	else
		f->second_dimension = strcmp(module, "none") == 0 ? SECOND_NONE : SECOND_UNKNOWN;
	nx = facts_param(f, "kvm.nx_huge_pages");
	set(f->nx_huge_pages, sizeof(f->nx_huge_pages), nx == NULL || *nx == '\0' ? "unknown" : nx);
}

/*
 * As KVM chooses (kvm_mmu_get_tdp_level): NPT has the host kernel's own levels; EPT five where the CPU can. facts_limit_levels
 * corrects that by the guest's CPUID.
 */
static uint32_t table_levels(enum second_dimension second, const struct cpuinfo *cpu)
{
	enum known five = KNOWN_UNKNOWN;

	if (second == SECOND_EPT)
		five = cpuinfo_has(cpu->vmx_flags, "ept_5level");
	/* A kernel that runs with four levels clears the flag. */
	if (second == SECOND_NPT)
		five = cpuinfo_has(cpu->flags, "la57");
	return five == KNOWN_UNKNOWN ? 0 : five == KNOWN_YES ? 5 : 4;
}

void facts_limit_levels(struct host_facts *f, uint32_t guest_physical_bits)
{
	if (f->second_dimension != SECOND_EPT)
		return;
	if (guest_physical_bits != 0 && guest_physical_bits <= FOUR_LEVELS_BITS)
		f->second_dimension_levels = 4;
	else if (guest_physical_bits == 0 && f->second_dimension_levels == 5)
		f->second_dimension_levels = 0;
}

/* SDM volume 2A, CPUID.01H:ECX[31], which a CPU keeps 0 and a hypervisor sets. */
static enum known cpu_is_guest(void)
{
	unsigned int a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) == 0)
		return KNOWN_UNKNOWN;
	return c >> 31 != 0 ? KNOWN_YES : KNOWN_NO;
}

/* Hybrid CPUs name their performance cores' counters cpu_core. */
static enum known find_pmu(const char *root)
{
	static const char *const names[] = { "sys/bus/event_source/devices/cpu",
					     "sys/bus/event_source/devices/cpu_core" };
	enum known found = sysfile_exists(root, "sys/bus") == KNOWN_YES ? KNOWN_NO : KNOWN_UNKNOWN;

	for (size_t i = 0; i < COUNT_OF(names) && found != KNOWN_YES; i++) {
		enum known one = sysfile_exists(root, names[i]);

		found = one == KNOWN_NO ? found : one;
	}
	return found;
}

void facts_read(const char *root, struct host_facts *f)
{
	struct cpuinfo cpu;

	memset(f, 0, sizeof(*f));
	read_kernel(root, f);
	cpuinfo_read(root, &cpu);
	memcpy(f->cpu_model, cpu.model, sizeof(f->cpu_model));
	f->hypervisor = *root == '\0' ? cpu_is_guest() : cpuinfo_has(cpu.flags, "hypervisor");
	f->cpus = allowed_cpus(root);
	read_kvm_module(root, &cpu, f);
	f->second_dimension_levels = table_levels(f->second_dimension, &cpu);
	read_memory_policy(root, f);
	f->pmu = find_pmu(root);
}

static json_t *params_json(const void *from)
{
	const struct host_facts *h = from;
	json_t *params = json_object();

	for (uint32_t i = 0; i < h->param_count && i < FACTS_MAX_PARAMS; i++)
		json_put(&params, h->params[i].name, json_words(h->params[i].value));
	return params;
}

static void check_params(const struct node *member, const void *of)
{
	struct node params = node_object(member->parent, member->key);
	const char *key;
	json_t *value;

	(void)of;
	/* jansson's iterator takes what is not const, and changes nothing. */
	json_object_foreach((json_t *)params.json, key, value)
	{
		struct node param = node_member(&params, key);

		(void)node_text(&param);
	}
}

#define HOST(kind, member, ...) FIELD(kind, struct host_facts, member, ##__VA_ARGS__)
static const struct field host_list[] = {
	HOST(TEXT, kernel),
	HOST(TEXT, cpu_model),
	HOST(SIZE, cpus),
	HOST(ANSWER, hypervisor),
	HOST(SIZE, tsc_khz),
	HOST(TEXT, kvm_module),
	HOST(ENUM, second_dimension, .names = &second_dimension_names),
	HOST(SIZE, second_dimension_levels),
	FIELD_BY("params", params_json, check_params),
	HOST(TEXT, thp),
	HOST(TEXT, shmem_thp),
	HOST(TEXT, ksm),
	HOST(TEXT, nx_huge_pages),
	HOST(SIZE, numa_nodes),
	HOST(ANSWER, pmu),
	HOST(SIZE, memory_bytes),
};
const struct fields host_fields = FIELDS_OF(host_list);
