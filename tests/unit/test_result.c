/*
 * Property: a result that a guest could not have measured is not believed: each field is checked against the plan and
 * against the time that really passed. It could break because a guest can write anything into its block.
 */

#include "test.h"
#include "units.h"
#include "vmm/lab/measure/phases.h"

#define ELAPSED_CYCLES UINT64_C(1000000)

static struct config config;
static struct vcpu_block block;
static char why[160];

static int setup(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.vcpus = 2;
	config.step_count = 2;
	config.steps[0] =
		(struct plan_step){ .workload = WORKLOAD_touch, .working_set_bytes = 64 * MIB, .repeat = 5 };
	config.steps[1] =
		(struct plan_step){ .workload = WORKLOAD_chase, .working_set_bytes = 256 * KIB, .repeat = 3 };
	memset(&block, 0, sizeof(block));
	block.magic = VCPU_BLOCK_MAGIC;
	block.abi_version = MINIVMM_ABI_VERSION;
	block.vcpu = 1;
	block.result = (struct guest_result){
		.step = 1,
		.workload = WORKLOAD_chase,
		.variant = VARIANT_ONLY,
		.samples = 3,
		.working_set_bytes = 256 * KIB,
		.pages = 64,
		.accesses = 100000,
		.samples_cycles = { 300000, 300000, 300000 },
	};
	return 0;
}

static int check(void)
{
	return result_check(&block, 1, &config, ELAPSED_CYCLES, why, sizeof(why));
}

TEST_WITH(a_true_result_is_believed, setup, NULL)
{
	assert_int_equal(check(), 0);
}

static void refused_with(const char *text)
{
	assert_true(check() < 0);
	assert_non_null(strstr(why, text));
	(void)setup(NULL);
	assert_int_equal(check(), 0);
}

TEST_WITH(headers_are_checked, setup, NULL)
{
	block.magic ^= 1;
	refused_with("magic");
	block.abi_version++;
	refused_with("ABI version");
	block.vcpu = 0;
	refused_with("vCPU 0");
}

TEST_WITH(results_outside_the_plan_are_refused, setup, NULL)
{
	block.result.step = 2;
	refused_with("step 2");
	block.result.step = UINT32_MAX;
	refused_with("step");
	block.result.workload = WORKLOAD_COUNT;
	refused_with("workload");
	block.result.workload = WORKLOAD_packed;
	refused_with("not step 1");
	block.result.variant = VARIANT_READ;
	refused_with("variant");
	block.result.variant = UINT32_MAX;
	refused_with("variant");
	block.result.working_set_bytes *= 2;
	refused_with("working set");
	block.result.pages = 0;
	refused_with("pages");
	block.result.pages = UINT64_MAX;
	refused_with("pages");
	block.result.accesses = 0;
	refused_with("accesses");
	block.result.accesses = UINT64_MAX;
	refused_with("accesses");
	block.result.warm_accesses = UINT64_MAX;
	refused_with("warm up");
	block.result.stride_bytes = 4096;
	refused_with("stride 4096 bytes, 0 planned");
}

TEST_WITH(a_planned_stride_has_to_come_back, setup, NULL)
{
	config.steps[1].stride_bytes = PAGE_2M;
	assert_true(check() < 0);
	assert_non_null(strstr(why, "stride 0 bytes, 2097152 planned"));
	block.result.stride_bytes = PAGE_2M;
	assert_int_equal(check(), 0);
}

TEST_WITH(planned_chains_have_to_come_back, setup, NULL)
{
	config.steps[1].chains = 4;
	assert_true(check() < 0);
	assert_non_null(strstr(why, "0 chains, 4 planned"));
	block.result.chains = UINT64_C(1) << 32 | 4;
	assert_true(check() < 0);
	block.result.chains = 4;
	assert_int_equal(check(), 0);
}

/* All loads are in the buckets, no more and no fewer; a histogram that is none is not looked at. */
TEST_WITH(a_histogram_has_all_loads, setup, NULL)
{
	uint32_t *loads = block.result.histogram.loads;

	loads[0] = 7;
	assert_int_equal(check(), 0);
	block.result.variant = VARIANT_SINGLE;
	assert_true(check() < 0);
	assert_non_null(strstr(why, "not planned"));
	config.steps[1].histogram = 1;
	assert_true(check() < 0);
	assert_non_null(strstr(why, "7 loads in a histogram of 300000"));
	loads[HISTOGRAM_BUCKETS - 1] = 299993;
	assert_int_equal(check(), 0);
	loads[5] = 1;
	assert_true(check() < 0);
	/* A sum that is right modulo 2^32 alone. */
	loads[5] = UINT32_MAX;
	loads[6] = 1;
	assert_true(check() < 0);
	memset(loads, 0xff, sizeof(block.result.histogram.loads));
	assert_true(check() < 0);
}

