/*
 * Load a PVH ELF into guest RAM. Knows ELF, no KVM. The file is hostile until proven otherwise.
 */
#ifndef MINIVMM_CORE_BOOT_ELF_H
#define MINIVMM_CORE_BOOT_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

/* Where segments may go: [low_gpa, high_gpa), and the hook that turns that into host memory (NULL: not RAM). */
struct elf_target {
	uint64_t low_gpa, high_gpa;
	void *(*at)(void *self, uint64_t gpa, uint64_t bytes);
	void *self;
};

/*
 * Check and copy all PT_LOAD segments of image[0..bytes) and return the PVH entry (XEN_ELFNOTE_PHYS32_ENTRY).
 * The target is fresh zeroed memory: .bss is not written. `name` is for messages.
 * Refused with STATUS_FAILED and a sentence that names the header or segment: not ELF, truncated, 32-bit or not
 * x86-64, segments outside [low, high) or overlapping or with filesz > memsz, no PVH note, an entry outside every
 * executable segment.
 */
int elf_load(const void *image, size_t bytes, const char *name, const struct elf_target *target,
	     uint32_t *entry_gpa, struct error *e);

/* The guest that is linked into this binary. */
extern const unsigned char guest_blob[];
extern const unsigned char guest_blob_end[];

#endif
