#include "vmm/host/kvm_module.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/host/sysfile.h"

/* Vendor modules, and the parameter that says whether they use the hardware's second dimension. */
struct vendor {
	const char *module;
	const char *param; /* NULL: it has none to use */
	enum second_dimension with_param, without;
};

static const struct vendor vendors[] = {
	{ "kvm_intel", "kvm_intel.ept", SECOND_EPT, SECOND_SHADOW },
	{ "kvm_amd", "kvm_amd.npt", SECOND_NPT, SECOND_SHADOW },
	{ "kvm_pvm", NULL, SECOND_SHADOW, SECOND_SHADOW },
};
#define VENDORS (sizeof(vendors) / sizeof(vendors[0]))

static void set(char *buf, size_t size, const char *text)
{
	(void)snprintf(buf, size, "%s", text);
}

/* Is vendors[i] the module that serves guests here? */
static bool vendor_counts(const char *root, size_t i, const struct cpuinfo *cpu)
{
	char path[64], state[16];

	(void)snprintf(path, sizeof(path), "sys/module/%s", vendors[i].module);
	if (!sysfile_exists(root, path))
		return false;
	(void)snprintf(path, sizeof(path), "sys/module/%s/initstate", vendors[i].module);
	/* Only a loadable module has initstate; a failed one does not stay loaded. */
	if (sysfile_value(root, path, state, sizeof(state)) > 0)
		return strcmp(state, "live") == 0;
	if (strcmp(vendors[i].module, "kvm_intel") == 0)
		return cpu->vmx;
	if (strcmp(vendors[i].module, "kvm_amd") == 0)
		return cpu->svm;
	return true;
}

static void add_params(const char *root, const char *module, struct host_facts *f)
{
	char rel[128], full[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(rel, sizeof(rel), "sys/module/%s/parameters", module);
	if (sysfile_path(root, rel, full, sizeof(full)) != 0)
		return;
	dir = opendir(full);
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
	const char *value = v->param == NULL ? "N" : facts_param(f, v->param);

	if (value == NULL)
		return SECOND_UNKNOWN;
	if (strcmp(value, "Y") == 0 || strcmp(value, "1") == 0)
		return v->with_param;
	if (strcmp(value, "N") == 0 || strcmp(value, "0") == 0)
		return v->without;
	return SECOND_UNKNOWN;
}

void kvm_module_read(const char *root, const struct cpuinfo *cpu, struct host_facts *f)
{
	const struct vendor *found = NULL;
	const char *nx;
	unsigned int count = 0;

	for (size_t i = 0; i < VENDORS; i++) {
		if (!vendor_counts(root, i, cpu))
			continue;
		found = &vendors[i];
		count++;
	}
	add_params(root, "kvm", f);
	if (count == 1)
		add_params(root, found->module, f);
	qsort(f->params, f->param_count, sizeof(f->params[0]), by_name);

	if (count == 1) {
		set(f->kvm_module, sizeof(f->kvm_module), found->module);
		f->second_dimension = find_dimension(f, found);
	} else if (count > 1) {
		set(f->kvm_module, sizeof(f->kvm_module), "unknown");
		f->second_dimension = SECOND_UNKNOWN;
	} else if (sysfile_exists(root, "dev/kvm")) {
		/* Guests can run, by a module this table does not know. */
		set(f->kvm_module, sizeof(f->kvm_module), "builtin");
		f->second_dimension = SECOND_UNKNOWN;
	} else {
		set(f->kvm_module, sizeof(f->kvm_module), "none");
		f->second_dimension = SECOND_NONE;
	}
	nx = facts_param(f, "kvm.nx_huge_pages");
	set(f->nx_huge_pages, sizeof(f->nx_huge_pages), nx == NULL || *nx == '\0' ? "unknown" : nx);
}
