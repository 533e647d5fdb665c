/*
 * From a guest-physical address to the host's page: slot, host-virtual address, page size, frame. The eight
 * bytes of a page-table entry are read from there; reading populates no page.
 */
#ifndef MINIVMM_LAB_EXPLAIN_PLACE_H
#define MINIVMM_LAB_EXPLAIN_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/lab/explain/explanation.h"
#include "vmm/core/plan/memmap.h"
#include "vmm/core/memory/backing.h"

/*
 * How the host is asked about the pages under guest memory. They are looked at, never touched. Tests bring
 * functions of their own.
 */
struct host_pages {
	void *self;
	/*
	 * The entry of /proc/self/pagemap for the 4 KiB page at hva (admin-guide/mm/pagemap.rst). 0 or
	 * -errno.
	 */
	int (*pagemap)(void *self, uint64_t hva, uint64_t *entry);
	/*
	 * Whether the host maps the page at hva by a huge page of its own (PAGEMAP_SCAN, Linux 6.7). 0, or
	 * -errno where this kernel does not say.
	 */
	int (*scan)(void *self, uint64_t hva, bool *huge);
	/* Copy out of this process's memory; -EFAULT instead of a signal. 0 or -errno. */
	int (*copy)(void *self, uint64_t hva, void *to, size_t bytes);
	/* /proc/self/smaps as one string, which the caller frees. 0 or -errno. */
	int (*smaps)(void *self, char **text);
};

/* Bits of a pagemap entry. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1) /* 0 without CAP_SYS_ADMIN */

/*
 * Ask about this process. *fd keeps /proc/self/pagemap open until host_pages_close(); where it cannot be
 * opened, pagemap and scan fail with that errno.
 */
void host_pages_open(struct host_pages *pages, int *fd);
void host_pages_close(int *fd);

/* Guest memory as the host has it, at one moment. */
struct place_finder {
	const struct memmap *map;
	const struct backing *backing;
	struct host_pages pages;
	/* What was found out on the way. */
	bool smaps_read;
	uint64_t vma_page_bytes; /* KernelPageSize; 0: not known */
	/* Of the pages that map all of the backing's resident memory; 0: sizes differ, or not known. */
	uint64_t whole_page_bytes;
	uint32_t frames_hidden, frames_known;
	int pagemap_err, smaps_err, copy_err; /* errno of the last failure, 0: none */
};

/* Forget the page sizes: they may be others at the next moment. */
void place_next_moment(struct place_finder *f);

/* Fill in *place for gpa. What the host does not tell is "not known" there. */
void place_find(struct place_finder *f, uint64_t gpa, struct explain_place *place);

/*
 * A page_walk_read of guest memory; self is a struct place_finder. An anonymous page that the host has not
 * populated reads as 0, as it would for the guest, and stays unpopulated. -EFAULT: gpa is in no memory slot.
 * Memory that cannot be read sets copy_err; the walk made with it is then worthless.
 */
int place_read_entry(void *self, uint64_t gpa, uint64_t *entry);

#endif
