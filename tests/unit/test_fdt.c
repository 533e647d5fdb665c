/*
 * What bootparams.h promises is in the tree, property by property, for machines from the smallest to the largest;
 * a blob that does not fit is refused and never written past its end. It could break at the second RAM range, at
 * numbers above 32 bits, where a name is not unique, or in libfdt's own bookkeeping of space.
 */
#include "test.h"

#include <errno.h>
#include <libfdt.h>

#include "abi.h"
#include "bootparams.h"
#include "units.h"
#include "vmm/core/boot/boot.h"

/* A machine that is not plausible, but has a different number everywhere. */
static void machine(struct config *c, uint32_t ranges, uint32_t vcpus, uint32_t steps)
{
	static const struct config zero;

	*c = zero;
	c->map.range_count = ranges;
	c->map.ranges[0].bytes = ranges == 1 ? 64 * MIB : 3 * GIB;
	c->map.ranges[1].gpa = 4 * GIB;
	c->map.ranges[1].bytes = 5 * TIB + 2 * MIB;
	c->map.tables_gpa = 8 * MIB;
	c->map.tables_bytes = 2 * MIB + 4 * KIB;
	c->map.arena_gpa = ranges == 1 ? 16 * MIB : 5 * GIB;
	c->map.arena_bytes = ranges == 1 ? 48 * MIB : 5 * TIB;
	c->vcpus = vcpus;
	c->guest_page_bytes = PAGE_1G;
	c->seed = UINT64_C(0xfedcba9876543210);
	/* Present in one machine, absent in the next. */
	c->map.alias_bytes = ranges == 2 ? 7 * GIB : 0;
	c->map.view_count = ranges == 1 ? 2 : 0;
	c->map.views[0] = (struct memmap_view){ 1 * TIB, 0, PAGE_2M };
	c->map.views[1] = (struct memmap_view){ 2 * TIB, PAGE_4K, PAGE_4K };
	c->guest_ad = vcpus % 2 != 0;
	c->kernel_port = vcpus > 16;
	c->step_count = steps;
	for (uint32_t i = 0; i < steps; i++)
		c->steps[i] = (struct plan_step){ .workload = (enum workload_id)(i % WORKLOAD_COUNT),
						  .working_set_bytes = (i + 1) * 3 * GIB,
						  .stride_bytes = i % 3 * 5 * GIB,
						  .chains = i % (CHAINS_MAX + 1),
						  .histogram = i % 2,
						  .accesses = i % 2 * UINT64_C(0x123456789),
						  .repeat = 1 + i % RESULT_MAX_SAMPLES };
}

static int node_at(const void *blob, const char *path)
{
	int offset = fdt_path_offset(blob, path);

	if (offset < 0)
		fail_msg("%s: %s", path, fdt_strerror(offset));
	return offset;
}

static void has_string(const void *blob, int offset, const char *name, const char *value)
{
	int bytes = 0;
	const char *got = fdt_getprop(blob, offset, name, &bytes);

	assert_non_null(got);
	assert_int_equal(bytes, strlen(value) + 1);
	assert_string_equal(got, value);
}

static void has_u32(const void *blob, int offset, const char *name, uint32_t value)
{
	int bytes = 0;
	const fdt32_t *got = fdt_getprop(blob, offset, name, &bytes);

	assert_non_null(got);
	assert_int_equal(bytes, 4);
	assert_int_equal(fdt32_ld(got), value);
}

static void has_u64s(const void *blob, int offset, const char *name, const uint64_t *values, uint32_t count)
{
	int bytes = 0;
	const unsigned char *got = fdt_getprop(blob, offset, name, &bytes);

	assert_non_null(got);
	assert_int_equal(bytes, 8 * count);
	LOOP (uint32_t, i, 0, i < count, i++)
		assert_true(fdt64_ld((const fdt64_t *)(const void *)(got + (size_t)8 * i)) == values[i]);
}

