/*
 * What the host does to guest memory at the begin of a part, and what it holds before and after.
 *
 * The acts are those of the tools that take memory from a VM: a balloon's MADV_DONTNEED or, for shared files,
 * MADV_REMOVE; MADV_PAGEOUT; KSM's MADV_MERGEABLE; MADV_COLLAPSE (madvise(2)). split changes the protection of one page
 * and puts it back: the kernel then maps the 2 MiB around it by 4K (mm/huge_memory.c, __split_huge_pmd), and keeps its
 * huge page.
 */
#include "vmm/lab/measure/phases.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "driver.h"
#include "units.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1; include/uapi/asm-generic/mman-common.h */
#endif

#define KSM "sys/kernel/mm/ksm/"
/* KSM merges a page whose content is the same in two scans; the scan at work does not count. */
#define KSM_SCANS 3
#define KSM_MOST_NS (120 * NS_PER_S)
#define KSM_LOOK_NS (50 * 1000 * 1000)

/* One piece of the working set that an act is applied to. */
struct piece {
	const struct backing *backing;
	void *hva;
	uint64_t bytes; /* a page of the backing, 2 MiB at least */
};

/* 0 or -errno. */
static int give_back(const struct piece *p, uint64_t bytes)
{
	bool shared_file = p->backing->fd >= 0 && p->backing->spec.share;

	return madvise(p->hva, bytes, shared_file ? MADV_REMOVE : MADV_DONTNEED) == 0 ? 0 : -errno;
}

static int balloon_leaf(const struct piece *p)
{
	return give_back(p, p->bytes);
}

static int balloon_4k(const struct piece *p)
{
	return give_back(p, PAGE_4K);
}

static int split(const struct piece *p)
{
	if (mprotect(p->hva, PAGE_4K, PROT_READ) != 0 ||
	    mprotect(p->hva, PAGE_4K, PROT_READ | PROT_WRITE) != 0)
		return -errno;
	return 0;
}

static int collapse(const struct piece *p)
{
	return madvise(p->hva, p->bytes, MADV_COLLAPSE) == 0 ? 0 : -errno;
}

/*
 * Twice: Linux 6.1 keeps a page that KVM's tables call accessed, and only clears that bit (mm/vmscan.c, reclaim_folio_list
 * there still looks at references).
 */
static int page_out(const struct piece *p)
{
	if (madvise(p->hva, p->bytes, MADV_PAGEOUT) != 0 || madvise(p->hva, p->bytes, MADV_PAGEOUT) != 0)
		return -errno;
	return 0;
}

static int merge(const struct piece *p)
{
	return madvise(p->hva, p->bytes, MADV_MERGEABLE) == 0 ? 0 : -errno;
}

static int unmerge(const struct piece *p)
{
	return madvise(p->hva, p->bytes, MADV_UNMERGEABLE) == 0 ? 0 : -errno;
}

/* "": it is there. */
static const char *why_no_swap(const struct piece *p)
{
	struct host_memory memory;

	if (meminfo_read("", &memory) != 0 || !memory.swap_known)
		return "unavailable: whether there is swap is not known";
	if (memory.swap_bytes == 0)
		return "unavailable: there is no swap; scripts/swap.sh on";
	return memory.swap_free_bytes < p->bytes ? "unavailable: the swap is full" : "";
}

static const char *why_no_ksm(const struct piece *p)
{
	uint64_t run;

	(void)p;
	if (sysfile_u64("", KSM "run", &run) != 0)
		return "unavailable: this kernel has no KSM";
	return run != 1 ? "unavailable: KSM is off; scripts/ksm.sh on" : "";
}

/*
 * Until KSM has looked at all of it often enough. "" or why not. Shared and huge pages it never looks at, and the call says
 * success all the same (mm/ksm.c, vma_ksm_compatible): there is nothing to wait for.
 */
