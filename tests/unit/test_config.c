/*
 * The plan that is measured is the plan that was asked: defaults, order, rounding and limits of the steps. A
 * silently clipped working set would give a true figure under a false label.
 */
#include "test.h"
#include "units.h"
#include "vmm/core/plan/config.h"
#include "vmm/lab/measure/plan.h"

static struct run_spec usual(void)
{
	return (struct run_spec){
		.machine.memory_bytes = GIB,
		.machine.vcpus = 1,
		.machine.guest_page_bytes = PAGE_4K,
		.work.workload_count = 3,
		.work.workloads = { WORKLOAD_touch, WORKLOAD_packed, WORKLOAD_chase },
		.repeat = 10,
		.work.seed = 1,
		.work.accesses = 77,
		.machine.timeout_s = 600,
	};
}

static uint64_t slice_of(const struct config *c)
{
	return driver_slice_bytes(c->map.arena_bytes, max_u64(c->guest_page_bytes, c->map.alias_bytes),
				  c->vcpus);
}

TEST(usual_plan)
{
	static const uint64_t pages[] = { 64, 128, 1024, 4096, 65536 };
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;
	uint32_t at = 1;

	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	assert_true(c.ram_bytes == GIB && c.page_bytes == PAGE_4K && c.vcpus == 1 && c.seed == 1);
	assert_string_equal(c.note, "");
	assert_int_equal(c.steps[0].workload, WORKLOAD_touch);
	assert_true(c.steps[0].working_set_bytes == slice_of(&c) && c.steps[0].repeat == 10);
	/* One after the other in each round; results are numbered as if all packed ones came first. */
	LOOP (uint32_t, i, 0, i < 5, i++) {
		const uint32_t rounds = pages[i] > 16384 ? 6 : 8;
		uint32_t samples = 0;

		LOOP (uint32_t, round, 0, round < rounds, round++) {
			for (int w = 0; w < 2; w++, at++) {
				assert_int_equal(c.steps[at].workload,
						 w == 0 ? WORKLOAD_packed : WORKLOAD_chase);
				assert_true(c.steps[at].working_set_bytes == pages[i] * PAGE_4K);
				assert_int_equal(c.steps[at].accesses, 77);
				assert_int_equal(config_result(&c, at), 1 + i + (w == 0 ? 0 : 5));
			}
			samples += c.steps[at - 1].repeat;
		}
		assert_int_equal(samples, 10);
	}
	assert_int_equal(c.step_count, at);
}

TEST(samples_by_workload)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.repeat = 0;
	r.work.set_count = 1;
	r.work.sets_bytes[0] = 4 * MIB;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	assert_true(c.steps[0].repeat == 10 && c.steps[1].repeat == 4 && c.steps[16].repeat == 4);
	assert_int_equal(c.step_count, 17);
	/* No more rounds than samples; none where there is nobody to take turns with. */
	r.repeat = 3;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	assert_int_equal(c.step_count, 7);
	r.work.workloads[1] = WORKLOAD_gups;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	assert_true(c.step_count == 3 && !c.has_rounds && config_result(&c, 2) == 2);
}

/* Many sets leave no room for all the rounds. */
TEST(rounds_fit_the_plan)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.work.set_count = SPEC_MAX_SETS;
	for (uint32_t i = 0; i < SPEC_MAX_SETS; i++)
		r.work.sets_bytes[i] = (i + 1) * PAGE_4K;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	assert_in_range(c.step_count, 3 * SPEC_MAX_SETS, PLAN_MAX_STEPS);
}

TEST(small_memory_leaves_out)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.machine.memory_bytes = 64 * MIB + 1;
	r.work.workload_count = 2;
	r.work.workloads[0] = WORKLOAD_gups;
	r.work.workloads[1] = WORKLOAD_chase;
	assert_int_equal(plan_make(&r, PAGE_2M, &c, &e), 0);
	assert_true(c.ram_bytes == 66 * MIB);
	assert_int_equal(c.step_count, 5);
	assert_true(c.steps[0].working_set_bytes == slice_of(&c));
	assert_true(c.steps[4].working_set_bytes == 4096 * PAGE_4K);
	assert_non_null(strstr(c.note, "rounded up to 66M"));
	assert_non_null(strstr(c.note, "65536 pages do not fit"));
}

TEST(named_sets)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.work.set_count = 2;
	r.work.sets_bytes[0] = 5000;
	r.work.sets_bytes[1] = 4 * MIB;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	LOOP (uint32_t, i, 0, i < c.step_count, i++)
		assert_true(c.steps[i].working_set_bytes ==
			    (config_result(&c, i) % 2 == 0 ? 2 * PAGE_4K : 4 * MIB));
	assert_non_null(strstr(c.note, "working set of 5000 rounded up to 8K"));
}

