#include "vmm/core/machine/ram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/core/memory/observe.h"
#include "vmm/lab/record/record.h"
#include "vmm/util/clock.h"

/* A pool that cannot be read counts as empty: there is nothing to compare then, and nothing is invented. */
static void snapshot(struct record *rec, enum pool_moment moment)
{
	if (rec->pool_page_bytes == 0)
		return;
	if (pool_read("", rec->pool_page_bytes, &rec->pool[moment]) != 0)
		rec->pool[moment] = (struct pool_counts){ 0 };
}

static int populate(struct record *rec, struct ram *ram, prealloc_progress progress, struct error *e)
{
	struct prealloc_stats stats = { 0 };
	int ret;

	if (rec->spec.machine.populate < POPULATE_PREALLOC)
		return 0;
	ret = prealloc_run(&ram->backing, rec->spec.machine.prealloc_threads, progress, &stats, e);
	rec->prealloc_threads = stats.threads;
	rec->timing.populate = stats.ns;
	return ret;
}

int ram_acquire(struct record *rec, const struct backing_spec *spec, struct ram *ram,
		prealloc_progress progress, struct error *e)
{
	uint64_t start_ns;
	int ret;

	rec->share = spec->share;
	rec->reserve = spec->reserve;
	rec->pool_page_bytes = backing_has_pool(spec) ? spec->page_bytes : 0;
	*ram = (struct ram){ .backing = { .fd = -1 } };

	snapshot(rec, POOL_BEFORE);
	start_ns = clock_ns();
	ret = backing_map(spec, &ram->backing, e);
	rec->timing.map = clock_ns() - start_ns;
	if (ret == 0) {
		snapshot(rec, POOL_MAPPED);
		ret = populate(rec, ram, progress, e);
	}
	if (ret != 0) {
		backing_unmap(&ram->backing);
		snapshot(rec, POOL_CLOSED);
		return ret;
	}
	snapshot(rec, POOL_POPULATED);
	return 0;
}

/* Resident pages of this process in bytes; hugetlb pages do not count (proc(5), statm). 0 where unreadable. */
static uint64_t process_rss_bytes(void)
{
	char text[256];
	char *field, *end;
	unsigned long long pages;

	if (sysfile_read("", "proc/self/statm", text, sizeof(text)) <= 0)
		return 0;
	/* The second number; the first is the size of the address space. */
	field = strchr(text, ' ');
	if (field == NULL)
		return 0;
	errno = 0;
	pages = strtoull(field + 1, &end, 10);
	return errno == 0 && end != field + 1 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void account_process(struct record *rec)
{
	uint64_t rss_bytes = process_rss_bytes();
	uint64_t ram_bytes = rec->pool_page_bytes == 0 ? rec->observed.rss_bytes : 0;
	struct rusage usage;

	rec->vmm_rss_bytes = rss_bytes > ram_bytes ? rss_bytes - ram_bytes : 0;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return;
	rec->minor_faults = (uint64_t)usage.ru_minflt;
	rec->major_faults = (uint64_t)usage.ru_majflt;
	rec->voluntary_switches = (uint64_t)usage.ru_nvcsw;
	rec->involuntary_switches = (uint64_t)usage.ru_nivcsw;
}

int ram_observe(struct record *rec, const struct ram *ram, struct error *e)
{
	int ret;

	snapshot(rec, POOL_RAN);
	ret = observe_backing("", &ram->backing, &rec->observed, e);
	account_process(rec);
	return ret;
}

void ram_release(struct record *rec, struct ram *ram)
{
	if (ram->backing.hva == NULL)
		return;
	backing_unmap(&ram->backing);
	snapshot(rec, POOL_CLOSED);
}
