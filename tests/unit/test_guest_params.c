/*
 * The guest reads what the VMM wrote: every planned machine comes back equal through the tree, and a tree with any
 * property changed or missing, or RAM that the memory map does not have, is refused by a sentence that names it.
 * It could break wherever writer and reader understand bootparams.h differently.
 */
#include "test.h"

#include <libfdt.h>

#include "abi.h"
#include "guest/start/params.h"
#include "layout.h"
#include "units.h"
#include "vmm/core/boot/boot.h"
#include "x86.h"

static struct config config;
static struct params params;
static struct hvm_memmap_entry memmap[2];
static unsigned char blob[FDT_MAX_BYTES];
static char message[GUEST_MESSAGE_BYTES];

static const void *write_aliased(uint64_t ram_bytes, uint64_t alias_bytes, uint64_t guest_page_bytes,
				 uint32_t vcpus, uint32_t steps, struct handover *h)
{
	static const struct config zero;
	struct error e = { 0 };
	size_t used;
	int ret;

	config = zero;
	ret = alias_bytes != 0 ? memmap_make_aliased(ram_bytes, alias_bytes, PAGE_4K, guest_page_bytes,
						     &config.map, &e)
			       : memmap_make(ram_bytes, PAGE_4K, guest_page_bytes, &config.map, &e);
	assert_int_equal(ret, 0);
	if (alias_bytes == 0)
		memmap_add_views(&config.map, vcpus == 1 ? PAGE_1G : PAGE_4K);
	config.guest_ad = alias_bytes != 0;
	config.kernel_port = vcpus > 1;
	config.ram_bytes = ram_bytes;
	config.guest_page_bytes = guest_page_bytes;
	config.vcpus = vcpus;
	config.seed = UINT64_C(0xfedcba9876543210);
	config.step_count = steps;
	for (uint32_t i = 0; i < steps; i++)
		config.steps[i] = (struct plan_step){ .workload = (enum workload_id)(i % WORKLOAD_COUNT),
						      .working_set_bytes = (i + 1) * PAGE_4K,
						      .stride_bytes = i % 5 * PAGE_2M,
						      .chains = i % (CHAINS_MAX + 1),
						      .histogram = i % 2,
						      .accesses = i,
						      .repeat = 1 + i % RESULT_MAX_SAMPLES };
	assert_int_equal(fdt_write(&config, true, blob, sizeof(blob), &used, &e), 0);
	for (uint32_t i = 0; i < config.map.range_count; i++)
		memmap[i] = (struct hvm_memmap_entry){ .start_gpa = config.map.ranges[i].gpa,
						       .bytes = config.map.ranges[i].bytes,
						       .type = 1 };
	*h = (struct handover){ blob, used, memmap, config.map.range_count };
	return blob;
}

static const void *write_tree(uint64_t ram_bytes, uint64_t guest_page_bytes, uint32_t vcpus, uint32_t steps,
			      struct handover *h)
{
	return write_aliased(ram_bytes, 0, guest_page_bytes, vcpus, steps, h);
}

static int read_tree(const struct handover *h)
{
	static const struct params zero;
	struct text why;
	int serial = 0;

	params = zero;
	text_start(&why, message, sizeof(message));
	if (params_serial(h, &serial, &why) != 0)
		return -1;
	assert_int_equal(serial, 1);
	return params_read(h, &params, &why);
}

