/*
 * --require answers from the report alone, each name both ways, and what is not known is not met: a CI job must not
 * run on a guess. It could break by taking a missing file for "no limit", or a value that was never read for 0.
 */
#include "test.h"
#include "units.h"
#include "host_root.h"
#include "vmm/lab/check/report.h"

#define INTEL TESTS_DIR "/fixtures/host/intel-ept"
#define NOWHERE TESTS_DIR "/fixtures/host/no-such-host"

static struct check_report report;
static struct requirement answers[REQUIRE_MAX];

static void set(char *buf, const char *text)
{
	(void)snprintf(buf, 16, "%s", text);
}

static void param(const char *name, const char *value)
{
	struct host_param *p = &report.facts.params[report.facts.param_count++];

	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	(void)snprintf(p->value, sizeof(p->value), "%s", value);
}

static void capability(const char *name, bool required, int value)
{
	uint32_t i = report.kvm.capability_count++;

	report.kvm.capability[i].name = name;
	report.kvm.capability[i].purpose = "a test";
	report.kvm.capability[i].required = required;
	report.kvm.capability[i].value = value;
}

/* A host that has everything. */
static int fresh(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	report.second_dimension = SECOND_EPT;
	set(report.facts.kvm_module, "kvm_intel");
	set(report.facts.thp, "madvise");
	set(report.facts.cpu_model, "A CPU");
	report.facts.cpus = 4;
	report.facts.numa_nodes = 2;
	report.facts.pmu = KNOWN_YES;
	report.facts.hypervisor = KNOWN_NO;
	report.facts.memory_available_bytes = 8 * GIB;
	report.largest_guest_leaf_bytes = PAGE_1G;
	report.largest_second_leaf_bytes = PAGE_1G;
	param("kvm.tdp_mmu", "Y");
	param("kvm.nx_huge_pages", "auto");
	param("kvm_intel.ept", "Y");
	param("kvm_intel.flexpriority", "1");
	param("kvm_intel.vpid", "Y");
	report.kvm.present = KNOWN_YES;
	report.kvm.permitted = report.kvm.makes_vm = KNOWN_YES;
	report.kvm.api_version = 12;
	capability("KVM_CAP_USER_MEMORY", true, 1);
	capability("KVM_CAP_PRE_FAULT_MEMORY", false, 1);
	capability("KVM_CAP_BINARY_STATS_FD", false, 1);
	capability("KVM_CAP_MAX_VCPUS", false, 64);
	return 0;
}

static bool met(const char *list, const char *root)
{
	struct error e = { .status = STATUS_OK };

	assert_int_equal(require_evaluate(&check_rules, list, root, &report, answers, &e), 1);
	assert_int_equal(e.status, STATUS_OK);
	assert_string_equal(answers[0].text, list);
	assert_true(answers[0].reason[0] != '\0');
	return answers[0].met;
}

static bool unknown(const char *list, const char *root)
{
	return !met(list, root) && strncmp(answers[0].reason, "unknown: ", 9) == 0;
}

static bool unmet(const char *list, const char *root)
{
	return !met(list, root) && strncmp(answers[0].reason, "unknown: ", 9) != 0;
}

TEST_WITH(dimensions, fresh, NULL)
{
	static const struct {
		const char *is;
		bool ept, npt, tdp, shadow;
	} cases[] = {
		{ "ept", true, false, true, false },
		{ "npt", false, true, true, false },
		{ "shadow", false, false, false, true },
		{ "none", false, false, false, false },
	};

	EACH (i, cases) {
		report.second_dimension = second_dimension_find(cases[i].is);
		assert_int_equal(met("ept", INTEL), cases[i].ept);
		assert_int_equal(met("npt", INTEL), cases[i].npt);
		assert_int_equal(met("tdp", INTEL), cases[i].tdp);
		assert_int_equal(met("shadow", INTEL), cases[i].shadow);
	}
	report.second_dimension = SECOND_UNKNOWN;
	assert_true(unknown("ept", INTEL) && unknown("npt", INTEL));
	assert_true(unknown("tdp", INTEL) && unknown("shadow", INTEL));
}

