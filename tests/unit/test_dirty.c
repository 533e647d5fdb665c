/*
 * Property: the dirty count of a part is the arena's pages that any vCPU wrote between the first begin and the end,
 * each once, however the slots are cut and in whatever order vCPUs come and go; and the log is on only in between. It
 * could break because low structures share a slot with the arena, and because each read of the log clears it.
 */
#include <errno.h>
#include <linux/kvm.h>

#include "test.h"
#include "driver.h"
#include "units.h"
#include "vmm/lab/measure/phases.h"

/* 64 MiB, the arena from 8 MiB on; or a low slot and four repetitions of 16 MiB behind the hole. */
#define ARENA_GPA UINT64_C(0x800000)
#define VCPUS 2

static struct fake {
	uint64_t log[8][256]; /* what KVM has logged, by slot */
	bool on[8];
	uint32_t switches;
	int fail_slot;
} fake;
static struct record rec;
static struct phase_vcpu phase_vcpus[VCPUS];
static struct phases phases;
static const struct kvm_vm vm;
static const struct backing backing;
static const struct machine_view view = { .config = &rec.config, .vm = &vm, .backing = &backing };
static struct error e;
static unsigned char ram[64];

static const struct workload_part logged = { .variant = VARIANT_WRITE_LOGGED, .dirty_log = 1 };
static const struct workload_part plain = { .variant = VARIANT_WRITE };

int __wrap_ioctl(int fd, unsigned long request, ...);
void *__wrap_backing_at(const struct backing *b, uint64_t offset_bytes, uint64_t bytes);
const struct workload_part *__wrap_driver_part(uint32_t workload, uint32_t variant);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	(void)fd;
	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (request == KVM_SET_USER_MEMORY_REGION) {
		const struct kvm_userspace_memory_region *region = argument;

		fake.on[region->slot] = region->flags == KVM_MEM_LOG_DIRTY_PAGES;
		fake.switches++;
		memset(fake.log[region->slot], 0, sizeof(fake.log[0]));
		return 0;
	}
	if (request == KVM_GET_DIRTY_LOG) {
		const struct kvm_dirty_log *log = argument;
		struct ram_range slot = memmap_slot(&rec.config.map, log->slot);

		assert_true(fake.on[log->slot]);
		if ((int)log->slot == fake.fail_slot) {
			errno = EIO;
			return -1;
		}
		/* As much as KVM writes: whole words. The sanitizer sees a buffer that is too small. */
		memcpy(log->dirty_bitmap, fake.log[log->slot], (slot.bytes / PAGE_4K + 63) / 64 * 8);
		memset(fake.log[log->slot], 0, sizeof(fake.log[0]));
		return 0;
	}
	return -1;
}

void *__wrap_backing_at(const struct backing *b, uint64_t offset_bytes, uint64_t bytes)
{
	(void)b;
	(void)offset_bytes;
	(void)bytes;
	return ram;
}

