/*
 * A good PVH ELF is loaded exactly, and each single defect is refused by its own sentence, with RAM untouched.
 * It could break where a check is missing, comes after the first copied byte, or overflows 64 bits.
 */
#include "test.h"

#include <errno.h>

#include "elf_image.h"

#define IN_HEADER(field) \
	offsetof(struct elf_image, header.field), sizeof(((struct elf_image *)0)->header.field)
#define IN_SEGMENT(i, field) \
	offsetof(struct elf_image, ph[i].field), sizeof(((struct elf_image *)0)->ph[0].field)
#define IDENT(i) offsetof(struct elf_image, header.e_ident[i]), 1

/* One value written over the good image, and the words its refusal has to contain. */
struct defect {
	const char *name;
	size_t offset, bytes;
	uint64_t value;
	const char *words;
};

static const struct defect defects[] = {
	{ "no magic", IDENT(0), 0x7e, "not an ELF" },
	{ "32-bit class", IDENT(EI_CLASS), ELFCLASS32, "32-bit" },
	{ "unknown class", IDENT(EI_CLASS), 3, "class 0x3" },
	{ "big-endian", IDENT(EI_DATA), ELFDATA2MSB, "data 0x2" },
	{ "unknown ident version", IDENT(EI_VERSION), 0, "version" },
	{ "unknown version", IN_HEADER(e_version), 2, "version 0x2" },
	{ "32-bit machine", IN_HEADER(e_machine), EM_386, "machine 0x3" },
	{ "relocatable", IN_HEADER(e_type), ET_REL, "type 0x1" },
	{ "position independent", IN_HEADER(e_type), ET_DYN, "type 0x3" },
	{ "no program headers", IN_HEADER(e_phnum), 0, "no program headers" },
	{ "too many program headers", IN_HEADER(e_phnum), 65, "0x41 program headers" },
	{ "extended numbering", IN_HEADER(e_phnum), PN_XNUM, "0xffff program headers" },
	{ "short program headers", IN_HEADER(e_phentsize), 32, "0x20 bytes" },
	{ "program headers behind the file", IN_HEADER(e_phoff), 0x10000, "offset 0x10000" },
	{ "program headers wrap", IN_HEADER(e_phoff), UINT64_MAX - 8, "offset 0xfffffffffffffff7" },
	{ "file larger than memory", IN_SEGMENT(0, p_memsz), PART_BYTES - 1, "segment 0: 0x40 bytes" },
	{ "segment wraps the file", IN_SEGMENT(1, p_offset), UINT64_MAX - 1, "segment 1 has 0x40" },
	{ "segment behind the file", IN_SEGMENT(1, p_offset), 0x200, "truncated: segment 1" },
	{ "segment below RAM", IN_SEGMENT(1, p_paddr), RAM_GPA - 1, "0xfffff lie outside 0x100000-0x104000" },
	{ "segment ends behind RAM", IN_SEGMENT(1, p_paddr), RAM_GPA + RAM_BYTES - 0x7ff,
	  "segment 1: 0x800" },
	{ "segment wraps memory", IN_SEGMENT(1, p_paddr), UINT64_MAX - 0x7fe, "lie outside" },
	{ "segment wraps to zero", IN_SEGMENT(1, p_memsz), UINT64_MAX - DATA_GPA + 1, "lie outside" },
	{ "overlap at the front", IN_SEGMENT(1, p_paddr), TEXT_GPA - 0x7ff, "segments 0 and 1 overlap" },
	{ "overlap at the end", IN_SEGMENT(1, p_paddr), TEXT_GPA + PART_BYTES - 1,
	  "segments 0 and 1 overlap" },
	{ "no note segment", IN_SEGMENT(2, p_type), PT_NULL, "no PVH entry note" },
	{ "only foreign notes", offsetof(struct elf_image, pvh.name), 1, 'x', "no PVH entry note" },
	{ "other Xen note", offsetof(struct elf_image, pvh.head.n_type), 4, 6, "no PVH entry note" },
	{ "empty note segment", IN_SEGMENT(2, p_filesz), 0, "no PVH entry note" },
	{ "notes behind the file", IN_SEGMENT(2, p_filesz), 0x29, "truncated: segment 2 (notes)" },
	{ "notes wrap the file", IN_SEGMENT(2, p_offset), UINT64_MAX - 3, "truncated: segment 2 (notes)" },
	{ "note cut", IN_SEGMENT(2, p_filesz), 0x27, "segment 2: malformed notes (0x27" },
	{ "note alignment", IN_SEGMENT(2, p_align), 16, "alignment 0x10" },
	{ "entry in data", offsetof(struct elf_image, pvh.entry_gpa), 4, DATA_GPA,
	  "0x102000 lies in no exec" },
	{ "entry before text", offsetof(struct elf_image, pvh.entry_gpa), 4, TEXT_GPA - 1,
	  "lies in no exec" },
	{ "entry behind text", offsetof(struct elf_image, pvh.entry_gpa), 4, TEXT_GPA + PART_BYTES,
	  "lies in no exec" },
	{ "text not executable", IN_SEGMENT(0, p_flags), PF_R, "lies in no exec" },
};

