/*
 * touch is right where its memory repeats: its check agrees with what the last writer of each line left, whatever the
 * number of repetitions, and still finds a line that holds something else. It could break where several pages write the
 * same word, which with few repetitions need not happen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "units.h"
#include "workload.h"

#define REPETITIONS 150

/* REPETITIONS mappings, side by side, of the same alias_bytes. */
static unsigned char *map_aliased(uint64_t alias_bytes)
{
	int fd = memfd_create("aliased", MFD_CLOEXEC);
	unsigned char *at;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)alias_bytes), 0);
	at = mmap(NULL, REPETITIONS * alias_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		  0);
	assert_ptr_not_equal(at, MAP_FAILED);
	for (uint64_t i = 0; i < REPETITIONS; i++)
		assert_ptr_not_equal(mmap(at + i * alias_bytes, alias_bytes, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_FIXED, fd, 0),
				     MAP_FAILED);
	(void)close(fd);
	return at;
}

static void passes_and_finds(uint64_t alias_bytes, uint64_t set_bytes)
{
	unsigned char *slice = map_aliased(alias_bytes);
	struct workload_ctx ctx = {
		.slice = slice,
		.arena = slice,
		.slice_bytes = REPETITIONS * alias_bytes,
		.working_set_bytes = set_bytes,
		.alias_bytes = alias_bytes,
		.leaf_bytes = PAGE_4K,
		.vcpus = 1,
		.seed = 7,
		.repeat = 1,
	};

	assert_int_equal(workload_touch.prepare(&ctx), 0);
	assert_int_equal(workload_touch.verify(&ctx), 0);
	for (uint32_t part = 0; part < workload_touch.parts; part++) {
		(void)workload_touch.part[part].sample(&ctx);
		assert_int_equal(workload_touch.check(&ctx), 0);
	}
	/* The first page's first line. */
	*(volatile uint64_t *)(void *)slice ^= 1;
	assert_int_equal(workload_touch.check(&ctx), -1);
	assert_int_equal(munmap(slice, REPETITIONS * alias_bytes), 0);
}

static void repeated_memory(void **state)
{
	(void)state;
	passes_and_finds(2 * MIB, REPETITIONS * 2 * MIB);
	passes_and_finds(6 * MIB, (REPETITIONS - 1) * 6 * MIB + 3 * PAGE_4K);
	passes_and_finds(2 * MIB, PAGE_2M);
	passes_and_finds(2 * MIB, PAGE_4K);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeated_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
