/*
 * What a workload is planned with: its working sets, its strides, and a refusal in words that cure where the machine
 * lacks something. A plan that the guest then refuses, or a hint that does not help, is found here before any run; so
 * is a workload that comes later and asks for what no machine has.
 */
#include "test.h"
#include "layout.h"
#include "units.h"
#include "vmm/core/plan/config.h"
#include "vmm/lab/measure/plan.h"

static struct config config;

static struct run_spec asking(uint64_t memory_bytes, uint32_t vcpus, uint64_t guest_page_bytes)
{
	return (struct run_spec){
		.machine.memory_bytes = memory_bytes,
		.machine.vcpus = vcpus,
		.machine.guest_page_bytes = guest_page_bytes,
		.workloads_given = true,
		.repeat = 10,
		.work.seed = 1,
	};
}

static void planned(const struct run_spec *r, uint64_t page_bytes)
{
	struct error e = { 0 };

	if (plan_make(r, page_bytes, &config, &e) != 0)
		fail_msg("%s: %s", e.where, e.what);
}

static void planned_native(const struct run_spec *r, uint64_t page_bytes)
{
	struct run_spec native = *r;

	native.native = true;
	planned(&native, page_bytes);
}

/* A workload that there is not, with needs alone. */
static void refused(uint32_t needs, const struct run_spec *r, const char *naming, const char *hint)
{
	const struct workload_info workload = { .name = "odd", .needs = needs };
	struct error e = { 0 };

	assert_true(needs_check(&workload, r, &config, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.where, "--workload odd");
	if (strstr(e.what, naming) == NULL || strstr(e.hint, hint) == NULL)
		fail_msg("'%s', try '%s': not '%s', '%s'", e.what, e.hint, naming, hint);
}

static void accepted(uint32_t needs, const struct run_spec *r)
{
	const struct workload_info workload = { .name = "odd", .needs = needs };
	struct error e = { 0 };

	if (needs_check(&workload, r, &config, &e) != 0)
		fail_msg("%s", e.what);
}

TEST(needs)
{
	struct run_spec r = asking(GIB, 1, PAGE_4K);
	const uint32_t all = NEEDS_GUEST | NEEDS_APIC | NEEDS_PEERS | NEEDS_TWO_LEAVES | WORKS_ALIASED;

	planned_native(&r, PAGE_4K);
	refused(NEEDS_GUEST, &r, "needs a guest", "minivmm run --workload odd");
	accepted(all & ~(NEEDS_GUEST | NEEDS_PEERS), &r);
	planned(&r, PAGE_4K);
	refused(NEEDS_PEERS, &r, "other vCPUs", "--smp 2");
	r.machine.apic = CHOICE_OFF;
	refused(NEEDS_APIC, &r, "APIC inside KVM", "--kernel-irqchip on");
	r.machine.apic = CHOICE_ON;
	accepted(NEEDS_APIC, &r);
	r = asking(4 * GIB, 2, PAGE_1G);
	planned(&r, PAGE_4K);
	refused(NEEDS_TWO_LEAVES, &r, "two pages of 1G", "--guest-page 2M, or --memory 7G");
	r = asking(7 * GIB, 2, PAGE_1G);
	planned(&r, PAGE_4K);
	accepted(all, &r);
	r = asking(GIB, 1, PAGE_1G);
	planned_native(&r, PAGE_1G);
	refused(NEEDS_TWO_LEAVES, &r, "two pages of 1G", "--memory 2G");
	r = asking(4 * GIB, 2, PAGE_4K);
	r.machine.alias_bytes = GIB;
	planned(&r, PAGE_4K);
	accepted(all, &r);
	refused(0, &r, "distinct memory", "touch,");
}

/* Every kind of default, for slices of every size: sound, ascending, and never below what a workload needs. */
TEST(own_sets)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };

	LOOP (uint64_t, memory, 64 * MIB, memory <= 64 * GIB, memory *= 4) {
		LOOP (size_t, i, 0, i < 3 * SET_COUNT * 2, i++) {
			const enum default_set kind = (enum default_set)(i % SET_COUNT);
			const struct workload_info workload = {
				.name = "odd",
				.default_set = kind,
				.needs = i / (3 * SET_COUNT) != 0 ? NEEDS_TWO_LEAVES : 0,
			};
			size_t most = set_kinds[kind].pages != NULL ? set_kinds[kind].page_count : 1;
			struct run_spec r = asking(memory, 2, leaves[i / SET_COUNT % 3]);
			uint64_t sets[SPEC_MAX_SETS], slice_bytes;
			struct error e = { 0 };
			int count;

			/* A kind without a line of its own would be one set without a word of help. */
			assert_non_null(set_kinds[kind].help);
			if (memory < 4 * leaves[i / SET_COUNT % 3])
				continue;
			planned(&r, PAGE_4K);
			slice_bytes = plan_slice_bytes(&config);
			if (needs_check(&workload, &r, &config, &e) != 0)
				continue;
			count = sets_choose(&r, &workload, &config, sets, &e);
			assert_in_range(count, 1, most);
			assert_true(memory < 2 * GIB || workload.needs != 0 || (size_t)count == most);
			LOOP (int, s, 0, s < count, s++) {
				assert_true(sets[s] % PAGE_4K == 0 && sets[s] <= slice_bytes);
				assert_true(s == 0 || sets[s] > sets[s - 1]);
				assert_true(kind == SET_NONE || workload.needs == 0 ||
					    sets[s] >= 2 * config.guest_page_bytes);
			}
			assert_true(kind != SET_NONE || sets[0] == PAGE_4K);
			assert_true(kind != SET_ARENA || sets[0] == slice_bytes);
		}
	}
}

