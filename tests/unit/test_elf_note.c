/*
 * The PVH note is found at either alignment and with either value size, and never by reading past the segment.
 * It could break because name and value are padded by different rules at alignment 4 and 8, and because the two
 * sizes of a note come from the file.
 */
#include "test.h"

#include <elf.h>
#include <errno.h>

#include "vmm/core/boot/boot.h"
#include "x86.h"

/* A note section under construction. */
struct notes {
	unsigned char bytes[256];
	size_t size;
};

static void pad(struct notes *n, size_t align)
{
	n->size = (n->size + align - 1) / align * align;
}

static void put(struct notes *n, const void *data, size_t bytes)
{
	assert_true(bytes <= sizeof(n->bytes) - n->size);
	memcpy(n->bytes + n->size, data, bytes);
	n->size += bytes;
}

static void note(struct notes *n, size_t align, const char *name, uint32_t type, const void *desc,
		 uint32_t bytes)
{
	const Elf64_Nhdr head = { .n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = bytes, .n_type = type };

	pad(n, align);
	put(n, &head, sizeof(head));
	put(n, name, head.n_namesz);
	pad(n, align);
	put(n, desc, bytes);
}

/* From a heap block of exactly that size, so that the address sanitizer sees a read past it. */
static int find(const struct notes *n, size_t bytes, uint64_t align, uint64_t *entry_gpa)
{
	unsigned char *copy = malloc(bytes != 0 ? bytes : 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy, n->bytes, bytes);
	ret = elf_note_pvh_entry(copy, bytes, align, entry_gpa);
	free(copy);
	return ret;
}

TEST(found_in_every_layout)
{
	static const uint64_t value = UINT64_C(0x89abcdef);
	static const uint64_t aligns[] = { 0, 1, 4, 8 };
	uint64_t wide = UINT64_C(0x123456789abcdef);

	EACH (i, aligns) {
		size_t align = aligns[i] == 8 ? 8 : 4;
		struct notes n = { .size = 0 };
		uint64_t entry_gpa = 0;

		note(&n, align, "longer stranger", XEN_ELFNOTE_PHYS32_ENTRY, "1234", 4);
		note(&n, align, "Xen", 5, "1234567", 7);
		note(&n, align, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &value, 4);
		assert_int_equal(find(&n, n.size, aligns[i], &entry_gpa), 1);
		assert_int_equal(entry_gpa, value);

		n.size = 0;
		note(&n, align, "", 0, "", 0);
		note(&n, align, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &wide, 8);
		assert_int_equal(find(&n, n.size, aligns[i], &entry_gpa), 1);
		assert_int_equal(entry_gpa, wide);
	}
}

TEST(strange_value_sizes_are_refused)
{
	static const uint32_t sizes[] = { 0, 1, 3, 5, 7, 9, 16 };
	const unsigned char value[16] = { 1 };

	EACH (i, sizes) {
		struct notes n = { .size = 0 };
		uint64_t entry_gpa = 0;

		note(&n, 4, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, value, sizes[i]);
		assert_int_equal(find(&n, n.size, 4, &entry_gpa), -EINVAL);
	}
}

TEST(strange_alignments_are_refused)
{
	static const uint64_t aligns[] = { 2, 3, 16, 4096, UINT64_C(1) << 63, UINT64_MAX };
	const uint32_t value = 1;
	struct notes n = { .size = 0 };
	uint64_t entry_gpa = 0;

	note(&n, 4, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &value, sizeof(value));
	EACH (i, aligns)
		assert_int_equal(find(&n, n.size, aligns[i], &entry_gpa), -EINVAL);
}

TEST(cut_anywhere_is_refused)
{
	const uint32_t value = 0x1000;
	struct notes n = { .size = 0 };
	uint64_t entry_gpa = 0;
	size_t first;

	note(&n, 4, "other", 1, "abc", 3);
	pad(&n, 4);
	first = n.size;
	note(&n, 4, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &value, sizeof(value));
	LOOP (size_t, bytes, 0, bytes < n.size, bytes++) {
		/* Nothing at all, or the first note whole (its padding may be missing), holds no PVH note. */
		int expected = bytes == 0 || bytes == first || bytes == first - 1 ? 0 : -EINVAL;

		assert_int_equal(find(&n, bytes, 4, &entry_gpa), expected);
	}
	assert_int_equal(find(&n, n.size, 4, &entry_gpa), 1);
}

TEST(huge_sizes_are_refused)
{
	static const uint32_t sizes[] = { 100, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
	const uint32_t value = 1;

	EACH (i, sizes) {
		Elf64_Nhdr head = { .n_namesz = sizes[i], .n_descsz = 4, .n_type = XEN_ELFNOTE_PHYS32_ENTRY };
		struct notes n = { .size = 0 };
		uint64_t entry_gpa = 0;

		put(&n, &head, sizeof(head));
		put(&n, "Xen", 4);
		put(&n, &value, 4);
		assert_int_equal(find(&n, n.size, 4, &entry_gpa), -EINVAL);
		assert_int_equal(find(&n, n.size, 8, &entry_gpa), -EINVAL);
		head = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = sizes[i], .n_type = 1 };
		memcpy(n.bytes, &head, sizeof(head));
		assert_int_equal(find(&n, n.size, 4, &entry_gpa), -EINVAL);
	}
}