TEST_WITH(intel_switches, fresh, NULL)
{
	assert_true(met("vpid", INTEL) && met("flexpriority", INTEL));
	set(report.facts.params[3].value, "N");
	set(report.facts.params[4].value, "0");
	assert_true(unmet("flexpriority", INTEL) && unmet("vpid", INTEL));
	assert_non_null(strstr(answers[0].reason, "kvm_intel.vpid=0"));
	set(report.facts.params[4].value, "(null)");
	assert_true(unknown("vpid", INTEL));
	report.facts.param_count = 3;
	assert_true(unknown("vpid", INTEL));
	set(report.facts.kvm_module, "kvm_amd");
	assert_true(unmet("vpid", INTEL));
	set(report.facts.kvm_module, "none");
	assert_true(unmet("flexpriority", INTEL));
	set(report.facts.kvm_module, "builtin");
	assert_true(unknown("flexpriority", INTEL));
}

TEST_WITH(any_parameter, fresh, NULL)
{
	assert_true(met("kvm.tdp_mmu=Y", INTEL) && met("kvm.tdp_mmu=1", INTEL));
	assert_true(met("kvm.nx_huge_pages=auto", INTEL));
	assert_true(unmet("kvm.tdp_mmu=N", INTEL) && unmet("kvm.nx_huge_pages=N", INTEL));
	/* Neither is a boolean: equal only where the words are. */
	assert_true(unmet("kvm.nx_huge_pages=never", INTEL));
	assert_true(unknown("kvm_intel.pml=Y", INTEL));
	set(report.facts.params[0].value, "unknown");
	assert_true(unknown("kvm.tdp_mmu=Y", INTEL));
}

TEST_WITH(device, fresh, NULL)
{
	assert_true(met("kvm", INTEL) && met("prefault", INTEL) && met("stats", INTEL));
	report.kvm.capability[1].value = 0;
	report.kvm.capability[2].value = -1;
	assert_true(met("kvm", INTEL) && unmet("prefault", INTEL) && unknown("stats", INTEL));
	report.kvm.capability[0].value = 0;
	assert_true(unmet("kvm", INTEL));
	assert_non_null(strstr(answers[0].reason, "KVM_CAP_USER_MEMORY"));
	report.kvm.capability[0].value = 1;
	report.kvm.makes_vm = KNOWN_NO;
	assert_true(unmet("kvm", INTEL));
	report.kvm.makes_vm = KNOWN_UNKNOWN;
	assert_true(unknown("kvm", INTEL));
	report.kvm.makes_vm = KNOWN_YES;
	report.kvm.api_version = 11;
	assert_true(unmet("kvm", INTEL));
	report.kvm.permitted = KNOWN_NO;
	(void)strcpy(report.kvm.failure, "its mode");
	assert_true(unmet("kvm", INTEL));
	assert_non_null(strstr(answers[0].reason, "its mode"));
	memset(&report.kvm, 0, sizeof(report.kvm));
	assert_true(unknown("kvm", INTEL) && unknown("prefault", INTEL) && unknown("stats", INTEL));
	report.kvm.present = KNOWN_NO;
	assert_true(unmet("kvm", INTEL) && unmet("prefault", INTEL));
}

TEST_WITH(leaves, fresh, NULL)
{
	assert_true(met("1g-leaf", INTEL) && met("1g-guest", INTEL));
	report.largest_guest_leaf_bytes = PAGE_2M;
	report.largest_second_leaf_bytes = PAGE_2M;
	assert_true(unmet("1g-leaf", INTEL) && unmet("1g-guest", INTEL));
	report.largest_guest_leaf_bytes = report.largest_second_leaf_bytes = 0;
	assert_true(unknown("1g-leaf", INTEL) && unknown("1g-guest", INTEL));
	report.second_dimension = SECOND_NONE;
	assert_true(unmet("1g-leaf", INTEL) && unmet("1g-guest", INTEL));
}

