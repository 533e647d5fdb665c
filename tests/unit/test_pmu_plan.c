/*
 * Property: a list of events becomes codes or a refusal that names event and CPU, before anything is opened; and what
 * the kernel answers to an event becomes a value with its reason, never an error. It could break because libpfm4
 * takes names in many spellings, because a model's names stand without their PMU, and because every refusal of
 * perf_event_open(2) is one errno among many.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "fake_pmu.h"
#include "vmm/lab/pmu/plan.h"
#include "vmm/util/text.h"

static struct pmu_plan plan;

static int fresh(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static void make(const char *list)
{
	struct error e = { .status = STATUS_OK };
	struct pmu_plan *made;

	if (pmu_plan_new(list, &made, &e) != 0)
		fail_msg("%s: %s", list, e.what);
	plan = *made;
	free(made);
	assert_int_equal(e.status, STATUS_OK);
	assert_int_equal(fake.opened, 0);
}

static void a_models_own_list(void **state)
{
	(void)state;
	make("default");
	assert_string_equal(plan.pmu, "skx");
	assert_string_equal(plan.model->title, "Intel Skylake or Cascade Lake");
	assert_int_equal(plan.event_count, PMU_ROLE_COUNT);
	LOOP (uint32_t, i, 0, i < plan.event_count, i++) {
		assert_int_equal(plan.events[i].role, i);
		assert_int_equal(plan.events[i].part_count, i == PMU_ROLE_dtlb_misses ? 2 : 1);
	}
	assert_string_equal(plan.events[PMU_ROLE_dtlb_misses].name,
			    "skx::DTLB_LOAD_MISSES:STLB_HIT+skx::DTLB_LOAD_MISSES:MISS_CAUSES_A_WALK");
	assert_int_equal(plan.events[PMU_ROLE_dtlb_misses].part[0].config, 0x2008);
	assert_int_equal(plan.events[PMU_ROLE_dtlb_misses].part[1].config, 0x108);
	assert_int_equal(plan.events[PMU_ROLE_ept_walk_cycles].part[0].config, 0x104f);
	assert_non_null(strstr(plan.events[PMU_ROLE_walk_cycles].note, "add ept_walk_cycles"));
}

static void what_a_model_lacks(void **state)
{
	(void)state;
	make("default");
	assert_int_equal(plan.event_count, PMU_ROLE_COUNT);
	assert_int_equal(plan.events[PMU_ROLE_ept_walk_cycles].part_count, 0);
	assert_string_equal(plan.events[PMU_ROLE_ept_walk_cycles].name, "");
	pmu_plan_probe(&plan, true);
	assert_false(plan.events[PMU_ROLE_ept_walk_cycles].available);
	assert_string_equal(plan.events[PMU_ROLE_ept_walk_cycles].reason, "this model has no such event");
	assert_true(plan.events[PMU_ROLE_walk_cycles].available);
}

/* The switch that makes this CPU another hides the kernel's own events, too. */
static void a_cpu_without_a_list(void **state)
{
	(void)state;
	make("default");
	assert_string_equal(plan.pmu, "core");
	assert_string_equal(plan.events[PMU_ROLE_cycles].name, "perf::PERF_COUNT_HW_CPU_CYCLES");
	pmu_plan_probe(&plan, true);
	assert_string_equal(plan.events[PMU_ROLE_walk_cycles].reason, "no event for it is known of this CPU");
	assert_non_null(strstr(plan.events[PMU_ROLE_cycles].reason, "does not know its name"));
	assert_false(plan.events[PMU_ROLE_cycles].available);
}

/* A name that libpfm4 does not know is a reason, and takes no other role with it. */
static void a_name_that_libpfm4_lacks(void **state)
{
	(void)state;
	make("walks_completed_1g,dtlb_misses");
	assert_int_equal(plan.events[0].part_count, 0);
	assert_non_null(strstr(plan.events[0].reason, "does not know its name"));
	assert_int_equal(plan.events[1].part_count, 2);
}

/* On this CPU, whatever it is. */
static void roles_and_names(void **state)
{
	(void)state;
	make("instructions,perf::PAGE-FAULTS,skx::DTLB_STORE_MISSES:WALK_COMPLETED:u,perf_raw::r0108");
	assert_int_equal(plan.event_count, 4);
	assert_int_equal(plan.events[0].role, PMU_ROLE_instructions);
	assert_int_equal(plan.events[1].role, PMU_ROLE_NONE);
	assert_string_equal(plan.events[1].name, "perf::PAGE-FAULTS");
	assert_int_equal(plan.events[1].part[0].type, PERF_TYPE_SOFTWARE);
	assert_int_equal(plan.events[1].part[0].config, PERF_COUNT_SW_PAGE_FAULTS);
	assert_int_equal(plan.events[2].part[0].config, 0xe49);
	assert_true(plan.events[2].part[0].exclude_kernel && !plan.events[2].part[0].exclude_user);
	assert_int_equal(plan.events[3].part[0].config, 0x108);
}

static void refused(const char *list, const char *says)
{
	struct error e = { .status = STATUS_OK };
	struct pmu_plan *made = &plan;

	assert_true(pmu_plan_new(list, &made, &e) < 0);
	assert_null(made);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.where, "--pmu");
	if (strstr(e.what, says) == NULL)
		fail_msg("'%s' is not in '%s'", says, e.what);
}