static void check_memory(const void *blob, const struct memmap *map)
{
	const uint64_t ranges[] = { map->ranges[0].gpa, map->ranges[0].bytes, map->ranges[1].gpa,
				    map->ranges[1].bytes };
	const uint64_t tables[] = { map->tables_gpa, map->tables_bytes };
	const uint64_t arena[] = { map->arena_gpa, map->arena_bytes };
	int offset = node_at(blob, "/memory@0");
	int bytes = -1;

	has_string(blob, offset, "device_type", "memory");
	has_u64s(blob, offset, "reg", ranges, 2 * map->range_count);
	offset = node_at(blob, "/reserved-memory");
	has_u32(blob, offset, "#address-cells", 2);
	has_u32(blob, offset, "#size-cells", 2);
	assert_non_null(fdt_getprop(blob, offset, "ranges", &bytes));
	assert_int_equal(bytes, 0);
	offset = fdt_node_offset_by_compatible(blob, -1, FDT_COMPAT_TABLES);
	assert_true(offset >= 0);
	assert_int_equal(fdt_parent_offset(blob, offset), node_at(blob, "/reserved-memory"));
	has_u64s(blob, offset, "reg", tables, 2);
	offset = fdt_node_offset_by_compatible(blob, -1, FDT_COMPAT_ARENA);
	assert_true(offset >= 0);
	assert_int_equal(fdt_parent_offset(blob, offset), node_at(blob, "/reserved-memory"));
	has_u64s(blob, offset, "reg", arena, 2);
}

static void check_cpus(const void *blob, uint32_t vcpus)
{
	int parent = node_at(blob, "/cpus");
	uint32_t count = 0;
	int offset;

	has_u32(blob, parent, "#address-cells", 1);
	has_u32(blob, parent, "#size-cells", 0);
	fdt_for_each_subnode(offset, blob, parent)
	{
		char name[16];

		(void)snprintf(name, sizeof(name), "cpu@%x", count);
		assert_string_equal(fdt_get_name(blob, offset, NULL), name);
		has_string(blob, offset, "device_type", "cpu");
		has_u32(blob, offset, "reg", count++);
	}
	assert_int_equal(offset, -FDT_ERR_NOTFOUND);
	assert_int_equal(count, vcpus);
}

static void check_chosen(const void *blob, const struct config *c, bool serial_report)
{
	int offset = node_at(blob, "/chosen");
	int bytes = 0;
	const char *console = fdt_getprop(blob, offset, "stdout-path", &bytes);

	has_u32(blob, offset, FDT_PROP_ABI, MINIVMM_ABI_VERSION);
	has_u64s(blob, offset, FDT_PROP_GUEST_PAGE_BYTES, &c->guest_page_bytes, 1);
	has_u64s(blob, offset, FDT_PROP_SEED, &c->seed, 1);
	assert_int_equal(fdt_getprop(blob, offset, FDT_PROP_SERIAL_REPORT, &bytes) != NULL, serial_report);
	assert_int_equal(fdt_getprop(blob, offset, FDT_PROP_GUEST_AD, &bytes) != NULL, c->guest_ad);
	assert_int_equal(fdt_getprop(blob, offset, FDT_PROP_KERNEL_PORT, &bytes) != NULL, c->kernel_port);
	if (c->map.alias_bytes != 0)
		has_u64s(blob, offset, FDT_PROP_ALIAS_BYTES, &c->map.alias_bytes, 1);
	else
		assert_null(fdt_getprop(blob, offset, FDT_PROP_ALIAS_BYTES, &bytes));
	if (c->map.view_count != 0) {
		const uint64_t pairs[] = { PAGE_2M, 1 * TIB + 16 * MIB, PAGE_4K,
					   2 * TIB + 16 * MIB - PAGE_4K };

		has_u64s(blob, offset, FDT_PROP_VIEWS, pairs, 4);
	} else {
		assert_null(fdt_getprop(blob, offset, FDT_PROP_VIEWS, &bytes));
	}
	assert_non_null(console);
	has_string(blob, node_at(blob, console), "compatible", "ns16550a");
}