static void all_zero(const unsigned char *ram)
{
	LOOP (uint64_t, i, 0, i < RAM_BYTES, i++)
		assert_int_equal(ram[i], 0);
}

TEST(good_image_is_loaded)
{
	unsigned char *ram = calloc(1, RAM_BYTES);
	struct elf_image m;
	struct error e = { 0 };
	uint32_t entry_gpa = 0;

	assert_non_null(ram);
	elf_image_make(&m);
	assert_int_equal(elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e), 0);
	assert_int_equal(e.status, STATUS_OK);
	assert_int_equal(entry_gpa, ENTRY_GPA);
	assert_memory_equal(ram + (TEXT_GPA - RAM_GPA), m.text, PART_BYTES);
	assert_memory_equal(ram + (DATA_GPA - RAM_GPA), m.data, PART_BYTES);
	memset(ram + (TEXT_GPA - RAM_GPA), 0, PART_BYTES);
	memset(ram + (DATA_GPA - RAM_GPA), 0, PART_BYTES);
	all_zero(ram);
	free(ram);
}

TEST(each_defect_is_refused)
{
	unsigned char *ram = calloc(1, RAM_BYTES);

	assert_non_null(ram);
	EACH (i, defects) {
		const struct defect *d = &defects[i];
		struct elf_image m;
		struct error e = { 0 };
		uint32_t entry_gpa = 0x5a5a;

		elf_image_make(&m);
		memcpy((unsigned char *)&m + d->offset, &d->value, d->bytes);
		if (elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e) != -ENOEXEC)
			fail_msg("%s: accepted", d->name);
		if (strstr(e.what, d->words) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", d->name, e.what, d->words);
		assert_int_equal(e.status, STATUS_FAILED);
		assert_string_equal(e.where, "image");
		assert_int_equal(entry_gpa, 0x5a5a);
		all_zero(ram);
	}
	free(ram);
}

/* Inside the limits, but not all of it is RAM: the target's hook has the last word. */
TEST(hole_in_ram_is_refused)
{
	const struct elf_target target = {
		.low_gpa = 0, .high_gpa = UINT64_MAX, .at = elf_ram_at, .self = (void *)(uintptr_t)RAM_GPA
	};
	struct elf_image m;
	struct error e = { 0 };
	uint32_t entry_gpa = 0;

	elf_image_make(&m);
	m.ph[1].p_paddr = RAM_GPA + RAM_BYTES;
	assert_int_equal(elf_load(&m, sizeof(m), "image", &target, &entry_gpa, &e), -ENOEXEC);
	assert_non_null(strstr(e.what, "segment 1: 0x800 bytes at physical address 0x104000 are not all"));
}

/* What is odd but harmless: neighbours that touch, empty segments anywhere, segments of other types. */
TEST(harmless_oddities_are_accepted)
{
	unsigned char *ram = calloc(1, RAM_BYTES);
	struct elf_image m;
	struct error e = { 0 };
	uint32_t entry_gpa = 0;

	assert_non_null(ram);
	elf_image_make(&m);
	m.ph[1].p_paddr = TEXT_GPA + PART_BYTES;
	assert_int_equal(elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e), 0);
	m.ph[1].p_paddr = RAM_GPA + RAM_BYTES - m.ph[1].p_memsz;
	assert_int_equal(elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e), 0);
	m.ph[1].p_filesz = m.ph[1].p_memsz = 0;
	m.ph[1].p_paddr = UINT64_MAX;
	assert_int_equal(elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e), 0);
	m.ph[1].p_type = PT_GNU_STACK;
	m.ph[1].p_filesz = UINT64_MAX;
	assert_int_equal(elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e), 0);
	m.ph[0].p_type = PT_NULL;
	assert_int_equal(elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e), -ENOEXEC);
	assert_non_null(strstr(e.what, "none of 0x3 segments is loadable"));
	free(ram);
}