/* The hint has to be true: the memory it names works, a step less does not. */
TEST(too_large_set_names_the_cure)
{
	static const uint64_t sets[] = { GIB, 2 * GIB, 5 * GIB / 2, 9 * GIB };

	EACH (i, sets) {
		struct run_spec r = usual();
		struct error e = { 0 }, e_less = { 0 }, e_enough = { 0 };
		struct config c;
		uint64_t gib;

		r.work.set_count = 1;
		r.work.sets_bytes[0] = sets[i];
		r.machine.vcpus = 2;
		assert_true(plan_make(&r, PAGE_2M, &c, &e) < 0);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_string_equal(e.where, "--working-set");
		assert_memory_equal(e.hint, "--memory ", 9);
		gib = strtoull(e.hint + 9, NULL, 10);
		r.machine.memory_bytes = strchr(e.hint, 'M') != NULL ? gib * MIB : gib * GIB;
		assert_int_equal(plan_make(&r, PAGE_2M, &c, &e_enough), 0);
		r.machine.memory_bytes -= 256 * MIB;
		assert_true(plan_make(&r, PAGE_2M, &c, &e_less) < 0);
	}
}

TEST(refused)
{
	struct run_spec r = usual();
	struct error small_set = { 0 }, huge_set = { 0 }, memory = { 0 }, none = { 0 }, many = { 0 };
	struct config c;

	r.work.set_count = 1;
	r.work.sets_bytes[0] = PAGE_4K - 1;
	assert_true(plan_make(&r, PAGE_4K, &c, &small_set) < 0);
	assert_int_equal(small_set.status, STATUS_USAGE);
	r.work.sets_bytes[0] = UINT64_MAX;
	assert_true(plan_make(&r, PAGE_4K, &c, &huge_set) < 0);
	assert_int_equal(huge_set.status, STATUS_USAGE);
	r.work.set_count = 0;
	r.machine.memory_bytes = UINT64_MAX;
	assert_true(plan_make(&r, PAGE_1G, &c, &memory) < 0);
	assert_int_equal(memory.status, STATUS_USAGE);
	r = usual();
	r.machine.vcpus = 0;
	assert_true(plan_make(&r, PAGE_4K, &c, &none) < 0);
	assert_int_equal(none.status, STATUS_USAGE);
	r.machine.vcpus = GUEST_MAX_VCPUS + 1;
	assert_true(plan_make(&r, PAGE_4K, &c, &many) < 0);
	assert_int_equal(many.status, STATUS_USAGE);
}

TEST(aliased_plan)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.machine.memory_bytes = TIB;
	r.machine.alias_bytes = 3 * GIB + 512 * MIB;
	assert_true(plan_make(&r, PAGE_2M, &c, &e) < 0);
	/* 293 repetitions, nearer than 292. */
	assert_string_equal(e.hint, "--memory 1050112M");
	r.machine.memory_bytes = 1022 * GIB;
	r.machine.vcpus = 3;
	r.machine.guest_page_bytes = PAGE_2M;
	r.work.workload_count = 1;
	assert_int_equal(plan_make(&r, PAGE_2M, &c, &(struct error){ 0 }), 0);
	assert_true(c.ram_bytes == 1022 * GIB && c.map.alias_bytes == r.machine.alias_bytes);
	/* 292 repetitions, 97 for each vCPU, so that all slices begin at the same place of what repeats. */
	assert_true(plan_slice_bytes(&c) == 97 * r.machine.alias_bytes &&
		    plan_slice_bytes(&c) == slice_of(&c));
	assert_true(c.step_count == 1 && c.steps[0].working_set_bytes == 97 * r.machine.alias_bytes);
	assert_non_null(strstr(c.note, "12M more hold the guest's image and page tables"));
	r.machine.memory_bytes = 4 * GIB;
	r.machine.alias_bytes = 2 * GIB;
	assert_true(plan_make(&r, PAGE_1G, &c, &(struct error){ 0 }) < 0);
	r.machine.vcpus = 2;
	assert_int_equal(plan_make(&r, PAGE_1G, &c, &(struct error){ 0 }), 0);
	assert_non_null(
		strstr(c.note, "1G more hold the guest's image and page tables, in whole pages of 1G"));
}

/* What is too large for repeated memory, too, is cured by what the hint names, and not by one repetition less. */
TEST(aliased_hints_are_true)
{
	struct run_spec r = usual();
	struct error few = { 0 }, large = { 0 }, less = { 0 };
	struct config c;

	r.machine.memory_bytes = 4 * GIB;
	r.machine.alias_bytes = GIB;
	r.work.workload_count = 1;
	r.machine.vcpus = 5;
	assert_true(plan_make(&r, PAGE_4K, &c, &few) < 0);
	assert_int_equal(few.status, STATUS_USAGE);
	assert_non_null(strstr(few.what, "4 repetitions of 1G"));
	assert_string_equal(few.hint, "--memory 5G");
	r.machine.vcpus = 2;
	r.work.set_count = 1;
	r.work.sets_bytes[0] = 2 * GIB + 1;
	assert_true(plan_make(&r, PAGE_4K, &c, &large) < 0);
	assert_string_equal(large.where, "--working-set");
	assert_string_equal(large.hint, "--memory 6G");
	r.machine.memory_bytes = 6 * GIB;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &(struct error){ 0 }), 0);
	r.machine.memory_bytes = 5 * GIB;
	assert_true(plan_make(&r, PAGE_4K, &c, &less) < 0);
}