static const char *ksm_settle(const struct piece *p)
{
	uint64_t first, now, start_ns = clock_ns();

	if (p->backing->spec.share || backing_has_pool(&p->backing->spec))
		return "";
	if (sysfile_u64("", KSM "full_scans", &first) != 0)
		return "unavailable: KSM's scans cannot be counted";
	do {
		const struct timespec pause = { .tv_nsec = KSM_LOOK_NS };

		(void)nanosleep(&pause, NULL);
		if (stop_requested() != 0)
			return "unavailable: stopped while KSM scanned";
		if (clock_ns() - start_ns > KSM_MOST_NS)
			return "unavailable: KSM did not end three scans in two minutes; scripts/ksm.sh on";
	} while (sysfile_u64("", KSM "full_scans", &now) == 0 && now < first + KSM_SCANS);
	return "";
}

static const struct act {
	int (*on)(const struct piece *piece); /* NULL: nothing is done */
	const char *(*why_not)(const struct piece *piece);
	const char *(*settle)(const struct piece *piece);
	int (*undo)(const struct piece *piece); /* when the part ends */
	bool leaves_it;                         /* the next part begins with what this one left */
} acts[ACT_COUNT] = {
	[ACT_BALLOON_LEAF] = { .on = balloon_leaf },
	[ACT_BALLOON_4K] = { .on = balloon_4k },
	[ACT_SPLIT] = { .on = split, .leaves_it = true },
	[ACT_COLLAPSE] = { .on = collapse },
	[ACT_PAGE_OUT] = { .on = page_out, .why_not = why_no_swap },
	[ACT_MERGE] = { .on = merge, .why_not = why_no_ksm, .settle = ksm_settle, .undo = unmerge },
};

static int64_t known(int ret, uint64_t value)
{
	return ret == 0 && value <= INT64_MAX ? (int64_t)value : -1;
}

static void read_moment(const struct machine_view *view, struct act_moment *m)
{
	static const char *const names[] = { "thp_split_pmd", "thp_split_page", "pswpin", "pswpout" };
	int64_t leaves[VM_STAT_COUNT], counts[COUNT_OF(names)];
	struct observed_memory seen;
	struct pool_counts pool;
	struct rusage usage;
	struct error ignored;
	uint64_t value = 0;
	int ret = observe_backing("", view->backing, &seen, &ignored);

	stats_read(&view->vm->stats, leaves);
	m->leaves_4k = leaves[VM_PAGES_4K];
	m->leaves_2m = leaves[VM_PAGES_2M];
	m->leaves_1g = leaves[VM_PAGES_1G];
	m->resident_bytes = known(ret, seen.rss_bytes);
	m->huge_bytes = known(ret, seen.huge_bytes);
	ret = pool_read("", view->backing->spec.page_bytes, &pool);
	m->pool_free_pages = known(ret, pool.free);
	ret = getrusage(RUSAGE_SELF, &usage);
	m->minor_faults = ret == 0 ? usage.ru_minflt : -1;
	m->major_faults = ret == 0 ? usage.ru_majflt : -1;
	ret = sysfile_u64("", "proc/self/ksm_merging_pages", &value);
	m->merged_pages = known(ret, value);
	ret = sysfile_u64("", KSM "pages_sharing", &value);
	m->saved_pages = known(ret, value);
	vmstat_read("", names, counts, COUNT_OF(names));
	m->split_mappings = counts[0];
	m->split_pages = counts[1];
	m->swapped_in_pages = counts[2];
	m->swapped_out_pages = counts[3];
}

/* The working set of vCPU 0, of whole pieces. False: it has none. */
static bool first_piece(const struct phases *p, const struct machine_view *view, uint64_t working_set_bytes,
			struct piece *piece, uint64_t *count)
{
	const struct memmap *map = &p->rec->config.map;
	uint64_t bytes = max_u64(view->backing->spec.page_bytes, PAGE_2M);
	uint64_t offset = memmap_offset(map, map->arena_gpa, working_set_bytes);

