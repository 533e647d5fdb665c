/*
 * Names of events become what perf_event_open(2) wants. The only file that calls libpfm4.
 */
#include "vmm/lab/pmu/plan.h"

#include <errno.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARCHITECTURAL "ix86arch"

/*
 * A pointer of libpfm4's tables: where it stands and what it points to, each as the distance from the member. The linker
 * makes them, and the bounds of a section (the Makefile); a unit test's libpfm4 is a plain one and has none.
 */
struct pointer {
	int32_t place, target;
};
#define OF_LINKER __attribute__((weak, visibility("hidden")))
extern const struct pointer __start_pfm4_table[] OF_LINKER, __stop_pfm4_table[] OF_LINKER;
extern char __start_pfm4_pointers[] OF_LINKER, __stop_pfm4_pointers[] OF_LINKER;

/* Change what may be done with the pages of the tables that are constant. */
static int protect(int protection)
{
	uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *start = __start_pfm4_pointers - (uintptr_t)__start_pfm4_pointers % page_bytes;

	return mprotect(start, (size_t)(__stop_pfm4_pointers - start), protection) == 0 ? 0 : -errno;
}

static int fill_pointers(void)
{
	int ret;

	if (__start_pfm4_pointers == NULL)
		return 0;
	ret = protect(PROT_READ | PROT_WRITE);
	if (ret != 0)
		return ret;
	for (const struct pointer *p = __start_pfm4_table; p < __stop_pfm4_table; p++)
		*(const char **)((uintptr_t)&p->place + (intptr_t)p->place) =
			(const char *)&p->target + p->target;
	return protect(PROT_READ);
}

/*
 * What libpfm4 opens (the Makefile gives it this name for fopen). Where the first it reads of a file is its end or an error,
 * 4.13 follows NULL (pfmlib_getl; /proc/mounts in a container): such a file is none to it, which it can do without.
 */
FILE *libpfm4_fopen(const char *path, const char *mode);

FILE *libpfm4_fopen(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);
	int first = file != NULL ? getc(file) : EOF;

	if (first != EOF && ungetc(first, file) == first)
		return file;
	if (file != NULL)
		(void)fclose(file);
	return NULL;
}

int pmu_encode_init(struct error *e)
{
	int ret = fill_pointers();

	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "libpfm4", "its tables cannot be filled in");
	ret = pfm_initialize();
	if (ret != PFM_SUCCESS)
		return error_set(e, STATUS_FAILED, EIO, "libpfm4", "cannot be initialized: %s",
				 pfm_strerror(ret));
	return 0;
}

void pmu_encode_cpu(char *pmu, size_t size)
{
	int id;

	(void)snprintf(pmu, size, "unknown");
	pfm_for_all_pmus(id)
	{
		pfm_pmu_info_t info;

		memset(&info, 0, sizeof(info));
		info.size = sizeof(info);
		if (pfm_get_pmu_info((pfm_pmu_t)id, &info) != PFM_SUCCESS || !info.is_present ||
		    info.type != PFM_PMU_TYPE_CORE)
			continue;
		(void)snprintf(pmu, size, "%s", info.name);
		if (strcmp(info.name, ARCHITECTURAL) != 0)
			return;
	}
}

int pmu_encode(const char *name, struct pmu_code *code, const char **why)
{
	struct perf_event_attr attr;
	pfm_perf_encode_arg_t arg;
	int ret;

	memset(&attr, 0, sizeof(attr));
	memset(&arg, 0, sizeof(arg));
	arg.attr = &attr;
	arg.size = sizeof(arg);
	/* Without a modifier: all privilege levels, for a guest has them all. */
	ret = pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3 | PFM_PLMH, PFM_OS_PERF_EVENT, &arg);
	if (ret != PFM_SUCCESS) {
		*why = pfm_strerror(ret);
		return -EINVAL;
	}
	*code = (struct pmu_code){
		.type = attr.type,
		.config = attr.config,
		.config1 = attr.config1,
		.config2 = attr.config2,
		.exclude_user = attr.exclude_user,
		.exclude_kernel = attr.exclude_kernel,
		.exclude_hv = attr.exclude_hv,
	};
	return 0;
}