/* A step for each number of chains, of those workloads that have any; the least set has a page for each chain. */
TEST(chains)
{
	static const uint32_t planned_chains[] = { 0, 4, 12, 4, 12, 0 };
	struct run_spec r = asking(GIB, 1, PAGE_4K);
	struct error e = { 0 }, none = { 0 };

	r.work.workload_count = 4;
	r.work.workloads[0] = WORKLOAD_seq;
	r.work.workloads[1] = WORKLOAD_packed;
	r.work.workloads[2] = WORKLOAD_chase;
	r.work.workloads[3] = WORKLOAD_gups;
	r.work.set_count = 1;
	r.work.sets_bytes[0] = 12 * PAGE_4K;
	r.work.chain_count = 2;
	r.work.chains[0] = 4;
	r.work.chains[1] = 12;
	planned(&r, PAGE_4K);
	LOOP (uint32_t, i, 0, i < config.step_count, i++) {
		assert_in_range(config_result(&config, i), 0, COUNT_OF(planned_chains) - 1);
		assert_int_equal(config.steps[i].chains, planned_chains[config_result(&config, i)]);
		/* Turns are taken by those of as many chains. */
		if (i % 2 == 1 && i + 1 < config.step_count)
			assert_int_equal(config.steps[i].chains, config.steps[i + 1].chains);
	}
	r.work.sets_bytes[0] -= PAGE_4K;
	assert_true(plan_make(&r, PAGE_4K, &config, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_non_null(strstr(e.hint, "--working-set 48K"));
	r.work.workload_count = 1;
	assert_true(plan_make(&r, PAGE_4K, &config, &none) < 0);
	assert_non_null(strstr(none.hint, "packed,chase"));
	r.work.chain_count = 0;
	r.work.workloads[0] = WORKLOAD_chase;
	planned(&r, PAGE_4K);
	assert_int_equal(config.steps[0].chains, 1);
}

/* Of the step of one chain; refused where there is none, or more loads than its counters hold. */
TEST(histograms)
{
	struct run_spec r = asking(GIB, 1, PAGE_4K);
	struct error e = { 0 }, many = { 0 }, none = { 0 };

	r.work.workload_count = 1;
	r.work.workloads[0] = WORKLOAD_chase;
	r.work.set_count = 1;
	r.work.sets_bytes[0] = MIB;
	r.work.histogram = true;
	planned(&r, PAGE_4K);
	assert_int_equal(config.step_count, 1);
	assert_int_equal(config.steps[0].histogram, 1);
	r.work.chain_count = 2;
	r.work.chains[0] = 4;
	r.work.chains[1] = 1;
	planned(&r, PAGE_4K);
	assert_true(config.steps[0].histogram == 0 && config.steps[1].histogram == 1);
	r.work.chain_count = 1;
	assert_true(plan_make(&r, PAGE_4K, &config, &e) < 0);
	assert_non_null(strstr(e.hint, "--chains 1"));
	r.work.chain_count = 0;
	r.repeat = 2;
	r.work.accesses = UINT64_C(1) << 31;
	assert_true(plan_make(&r, PAGE_4K, &config, &many) < 0);
	assert_non_null(strstr(many.hint, "--accesses"));
	r.work.accesses = 0;
	r.work.workloads[0] = WORKLOAD_gups;
	assert_true(plan_make(&r, PAGE_4K, &config, &none) < 0);
	assert_string_equal(none.where, "--histogram");
}

TEST(named_sets)
{
	const struct workload_info pair = { .name = "odd",
					    .default_set = SET_HOT,
					    .needs = NEEDS_TWO_LEAVES };
	const struct workload_info none = { .name = "odd", .default_set = SET_NONE };
	struct run_spec r = asking(GIB, 1, PAGE_2M);
	struct error e = { 0 }, small = { 0 };
	uint64_t sets[SPEC_MAX_SETS];

	planned(&r, PAGE_4K);
	r.work.set_count = 2;
	r.work.sets_bytes[0] = 4 * MIB;
	r.work.sets_bytes[1] = 64 * MIB + 1;
	assert_int_equal(sets_choose(&r, &pair, &config, sets, &e), 2);
	assert_true(sets[0] == 4 * MIB && sets[1] == 64 * MIB + PAGE_4K);
	assert_int_equal(sets_choose(&r, &none, &config, sets, &e), 1);
	assert_true(sets[0] == PAGE_4K);
	r.work.sets_bytes[1] = 4 * MIB - 1;
	assert_true(sets_choose(&r, &pair, &config, sets, &small) < 0);
	assert_int_equal(small.status, STATUS_USAGE);
	assert_non_null(strstr(small.what, "two pages of 2M"));
	assert_non_null(strstr(small.hint, "--working-set 4M"));
	assert_non_null(strstr(small.hint, "--guest-page"));
}

static uint32_t strides_on(enum default_set set, uint64_t guest_page_bytes, uint64_t *strides)
{
	struct run_spec r = asking(8 * GIB, 1, guest_page_bytes);

	planned(&r, PAGE_4K);
	return strides_of(set, &config, strides);
}

TEST(strides_of_levels)
{
	uint64_t strides[STRIDES_MAX];

	assert_int_equal(strides_on(SET_LEVELS, PAGE_4K, strides), 5);
	assert_true(strides[0] == 64 && strides[1] == PAGE_4K && strides[2] == PAGE_2M);
	assert_true(strides[3] == PAGE_1G && strides[4] == 512 * GIB);
	assert_string_equal(config.note, "");
	assert_int_equal(strides_on(SET_LEVELS, PAGE_2M, strides), 4);
	assert_true(strides[0] == 64 && strides[1] == PAGE_2M && strides[3] == 512 * GIB);
	assert_non_null(strstr(config.note, "strides below the page of 2M left out"));
	assert_int_equal(strides_on(SET_LEVELS, PAGE_1G, strides), 3);
	assert_true(strides[0] == 64 && strides[1] == PAGE_1G && strides[2] == 512 * GIB);
	/* 192 slots of 512 GiB are the window. */
	assert_true(strides_fit(SET_LEVELS, 192 * PAGE_4K, 512 * GIB, &config));
	assert_null(strstr(config.note, "exceed"));
	assert_false(strides_fit(SET_LEVELS, 193 * PAGE_4K, 512 * GIB, &config));
	assert_non_null(strstr(config.note, "exceed 96T, the address space"));
	assert_true(strides_fit(SET_LEVELS, 65536 * PAGE_4K, PAGE_1G, &config));
	assert_false(strides_fit(SET_LEVELS, UINT64_MAX, 512 * GIB, &config));
}

TEST(strides_of_probes)
{
	uint64_t strides[STRIDES_MAX];

	assert_int_equal(strides_on(SET_PROBE, PAGE_4K, strides), 10);
	assert_true(strides[0] == CACHE_LINE_BYTES);
	LOOP (uint32_t, i, 0, i < 9, i++)
		assert_true(strides[1 + i] == PAGE_4K << i);
	assert_int_equal(strides_on(SET_PROBE, PAGE_2M, strides), 11);
	assert_true(strides[1] == PAGE_4K && strides[2] == PAGE_2M && strides[10] == 512 * MIB);
	assert_true(strides_fit(SET_PROBE, 4096 * PAGE_4K, CACHE_LINE_BYTES, &config));
	assert_true(strides_fit(SET_PROBE, 512 * PAGE_4K, PAGE_4K, &config));
	assert_false(strides_fit(SET_PROBE, 513 * PAGE_4K, PAGE_4K, &config));
	assert_int_equal(strides_on(SET_PROBE, PAGE_1G, strides), 12);
	assert_true(strides[1] == PAGE_4K && strides[2] == PAGE_2M && strides[3] == PAGE_1G);
	assert_true(strides[11] == 256 * GIB);
	assert_true(strides_fit(SET_PROBE, 512 * PAGE_4K, PAGE_2M, &config));
	assert_false(strides_fit(SET_PROBE, 513 * PAGE_4K, PAGE_2M, &config));
	assert_true(strides_fit(SET_PROBE, 384 * PAGE_4K, 256 * GIB, &config));
	assert_false(strides_fit(SET_PROBE, 385 * PAGE_4K, 256 * GIB, &config));
	assert_int_equal(strides_on(SET_SERIES, PAGE_1G, strides), 1);
	assert_true(strides[0] == 0 && strides_fit(SET_SERIES, UINT64_MAX, 0, &config));
}

TEST(native_strides_stay_in_the_slice)
{
	struct run_spec r = asking(2 * GIB, 2, PAGE_4K);
	uint64_t strides[STRIDES_MAX];

	planned_native(&r, PAGE_2M);
	assert_int_equal(strides_of(SET_PROBE, &config, strides), 11);
	assert_true(strides_fit(SET_PROBE, 512 * PAGE_4K, PAGE_2M, &config));
	assert_false(strides_fit(SET_PROBE, 513 * PAGE_4K, PAGE_2M, &config));
	assert_non_null(strstr(config.note, "exceed 1G, all that each thread has"));
}

/* Whatever the table holds now or later: each workload alone is refused in words, or its steps are sound. */
static void check_workload(enum workload_id id, const struct run_spec *asked, uint64_t page_bytes,
			   bool native)
{
	const struct workload_info *w = &workload_table[id];
	struct run_spec r = *asked;
	struct error e = { 0 };
	int ret;

	r.work.workload_count = 1;
	r.work.workloads[0] = id;
	r.native = native;
	ret = plan_make(&r, page_bytes, &config, &e);
	if (ret != 0) {
		assert_int_equal(e.status, STATUS_USAGE);
		assert_true(e.hint[0] != '\0');
		return;
	}
	assert_true((w->needs & NEEDS_GUEST) == 0 || !native);
	assert_true((w->needs & NEEDS_PEERS) == 0 || r.machine.vcpus > 1);
	assert_true(native || config.apic == ((w->needs & NEEDS_APIC) != 0));
	assert_in_range(config.step_count, 1, PLAN_MAX_STEPS);
	LOOP (uint32_t, i, 0, i < config.step_count, i++) {
		const struct plan_step *step = &config.steps[i];
		uint64_t limit = native ? plan_slice_bytes(&config) : WINDOW_BYTES;
		bool strides = set_kinds[w->default_set].strides != NULL;

		assert_true(step->workload == id && step->working_set_bytes % PAGE_4K == 0);
		assert_in_range(step->working_set_bytes, PAGE_4K, plan_slice_bytes(&config));
		assert_int_equal(step->stride_bytes != 0, strides);
		assert_true(step->stride_bytes <= limit / (step->working_set_bytes / PAGE_4K));
	}
}

TEST(every_workload)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };

	LOOP (int, id, 0, id < WORKLOAD_COUNT, id++) {
		LOOP (size_t, i, 0, i < 27, i++) {
			struct run_spec r = asking(4 * GIB << i / 9, 1 + i % 2, leaves[i % 3]);

			check_workload((enum workload_id)id, &r, leaves[i / 3 % 3], false);
			check_workload((enum workload_id)id, &r, leaves[i / 3 % 3], true);
			r.machine.alias_bytes = 2 * GIB;
			check_workload((enum workload_id)id, &r, leaves[i / 3 % 3], false);
		}
	}
}

