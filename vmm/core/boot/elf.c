/* A PVH ELF into guest RAM: notes, headers, segments. Every byte of the file is hostile until checked. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "units.h"
#include "x86.h"
#include "vmm/core/boot/boot.h"

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

/* Real kernels have fewer than ten; the limit keeps the overlap check short on a hostile file. */
#define ELF_MAX_SEGMENTS 64

/* One load: the file, its checked header, and where messages go. */
struct elf_file {
	const unsigned char *image;
	size_t bytes;
	const char *name;
	Elf64_Ehdr header;
	const struct elf_target *target;
	struct error *e;
};

#define REFUSE(f, ...) error_set((f)->e, STATUS_FAILED, ENOEXEC, (f)->name, __VA_ARGS__)

/* Whether [offset, offset + bytes) lies inside the file. */
static bool in_file(const struct elf_file *f, uint64_t offset, uint64_t bytes)
{
	uint64_t end;

	return checked_add(offset, bytes, &end) && end <= f->bytes;
}

/* Program headers may lie at any byte offset, so they are copied, never pointed to. */
static Elf64_Phdr segment(const struct elf_file *f, uint32_t index)
{
	Elf64_Phdr ph;

	memcpy(&ph, f->image + f->header.e_phoff + (uint64_t)index * sizeof(ph), sizeof(ph));
	return ph;
}

static bool is_load(const Elf64_Phdr *ph)
{
	return ph->p_type == PT_LOAD && ph->p_memsz != 0;
}

/* What people have instead of a payload, by its magic; the first that fits. */
static const struct {
	size_t offset, bytes;
	const char *magic, *name;
} other_kinds[] = {
	{ 0x202, 4, "HdrS", "a bzImage of Linux (Documentation/arch/x86/boot.rst)" },
	{ 0x38, 4, "ARM\x64", "an Image of Linux for arm64" },
	{ 0, 2, "MZ", "a PE/COFF file, as for EFI" },
	{ 0, 2, "\x1f\x8b", "compressed by gzip" },
	{ 0, 6,
	  "\xfd"
	  "7zXZ",
	  "compressed by xz" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "compressed by zstd" },
	{ 0, 3, "BZh", "compressed by bzip2" },
	{ 0, 4, "\x04\x22\x4d\x18", "compressed by lz4" },
	{ 0, 4, "\x02\x21\x4c\x18", "compressed by lz4 (as in a kernel)" },
	{ 0, 4, "\x89LZO", "compressed by lzop" },
	{ 0, 3, "\x5d\x00\x00", "compressed by lzma" },
	{ 0, 4, "\x27\x05\x19\x56", "a uImage of U-Boot" },
	{ 0, 4, "QFI\xfb", "a qcow2 disk" },
	{ 0, 5, "07070", "a cpio archive, as an initramfs is" },
	{ 0, 8, "!<arch>\n", "a library of object files (ar)" },
	{ 0, 4, "\xcf\xfa\xed\xfe", "a Mach-O file" },
	{ 0, 2, "#!", "a script" },
};

static const char *other_kind(const struct elf_file *f)
{
	for (size_t i = 0; i < COUNT_OF(other_kinds); i++) {
		if (in_file(f, other_kinds[i].offset, other_kinds[i].bytes) &&
		    memcmp(f->image + other_kinds[i].offset, other_kinds[i].magic, other_kinds[i].bytes) == 0)
			return other_kinds[i].name;
	}
	return "without its magic";
}

