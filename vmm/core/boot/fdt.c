#include "vmm/core/boot/boot.h"

#include <errno.h>
#include <inttypes.h>
#include <libfdt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "abi.h"
#include "bootparams.h"
#include "units.h"

#define SERIAL_NODE "serial@3f8"
#define SERIAL_CLOCK_HZ 1843200

_Static_assert(PORT_SERIAL == 0x3f8, "SERIAL_NODE names the port");

/*
 * libfdt writes a tree strictly front to back. After the first error every later step does nothing, so the tree
 * below reads as the tree it writes.
 */
struct tree {
	void *blob;
	int ret; /* 0 or -FDT_ERR_* */
};

#define STEP(t, call) ((t)->ret = (t)->ret == 0 ? (call) : (t)->ret)

static void node(struct tree *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void node(struct tree *t, const char *fmt, ...)
{
	char name[64];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	STEP(t, fdt_begin_node(t->blob, name));
}

static void node_end(struct tree *t)
{
	STEP(t, fdt_end_node(t->blob));
}

static void prop_u32(struct tree *t, const char *name, uint32_t value)
{
	STEP(t, fdt_property_u32(t->blob, name, value));
}

static void prop_u64(struct tree *t, const char *name, uint64_t value)
{
	STEP(t, fdt_property_u64(t->blob, name, value));
}

static void prop_string(struct tree *t, const char *name, const char *value)
{
	STEP(t, fdt_property_string(t->blob, name, value));
}

static void prop_empty(struct tree *t, const char *name)
{
	STEP(t, fdt_property(t->blob, name, NULL, 0));
}

/* How many cells of 32 bits an address and a size have in the reg properties of this node's children. */
static void cells(struct tree *t, uint32_t address_cells, uint32_t size_cells)
{
	prop_u32(t, "#address-cells", address_cells);
	prop_u32(t, "#size-cells", size_cells);
}

static void reg(struct tree *t, uint64_t gpa, uint64_t bytes)
{
	const fdt64_t pair[2] = { cpu_to_fdt64(gpa), cpu_to_fdt64(bytes) };

	STEP(t, fdt_property(t->blob, "reg", pair, sizeof(pair)));
}

/* Devicetree Specification 0.4, 3.4. */
static void memory(struct tree *t, const struct memmap *map)
{
	fdt64_t pairs[2 * COUNT_OF(map->ranges)];

	for (uint32_t i = 0; i < map->range_count; i++) {
		pairs[2 * i] = cpu_to_fdt64(map->ranges[i].gpa);
		pairs[2 * i + 1] = cpu_to_fdt64(map->ranges[i].bytes);
	}
	node(t, "memory@%" PRIx64, map->ranges[0].gpa);
	prop_string(t, "device_type", "memory");
	STEP(t, fdt_property(t->blob, "reg", pairs, (int)(map->range_count * 2 * sizeof(pairs[0]))));
	node_end(t);
}

/* Devicetree Specification 0.4, 3.7 and 3.8. */
static void cpus(struct tree *t, uint32_t vcpus)
{
	node(t, "cpus");
	cells(t, 1, 0);
	for (uint32_t i = 0; i < vcpus; i++) {
		node(t, "cpu@%" PRIx32, i);
		prop_string(t, "device_type", "cpu");
		prop_u32(t, "reg", i);
		node_end(t);
	}
	node_end(t);
}

/* Devicetree Specification 0.4, 3.5. */
static void reserved_memory(struct tree *t, const struct memmap *map)
{
	node(t, "reserved-memory");
	cells(t, 2, 2);
	prop_empty(t, "ranges");
	node(t, "page-tables@%" PRIx64, map->tables_gpa);
	prop_string(t, "compatible", FDT_COMPAT_TABLES);
	reg(t, map->tables_gpa, map->tables_bytes);
	node_end(t);
	node(t, "arena@%" PRIx64, map->arena_gpa);
	prop_string(t, "compatible", FDT_COMPAT_ARENA);
	reg(t, map->arena_gpa, map->arena_bytes);
	node_end(t);
	node_end(t);
}

static void serial(struct tree *t)
{
	node(t, SERIAL_NODE);
	prop_string(t, "compatible", "ns16550a");
	reg(t, PORT_SERIAL, 8);
	/* The address is a port: U-Boot's x86 trees say so with this property. */
	prop_u32(t, "io-mapped", 1);
	prop_u32(t, "clock-frequency", SERIAL_CLOCK_HZ);
	node_end(t);
}

static void views(struct tree *t, const struct memmap *map)
{
	fdt64_t pairs[2 * VIEWS_MAX];

	for (uint32_t i = 0; i < map->view_count; i++) {
		pairs[2 * i] = cpu_to_fdt64(map->views[i].leaf_bytes);
		pairs[2 * i + 1] = cpu_to_fdt64(memmap_view_arena_gpa(map, i));
	}
	if (map->view_count != 0)
		STEP(t, fdt_property(t->blob, FDT_PROP_VIEWS, pairs,
				     (int)(map->view_count * 2 * sizeof(pairs[0]))));
}

/* Devicetree Specification 0.4, 3.6, and what bootparams.h adds. */
static void chosen(struct tree *t, const struct config *c, bool serial_report)
{
	node(t, "chosen");
	prop_string(t, "stdout-path", "/" SERIAL_NODE);
	prop_u32(t, FDT_PROP_ABI, MINIVMM_ABI_VERSION);
	prop_u64(t, FDT_PROP_GUEST_PAGE_BYTES, c->guest_page_bytes);
	prop_u64(t, FDT_PROP_SEED, c->seed);
	if (c->map.alias_bytes != 0)
		prop_u64(t, FDT_PROP_ALIAS_BYTES, c->map.alias_bytes);
	views(t, &c->map);
	if (c->guest_ad)
		prop_empty(t, FDT_PROP_GUEST_AD);
	if (c->kernel_port)
		prop_empty(t, FDT_PROP_KERNEL_PORT);
	if (serial_report)
		prop_empty(t, FDT_PROP_SERIAL_REPORT);
	node_end(t);
}

static void plan(struct tree *t, const struct config *c)
{
	node(t, "%s", &FDT_PATH_PLAN[1]);
	cells(t, 1, 0);
	for (uint32_t i = 0; i < c->step_count; i++) {
		const struct plan_step *step = &c->steps[i];

		node(t, "step@%" PRIx32, i);
		prop_u32(t, "reg", i);
		prop_string(t, FDT_STEP_WORKLOAD, workload_table[step->workload].name);
		prop_u64(t, FDT_STEP_WORKING_SET_BYTES, step->working_set_bytes);
		prop_u64(t, FDT_STEP_STRIDE_BYTES, step->stride_bytes);
		prop_u32(t, FDT_STEP_CHAINS, step->chains);
		prop_u32(t, FDT_STEP_HISTOGRAM, step->histogram);
		prop_u64(t, FDT_STEP_ACCESSES, step->accesses);
		prop_u32(t, FDT_STEP_REPEAT, step->repeat);
		node_end(t);
	}
	node_end(t);
}

/* These counts index arrays here. config_make keeps them in range; the check is cheap and catches a defect of it. */
static int check_config(const struct config *c, struct error *e)
{
	const uint32_t max_ranges = COUNT_OF(c->map.ranges);

	if (c->map.range_count == 0 || c->map.range_count > max_ranges || c->step_count > PLAN_MAX_STEPS ||
	    c->map.view_count > VIEWS_MAX || c->vcpus == 0 || c->vcpus > GUEST_MAX_VCPUS)
		return error_set(e, STATUS_FAILED, EINVAL, "device tree",
				 "%" PRIu32 " RAM ranges, %" PRIu32 " steps, %" PRIu32
				 " vCPUs cannot be described",
				 c->map.range_count, c->step_count, c->vcpus);
	for (uint32_t i = 0; i < c->step_count; i++)
		if ((uint32_t)c->steps[i].workload >= WORKLOAD_COUNT)
			return error_set(e, STATUS_FAILED, EINVAL, "device tree",
					 "step %" PRIu32 " has no workload (id %u)", i,
					 (unsigned int)c->steps[i].workload);
	return 0;
}

int fdt_write(const struct config *c, bool serial_report, void *buf, size_t capacity, size_t *used,
	      struct error *e)
{
	struct tree t = { .blob = buf };
	int ret = check_config(c, e);

	if (ret != 0)
		return ret;
	STEP(&t, fdt_create(buf, capacity > INT_MAX ? INT_MAX : (int)capacity));
	STEP(&t, fdt_finish_reservemap(buf));
	node(&t, "%s", "");
	cells(&t, 2, 2);
	prop_string(&t, "compatible", FDT_COMPAT_GUEST);
	memory(&t, &c->map);
	cpus(&t, c->vcpus);
	reserved_memory(&t, &c->map);
	serial(&t);
	chosen(&t, c, serial_report);
	plan(&t, c);
	node_end(&t);
	STEP(&t, fdt_finish(buf));
	if (t.ret == -FDT_ERR_NOSPACE) {
		(void)error_set(e, STATUS_FAILED, ENOSPC, "device tree",
				"%" PRIu32 " steps and %" PRIu32 " vCPUs do not fit %zu bytes", c->step_count,
				c->vcpus, capacity);
		return error_hint(e, "ask for fewer workloads or working sets in one run");
	}
	if (t.ret != 0)
		return error_set(e, STATUS_FAILED, EINVAL, "device tree", "libfdt: %s", fdt_strerror(t.ret));
	*used = fdt_totalsize(buf);
	return 0;
}
