/*
 * Where an arena repeats the same memory, touch leaves there what belongs to the memory and not to the address, on any
 * number of vCPUs, and its check proves that the aliases are one. It could break by a value or a line that depends on
 * the address, by a mark that two vCPUs share, or by a check that memory which is not aliased passes too.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "units.h"
#include "workload.h"

#define ALIAS_BYTES (3 * PAGE_2M) /* no power of two */
#define REPETITIONS 150
#define SLICE_BYTES (REPETITIONS * ALIAS_BYTES)

static unsigned char *slice;
static int fd;

static int set_up(void **state)
{
	(void)state;
	fd = memfd_create("alias", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, ALIAS_BYTES) != 0)
		return -1;
	slice = mmap(NULL, SLICE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slice == MAP_FAILED)
		return -1;
	for (uint64_t i = 0; i < REPETITIONS; i++) {
		if (mmap(slice + i * ALIAS_BYTES, ALIAS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 fd, 0) == MAP_FAILED)
			return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(slice, SLICE_BYTES) != 0 || close(fd) != 0;
}

static struct workload_ctx make_ctx(uint32_t vcpu, uint64_t set_bytes)
{
	return (struct workload_ctx){
		.slice = slice,
		.arena = slice,
		.slice_bytes = SLICE_BYTES,
		.leaf_bytes = PAGE_4K,
		.working_set_bytes = set_bytes,
		.alias_bytes = ALIAS_BYTES,
		.seed = 7,
		.vcpu = vcpu,
		.vcpus = 128,
		.repeat = 1,
	};
}

/* Two vCPUs whose slices are the same memory, one behind the other by any number of passes. */
TEST(vcpus_do_not_disturb_each_other)
{
	struct workload_ctx a = make_ctx(0, SLICE_BYTES), b = make_ctx(127, SLICE_BYTES);

	assert_int_equal(workload_touch.prepare(&a), 0);
	assert_int_equal(workload_touch.prepare(&b), 0);
	assert_int_equal(a.checksum, b.checksum);
	LOOP (uint32_t, part, 0, part < workload_touch.parts, part++) {
		(void)workload_touch.part[part].sample(&a);
		(void)workload_touch.part[part].sample(&b);
		assert_int_equal(workload_touch.check(&a), 0);
		assert_int_equal(workload_touch.check(&b), 0);
		assert_int_equal(workload_touch.check(&a), 0);
	}
}

/* Each page of memory has one word that was touched, whichever of its addresses was used last. */
TEST(one_word_a_page_of_memory)
{
	struct workload_ctx ctx = make_ctx(0, SLICE_BYTES);
	uint64_t written = 0;

	memset(slice, 0, ALIAS_BYTES);
	assert_int_equal(workload_touch.prepare(&ctx), 0);
	(void)workload_touch.part[0].sample(&ctx);
	for (uint64_t i = 0; i < ALIAS_BYTES / 8; i++)
		written += ((uint64_t *)(void *)slice)[i] != 0;
	assert_int_equal(written, ALIAS_BYTES / PAGE_4K);
	/* The mark of the check is taken away again. */
	assert_int_equal(workload_touch.check(&ctx), 0);
	written = 0;
	for (uint64_t i = 0; i < ALIAS_BYTES / 8; i++)
		written += ((uint64_t *)(void *)slice)[i] != 0;
	assert_int_equal(written, ALIAS_BYTES / PAGE_4K);
}

/* Memory of its own in the middle of the repetitions. */
TEST(memory_that_is_not_aliased_is_noticed)
{
	unsigned char *third = slice + 2 * ALIAS_BYTES;

	assert_ptr_equal(mmap(third, ALIAS_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 third);
	LOOP (uint32_t, vcpu, 0, vcpu < 128, vcpu += 127) {
		struct workload_ctx ctx = make_ctx(vcpu, SLICE_BYTES);

		assert_int_equal(workload_touch.prepare(&ctx), 0);
		(void)workload_touch.part[0].sample(&ctx);
		assert_int_equal(workload_touch.check(&ctx), -1);
		assert_non_null(strstr(ctx.failure, "should be one page"));
	}
	assert_ptr_equal(mmap(third, ALIAS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0),
			 third);
}

/* All look at the same memory at the same time, so each leaves its mark on a page of its own. */
TEST(each_vcpu_marks_its_own_page)
{
	unsigned char *page = slice + 2 * ALIAS_BYTES + 127 * PAGE_4K;
	struct workload_ctx a = make_ctx(0, SLICE_BYTES), b = make_ctx(127, SLICE_BYTES);

	assert_ptr_equal(
		mmap(page, PAGE_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		page);
	assert_int_equal(workload_touch.prepare(&a), 0);
	assert_int_equal(workload_touch.prepare(&b), 0);
	(void)workload_touch.part[0].sample(&a);
	(void)workload_touch.part[0].sample(&b);
	assert_int_equal(workload_touch.check(&a), 0);
	assert_int_equal(workload_touch.check(&b), -1);
	assert_ptr_equal(
		mmap(page, PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 127 * PAGE_4K), page);
}

TEST(damage_is_noticed)
{
	struct workload_ctx ctx = make_ctx(0, 2 * ALIAS_BYTES);

	assert_int_equal(workload_touch.prepare(&ctx), 0);
	(void)workload_touch.part[0].sample(&ctx);
	memset(slice + 100 * PAGE_4K, 0, PAGE_4K);
	assert_int_equal(workload_touch.check(&ctx), -1);
}

/* A set within one repetition proves nothing about aliases, and needs not. */
TEST(less_than_one_repetition_is_fine)
{
	struct workload_ctx ctx = make_ctx(100, 8 * PAGE_4K);

	assert_int_equal(workload_touch.prepare(&ctx), 0);
	(void)workload_touch.part[0].sample(&ctx);
	assert_int_equal(workload_touch.check(&ctx), 0);
}

TEST_GROUP(set_up, tear_down)