/* Is it an ELF executable for x86-64? Checks e_ident and the two fields behind it. */
static int check_kind(struct elf_file *f)
{
	const Elf64_Ehdr *h = &f->header;

	if (f->bytes < SELFMAG || memcmp(f->image, ELFMAG, SELFMAG) != 0)
		return REFUSE(f, "not an ELF file: %zu bytes, %s", f->bytes, other_kind(f));
	/* Before the length: the header of a 32-bit file is shorter, and its class is the better answer. */
	if (f->bytes > EI_CLASS && f->image[EI_CLASS] == ELFCLASS32)
		return REFUSE(
			f, "a 32-bit ELF file; the guest has to be a 64-bit one (cc -m64, ld -m elf_x86_64)");
	if (f->bytes < sizeof(*h))
		return REFUSE(f, "truncated: %zu bytes, an ELF header needs %zu", f->bytes, sizeof(*h));
	memcpy(&f->header, f->image, sizeof(f->header));
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
		return REFUSE(f, "ELF class 0x%x, data 0x%x: only 64-bit little-endian files can be loaded",
			      h->e_ident[EI_CLASS], h->e_ident[EI_DATA]);
	if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
		return REFUSE(f, "ELF version 0x%" PRIx32 ", 0x%x expected", h->e_version, EV_CURRENT);
	if (h->e_machine != EM_X86_64)
		return REFUSE(f, "ELF machine 0x%x, 0x%x (x86-64) expected", h->e_machine, EM_X86_64);
	if (h->e_type != ET_EXEC)
		return REFUSE(f, "ELF type 0x%x, 0x%x (executable at fixed addresses) expected", h->e_type,
			      ET_EXEC);
	return 0;
}

static int check_program_headers(struct elf_file *f)
{
	const Elf64_Ehdr *h = &f->header;

	if (h->e_phnum == 0)
		return REFUSE(f, "no program headers: nothing to load");
	if (h->e_phnum > ELF_MAX_SEGMENTS)
		return REFUSE(f, "0x%x program headers, at most 0x%x are accepted", h->e_phnum,
			      ELF_MAX_SEGMENTS);
	if (h->e_phentsize != sizeof(Elf64_Phdr))
		return REFUSE(f, "program headers of 0x%x bytes, 0x%zx expected", h->e_phentsize,
			      sizeof(Elf64_Phdr));
	if (!in_file(f, h->e_phoff, (uint64_t)h->e_phnum * sizeof(Elf64_Phdr)))
		return REFUSE(f,
			      "truncated: 0x%x program headers at offset 0x%" PRIx64
			      ", but the file has 0x%zx bytes",
			      h->e_phnum, (uint64_t)h->e_phoff, f->bytes);
	return 0;
}

/* One PT_LOAD by itself: inside the file, inside the target, inside RAM. */
static int check_segment(struct elf_file *f, uint32_t index)
{
	Elf64_Phdr ph = segment(f, index);
	uint64_t end_gpa;

	if (ph.p_filesz > ph.p_memsz)
		return REFUSE(f, "segment %u: 0x%" PRIx64 " bytes in the file, but 0x%" PRIx64 " in memory",
			      index, (uint64_t)ph.p_filesz, (uint64_t)ph.p_memsz);
	if (!in_file(f, ph.p_offset, ph.p_filesz))
		return REFUSE(f,
			      "truncated: segment %u has 0x%" PRIx64 " bytes at offset 0x%" PRIx64
			      ", but the file has 0x%zx bytes",
			      index, (uint64_t)ph.p_filesz, (uint64_t)ph.p_offset, f->bytes);
	if (!is_load(&ph))
		return 0;
	if (!checked_add(ph.p_paddr, ph.p_memsz, &end_gpa) || ph.p_paddr < f->target->low_gpa ||
	    end_gpa > f->target->high_gpa)
		return REFUSE(f,
			      "segment %u: 0x%" PRIx64 " bytes at physical address 0x%" PRIx64
			      " lie outside 0x%" PRIx64 "-0x%" PRIx64,
			      index, (uint64_t)ph.p_memsz, (uint64_t)ph.p_paddr, f->target->low_gpa,
			      f->target->high_gpa);
	if (f->target->at(f->target->self, ph.p_paddr, ph.p_memsz) == NULL)
		return REFUSE(f,
			      "segment %u: 0x%" PRIx64 " bytes at physical address 0x%" PRIx64
			      " are not all guest RAM",
			      index, (uint64_t)ph.p_memsz, (uint64_t)ph.p_paddr);
	return 0;
}

/* Segments up to and including `index` have passed check_segment, so their ends do not overflow. */
static int check_overlap(struct elf_file *f, uint32_t index)
{
	Elf64_Phdr ph = segment(f, index);

	for (uint32_t i = 0; is_load(&ph) && i < index; i++) {
		Elf64_Phdr other = segment(f, i);

		if (!is_load(&other) || other.p_paddr >= ph.p_paddr + ph.p_memsz ||
		    ph.p_paddr >= other.p_paddr + other.p_memsz)
			continue;
		return REFUSE(f,
			      "segments %u and %u overlap: 0x%" PRIx64 " bytes at 0x%" PRIx64 ", 0x%" PRIx64
			      " bytes at 0x%" PRIx64,
			      i, index, (uint64_t)other.p_memsz, (uint64_t)other.p_paddr,
			      (uint64_t)ph.p_memsz, (uint64_t)ph.p_paddr);
	}
	return 0;
}

