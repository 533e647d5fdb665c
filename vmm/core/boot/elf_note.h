/*
 * The notes of an ELF file: where a PVH kernel says its 32-bit entry is. Pure; the bytes are hostile.
 */
#ifndef MINIVMM_CORE_BOOT_ELF_NOTE_H
#define MINIVMM_CORE_BOOT_ELF_NOTE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Look for the Xen note XEN_ELFNOTE_PHYS32_ENTRY in the contents of one PT_NOTE segment, whose p_align is
 * `align`. Layout of a note: System V gABI, chapter 5, "Note Section"; its meaning: xen/include/public/elfnote.h.
 * 1: found, *entry_gpa is its value (4 or 8 bytes in the file, widened); 0: not here; -EINVAL: a note reaches past
 * the segment, the alignment is neither 4 nor 8 (0 and 1 count as 4), or the value has another size.
 */
int elf_note_pvh_entry(const unsigned char *notes, size_t bytes, uint64_t align, uint64_t *entry_gpa);

#endif
