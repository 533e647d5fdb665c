/*
 * Property: a plan that this KVM or CPU cannot hold is refused before memory is taken, and the figure that the hint
 * names is enough, while a step less is not. It could break because no developer's KVM has so few slots or bits.
 */
#include <errno.h>

#include "test.h"
#include "units.h"
#include "vmm/core/machine/internal.h"

static struct config config;
static struct error e;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0, sizeof(e));
	memset(&config, 0, sizeof(config));
	config.page_bytes = PAGE_4K;
	config.ram_bytes = 1024 * GIB;
	config.map.range_count = 2;
	config.map.ranges[0] = (struct ram_range){ .bytes = 1 * GIB };
	config.map.ranges[1] =
		(struct ram_range){ .gpa = 4 * GIB, .offset_bytes = 1 * GIB, .bytes = 1024 * GIB };
	config.map.arena_gpa = 4 * GIB;
	config.map.arena_bytes = 1024 * GIB;
	config.map.alias_bytes = 1 * GIB;
	config.guest_page_bytes = PAGE_4K;
	return 0;
}

static int slots(uint32_t limit)
{
	memset(&e, 0, sizeof(e));
	return limits_check_slots(&config, limit, &e);
}

TEST_WITH(as_many_slots_as_kvm_has_are_enough, setup, NULL)
{
	assert_int_equal(slots(1025), 0);
	assert_true(slots(1024) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_non_null(strstr(e.what, "takes 1025 memory slots, and this KVM has 1024"));
	assert_non_null(strstr(e.hint, "--alias-memory 2G"));
}

/* Whole repetitions of whole pages: 1024G by 508 would be neither. */
TEST_WITH(the_least_alias_that_is_named_would_do, setup, NULL)
{
	assert_true(slots(509) < 0);
	assert_non_null(strstr(e.hint, "--alias-memory 4G"));
	config.map.alias_bytes = 4 * GIB;
	assert_int_equal(slots(257), 0);
	config.map.alias_bytes = 2 * GIB;
	assert_true(slots(509) < 0);
	config.map.alias_bytes = 1 * GIB;
	config.map.arena_bytes = config.map.ranges[1].bytes = 30 * GIB;
	assert_true(slots(29) < 0);
	assert_non_null(strstr(e.hint, "--alias-memory 1280M"));
	config.guest_page_bytes = PAGE_1G;
	assert_true(slots(29) < 0);
	assert_non_null(strstr(e.hint, "--alias-memory 2G"));
}

TEST_WITH(a_kvm_that_names_no_limit_has_32, setup, NULL)
{
	config.map.ranges[1].bytes = 31 * GIB;
	assert_int_equal(slots(0), 0);
	config.map.ranges[1].bytes = 32 * GIB;
	assert_true(slots(0) < 0);
	assert_non_null(strstr(e.what, "has 32"));
}

TEST_WITH(plain_memory_has_no_hint_about_aliases, setup, NULL)
{
	config.map.alias_bytes = 0;
	assert_int_equal(slots(2), 0);
	assert_true(slots(1) < 0);
	assert_string_equal(e.hint, "");
}

static int width(uint32_t bits)
{
	memset(&e, 0, sizeof(e));
	return limits_check_width(&config, bits, &e);
}

TEST_WITH(addresses_reach_the_end_of_ram, setup, NULL)
{
	/* It ends at 1028G; 40 bits are 1024G. */
	assert_int_equal(width(41), 0);
	assert_true(width(40) < 0);
	assert_int_equal(e.status, STATUS_CANNOT);
	assert_non_null(strstr(e.what, "end at 1028G"));
	assert_non_null(strstr(e.what, "40 bits"));
	assert_non_null(strstr(e.hint, "-m 1020G"));
	/* Where nothing repeats, what lies below the hole counts too. */
	config.map.alias_bytes = 0;
	assert_true(width(40) < 0);
	assert_non_null(strstr(e.hint, "-m 1021G"));
	config.map.ranges[1].bytes = 1020 * GIB;
	assert_int_equal(width(40), 0);
	config.map.ranges[1].bytes = 1020 * GIB + PAGE_2M;
	assert_true(width(40) < 0);
}

TEST_WITH(the_largest_memory_is_whole_repetitions, setup, NULL)
{
	config.map.alias_bytes = 1024 * GIB;
	assert_true(width(40) < 0);
	/* 1020G are left for a repetition of 1024G: no memory would do. */
	assert_string_equal(e.hint, "a smaller --alias-memory");
	config.map.alias_bytes = 512 * GIB;
	assert_true(width(40) < 0);
	assert_non_null(strstr(e.hint, "-m 512G"));
}

TEST_WITH(memory_below_the_hole_and_wide_addresses_always_fit, setup, NULL)
{
	assert_int_equal(width(52), 0);
	assert_int_equal(width(64), 0);
	assert_int_equal(width(255), 0);
	config.map.range_count = 1;
	config.map.alias_bytes = 0;
	assert_int_equal(width(32), 0);
	config.map.ranges[0].bytes = 8 * GIB;
	assert_true(width(32) < 0);
	assert_non_null(strstr(e.hint, "-m 4G"));
}

static int cost(uint64_t done_bytes, uint64_t next_bytes, uint64_t room_bytes)
{
	memset(&e, 0, sizeof(e));
	return limits_check_slots_cost(&config, done_bytes, next_bytes, room_bytes, &e);
}

TEST_WITH(what_kvm_allocates_for_slots_has_to_fit_the_host, setup, NULL)
{
	uint64_t all_bytes = 1025 * GIB, need_bytes = limits_slots_cost(all_bytes);

	/* Ten bytes a page and little more, as kvm.ko took on shadow paging. */
	assert_in_range(need_bytes / MIB, 2562, 2570);
	assert_int_equal(cost(0, all_bytes, need_bytes), 0);
	assert_int_equal(cost(0, all_bytes, UINT64_MAX), 0);
	assert_int_equal(cost(0, all_bytes, need_bytes - 1), -ENOMEM);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_non_null(strstr(e.what, "1T of guest RAM"));
	assert_non_null(strstr(e.hint, "--memory 1023G"));
	/* What it has already is not needed again. */
	assert_int_equal(cost(512 * GIB, 513 * GIB, need_bytes / 2 + MIB * 2), 0);
	assert_true(cost(512 * GIB, 513 * GIB, need_bytes / 4) < 0);
	assert_non_null(strstr(e.hint, "--memory 767G"));
	/* Whole repetitions. */
	config.map.alias_bytes = 3 * GIB;
	assert_true(cost(0, all_bytes, need_bytes - 1) < 0);
	assert_non_null(strstr(e.hint, "--memory 1023G"));
	assert_true(cost(0, all_bytes, 0) < 0);
	assert_non_null(strstr(e.hint, "ask for less"));
	config.map.alias_bytes = 0;
	assert_true(cost(0, all_bytes, 0) < 0);
	assert_non_null(strstr(e.hint, "ask for less"));
}

TEST_WITH(the_option_behind_the_apic_is_named, setup, NULL)
{
	char asker[48];

	assert_string_equal(limits_apic_asker(&config, asker, sizeof(asker)), "--kernel-irqchip on");
	config.step_count = 2;
	config.steps[0].workload = WORKLOAD_chase;
	config.steps[1].workload = WORKLOAD_tpr;
	assert_string_equal(limits_apic_asker(&config, asker, sizeof(asker)), "--workload tpr");
}
