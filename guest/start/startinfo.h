/*
 * What the PVH boot protocol hands over: where the FDT is, and what is RAM.
 */
#ifndef MINIVMM_GUEST_START_STARTINFO_H
#define MINIVMM_GUEST_START_STARTINFO_H

#include <stdint.h>

#include "guest/lib/text.h"

struct handover {
	const void *fdt;
	uint64_t fdt_bytes;
	const struct hvm_memmap_entry *memmap;
	uint32_t memmap_entries;
};

/* Read hvm_start_info. 0, or -1 with *why saying what is wrong. Everything named lies below BOOT_MAP_BYTES. */
int startinfo_read(uint64_t start_info_gpa, struct handover *h, struct text *why);

/* Whether RAM entries of the map cover all of [gpa, gpa + bytes); entries may touch and come in any order. */
int startinfo_is_ram(const struct handover *h, uint64_t gpa, uint64_t bytes);

#endif
