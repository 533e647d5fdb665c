/*
 * A damaged tree is refused in words by the guest, or read as numbers within their limits, but never followed. It
 * could break at every offset inside the tree, and in ring 3 of a guest nothing else catches a wild read; a guard
 * page behind the blob catches it here.
 */
#include "test.h"

#include <libfdt.h>
#include <sys/mman.h>

#include "guest/start/params.h"
#include "layout.h"
#include "units.h"
#include "vmm/core/boot/boot.h"
#include "x86.h"

#define MUTATIONS 30000
#define BLOB_ROOM_BYTES 8192
#define GUARD_BYTES 4096
#define TEST_RAM_BYTES (64 * MIB)

static const struct hvm_memmap_entry ram = { .start_gpa = 0, .bytes = TEST_RAM_BYTES, .type = 1 };

struct fixture {
	struct config config;
	struct params params;
	unsigned char good[BLOB_ROOM_BYTES];
	size_t good_bytes;
	unsigned char *room; /* BLOB_ROOM_BYTES, then a page that traps */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error e = { 0 };
	struct config *c;

	if (f == NULL)
		return -1;
	c = &f->config;
	c->map.range_count = 1;
	c->map.ranges[0].bytes = TEST_RAM_BYTES;
	c->map.tables_gpa = TABLE_POOL_GPA;
	c->map.tables_bytes = 64 * PAGE_4K;
	c->map.arena_gpa = 16 * MIB;
	c->map.arena_bytes = 48 * MIB;
	c->vcpus = 3;
	c->guest_page_bytes = PAGE_2M;
	c->seed = UINT64_C(0x0123456789abcdef);
	c->step_count = WORKLOAD_COUNT;
	for (uint32_t i = 0; i < WORKLOAD_COUNT; i++)
		c->steps[i] = (struct plan_step){ .workload = (enum workload_id)i,
						  .working_set_bytes = (i + 1) * MIB,
						  .accesses = i * UINT64_C(0x100000001),
						  .repeat = i + 1 };
	f->room = mmap(NULL, BLOB_ROOM_BYTES + GUARD_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*state = f;
	if (f->room == MAP_FAILED || mprotect(f->room + BLOB_ROOM_BYTES, GUARD_BYTES, PROT_NONE) != 0)
		return -1;
	return fdt_write(c, true, f->good, sizeof(f->good), &f->good_bytes, &e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret = munmap(f->room, BLOB_ROOM_BYTES + GUARD_BYTES);

	free(f);
	return ret;
}

/* As main() in the guest does it, with the blob right before the guard page (as far as its alignment allows). */
static int read_tree(struct fixture *f, const void *blob, size_t bytes)
{
	unsigned char *at = f->room + BLOB_ROOM_BYTES - align_up(bytes, 8);
	const struct handover h = { .fdt = at, .fdt_bytes = bytes, .memmap = &ram, .memmap_entries = 1 };
	char buf[GUEST_MESSAGE_BYTES];
	struct text why;
	int serial_report = 0;
	int ret;

	memcpy(at, blob, bytes);
	memset(&f->params, 0, sizeof(f->params));
	text_start(&why, buf, sizeof(buf));
	ret = params_serial(&h, &serial_report, &why);
	if (ret == 0)
		ret = params_read(&h, &f->params, &why);
	if (ret != 0)
		assert_true(why.used > 0);
	return ret;
}

TEST_WITH(undamaged_is_accepted, setup, teardown)
{
	struct fixture *f = *state;

	assert_int_equal(read_tree(f, f->good, f->good_bytes), 0);
}

TEST_WITH(every_truncation_is_refused, setup, teardown)
{
	struct fixture *f = *state;

	LOOP (size_t, bytes, 0, bytes < f->good_bytes, bytes++)
		assert_int_equal(read_tree(f, f->good, bytes), -1);
}

/* Versions that the format had once: fdt_check_full of libfdt 1.6.1 reads at NULL in those below 16. */
TEST_WITH(versions, setup, teardown)
{
	struct fixture *f = *state;
	unsigned char blob[BLOB_ROOM_BYTES];

	LOOP (uint32_t, version, 0, version < 20, version++) {
		LOOP (uint32_t, oldest, 0, oldest < 20, oldest++) {
			memcpy(blob, f->good, f->good_bytes);
			fdt_set_version(blob, version);
			fdt_set_last_comp_version(blob, oldest);
			assert_int_equal(read_tree(f, blob, f->good_bytes),
					 version >= 16 && version >= oldest && oldest <= 17 ? 0 : -1);
		}
	}
}

static void accepted_params_are_sane(const struct params *p)
{
	assert_in_range(p->vcpus, 1, GUEST_MAX_VCPUS);
	assert_in_range(p->step_count, 0, PLAN_MAX_STEPS);
	assert_true(p->arena.bytes <= TEST_RAM_BYTES && p->arena.gpa <= TEST_RAM_BYTES - p->arena.bytes);
	assert_true(p->tables.bytes <= TEST_RAM_BYTES && p->tables.gpa <= TEST_RAM_BYTES - p->tables.bytes);
	assert_true(p->tables.gpa >= TABLE_POOL_GPA && p->arena.gpa >= TABLE_POOL_GPA);
	LOOP (uint32_t, i, 0, i < p->step_count, i++) {
		assert_in_range(p->steps[i].workload, 0, WORKLOAD_COUNT - 1);
		assert_in_range(p->steps[i].repeat, 1, RESULT_MAX_SAMPLES);
	}
}

TEST_WITH(mutations_are_refused_or_sane, setup, teardown)
{
	struct fixture *f = *state;
	uint32_t rng = UINT32_C(0x2545f491);
	uint32_t accepted = 0;

	LOOP (uint32_t, i, 0, i < MUTATIONS, i++) {
		unsigned char blob[BLOB_ROOM_BYTES];

		memcpy(blob, f->good, f->good_bytes);
		for (uint32_t left = 1 + i % 3; left > 0; left--) {
			rng = rng * UINT32_C(1664525) + UINT32_C(1013904223);
			if (rng >> 31 != 0)
				blob[(rng >> 8) % f->good_bytes] = (unsigned char)(rng >> 23);
			else
				blob[(rng >> 8) % f->good_bytes] ^= (unsigned char)(1U << (rng >> 28));
		}
		if (read_tree(f, blob, f->good_bytes) == 0) {
			accepted_params_are_sane(&f->params);
			accepted++;
		}
	}
	/* A changed seed or an optional property is harmless; but most bytes have to matter. */
	assert_in_range(accepted, 1, MUTATIONS / 2);
}