/* A part without a figure says why, by a reason that a guest may have, and then has no samples. */
TEST_WITH(a_missing_figure_has_a_reason_and_no_samples, setup, NULL)
{
	block.result.unavailable = UNAVAILABLE_X2APIC;
	refused_with("3 samples of a part that is unavailable");
	block.result.unavailable = UNAVAILABLE_KERNEL_PORT;
	block.result.samples = 0;
	assert_int_equal(check(), 0);
	/* For the VMM to say alone, and beyond. */
	block.result.unavailable = UNAVAILABLE_RING0;
	assert_true(check() < 0);
	assert_non_null(strstr(why, "as a reason to be unavailable"));
	block.result.unavailable = UINT64_MAX;
	assert_true(check() < 0);
	block.result.unavailable = (UINT64_C(1) << 32) | UNAVAILABLE_X2APIC;
	assert_true(check() < 0);
	/* The rest of the row is checked all the same. */
	block.result.unavailable = UNAVAILABLE_X2APIC;
	block.result.pages = 0;
	assert_true(check() < 0);
}

TEST_WITH(samples_have_to_fit_the_time_that_passed, setup, NULL)
{
	block.result.samples = 0;
	refused_with("0 samples");
	block.result.samples = 4;
	refused_with("4 samples");
	block.result.samples = UINT32_MAX;
	refused_with("samples");
	block.result.samples_cycles[1] = 0;
	refused_with("sample 1");
	block.result.samples_cycles[2] = 400001;
	refused_with("sample 2");
	block.result.samples_cycles[2] = UINT64_MAX;
	refused_with("sample 2");
}

/* Loads that wait for one another take 4 core cycles at least, which are more than a quarter of a TSC cycle on any CPU. */
TEST_WITH(no_cpu_is_that_fast, setup, NULL)
{
	block.result.samples_cycles[1] = 25000;
	assert_int_equal(check(), 0);
	block.result.samples_cycles[1] = 24999;
	refused_with("100000 accesses in 24999 cycles");
	config.steps[1].chains = 12;
	block.result.chains = 12;
	block.result.samples_cycles[1] = 2084;
	assert_int_equal(check(), 0);
	block.result.samples_cycles[1] = 2082;
	assert_true(check() < 0);
	(void)setup(NULL);
	config.steps[1].workload = WORKLOAD_gups;
	block.result.workload = WORKLOAD_gups;
	block.result.samples_cycles[1] = 1562;
	assert_int_equal(check(), 0);
	block.result.samples_cycles[1] = 1561;
	assert_true(check() < 0);
	(void)setup(NULL);
	config.steps[1].workload = WORKLOAD_seq;
	block.result.workload = WORKLOAD_seq;
	block.result.variant = VARIANT_READ;
	block.result.samples_cycles[1] = 24;
	assert_int_equal(check(), 0);
	block.result.samples_cycles[1] = 23;
	assert_true(check() < 0);
	/* Of single loads the clock's own cost is taken off each, which may leave next to nothing. */
	(void)setup(NULL);
	config.steps[1].histogram = 1;
	block.result.histogram.loads[0] = 300000;
	block.result.variant = VARIANT_SINGLE;
	block.result.samples_cycles[1] = 104;
	assert_int_equal(check(), 0);
}

TEST_WITH(a_first_pass_has_one_sample, setup, NULL)
{
	block.result.step = 0;
	block.result.workload = WORKLOAD_touch;
	block.result.variant = VARIANT_FIRST;
	block.result.working_set_bytes = 64 * MIB;
	block.result.samples = 1;
	assert_int_equal(check(), 0);
	block.result.samples = 2;
	assert_true(check() < 0);
}

TEST_WITH(the_plan_tells_how_many_results_are_due, setup, NULL)
{
	/* touch has two parts, chase one, and one more where single loads are asked for. */
	assert_int_equal(phases_expected_results(&config), 3);
	config.steps[1].histogram = 1;
	assert_int_equal(phases_expected_results(&config), 4);
}
