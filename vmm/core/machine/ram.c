/* Guest RAM: taken, watched and given back; guest-physical addresses into host pointers. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/machine/internal.h"
#include "vmm/core/memory/backing.h"
#include "vmm/core/memory/sigbus.h"
#include "vmm/host/pool/pool.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/clock.h"

static void snapshot(struct machine_report *report, enum pool_moment moment)
{
	if (report->pool_page_bytes == 0)
		return;
	if (pool_read("", report->pool_page_bytes, &report->pool[moment]) != 0)
		report->pool_hidden |= 1u << moment;
}

static int populate(const struct machine_spec *asked, const struct backing *b, prealloc_progress progress,
		    struct machine_report *report, struct error *e)
{
	struct prealloc_stats stats = { 0 };
	int ret;

	if (asked->populate < POPULATE_PREALLOC)
		return 0;
	ret = prealloc_run(b, asked->prealloc_threads, progress, &stats, e);
	report->prealloc_threads = stats.threads;
	report->timing.populate = stats.ns;
	return ret;
}

int ram_acquire(const struct machine_spec *asked, const struct backing_spec *spec, prealloc_progress progress,
		struct backing *b, struct machine_report *report, struct error *e)
{
	uint64_t start_ns;
	int ret;

	report->share = spec->share;
	report->reserve = spec->reserve;
	report->pool_page_bytes = backing_has_pool(spec) ? spec->page_bytes : 0;
	*b = (struct backing){ .fd = -1 };

	snapshot(report, POOL_BEFORE);
	start_ns = clock_ns();
	ret = backing_map(spec, b, e);
	report->timing.map = clock_ns() - start_ns;
	if (ret == 0) {
		snapshot(report, POOL_MAPPED);
		ret = populate(asked, b, progress, report, e);
	}
	if (ret != 0) {
		backing_unmap(b);
		snapshot(report, POOL_CLOSED);
		return ret;
	}
	snapshot(report, POOL_POPULATED);
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

static void account_process(struct machine_report *report)
{
	uint64_t rss_bytes = process_rss_bytes();
	uint64_t ram_bytes = report->pool_page_bytes == 0 ? report->observed.rss_bytes : 0;
	struct rusage usage;

	report->vmm_rss_bytes = rss_bytes > ram_bytes ? rss_bytes - ram_bytes : 0;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return;
	report->minor_faults = (uint64_t)usage.ru_minflt;
	report->major_faults = (uint64_t)usage.ru_majflt;
	report->voluntary_switches = (uint64_t)usage.ru_nvcsw;
	report->involuntary_switches = (uint64_t)usage.ru_nivcsw;
}

int ram_observe(const struct backing *b, struct machine_report *report, struct error *e)
{
	int ret;

	snapshot(report, POOL_RAN);
	ret = observe_backing("", b, &report->observed, e);
	account_process(report);
	return ret;
}

void ram_release(struct backing *b, struct machine_report *report)
{
	if (b->hva == NULL)
		return;
	backing_unmap(b);
	snapshot(report, POOL_CLOSED);
}

static void *gpa_to_host(const struct machine *m, uint64_t gpa, uint64_t bytes)
{
	uint64_t offset_bytes = memmap_offset(&m->config->map, gpa, bytes);

	return offset_bytes != UINT64_MAX ? backing_at(&m->backing, offset_bytes, bytes) : NULL;
}

void *ram_claim(struct machine *m, uint64_t gpa, uint64_t bytes, struct error *e)
{
	void *at = gpa_to_host(m, gpa, bytes);
	const uint64_t page_bytes = m->backing.spec.page_bytes;
	uintptr_t start;
	int ret;

	if (at == NULL) {
		(void)error_set(e, STATUS_FAILED, EFAULT, "guest memory",
				"GPA 0x%" PRIx64 " with %" PRIu64 " bytes is not RAM", gpa, bytes);
		return NULL;
	}
	/* In whole pages of the backing: where it is done by mlock, a part of one would split the mapping, and no huge page fits. */
	start = align_down((uintptr_t)at, page_bytes);
	ret = populate_range((void *)start, align_up((uintptr_t)at + bytes, page_bytes) - start);
	if (ret == 0)
		return at;
	(void)machine_short(m, -ret, gpa, (uint64_t)(uintptr_t)at, "populating the guest's low memory", e);
	return NULL;
}

int machine_touch(struct machine *m, void (*body)(void *), void *argument, struct error *e)
{
	struct lost_memory lost;

	if (sigbus_guard(body, argument, m->backing.hva, m->backing.spec.bytes, &lost))
		return 0;
	pthread_mutex_lock(&m->lock);
	if (m->lost.code == 0)
		m->lost = lost;
	pthread_mutex_unlock(&m->lock);
	/* What became of it is found out at the end of the run: ram_check_loss. */
	return error_set(e, STATUS_FAILED, EFAULT, "guest RAM", "memory was lost while it was in use");
}

struct copy {
	void *to;
	const void *from;
	uint64_t bytes;
};

static void copy(void *argument)
{
	const struct copy *c = argument;

	memcpy(c->to, c->from, c->bytes);
}

int machine_read(struct machine *m, uint64_t gpa, void *to, uint64_t bytes, struct error *e)
{
	struct copy c = { .to = to, .from = ram_claim(m, gpa, bytes, e), .bytes = bytes };

	return c.from != NULL ? machine_touch(m, copy, &c, e) : -EFAULT;
}

int machine_write(struct machine *m, uint64_t gpa, const void *from, uint64_t bytes, struct error *e)
{
	struct copy c = { .to = ram_claim(m, gpa, bytes, e), .from = from, .bytes = bytes };

	return c.to != NULL ? machine_touch(m, copy, &c, e) : -EFAULT;
}

/* Of the slots that show it, the first. */
static uint64_t hva_to_gpa(const struct machine *m, uint64_t hva)
{
	const uint64_t offset_bytes = hva - (uint64_t)(uintptr_t)m->backing.hva;

	for (uint32_t i = 0; i < memmap_slot_count(&m->config->map); i++) {
		struct ram_range slot = memmap_slot(&m->config->map, i);

		if (offset_bytes - slot.offset_bytes < slot.bytes)
			return slot.gpa + offset_bytes - slot.offset_bytes;
	}
	return UINT64_MAX;
}

int ram_check_loss(struct machine *m, int ret, struct error *e)
{
	struct lost_memory lost = m->lost;
	uint64_t offset_bytes;

	if (lost.code == 0 && !sigbus_noted(&lost)) {
		if (ret == 0 || m->backing.hva == NULL || !loss_find(&m->backing, &offset_bytes))
			return ret;
		lost.hva = (uint64_t)(uintptr_t)m->backing.hva + offset_bytes;
	}
	*e = (struct error){ .status = STATUS_OK };
	return loss_explain(&m->backing, &lost, hva_to_gpa(m, lost.hva), EFAULT, "guest RAM", e);
}