TEST(the_apic_comes_when_needed)
{
	static const struct {
		enum choice asked;
		enum workload_id workload;
		int apic; /* -1: refused */
	} cases[] = {
		{ CHOICE_DEFAULT, WORKLOAD_touch, 0 }, { CHOICE_DEFAULT, WORKLOAD_tpr, 1 },
		{ CHOICE_ON, WORKLOAD_touch, 1 },      { CHOICE_ON, WORKLOAD_tpr, 1 },
		{ CHOICE_OFF, WORKLOAD_touch, 0 },     { CHOICE_OFF, WORKLOAD_tpr, -1 },
	};

	EACH (i, cases) {
		struct run_spec r = usual();
		struct error e = { 0 };
		struct config c;
		int ret;

		r.work.workloads[2] = cases[i].workload;
		r.machine.apic = cases[i].asked;
		r.machine.guest_ad = i % 2 != 0;
		ret = plan_make(&r, PAGE_4K, &c, &e);
		assert_int_equal(ret == 0 ? c.apic : -1, cases[i].apic);
		assert_true(c.guest_ad == r.machine.guest_ad && !c.kernel_port);
	}
}

TEST(native_has_no_guest)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.native = true;
	r.machine.memory_bytes = 8 * GIB;
	r.machine.vcpus = 2;
	assert_int_equal(plan_make(&r, PAGE_2M, &c, &e), 0);
	assert_int_equal(c.map.range_count, 1);
	assert_true(c.map.ranges[0].bytes == 8 * GIB && c.map.arena_bytes == 8 * GIB);
	assert_true(c.map.tables_bytes == 0 && c.guest_page_bytes == PAGE_2M);
	assert_true(c.steps[0].working_set_bytes == 4 * GIB);
}

TEST(many_vcpus_still_get_a_slice)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;

	r.machine.memory_bytes = 64 * MIB;
	r.machine.vcpus = GUEST_MAX_VCPUS;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	LOOP (uint32_t, i, 0, i < c.step_count, i++) {
		assert_true(c.steps[i].working_set_bytes % PAGE_4K == 0);
		assert_in_range(c.steps[i].working_set_bytes, PAGE_4K, c.map.arena_bytes / c.vcpus);
	}
}

/* The caller frees it. */
static char *dump(const struct run_spec *r, const struct config *c)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);

	assert_non_null(memory);
	assert_int_equal(plan_dump(r, c, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(text);
	return text;
}

TEST(dump_has_memory_map_and_steps)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;
	char *buf;

	r.machine.memory_bytes = 12 * GIB;
	assert_int_equal(plan_make(&r, PAGE_4K, &c, &e), 0);
	buf = dump(&r, &c);
	assert_non_null(strstr(buf, "\nmemory = 12G\n"));
	assert_non_null(strstr(buf, "\nram-gpa = 0x0..0xc0000000 (3G)\n"));
	assert_non_null(strstr(buf, "\nram-gpa = 0x100000000..0x340000000 (9G)\n"));
	assert_non_null(
		strstr(buf, "\nstep-0 = touch working-set 9G repeat 10 accesses 77\nstep-1 = packed "));
	free(buf);
}

TEST(dump_says_what_is_aliased)
{
	struct run_spec r = usual();
	struct error e = { 0 };
	struct config c;
	char *buf;

	r.machine.memory_bytes = 100 * GIB;
	r.machine.alias_bytes = GIB;
	r.machine.guest_ad = true;
	r.machine.apic = CHOICE_ON;
	assert_int_equal(plan_make(&r, PAGE_2M, &c, &e), 0);
	c.steps[0].stride_bytes = PAGE_2M;
	buf = dump(&r, &c);
	assert_non_null(strstr(buf, "\nguest-ad = on\nkernel-irqchip = on\n"));
	assert_non_null(strstr(buf, "\narena-gpa = 0x100000000..0x1a00000000 (100G)\narena-slice = 100G\n"));
	assert_non_null(strstr(buf, "\nalias-memory = 1G\nmemory-slots = 101\nhost-memory = 1234M\n"));
	assert_non_null(strstr(buf, "\nstep-0 = touch working-set 100G stride 2M repeat 10 "));
	free(buf);
}

TEST(tables_of_names)
{
	LOOP (int, id, 0, id < WORKLOAD_COUNT, id++)
		assert_int_equal(workload_find(workload_table[id].name), id);
	assert_int_equal(workload_find("nothing"), -1);
	assert_int_equal(workload_find(""), -1);
	LOOP (uint32_t, v, 0, v < VARIANT_COUNT, v++)
		assert_true(v == VARIANT_ONLY || workload_variant_name(v)[0] != '\0');
	assert_string_equal(workload_variant_name(VARIANT_COUNT), "");
	assert_string_equal(workload_variant_name(UINT32_MAX), "");
}

TEST_WRITES()