TEST_WITH(machine, fresh, NULL)
{
	assert_true(met("thp", INTEL) && met("pmu", INTEL) && met("bare-metal", INTEL));
	assert_true(met("memory=8G", INTEL) && unmet("memory=8193", INTEL));
	assert_true(met("vcpus=4", INTEL) && unmet("vcpus=5", INTEL) && unmet("vcpus=129", INTEL));
	assert_true(met("nodes=2", INTEL) && unmet("nodes=3", INTEL) && met("undisturbed", INTEL));
	report.facts.cpus = 200;
	report.kvm.capability[3].value = 1024;
	assert_true(met("vcpus=128", INTEL) && unmet("vcpus=129", INTEL));
	report.kvm.capability[3].value = 2;
	assert_true(unmet("vcpus=3", INTEL) && met("vcpus=2", INTEL));
	set(report.facts.thp, "never");
	report.facts.pmu = KNOWN_NO;
	report.facts.hypervisor = KNOWN_YES;
	report.disturber_count = 1;
	set(report.disturbers[0].what, "KSM runs");
	assert_true(unmet("thp", INTEL) && unmet("pmu", INTEL) && unmet("bare-metal", INTEL));
	assert_true(unmet("undisturbed", INTEL));
	assert_non_null(strstr(answers[0].reason, "KSM runs"));
	report.facts = (struct host_facts){ .cpu_model = "unknown", .thp = "unknown" };
	assert_true(unknown("thp", NOWHERE) && unknown("pmu", NOWHERE) && unknown("bare-metal", NOWHERE));
	assert_true(unknown("memory=1", NOWHERE) && unknown("vcpus=1", NOWHERE) &&
		    unknown("nodes=1", NOWHERE));
}

/* The fixture: 2M 40 free, 8 of them reserved, nodes 30 + 10, cgroup room for 24 pages; 1G 1 free, on node 0. */
TEST_WITH(pages, fresh, NULL)
{
	assert_true(met("hugepages=2M:24", INTEL) && unmet("hugepages=2M:25", INTEL));
	assert_non_null(strstr(answers[0].reason, "cgroup"));
	assert_true(met("hugepages=2M:24@0", INTEL) && met("hugepages=2m:10@1", INTEL));
	assert_true(unmet("hugepages=2M:11@1", INTEL) && unmet("hugepages=2M:1@7", INTEL));
	assert_true(met("hugepages=1G:1", INTEL) && unmet("hugepages=1G:2", INTEL));
	assert_true(met("hugepages=1G:1@0", INTEL) && unmet("hugepages=1G:1@1", INTEL));
	assert_true(met("1g-backing", INTEL));
	assert_true(unknown("1g-backing", NOWHERE) && unknown("hugepages=2M:1", NOWHERE));
}

/* What is there, and what this process may have of it. */
TEST_WITH(within_the_limits_of_a_group, fresh, NULL)
{
	char root[HOST_ROOT_BYTES];

	host_root_make(root);
	host_root_put(root, "proc/self/cgroup", "0::/a\n");
	host_root_put(root, "proc/self/mountinfo", "30 1 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
	host_root_put(root, "cg/a/memory.max", "134217728\n");
	host_root_put(root, "cg/a/memory.current", "33554432\n");
	host_root_put(root, "cg/a/cpu.max", "250000 100000\n");
	assert_true(met("memory=96M", root) && unmet("memory=97M", root));
	assert_non_null(strstr(answers[0].reason, "/cg/a/memory.max is 128 MiB and leaves 96 MiB"));
	assert_true(met("vcpus=2", root) && unmet("vcpus=3", root));
	host_root_put(root, "cg/a/pids.max", "10\n");
	host_root_put(root, "cg/a/pids.current", "9\n");
	assert_true(met("vcpus=1", root) && unmet("vcpus=2", root));
	assert_non_null(strstr(answers[0].reason, "pids.max"));
	host_root_put(root, "cg/a/memory.max", "?\n");
	assert_true(unknown("memory=1M", root));
	host_root_put(root, "proc/self/cgroup", "0::/../b\n");
	assert_true(unknown("memory=1M", root) && unknown("vcpus=1", root));
	/* The host itself has less: that is known. */
	assert_true(unmet("memory=8193", root) && unmet("vcpus=5", root));
	host_root_remove(root);
}

/* Without a control group in the way: what is reserved is promised to others, on whichever node it lies. */
TEST_WITH(promised_pages, fresh, NULL)
{
	char root[HOST_ROOT_BYTES];

	host_root_make(root);
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "64");
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "40");
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "38");
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/surplus_hugepages", "0");
	/* What the kernel might still make is no page that is there. */
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages", "100");
	host_root_put(root, "proc/meminfo", "MemAvailable: 8000000 kB\n");
	/* Where even that file is not to be seen, there may be limits. */
	assert_true(unknown("hugepages=2M:2", root));
	host_root_put(root, "proc/self/status", "Name:\tx\n");
	assert_true(met("hugepages=2M:2", root) && unmet("hugepages=2M:3", root));
	assert_true(unmet("1g-backing", root) && unmet("hugepages=1G:1", root));
	host_root_remove(root);
}