static void unknown_names(void **state)
{
	char lots[600] = "cycles", longest[PMU_NAME_BYTES + 8];

	(void)state;
	refused("NONSENSE", "no event 'NONSENSE' for this CPU (skx, Intel Skylake");
	refused("cycles,skx::DTLB_LOAD_MISSES:NONSENSE", "'skx::DTLB_LOAD_MISSES:NONSENSE'");
	refused("amd64_fam19h_zen4::CYCLES_NOT_IN_HALT", "for this CPU (skx");
	refused("cycles,", "with commas");
	refused(",cycles", "with commas");
	refused(" ", "no event ' '");
	for (int i = 0; i < PMU_MAX_EVENTS; i++)
		append(lots, sizeof(lots), ",cycles");
	refused(lots, "at most 16");
	refused("default,default", "at most 16");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	refused(longest, "with commas");
}

static const struct pmu_event *probe(const char *list, bool split)
{
	make(list);
	pmu_plan_probe(&plan, split);
	assert_int_equal(fake_open_count(), 0);
	return &plan.events[0];
}

static void answers_of_the_kernel(void **state)
{
	static const struct {
		int err;
		const char *says;
	} answers[] = {
		{ ENOENT, "shows no PMU" },
		{ ENODEV, "shows no PMU" },
		{ EOPNOTSUPP, "shows no PMU" },
		{ EACCES, "perf_event_paranoid is " },
		{ EPERM, "sysctl kernel.perf_event_paranoid=1" },
		{ EINVAL, "refuses this event" },
		{ EMFILE, "ulimit -n" },
		{ EBUSY, "Device or resource busy" },
	};

	(void)state;
	EACH (i, answers) {
		const struct pmu_event *event;

		fake_reset();
		make("dtlb_misses,instructions");
		fake.refuse_errno = answers[i].err;
		fake.refuse_config = 0x108;
		pmu_plan_probe(&plan, true);
		event = &plan.events[0];
		assert_false(event->available);
		if (strstr(event->reason, answers[i].says) == NULL)
			fail_msg("errno %d: '%s' is not in '%s'", answers[i].err, answers[i].says,
				 event->reason);
		/* One that is refused takes no other with it. */
		assert_true(plan.events[1].available);
		assert_string_equal(plan.events[1].reason, "");
		assert_int_equal(fake_open_count(), 0);
	}
}

static void split_where_the_cpu_can(void **state)
{
	(void)state;
	assert_true(probe("instructions", true)->split);
	assert_int_equal(fake.opened, 2);
	assert_true(fake.events[0].attr.exclude_host && fake.events[1].attr.exclude_guest);
	fake_reset();
	assert_false(probe("instructions", false)->split);
	assert_int_equal(fake.opened, 1);
	fake_reset();
	/* The kernel would take the wish, and count everything. */
	assert_false(probe("perf::PAGE-FAULTS", true)->split);
	assert_int_equal(fake.opened, 1);
	assert_false(fake.events[0].attr.exclude_host || fake.events[0].attr.exclude_guest);
	assert_true(pmu_can_split("kvm_intel") && pmu_can_split("kvm_amd"));
	assert_false(pmu_can_split("kvm_pvm") || pmu_can_split("none") || pmu_can_split("unknown"));
	assert_string_equal(pmu_share_name(PMU_GUEST), "guest");
	assert_string_equal(pmu_share_name(PMU_SHARES), "unknown");
}

/*
 * libpfm4 finds out once a process which CPU it is on, so each group is a process of its own, told so by libpfm4's
 * own switches.
 */
static const struct {
	const char *switch_name, *value;
	const struct CMUnitTest tests[4];
	size_t count;
} groups[] = {
	{ "LIBPFM_FORCE_PMU",
	  "skx",
	  { cmocka_unit_test_setup(a_models_own_list, fresh), cmocka_unit_test_setup(unknown_names, fresh),
	    cmocka_unit_test_setup(answers_of_the_kernel, fresh) },
	  3 },
	{ "LIBPFM_FORCE_PMU", "spr", { cmocka_unit_test_setup(what_a_model_lacks, fresh) }, 1 },
	{ "LIBPFM_FORCE_PMU", "hsw", { cmocka_unit_test_setup(a_name_that_libpfm4_lacks, fresh) }, 1 },
	{ "LIBPFM_FORCE_PMU", "core", { cmocka_unit_test_setup(a_cpu_without_a_list, fresh) }, 1 },
	{ "LIBPFM_ENCODE_INACTIVE",
	  "1",
	  { cmocka_unit_test_setup(roles_and_names, fresh),
	    cmocka_unit_test_setup(split_where_the_cpu_can, fresh) },
	  2 },
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static int run_group(size_t g)
{
	return setenv(groups[g].switch_name, groups[g].value, 1) != 0 ||
	       _cmocka_run_group_tests(groups[g].value, groups[g].tests, groups[g].count, NULL, NULL) != 0;
}

int main(void)
{
	int failed = 0;

	for (size_t g = 0; g < GROUPS; g++) {
		int status = 1;
		pid_t child = fork();

		if (child == 0)
			return run_group(g);
		failed |= child < 0 || waitpid(child, &status, 0) != child || status != 0;
	}
	return failed;
}