static void round_trip(uint64_t ram_bytes, uint64_t alias_bytes, uint64_t guest_page_bytes, uint32_t vcpus,
		       uint32_t steps)
{
	struct handover h;

	(void)write_aliased(ram_bytes, alias_bytes, guest_page_bytes, vcpus, steps, &h);
	assert_int_equal(read_tree(&h), 0);
	assert_string_equal(message, "");
	assert_int_equal(params.guest_page_bytes, guest_page_bytes);
	assert_int_equal(params.alias_bytes, alias_bytes);
	assert_int_equal(params.accessed_dirty, config.guest_ad);
	assert_int_equal(params.kernel_port, config.kernel_port);
	assert_int_equal(params.seed, config.seed);
	assert_int_equal(params.vcpus, vcpus);
	assert_int_equal(params.tables.gpa, config.map.tables_gpa);
	assert_int_equal(params.tables.bytes, config.map.tables_bytes);
	assert_int_equal(params.arena.gpa, config.map.arena_gpa);
	assert_int_equal(params.arena.bytes, config.map.arena_bytes);
	assert_int_equal(params.view_count, config.map.view_count);
	LOOP (uint32_t, i, 0, i < params.view_count, i++) {
		assert_int_equal(params.views[i].leaf_bytes, config.map.views[i].leaf_bytes);
		assert_int_equal(params.views[i].gpa, memmap_view_arena_gpa(&config.map, i));
	}
	assert_int_equal(params.step_count, steps);
	LOOP (uint32_t, i, 0, i < steps, i++) {
		assert_int_equal(params.steps[i].workload, config.steps[i].workload);
		assert_int_equal(params.steps[i].working_set_bytes, config.steps[i].working_set_bytes);
		assert_int_equal(params.steps[i].stride_bytes, config.steps[i].stride_bytes);
		assert_int_equal(params.steps[i].chains, config.steps[i].chains);
		assert_int_equal(params.steps[i].histogram, config.steps[i].histogram);
		assert_int_equal(params.steps[i].accesses, config.steps[i].accesses);
		assert_int_equal(params.steps[i].repeat, config.steps[i].repeat);
	}
}

TEST(test_round_trip)
{
	round_trip(RAM_MIN_BYTES, 0, PAGE_4K, 1, 0);
	round_trip(RAM_MIN_BYTES, 0, PAGE_2M, 2, 1);
	round_trip(12 * GIB, 0, PAGE_4K, GUEST_MAX_VCPUS, 100);
	round_trip(12 * GIB, 0, PAGE_1G, 4, PLAN_MAX_STEPS);
	round_trip(TIB, GIB, PAGE_4K, 1, 1);
	round_trip(ARENA_MAX_BYTES, PAGE_2M, PAGE_2M, 2, 0);
	/* No power of two. */
	round_trip(30 * TIB, 10 * TIB, PAGE_2M, 2, 0);
	round_trip(9 * GIB, 3 * GIB, PAGE_1G, 3, 7);
}

static void refused(const struct handover *h, const char *naming)
{
	assert_int_equal(read_tree(h), -1);
	if (strstr(message, naming) == NULL)
		fail_msg("\"%s\" does not name \"%s\"", message, naming);
}

/* The first property called `property` anywhere in the tree, taken away by making it a no-op. */
static void without(const char *property)
{
	struct handover h;
	const void *tree = write_tree(GIB, PAGE_4K, 2, 2, &h);
	int offset = 0;

	while (fdt_getprop(tree, offset, property, NULL) == NULL) {
		offset = fdt_next_node(tree, offset, NULL);
		assert_true(offset > 0);
	}
	assert_int_equal(fdt_nop_property(blob, offset, property), 0);
	refused(&h, property);
}

TEST(test_every_property_is_required)
{
	without(FDT_PROP_ABI);
	without(FDT_PROP_GUEST_PAGE_BYTES);
	without(FDT_PROP_SEED);
	without(FDT_STEP_WORKLOAD);
	without(FDT_STEP_WORKING_SET_BYTES);
	without(FDT_STEP_STRIDE_BYTES);
	without(FDT_STEP_ACCESSES);
	without(FDT_STEP_REPEAT);
	without("compatible");
	without("reg");
}

TEST(test_odd_values)
{
	struct handover h;
	int chosen;

	chosen = fdt_path_offset(write_tree(GIB, PAGE_4K, 1, 0, &h), "/chosen");
	assert_int_equal(fdt_setprop_inplace_u32(blob, chosen, FDT_PROP_ABI, MINIVMM_ABI_VERSION + 1), 0);
	refused(&h, FDT_PROP_ABI);
	chosen = fdt_path_offset(write_tree(GIB, PAGE_4K, 1, 0, &h), "/chosen");
	assert_int_equal(fdt_setprop_inplace_u64(blob, chosen, FDT_PROP_GUEST_PAGE_BYTES, 8192), 0);
	refused(&h, FDT_PROP_GUEST_PAGE_BYTES);
	chosen = fdt_path_offset(write_tree(GIB, PAGE_4K, 1, 0, &h), "/chosen");
	assert_int_equal(fdt_setprop_inplace_u64(blob, chosen, FDT_PROP_GUEST_PAGE_BYTES, 512 * GIB), 0);
	refused(&h, FDT_PROP_GUEST_PAGE_BYTES);
}

