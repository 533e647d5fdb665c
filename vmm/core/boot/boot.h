/*
 * What a PVH guest finds when it is entered: its image, its device tree, its start info and its registers. No ioctl.
 */
#ifndef MINIVMM_CORE_BOOT_BOOT_H
#define MINIVMM_CORE_BOOT_BOOT_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/plan/config.h"
#include "vmm/core/plan/memmap.h"
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
extern const char guest_blob_sha256[]; /* in hexadecimal */

/*
 * Look for the Xen note XEN_ELFNOTE_PHYS32_ENTRY in the contents of one PT_NOTE segment, whose p_align is
 * `align`. Layout of a note: System V gABI, chapter 5, "Note Section"; its meaning: xen/include/public/elfnote.h.
 * 1: found, *entry_gpa is its value (4 or 8 bytes in the file, widened); 0: not here; -EINVAL: a note reaches past
 * the segment, the alignment is neither 4 nor 8 (0 and 1 count as 4), or the value has another size.
 */
int elf_note_pvh_entry(const unsigned char *notes, size_t bytes, uint64_t align, uint64_t *entry_gpa);

/*
 * Into buf[0..capacity). serial_report asks the guest to print its results on the serial port (for other VMMs).
 * *used is the blob's size. 0, or -errno: -ENOSPC when the plan does not fit.
 */
int fdt_write(const struct config *c, bool serial_report, void *buf, size_t capacity, size_t *used,
	      struct error *e);

/*
 * hvm_start_info, one module (the FDT at FDT_GPA, fdt_bytes long) and the memory map into buf, which stands for
 * guest memory at START_INFO_GPA. Returns 0, or -ENOSPC.
 */
int start_info_write(const struct memmap *map, size_t fdt_bytes, void *buf, size_t capacity);

/*
 * Registers as the PVH boot protocol asks (docs/misc/pvh.pandoc of Xen): protected mode, paging off, flat
 * segments, a busy 32-bit TSS, EBX = start info. `sregs` holds what KVM_GET_SREGS gave and is changed in place.
 */
void start_registers(uint32_t entry_gpa, struct kvm_regs *regs, struct kvm_sregs *sregs);

#endif