/* More pages than there are addresses for at any stride: the control alone would be left. */
TEST(a_control_alone_is_refused)
{
	struct run_spec r = asking(8 * GIB, 1, PAGE_1G);
	struct error e = { 0 };

	r.work.workload_count = 1;
	r.work.workloads[0] = WORKLOAD_tlb_probe;
	r.work.set_count = 2;
	r.work.sets_bytes[0] = GIB;
	r.work.sets_bytes[1] = 2 * GIB;
	assert_true(plan_make(&r, PAGE_4K, &config, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.hint, "a smaller --working-set");
	r.work.sets_bytes[0] = 96 * 1024 * PAGE_4K;
	planned(&r, PAGE_4K);
	/* 96 Ki pages at 1 GiB, and both controls. */
	assert_int_equal(config.step_count, 3);
}

/* The user did not type the default list: workloads that repeated memory would make wrong are left out, and a note says so. */
TEST(default_list_bears_aliases)
{
	struct run_spec r = asking(4 * GIB, 1, PAGE_4K);
	struct error e = { 0 };

	r.machine.alias_bytes = GIB;
	r.work.workload_count = 3;
	r.work.workloads[0] = WORKLOAD_touch;
	r.work.workloads[1] = WORKLOAD_packed;
	r.work.workloads[2] = WORKLOAD_chase;
	r.workloads_given = false;
	planned(&r, PAGE_4K);
	assert_int_equal(config.step_count, 1);
	assert_int_equal(config.steps[0].workload, WORKLOAD_touch);
	assert_non_null(strstr(config.note, "packed, chase left out of the default"));
	r.workloads_given = true;
	assert_true(plan_make(&r, PAGE_4K, &config, &e) < 0);
	assert_string_equal(e.where, "--workload packed");
}
