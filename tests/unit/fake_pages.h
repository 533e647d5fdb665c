/*
 * A host whose pages a test makes up: pagemap entry by 4 KiB page of guest memory, smaps as text.
 */
#ifndef MINIVMM_TESTS_FAKE_PAGES_H
#define MINIVMM_TESTS_FAKE_PAGES_H

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/explain/place.h"

#define FAKE_PAGES 64

struct fake_pages {
	unsigned char *memory; /* what guest memory holds; FAKE_PAGES pages */
	uint64_t entries[FAKE_PAGES];
	int pagemap_err, scan_err, smaps_err, copy_err; /* negative: what the calls fail with */
	bool huge;                                      /* what the scan says */
	const char *page_kb, *anon_huge_kb;             /* of smaps */
	unsigned int copies, smaps_reads;
};

static int fake_pagemap(void *self, uint64_t hva, uint64_t *entry)
{
	const struct fake_pages *f = self;

	if (f->pagemap_err == 0)
		*entry = f->entries[(hva - (uint64_t)(uintptr_t)f->memory) / PAGE_4K];
	return f->pagemap_err;
}

static int fake_scan(void *self, uint64_t hva, bool *huge)
{
	const struct fake_pages *f = self;

	(void)hva;
	*huge = f->huge;
	return f->scan_err;
}

static int fake_copy(void *self, uint64_t hva, void *to, size_t bytes)
{
	struct fake_pages *f = self;

	f->copies++;
	if (f->copy_err != 0)
		return f->copy_err;
	memcpy(to, (const void *)(uintptr_t)hva, bytes);
	return 0;
}

static int fake_smaps(void *self, char **text)
{
	struct fake_pages *f = self;
	uint64_t start = (uint64_t)(uintptr_t)f->memory, end = start + FAKE_PAGES * PAGE_4K;

	f->smaps_reads++;
	if (f->smaps_err != 0)
		return f->smaps_err;
	if (asprintf(text,
		     "1000-2000 r--p 00000000 00:00 0\nRss: 4 kB\nKernelPageSize: 4 kB\nAnonHugePages: 0 kB\n"
		     "%" PRIx64 "-%" PRIx64
		     " rw-p 00000000 00:00 0\nRss: 256 kB\nKernelPageSize: %s kB\nAnonHugePages: %s "
		     "kB\n",
		     start, end, f->page_kb, f->anon_huge_kb) < 0)
		return -ENOMEM;
	return 0;
}

/* 128 KiB from GPA 0 on, the rest from 4 GiB on. All pages are there, of 4K, their frames numbered from 0x100 on. */
static inline void fake_pages_make(struct fake_pages *f, struct memmap *map, struct backing *backing,
				   struct place_finder *finder)
{
	const uint64_t half = FAKE_PAGES / 2 * PAGE_4K;

	*f = (struct fake_pages){ .page_kb = "4", .anon_huge_kb = "0", .scan_err = -ENOTTY };
	f->memory = aligned_alloc(PAGE_4K, FAKE_PAGES * PAGE_4K);
	if (f->memory == NULL)
		abort();
	memset(f->memory, 0, FAKE_PAGES * PAGE_4K);
	for (uint64_t i = 0; i < FAKE_PAGES; i++)
		f->entries[i] = PAGEMAP_PRESENT | (0x100 + i);
	*map = (struct memmap){ .range_count = 2,
				.ranges = { { .gpa = 0, .offset_bytes = 0, .bytes = half },
					    { .gpa = 4 * GIB, .offset_bytes = half, .bytes = half } } };
	*backing = (struct backing){ .spec.bytes = FAKE_PAGES * PAGE_4K, .hva = f->memory, .fd = -1 };
	*finder = (struct place_finder){ .map = map, .backing = backing };
	finder->pages = (struct host_pages){
		.self = f, .pagemap = fake_pagemap, .scan = fake_scan, .copy = fake_copy, .smaps = fake_smaps
	};
}

#endif