/* An arena that does not repeat as the tree says would make a workload touch what is not there. */
TEST(test_odd_aliases)
{
	static const uint64_t odd[] = { 0x1000000001, 5 * GIB, 4 * GIB, 7 * GIB, UINT64_MAX };
	struct handover h;

	EACH (i, odd) {
		int chosen = fdt_path_offset(write_aliased(6 * GIB, 3 * GIB, PAGE_2M, 1, 0, &h), "/chosen");

		assert_int_equal(fdt_setprop_inplace_u64(blob, chosen, FDT_PROP_ALIAS_BYTES, odd[i]), 0);
		refused(&h, FDT_PROP_ALIAS_BYTES);
	}
	(void)fdt_path_offset(write_aliased(6 * GIB, 3 * GIB, PAGE_2M, 1, 0, &h), "/chosen");
	memmap[1].bytes -= 1;
	refused(&h, "arena");
}

/* Views that are not apart would have a window's first contact be another's, or code and tables walked as data. */
TEST(test_odd_views)
{
	const uint64_t far = 1 * TIB, out = UINT64_C(1) << 52;
	const uint64_t odd[][6] = {
		{ PAGE_2M, far, PAGE_1G, 2 * far, PAGE_4K, 3 * far },
		{ PAGE_1G, far, PAGE_1G, 2 * far, PAGE_4K, 3 * far },
		{ 64 * KIB, far, PAGE_4K, 2 * far, 0, 3 * far },
		{ PAGE_1G, far + 1, PAGE_2M, 2 * far, PAGE_4K, 3 * far },
		{ PAGE_1G, far, PAGE_2M, 2 * far, PAGE_4K, far + PAGE_4K },
		{ PAGE_1G, far, PAGE_2M, 0, PAGE_4K, 3 * far },
		{ PAGE_1G, far, PAGE_2M, out - PAGE_4K, PAGE_4K, 3 * far },
		{ PAGE_1G, UINT64_MAX - PAGE_4K + 1, PAGE_2M, far, PAGE_4K, 3 * far },
	};
	struct handover h;

	EACH (i, odd) {
		int chosen = fdt_path_offset(write_tree(GIB, PAGE_4K, 1, 0, &h), "/chosen");
		fdt64_t cells[6];

		for (int c = 0; c < 6; c++)
			cells[c] = cpu_to_fdt64(odd[i][c]);
		assert_int_equal(fdt_setprop_inplace(blob, chosen, FDT_PROP_VIEWS, cells, sizeof(cells)), 0);
		refused(&h, FDT_PROP_VIEWS);
	}
	(void)fdt_setprop(blob, fdt_path_offset(write_tree(GIB, PAGE_4K, 1, 0, &h), "/chosen"),
			  FDT_PROP_VIEWS, odd, 24);
	refused(&h, FDT_PROP_VIEWS);
}

TEST(test_ram_that_is_not_there)
{
	struct handover h;

	(void)write_tree(GIB, PAGE_4K, 1, 0, &h);
	memmap[0].bytes -= 1;
	refused(&h, "arena");
	(void)write_tree(GIB, PAGE_4K, 1, 0, &h);
	memmap[0].type = 2;
	refused(&h, "memory map");
	(void)write_tree(GIB, PAGE_4K, 1, 0, &h);
	memmap[0].bytes = IMAGE_GPA;
	memmap[1] = (struct hvm_memmap_entry){ .start_gpa = IMAGE_GPA + 1, .bytes = GIB, .type = 1 };
	h.memmap_entries = 2;
	refused(&h, "image");
	/* Two entries that touch, the upper first, are RAM throughout. */
	memmap[0] = (struct hvm_memmap_entry){ .start_gpa = 9 * MIB, .bytes = GIB, .type = 1 };
	memmap[1] = (struct hvm_memmap_entry){ .start_gpa = 0, .bytes = 9 * MIB, .type = 1 };
	assert_int_equal(read_tree(&h), 0);
}