TEST_WITH(lists, fresh, NULL)
{
	struct error e = { .status = STATUS_OK };

	assert_int_equal(require_evaluate(&check_rules, "kvm,npt,memory=1G", INTEL, &report, answers, &e), 3);
	assert_true(answers[0].met && !answers[1].met && answers[2].met);
	assert_string_equal(answers[2].text, "memory=1G");
	assert_false(require_all_met(answers, 3));
	assert_true(require_all_met(answers, 1) && require_all_met(answers, 0));
	/* The text of a list reaches terminals and JSON. */
	assert_int_equal(
		require_evaluate(&check_rules, "kvm\033.a\xff=\xc2\x85", INTEL, &report, answers, &e), 1);
	assert_string_equal(answers[0].text, "kvm?.a?=?");
	assert_false(answers[0].met);
}

TEST_WITH(refused, fresh, NULL)
{
	static const char *const lists[] = {
		"",
		",",
		"kvm,",
		"kvm,,ept",
		"KVM",
		"ep",
		"epts",
		"kvm=1",
		"hugepages",
		"hugepages=",
		"hugepages=2M",
		"hugepages=2M:",
		"hugepages=2M:0",
		"hugepages=2M:-1",
		"hugepages=3M:1",
		"hugepages=4K:1",
		"hugepages=2M:1@",
		"hugepages=2M:1@x",
		"hugepages=2M:1@5000",
		"hugepages=@1:2M",
		"hugepages=2M:99999999999999999999999",
		"memory=0",
		"memory=x",
		"vcpus=0",
		"vcpus=two",
		"nodes=0",
		"kvm.tdp_mmu",
		"kvm.tdp_mmu=",
		"walk",
		" kvm",
	};

	EACH (i, lists) {
		struct error e = { .status = STATUS_OK };

		if (require_evaluate(&check_rules, lists[i], INTEL, &report, answers, &e) >= 0)
			fail_msg("'%s' was accepted", lists[i]);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_non_null(strstr(e.where, "--require"));
		assert_non_null(strstr(e.hint, "hugepages=SIZE:COUNT[@NODE]"));
	}
}

/* As many as fit, and one more; a name longer than any. */
TEST_WITH(longest_lists, fresh, NULL)
{
	char list[REQUIRE_MAX * 4 + 4] = "", name[120];
	struct error e = { .status = STATUS_OK };

	for (size_t i = 0; i < REQUIRE_MAX; i++)
		(void)snprintf(list + 4 * i, sizeof(list) - 4 * i, "kvm,");
	list[REQUIRE_MAX * 4 - 1] = '\0';
	assert_int_equal(require_evaluate(&check_rules, list, INTEL, &report, answers, &e), REQUIRE_MAX);
	(void)snprintf(list + REQUIRE_MAX * 4 - 1, 5, ",kvm");
	assert_true(require_evaluate(&check_rules, list, INTEL, &report, answers, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	LOOP (size_t, length, sizeof(name) - 1, length > 0, length--) {
		name[length] = '\0';
		assert_true(require_evaluate(&check_rules, name, INTEL, &report, answers, &e) < 0);
	}
}

/* Every name of the help is in the list that a refusal shows. */
TEST(help_names_what_is_there)
{
	struct error e = { .status = STATUS_OK };
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(require_help(&check_rules, out), 0);
	assert_true(require_evaluate(&check_rules, "nonsense", INTEL, &report, answers, &e) < 0);
	(void)fclose(out);
	test_wrote(text);
	for (char *line = strchr(text, '\n') + 1; *line == ' '; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line + 2, " =");
		char name[40];

		assert_in_range(strcspn(line, "\n"), 0, 100);
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, line + 2);
		assert_non_null(strstr(e.hint, name));
	}
	free(text);
}

TEST_WRITES()
