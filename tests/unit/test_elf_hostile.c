/*
 * No file, however damaged, makes the loader read or write outside its bounds, and a file that is cut short is
 * never loaded. It could break at every offset and size that the loader takes from the file; the sanitizers watch.
 */
#include "test.h"

#include <errno.h>

#include "elf_image.h"

#define MUTATIONS 40000

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

TEST(every_truncation_is_refused)
{
	unsigned char *ram = calloc(1, RAM_BYTES);
	struct elf_image m;

	assert_non_null(ram);
	elf_image_make(&m);
	LOOP (size_t, bytes, 0, bytes < sizeof(m), bytes++) {
		struct error e = { 0 };
		uint32_t entry_gpa = 0;

		if (elf_image_load(&m, bytes, ram, &entry_gpa, &e) != -ENOEXEC)
			fail_msg("%zu of %zu bytes were accepted", bytes, sizeof(m));
		assert_int_equal(e.status, STATUS_FAILED);
	}
	LOOP (uint64_t, i, 0, i < RAM_BYTES, i++)
		assert_int_equal(ram[i], 0);
	free(ram);
}

/* Values that sit at the edges of checks, beside random ones. */
static uint64_t edge_value(uint64_t *rng)
{
	static const uint64_t edges[] = {
		0,          1,         PART_BYTES, sizeof(struct elf_image), RAM_GPA, RAM_GPA + RAM_BYTES,
		UINT32_MAX, INT64_MAX, UINT64_MAX
	};
	uint64_t r = next_random(rng);

	if (r % 3 == 0)
		return next_random(rng);
	return edges[r / 3 % (sizeof(edges) / sizeof(edges[0]))] + next_random(rng) % 5 - 2;
}

TEST(mutations_stay_in_bounds)
{
	unsigned char *ram = calloc(1, RAM_BYTES);
	uint64_t rng = UINT64_C(0x9e3779b97f4a7c15);
	uint32_t loaded = 0;

	assert_non_null(ram);
	LOOP (uint32_t, i, 0, i < MUTATIONS, i++) {
		struct elf_image m;
		struct error e = { 0 };
		uint32_t entry_gpa = 0;
		uint64_t count = 1 + next_random(&rng) % 4;

		elf_image_make(&m);
		while (count-- > 0) {
			size_t bytes = (size_t)1 << next_random(&rng) % 4;
			size_t slots = sizeof(m) / bytes;
			uint64_t value = edge_value(&rng);

			memcpy((unsigned char *)&m + next_random(&rng) % slots * bytes, &value, bytes);
		}
		if (elf_image_load(&m, sizeof(m), ram, &entry_gpa, &e) == 0) {
			loaded++;
			assert_int_equal(e.status, STATUS_OK);
			assert_non_null(elf_ram_at(ram, entry_gpa, 1));
		} else {
			assert_int_equal(e.status, STATUS_FAILED);
			assert_true(e.what[0] != '\0');
		}
	}
	/* Damage to text, data or unused fields is no defect: a test where nothing loads would prove little. */
	assert_in_range(loaded, MUTATIONS / 20, MUTATIONS - MUTATIONS / 4);
	free(ram);
}