	*count = working_set_bytes / bytes;
	if (offset == UINT64_MAX || *count == 0 || working_set_bytes > map->arena_bytes)
		return false;
	*piece = (struct piece){ view->backing, backing_at(view->backing, offset, working_set_bytes), bytes };
	return piece->hva != NULL;
}

/* Every piece; in *refused how many the kernel would not, and the errno of the first. */
static uint64_t act_on(int (*on)(const struct piece *), struct piece piece, uint64_t count, int *err)
{
	uint64_t refused = 0;

	*err = 0;
	for (uint64_t i = 0; i < count; i++) {
		int ret = on(&piece);

		if (ret != 0 && refused++ == 0)
			*err = -ret;
		piece.hva = (unsigned char *)piece.hva + piece.bytes;
	}
	return refused;
}

static void carry_out(struct act_report *report, const struct act *act, struct piece piece, uint64_t count)
{
	const char *why = act->why_not != NULL ? act->why_not(&piece) : "";
	uint64_t refused = 0;
	int err = 0;

	if (why[0] == '\0') {
		refused = act_on(act->on, piece, count, &err);
		if (refused < count && act->settle != NULL)
			why = act->settle(&piece);
	}
	report->unavailable = why[0] != '\0';
	(void)snprintf(report->note, sizeof(report->note), "%s", why);
	if (refused != 0)
		(void)snprintf(report->note, sizeof(report->note),
			       "the kernel refused that to %" PRIu64 " of %" PRIu64 " pieces: %s", refused,
			       count, strerror(err));
}

static bool has_act(const struct workload_part *part)
{
	return part->host_act != ACT_NONE;
}

void act_rehearse(const struct phases *p, const struct machine_view *view)
{
	const struct piece piece = { .backing = view->backing };
	struct act_moment ignored;
	uint64_t scans;

	if (!phases_may_come(p->rec, has_act))
		return;
	read_moment(view, &ignored);
	(void)why_no_swap(&piece);
	(void)why_no_ksm(&piece);
	(void)sysfile_u64("", KSM "full_scans", &scans);
}

void act_begin(struct phases *p, const struct machine_view *view, uint32_t vcpu)
{
	const struct guest_result *next = &p->vcpus[vcpu].copy.result;
	const struct workload_part *part = driver_part(next->workload, next->variant);
	struct act_report *report = &p->vcpus[vcpu].act;
	struct piece piece;
	uint64_t count;

	*report = (struct act_report){ .made = false };
	if (part == NULL || part->host_act == ACT_NONE)
		return;
	report->made = true;
	if (!first_piece(p, view, next->working_set_bytes, &piece, &count)) {
		report->unavailable = true;
		(void)snprintf(report->note, sizeof(report->note),
			       "unavailable: the working set holds no whole page of the backing");
		return;
	}
	read_moment(view, &report->before);
	carry_out(report, &acts[part->host_act], piece, count);
	read_moment(view, &report->after);
}

void act_end(const struct phases *p, const struct machine_view *view, const struct guest_result *result)
{
	const struct workload_part *part = driver_part(result->workload, result->variant);
	struct piece piece;
	uint64_t count;
	int err;

	if (part == NULL || part->host_act == ACT_NONE || acts[part->host_act].leaves_it ||
	    !first_piece(p, view, result->working_set_bytes, &piece, &count))
		return;
	if (acts[part->host_act].undo != NULL)
		(void)act_on(acts[part->host_act].undo, piece, count, &err);
	/*
	 * A page table of 4K that is left behind would keep THP away (before Linux 6.14): collapsed, it goes with its memory.
	 * What cannot be given back is as it was.
	 */
	if (backing_type(view->backing->spec.kind)->thp)
		(void)act_on(collapse, piece, count, &err);
	(void)act_on(balloon_leaf, piece, count, &err);
}
