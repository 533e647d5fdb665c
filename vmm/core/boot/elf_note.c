#include "vmm/core/boot/elf_note.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "units.h"
#include "x86.h"

static const char xen_note_name[] = "Xen";

/* The value of the note; -EINVAL for a size that no PVH kernel uses. */
static int entry_value(const unsigned char *desc, uint64_t bytes, uint64_t *entry_gpa)
{
	uint32_t narrow;

	switch (bytes) {
	case sizeof(narrow):
		memcpy(&narrow, desc, sizeof(narrow));
		*entry_gpa = narrow;
		return 1;
	case sizeof(*entry_gpa):
		memcpy(entry_gpa, desc, sizeof(*entry_gpa));
		return 1;
	default:
		return -EINVAL;
	}
}

int elf_note_pvh_entry(const unsigned char *notes, size_t bytes, uint64_t align, uint64_t *entry_gpa)
{
	uint64_t pos = 0;

	if (align <= 1)
		align = 4;
	if (align != 4 && align != 8)
		return -EINVAL;
	while (pos < bytes) {
		uint64_t desc, end;
		Elf64_Nhdr note;

		if (bytes - pos < sizeof(note))
			return -EINVAL;
		memcpy(&note, notes + pos, sizeof(note));
		/* Sizes are 32 bits wide and pos is below an object's size: no sum here can overflow 64 bits. */
		pos += sizeof(note);
		desc = align_up(pos + note.n_namesz, align);
		end = desc + note.n_descsz;
		if (end > bytes)
			return -EINVAL;
		if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY && note.n_namesz == sizeof(xen_note_name) &&
		    memcmp(notes + pos, xen_note_name, sizeof(xen_note_name)) == 0)
			return entry_value(notes + desc, note.n_descsz, entry_gpa);
		pos = align_up(end, align);
	}
	return 0;
}
