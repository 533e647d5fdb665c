#include "vmm/lab/explain/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/sysfile.h"

void place_next_moment(struct place_finder *f)
{
	f->smaps_read = false;
	f->vma_page_bytes = f->whole_page_bytes = 0;
}

/* The slot that has all of [gpa, gpa + bytes), views too, into *place: its number, its gpa, the hva. False: none has. */
static bool find_slot(const struct place_finder *f, uint64_t gpa, uint64_t bytes, struct explain_place *place)
{
	*place = (struct explain_place){ .gpa = gpa };
	for (uint32_t i = 0; i < memmap_slot_count(f->map); i++) {
		struct ram_range slot = memmap_slot(f->map, i);
		uint64_t at = gpa - slot.gpa;

		if (gpa < slot.gpa || at >= slot.bytes || slot.bytes - at < bytes)
			continue;
		place->hva = (uint64_t)(uintptr_t)backing_at(f->backing, slot.offset_bytes + at, bytes);
		place->in_slot = place->hva != 0;
		place->slot = i;
		place->slot_gpa = slot.gpa;
	}
	return place->in_slot;
}

/* The kernel walks all of the mapping to print smaps, so smaps is read at most once a moment. */
static void read_smaps(struct place_finder *f)
{
	uint64_t start_hva = (uint64_t)(uintptr_t)f->backing->hva;
	struct observed_memory seen;
	char *text = NULL;
	int ret;

	if (f->smaps_read)
		return;
	f->smaps_read = true;
	ret = f->pages.smaps(f->pages.self, &text);
	if (ret == 0)
		ret = observe_parse_smaps(text, start_hva, start_hva + f->backing->spec.bytes, &seen);
	free(text);
	f->smaps_err = -ret;
	if (ret != 0)
		return;
	f->vma_page_bytes = seen.kernel_page_bytes;
	f->whole_page_bytes = seen.page_bytes;
}

/*
 * A hugetlb mapping has one page size. In other mappings sizes may differ, so the kernel is asked about this
 * very page. A kernel that is too old for that tells the size only of a mapping whose pages are all of one
 * size.
 */
static uint64_t find_page_bytes(struct place_finder *f, uint64_t hva)
{
	bool huge = false;

	read_smaps(f);
	if (f->vma_page_bytes > PAGE_4K)
		return f->vma_page_bytes;
	if (f->pages.scan(f->pages.self, hva, &huge) == 0)
		return huge ? PAGE_2M : PAGE_4K;
	return f->whole_page_bytes;
}

void place_find(struct place_finder *f, uint64_t gpa, struct explain_place *place)
{
	uint64_t entry = 0;
	int ret;

	if (!find_slot(f, gpa, 1, place))
		return;
	ret = f->pages.pagemap(f->pages.self, place->hva, &entry);
	if (ret != 0) {
		f->pagemap_err = -ret;
		place->presence_hidden = true;
		return;
	}
	place->present = (entry & PAGEMAP_PRESENT) != 0;
	if (!place->present)
		return;
	place->page_bytes = find_page_bytes(f, place->hva);
	place->frame_known = (entry & PAGEMAP_FRAME) != 0;
	if (place->frame_known) {
		place->frame = (entry & PAGEMAP_FRAME) * PAGE_4K + place->hva % PAGE_4K;
		f->frames_known++;
	} else {
		f->frames_hidden++;
	}
}

/* Pages of a shared mapping or a file may hold something that this process has not mapped now. */
static bool absent_is_zero(const struct backing_spec *spec)
{
	return !spec->share && spec->kind != BACKING_FILE && spec->kind != BACKING_MEMFD;
}

int place_read_entry(void *self, uint64_t gpa, uint64_t *entry)
{
	struct place_finder *f = self;
	struct explain_place place;
	uint64_t page = 0;
	int ret;

	if (!find_slot(f, gpa, sizeof(*entry), &place))
		return -EFAULT;
	/* A page that is swapped out has content. The CPU's walk would fetch it, and so does ours. */
	ret = f->pages.pagemap(f->pages.self, place.hva, &page);
	if (ret == 0 && (page & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) == 0 &&
	    absent_is_zero(&f->backing->spec)) {
		*entry = 0;
		return 0;
	}
	if (ret != 0)
		f->pagemap_err = -ret;
	/*
	 * Without pagemap the copy may populate a page of zeros. That disturbs the host a little; the value
	 * is right.
	 */
	ret = f->pages.copy(f->pages.self, place.hva, entry, sizeof(*entry));
	if (ret != 0)
		f->copy_err = -ret;
	return ret;
}

/* As in observe_backing(): the smaps of 65,530 VMAs fit. */
#define SMAPS_MAX_BYTES (128 * MIB)

/* As in Linux 6.7's <linux/fs.h>; Debian 12's headers are older. */
struct scan_region {
	uint64_t start, end;
	uint64_t categories;
};
struct scan_argument {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define MINIVMM_PAGEMAP_SCAN _IOWR('f', 16, struct scan_argument)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_HUGE (UINT64_C(1) << 6)

_Static_assert(sizeof(struct scan_argument) == 12 * 8,
	       "as the kernel has it: a whole argument of 64-bit words");

static int read_pagemap(void *self, uint64_t hva, uint64_t *entry)
{
	const int *fd = self;
	ssize_t got;

	if (*fd < 0)
		return *fd;
	got = pread(*fd, entry, sizeof(*entry), (off_t)(hva / PAGE_4K * sizeof(*entry)));
	if (got < 0)
		return -errno;
	return got == sizeof(*entry) ? 0 : -ENODATA;
}

static int scan_page(void *self, uint64_t hva, bool *huge)
{
	const int *fd = self;
	struct scan_region region = { 0 };
	struct scan_argument argument = {
		.size = sizeof(argument),
		.start = align_down(hva, PAGE_4K),
		.end = align_down(hva, PAGE_4K) + PAGE_4K,
		.regions = (uint64_t)(uintptr_t)&region,
		.region_count = 1,
		.category_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_HUGE,
	};
	int count;

	if (*fd < 0)
		return *fd;
	count = ioctl(*fd, MINIVMM_PAGEMAP_SCAN, &argument);
	if (count < 0)
		return -errno;
	if (count == 0)
		return -ENODATA;
	*huge = (region.categories & SCAN_HUGE) != 0;
	return 0;
}

/* The kernel copies: a page that cannot be populated is an errno, not a SIGBUS. */
static int copy_memory(void *self, uint64_t hva, void *to, size_t bytes)
{
	struct iovec local = { .iov_base = to, .iov_len = bytes };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)hva, .iov_len = bytes };
	ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	(void)self;
	if (got < 0)
		return -errno;
	return (size_t)got == bytes ? 0 : -EFAULT;
}

static int slurp_smaps(void *self, char **text)
{
	(void)self;
	return sysfile_slurp("", "proc/self/smaps", SMAPS_MAX_BYTES, text);
}

void host_pages_open(struct host_pages *pages, int *fd)
{
	*fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		*fd = -errno;
	*pages = (struct host_pages){ .self = fd,
				      .pagemap = read_pagemap,
				      .scan = scan_page,
				      .copy = copy_memory,
				      .smaps = slurp_smaps };
}

void host_pages_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -EBADF;
}