static int check_segments(struct elf_file *f)
{
	bool any = false;

	for (uint32_t i = 0; i < f->header.e_phnum; i++) {
		Elf64_Phdr ph = segment(f, i);
		int ret;

		if (ph.p_type != PT_LOAD)
			continue;
		any |= is_load(&ph);
		ret = check_segment(f, i);
		if (ret == 0)
			ret = check_overlap(f, i);
		if (ret != 0)
			return ret;
	}
	if (!any)
		return REFUSE(f, "none of 0x%x segments is loadable", f->header.e_phnum);
	return 0;
}

/* The first PVH note of all PT_NOTE segments. */
static int find_entry(struct elf_file *f, uint64_t *entry_gpa)
{
	for (uint32_t i = 0; i < f->header.e_phnum; i++) {
		Elf64_Phdr ph = segment(f, i);
		int ret;

		if (ph.p_type != PT_NOTE)
			continue;
		if (!in_file(f, ph.p_offset, ph.p_filesz))
			return REFUSE(f,
				      "truncated: segment %u (notes) has 0x%" PRIx64
				      " bytes at offset 0x%" PRIx64 ", but the file has 0x%zx bytes",
				      i, (uint64_t)ph.p_filesz, (uint64_t)ph.p_offset, f->bytes);
		ret = elf_note_pvh_entry(f->image + ph.p_offset, ph.p_filesz, ph.p_align, entry_gpa);
		if (ret > 0)
			return 0;
		if (ret < 0)
			return REFUSE(f,
				      "segment %u: malformed notes (0x%" PRIx64 " bytes, alignment 0x%" PRIx64
				      ")",
				      i, (uint64_t)ph.p_filesz, (uint64_t)ph.p_align);
	}
	return REFUSE(f, "no PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY, name Xen, type 18) in 0x%x segments",
		      f->header.e_phnum);
}

/* Only the part that comes from the file counts: what follows it is zero, and zero is no code. */
static int check_entry(struct elf_file *f, uint64_t entry_gpa)
{
	for (uint32_t i = 0; i < f->header.e_phnum; i++) {
		Elf64_Phdr ph = segment(f, i);

		if (is_load(&ph) && (ph.p_flags & PF_X) != 0 && entry_gpa >= ph.p_paddr &&
		    entry_gpa - ph.p_paddr < ph.p_filesz && entry_gpa <= UINT32_MAX)
			return 0;
	}
	return REFUSE(f, "the PVH entry 0x%" PRIx64 " lies in no executable segment below 4 GiB", entry_gpa);
}

static int copy_segments(struct elf_file *f)
{
	for (uint32_t i = 0; i < f->header.e_phnum; i++) {
		Elf64_Phdr ph = segment(f, i);
		void *to;

		if (!is_load(&ph) || ph.p_filesz == 0)
			continue;
		to = f->target->at(f->target->self, ph.p_paddr, ph.p_filesz);
		if (to == NULL)
			return REFUSE(f, "segment %u: no guest RAM at 0x%" PRIx64, i, (uint64_t)ph.p_paddr);
		memcpy(to, f->image + ph.p_offset, ph.p_filesz);
	}
	return 0;
}

int elf_load(const void *image, size_t bytes, const char *name, const struct elf_target *target,
	     uint32_t *entry_gpa, struct error *e)
{
	struct elf_file f = { .image = image, .bytes = bytes, .name = name, .target = target, .e = e };
	uint64_t entry = 0;
	int ret;

	ret = check_kind(&f);
	if (ret == 0)
		ret = check_program_headers(&f);
	if (ret == 0)
		ret = check_segments(&f);
	if (ret == 0)
		ret = find_entry(&f, &entry);
	if (ret == 0)
		ret = check_entry(&f, entry);
	/* Nothing is written before everything is believed. */
	if (ret == 0)
		ret = copy_segments(&f);
	if (ret == 0)
		*entry_gpa = (uint32_t)entry;
	return ret;
}
