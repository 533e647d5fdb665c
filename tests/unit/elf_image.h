/*
 * A small good PVH ELF built in memory, and a small guest RAM to load it into. Tests spoil one thing at a time.
 *
 *   segment 0  RX  TEXT_GPA  64 bytes           segment 1  RW  DATA_GPA  64 bytes of file, 0x800 of memory
 *   segment 2  PT_NOTE, the last bytes of the file: a foreign note, then the PVH note with a 4-byte value
 */
#ifndef TESTS_ELF_IMAGE_H
#define TESTS_ELF_IMAGE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/core/boot/boot.h"
#include "x86.h"

#define RAM_GPA UINT64_C(0x100000)
#define RAM_BYTES UINT64_C(0x4000)
#define TEXT_GPA (RAM_GPA + 0x1000)
#define DATA_GPA (RAM_GPA + 0x2000)
#define ENTRY_GPA (TEXT_GPA + 0x10)
#define PART_BYTES 64
#define IMAGE_SEGMENTS 3

struct elf_image {
	Elf64_Ehdr header;
	Elf64_Phdr ph[IMAGE_SEGMENTS];
	unsigned char text[PART_BYTES];
	unsigned char data[PART_BYTES];
	struct {
		Elf64_Nhdr head;
		char name[4]; /* "GNU" */
		unsigned char desc[4];
	} foreign;
	struct {
		Elf64_Nhdr head;
		char name[4]; /* "Xen" */
		uint32_t entry_gpa;
	} pvh;
};

static inline void elf_image_make(struct elf_image *m)
{
	static const struct elf_image zero;

	*m = zero;
	memcpy(m->header.e_ident, ELFMAG, SELFMAG);
	m->header.e_ident[EI_CLASS] = ELFCLASS64;
	m->header.e_ident[EI_DATA] = ELFDATA2LSB;
	m->header.e_ident[EI_VERSION] = EV_CURRENT;
	m->header.e_type = ET_EXEC;
	m->header.e_machine = EM_X86_64;
	m->header.e_version = EV_CURRENT;
	m->header.e_phoff = offsetof(struct elf_image, ph);
	m->header.e_phentsize = sizeof(m->ph[0]);
	m->header.e_phnum = IMAGE_SEGMENTS;
	m->ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				 .p_flags = PF_R | PF_X,
				 .p_offset = offsetof(struct elf_image, text),
				 .p_paddr = TEXT_GPA,
				 .p_filesz = PART_BYTES,
				 .p_memsz = PART_BYTES };
	m->ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				 .p_flags = PF_R | PF_W,
				 .p_offset = offsetof(struct elf_image, data),
				 .p_paddr = DATA_GPA,
				 .p_filesz = PART_BYTES,
				 .p_memsz = 0x800 };
	m->ph[2] = (Elf64_Phdr){ .p_type = PT_NOTE,
				 .p_offset = offsetof(struct elf_image, foreign),
				 .p_filesz = sizeof(m->foreign) + sizeof(m->pvh),
				 .p_align = 4 };
	memset(m->text, 0x90, sizeof(m->text));
	memset(m->data, 0xda, sizeof(m->data));
	m->foreign.head = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 3, .n_type = XEN_ELFNOTE_PHYS32_ENTRY };
	memcpy(m->foreign.name, "GNU", 4);
	m->pvh.head = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 4, .n_type = XEN_ELFNOTE_PHYS32_ENTRY };
	memcpy(m->pvh.name, "Xen", 4);
	m->pvh.entry_gpa = ENTRY_GPA;
}

_Static_assert(sizeof(struct elf_image) == offsetof(struct elf_image, pvh) + 20,
	       "the PVH note ends the file");

/* Guest RAM of its own heap block, so that a write past its end is seen by the address sanitizer. */
static inline void *elf_ram_at(void *ram, uint64_t gpa, uint64_t bytes)
{
	if (gpa < RAM_GPA || gpa - RAM_GPA > RAM_BYTES || bytes > RAM_BYTES - (gpa - RAM_GPA))
		return NULL;
	return (unsigned char *)ram + (gpa - RAM_GPA);
}

/* Load image[0..bytes), copied to a heap block of exactly that size, into ram (RAM_BYTES, by the caller). */
static inline int elf_image_load(const void *image, size_t bytes, unsigned char *ram, uint32_t *entry_gpa,
				 struct error *e)
{
	const struct elf_target target = {
		.low_gpa = RAM_GPA, .high_gpa = RAM_GPA + RAM_BYTES, .at = elf_ram_at, .self = ram
	};
	unsigned char *copy = malloc(bytes != 0 ? bytes : 1);
	int ret;

	if (copy == NULL)
		abort();
	memcpy(copy, image, bytes);
	ret = elf_load(bytes != 0 ? copy : copy + 1, bytes, "image", &target, entry_gpa, e);
	free(copy);
	return ret;
}

#endif