static void check_plan(const void *blob, const struct config *c)
{
	int parent = node_at(blob, FDT_PATH_PLAN);
	uint32_t count = 0;
	int offset;

	fdt_for_each_subnode(offset, blob, parent)
	{
		const struct plan_step *step = &c->steps[count];
		char name[16];

		assert_true(count < c->step_count);
		(void)snprintf(name, sizeof(name), "step@%x", count++);
		assert_string_equal(fdt_get_name(blob, offset, NULL), name);
		has_string(blob, offset, FDT_STEP_WORKLOAD, workload_table[step->workload].name);
		has_u64s(blob, offset, FDT_STEP_WORKING_SET_BYTES, &step->working_set_bytes, 1);
		has_u64s(blob, offset, FDT_STEP_STRIDE_BYTES, &step->stride_bytes, 1);
		has_u32(blob, offset, FDT_STEP_CHAINS, step->chains);
		has_u32(blob, offset, FDT_STEP_HISTOGRAM, step->histogram);
		has_u64s(blob, offset, FDT_STEP_ACCESSES, &step->accesses, 1);
		has_u32(blob, offset, FDT_STEP_REPEAT, step->repeat);
	}
	assert_int_equal(offset, -FDT_ERR_NOTFOUND);
	assert_int_equal(count, c->step_count);
}

TEST(round_trip)
{
	static const struct {
		uint32_t ranges, vcpus, steps;
		bool serial_report;
	} cases[] = { { 1, 1, 0, false },
		      { 1, 2, 1, true },
		      { 2, 17, 23, false },
		      { 2, GUEST_MAX_VCPUS, PLAN_MAX_STEPS, true } };
	struct config *c = malloc(sizeof(*c));
	unsigned char *blob = malloc(FDT_MAX_BYTES);

	assert_non_null(c);
	assert_non_null(blob);
	EACH (i, cases) {
		struct error e = { 0 };
		size_t used = 0;

		machine(c, cases[i].ranges, cases[i].vcpus, cases[i].steps);
		assert_int_equal(fdt_write(c, cases[i].serial_report, blob, FDT_MAX_BYTES, &used, &e), 0);
		assert_int_equal(used, fdt_totalsize(blob));
		assert_int_equal(fdt_check_full(blob, used), 0);
		has_u32(blob, 0, "#address-cells", 2);
		has_u32(blob, 0, "#size-cells", 2);
		has_string(blob, 0, "compatible", FDT_COMPAT_GUEST);
		check_memory(blob, &c->map);
		check_cpus(blob, cases[i].vcpus);
		check_chosen(blob, c, cases[i].serial_report);
		check_plan(blob, c);
	}
	free(blob);
	free(c);
}

TEST(too_small_a_buffer_is_refused)
{
	struct config *c = malloc(sizeof(*c));
	struct error e = { 0 };
	unsigned char *whole = malloc(FDT_MAX_BYTES);
	size_t needed = 0;

	assert_non_null(c);
	assert_non_null(whole);
	machine(c, 2, 2, 2);
	assert_int_equal(fdt_write(c, true, whole, FDT_MAX_BYTES, &needed, &e), 0);
	LOOP (size_t, capacity, 0, capacity <= needed, capacity++) {
		unsigned char *blob = malloc(capacity != 0 ? capacity : 1);
		size_t used = 0x5a5a;
		struct error refused = { 0 };
		int ret;

		assert_non_null(blob);
		ret = fdt_write(c, true, capacity != 0 ? blob : blob + 1, capacity, &used, &refused);
		if (capacity < needed) {
			assert_int_equal(ret, -ENOSPC);
			assert_int_equal(refused.status, STATUS_FAILED);
			assert_int_equal(used, 0x5a5a);
		} else {
			assert_int_equal(ret, 0);
			assert_int_equal(used, needed);
			assert_memory_equal(blob, whole, needed);
		}
		free(blob);
	}
	free(whole);
	free(c);
}

TEST(impossible_plans_are_refused)
{
	struct config *c = malloc(sizeof(*c));
	unsigned char *blob = malloc(FDT_MAX_BYTES);
	size_t used = 0;

	assert_non_null(c);
	assert_non_null(blob);
	LOOP (int, i, 0, i < 6, i++) {
		struct error e = { 0 };

		machine(c, 1, 1, 1);
		if (i == 0)
			c->map.range_count = 0;
		else if (i == 1)
			c->map.range_count = 3;
		else if (i == 2)
			c->step_count = PLAN_MAX_STEPS + 1;
		else if (i == 3)
			c->vcpus = 0;
		else if (i == 4)
			c->vcpus = GUEST_MAX_VCPUS + 1;
		else
			c->steps[0].workload = WORKLOAD_COUNT;
		assert_int_equal(fdt_write(c, false, blob, FDT_MAX_BYTES, &used, &e), -EINVAL);
		assert_int_equal(e.status, STATUS_FAILED);
	}
	free(blob);
	free(c);
}