const struct workload_part *__wrap_driver_part(uint32_t workload, uint32_t variant)
{
	(void)workload;
	return variant == VARIANT_WRITE_LOGGED ? &logged : variant == VARIANT_WRITE ? &plain : NULL;
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.fail_slot = -1;
	memset(&rec, 0, sizeof(rec));
	memset(&e, 0, sizeof(e));
	phases = (struct phases){ .rec = &rec, .vcpus = phase_vcpus };
	rec.config.map = (struct memmap){ .range_count = 1,
					  .ranges = { { .bytes = 32 * MIB } },
					  .arena_gpa = ARENA_GPA,
					  .arena_bytes = 24 * MIB - 4 * PAGE_4K };
	assert_int_equal(pthread_mutex_init(&phases.lock, NULL), 0);
	for (uint32_t i = 0; i < VCPUS; i++) {
		phase_vcpus[i] = (struct phase_vcpu){ .logs_dirty = false };
		memset(&phase_vcpus[i].copy, 0, sizeof(phase_vcpus[i].copy));
		phase_vcpus[i].copy.result.variant = VARIANT_WRITE_LOGGED;
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dirty_release(&phases.dirty);
	dirty_release(&phases.dirty);
	free(rec.results);
	return pthread_mutex_destroy(&phases.lock);
}

static void write_page(uint32_t slot, uint64_t page)
{
	fake.log[slot][page / 64] |= UINT64_C(1) << page % 64;
}

static int64_t end_of(uint32_t vcpu)
{
	int64_t pages = -7;

	assert_int_equal(dirty_end(&phases, &view, vcpu, &pages, &e), 0);
	return pages;
}

TEST_WITH(only_the_arenas_pages_count, setup, teardown)
{
	const uint64_t first = ARENA_GPA / PAGE_4K, last = first + (24 * MIB) / PAGE_4K - 5;

	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_true(fake.on[0]);
	write_page(0, 0);
	write_page(0, first - 1);
	write_page(0, first);
	write_page(0, first + 63);
	write_page(0, last);
	write_page(0, last + 1);
	assert_int_equal(end_of(0), 3);
	assert_false(fake.on[0]);
	assert_null(phases.dirty.seen);
	assert_int_equal(fake.switches, 2);
}

TEST_WITH(a_part_that_logs_nothing_has_no_count, setup, teardown)
{
	phase_vcpus[0].copy.result.variant = VARIANT_WRITE;
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_int_equal(end_of(0), -1);
	phase_vcpus[0].copy.result.variant = UINT32_MAX;
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_int_equal(end_of(0), -1);
	assert_int_equal(fake.switches, 0);
}

/* The last end sees what KVM learnt late of the other vCPU; a page read twice is one page. */
TEST_WITH(several_vcpus_make_one_set, setup, teardown)
{
	const uint64_t first = ARENA_GPA / PAGE_4K;

	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_int_equal(dirty_begin(&phases, &view, 1, &e), 0);
	assert_int_equal(fake.switches, 1);
	write_page(0, first + 1);
	write_page(0, first + 2);
	assert_int_equal(end_of(1), 2);
	assert_true(fake.on[0]);
	write_page(0, first + 2);
	write_page(0, first + 3);
	assert_int_equal(end_of(0), 3);
	assert_false(fake.on[0]);
	/* Nothing of it is left for the next part. */
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_int_equal(end_of(0), 0);
}

TEST_WITH(repetitions_are_pages_apart, setup, teardown)
{
	rec.config.map = (struct memmap){
		.range_count = 2,
		.ranges = { { .bytes = 16 * MIB },
			    { .gpa = 4 * GIB, .offset_bytes = 16 * MIB, .bytes = 64 * MIB } },
		.arena_gpa = 4 * GIB,
		.arena_bytes = 64 * MIB,
		.alias_bytes = 16 * MIB
	};
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_false(fake.on[0]);
	LOOP (uint32_t, slot, 1, slot < 5, slot++) {
		assert_true(fake.on[slot]);
		write_page(slot, 0);
		write_page(slot, 4095);
	}
	assert_int_equal(end_of(0), 8);
	assert_int_equal(fake.switches, 8);
}

/* No arena begins so today; the arithmetic must not depend on it. */
TEST_WITH(a_window_may_begin_anywhere, setup, teardown)
{
	const uint64_t log[2] = { UINT64_MAX, UINT64_MAX };
	const struct dirty_window w = { .first_page = 3, .at_page = 62, .pages = 65 };
	uint64_t seen[3] = { 0, 0, 0 };

	dirty_merge(seen, log, &w);
	assert_true(seen[0] == UINT64_C(3) << 62);
	assert_true(seen[1] == (UINT64_C(1) << 63) - 1);
	assert_int_equal(seen[2], 0);
}

TEST_WITH(a_begin_after_a_begin_starts_afresh, setup, teardown)
{
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	write_page(0, ARENA_GPA / PAGE_4K);
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_int_equal(phases.dirty.vcpus, 1);
	assert_int_equal(end_of(0), 0);
	/* A guest that changes its mind about what it runs does not leave the log on. */
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	phase_vcpus[0].copy.result.variant = VARIANT_WRITE;
	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	assert_false(fake.on[0]);
	assert_int_equal(end_of(0), -1);
}

TEST_WITH(a_log_that_cannot_be_read_is_an_error_and_ends, setup, teardown)
{
	int64_t pages;

	assert_int_equal(dirty_begin(&phases, &view, 0, &e), 0);
	fake.fail_slot = 0;
	assert_int_equal(dirty_end(&phases, &view, 0, &pages, &e), -EIO);
	assert_string_equal(e.where, "KVM_GET_DIRTY_LOG");
	assert_false(fake.on[0]);
	assert_null(phases.dirty.seen);
}

TEST_WITH(all_rows_of_a_part_tell_the_vms_count, setup, teardown)
{
	struct result *rows = calloc(4, sizeof(*rows));

	assert_non_null(rows);
	rec.results = rows;
	rec.result_count = 4;
	for (uint32_t i = 0; i < 4; i++)
		rows[i] = (struct result){ .step = 3, .variant = VARIANT_WRITE_LOGGED, .dirty_pages = 2 };
	rows[0].step = 2;
	rows[1].variant = VARIANT_WRITE;
	rows[1].dirty_pages = -1;
	dirty_update_rows(&rec, 3, VARIANT_WRITE_LOGGED, -1);
	assert_int_equal(rows[3].dirty_pages, 2);
	dirty_update_rows(&rec, 3, VARIANT_WRITE_LOGGED, 5);
	assert_int_equal(rows[0].dirty_pages, 2);
	assert_int_equal(rows[1].dirty_pages, -1);
	assert_int_equal(rows[2].dirty_pages, 5);
	assert_int_equal(rows[3].dirty_pages, 5);
}
