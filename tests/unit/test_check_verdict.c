/*
 * Property: the verdict on each kind of host is the truth about it: what pages its guests, how many levels, how large a
 * leaf. It could break because three sources (module, CPU, KVM's own answers) have to agree, and a figure that one of
 * them does not state is easily taken from another.
 */
#include "test.h"
#include "tests/unit/host_root.h"
#include "units.h"
#include "vmm/lab/check/report.h"

#define HOSTS TESTS_DIR "/fixtures/host/"

static struct check_report report;

static int reset(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	return 0;
}

TEST_WITH(every_kind_of_host, reset, NULL)
{
	static const struct {
		const char *root;
		enum known guest_1g;
		uint32_t bits;
		const char *dimension;
		uint32_t guest_levels, second_levels;
		uint64_t guest_leaf, second_leaf;
		const char *line;
	} hosts[] = {
		{ "intel-ept", KNOWN_YES, 46, "ept", 4, 4, PAGE_1G, PAGE_1G, "two-dimensional by EPT" },
		{ "intel-ept", KNOWN_UNKNOWN, 0, "ept", 4, 4, 0, PAGE_1G, "unknown size in the guest" },
		{ "intel-vpid-off", KNOWN_YES, 39, "ept", 4, 4, PAGE_1G, PAGE_1G, "24 references" },
		{ "intel-5level", KNOWN_YES, 52, "ept", 4, 5, PAGE_1G, 0, "29 references" },
		{ "intel-5level", KNOWN_YES, 48, "ept", 4, 4, PAGE_1G, 0, "unknown size in EPT" },
		{ "intel-5level", KNOWN_YES, 0, "ept", 4, 0, PAGE_1G, 0, "an unknown number in EPT" },
		{ "intel-ept-off", KNOWN_YES, 39, "shadow", 4, 0, PAGE_1G, PAGE_1G, "by kvm_intel" },
		{ "intel-no-ept", KNOWN_YES, 36, "shadow", 4, 0, PAGE_1G, PAGE_2M,
		  "one-dimensional: shadow" },
		{ "amd-npt", KNOWN_YES, 48, "npt", 4, 4, PAGE_1G, PAGE_1G, "two-dimensional by NPT" },
		{ "amd-5level", KNOWN_YES, 48, "npt", 4, 5, PAGE_1G, 0, "5 in NPT" },
		{ "amd-npt-off", KNOWN_YES, 40, "shadow", 4, 0, PAGE_1G, PAGE_1G, "by kvm_amd" },
		{ "pvm", KNOWN_NO, 48, "shadow", 4, 0, PAGE_2M, PAGE_2M, "by kvm_pvm" },
		{ "pvm", KNOWN_NO, 48, "shadow", 4, 0, PAGE_2M, PAGE_2M, "inside a virtual machine" },
		{ "pvm", KNOWN_UNKNOWN, 0, "shadow", 4, 0, 0, 0, "unknown size in the shadow" },
		{ "no-kvm", KNOWN_UNKNOWN, 0, "none", 0, 0, 0, 0, "no KVM here" },
		{ "odd-values", KNOWN_NO, 0, "unknown", 4, 0, PAGE_2M, 0, "kvm_intel.ept reads \"(null)\"" },
		{ "there-is-none", KNOWN_UNKNOWN, 0, "none", 0, 0, 0, 0, "no KVM here" },
	};

	EACH (i, hosts) {
		char root[256];

		(void)reset(NULL);
		(void)snprintf(root, sizeof(root), HOSTS "%s", hosts[i].root);
		report.kvm.guest_1g_pages = hosts[i].guest_1g;
		report.kvm.guest_physical_bits = hosts[i].bits;
		check_build(root, &report);
		assert_string_equal(second_dimension_name(report.second_dimension), hosts[i].dimension);
		assert_int_equal(report.guest_levels, hosts[i].guest_levels);
		assert_int_equal(report.second_levels, hosts[i].second_levels);
		assert_int_equal(report.largest_guest_leaf_bytes, hosts[i].guest_leaf);
		assert_int_equal(report.largest_second_leaf_bytes, hosts[i].second_leaf);
		if (strstr(report.verdict, hosts[i].line) == NULL)
			fail_msg("%s: \"%s\" lacks \"%s\"", hosts[i].root, report.verdict, hosts[i].line);
		assert_true(strlen(report.verdict) < sizeof(report.verdict) - 1);
	}
}

/* Flipping one parameter flips the verdict, and back. */
TEST_WITH(the_parameter_decides, reset, NULL)
{
	static const struct {
		const char *value, *dimension;
	} steps[] = { { "Y\n", "ept" },    { "N\n", "shadow" },  { "1\n", "ept" }, { "0\n", "shadow" },
		      { "\n", "unknown" }, { "y\n", "unknown" }, { "Y\n", "ept" } };
	char root[HOST_ROOT_BYTES];

	host_root_make(root);
	host_root_put(root, "dev/kvm", "");
	host_root_put(root, "sys/module/kvm_intel/initstate", "live\n");
	EACH (i, steps) {
		host_root_put(root, "sys/module/kvm_intel/parameters/ept", steps[i].value);
		check_build(root, &report);
		assert_string_equal(second_dimension_name(report.second_dimension), steps[i].dimension);
	}
	host_root_remove(root);
}

/* A leaf cannot be larger than what the kernel can back it with, nor than the table's format allows. */
TEST_WITH(the_smaller_of_format_and_backing, reset, NULL)
{
	static const char *const head = "flags\t: vmx ept pdpe1gb\nvmx flags\t: ept";
	char root[HOST_ROOT_BYTES], cpuinfo[256];

	host_root_make(root);
	host_root_put(root, "sys/module/kvm_intel/initstate", "live\n");
	host_root_put(root, "sys/module/kvm_intel/parameters/ept", "Y\n");
	host_root_put(root, "proc/cpuinfo", "flags\t: vmx ept pdpe1gb\n");
	check_build(root, &report);
	assert_int_equal(report.largest_second_leaf_bytes, 0);
	assert_int_equal(report.second_levels, 0);
	host_root_put(root, "sys/kernel/mm/ksm/run", "0\n");
	check_build(root, &report);
	assert_int_equal(report.largest_second_leaf_bytes, PAGE_4K);
	host_root_put(root, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	check_build(root, &report);
	assert_int_equal(report.largest_second_leaf_bytes, PAGE_2M);
	host_root_put(root, "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
	check_build(root, &report);
	assert_int_equal(report.largest_second_leaf_bytes, 0);
	(void)snprintf(cpuinfo, sizeof(cpuinfo), "%s\n", head);
	host_root_put(root, "proc/cpuinfo", cpuinfo);
	check_build(root, &report);
	assert_int_equal(report.largest_second_leaf_bytes, PAGE_2M);
	(void)snprintf(cpuinfo, sizeof(cpuinfo), "%s ept_1gb\n", head);
	host_root_put(root, "proc/cpuinfo", cpuinfo);
	check_build(root, &report);
	assert_int_equal(report.largest_second_leaf_bytes, PAGE_1G);
	host_root_remove(root);
}

/* The host's ability and this process's are two things, and the line says both. */
TEST_WITH(access_is_told_beside, reset, NULL)
{
	static const struct {
		enum known present, permitted;
		const char *tail;
	} cases[] = {
		{ KNOWN_YES, KNOWN_NO, "may not open" },
		{ KNOWN_NO, KNOWN_UNKNOWN, "sees no /dev/kvm" },
		{ KNOWN_NO, KNOWN_YES, "does not answer" },
	};

	EACH (i, cases) {
		report.kvm.present = cases[i].present;
		report.kvm.permitted = cases[i].permitted;
		check_build(HOSTS "amd-npt", &report);
		assert_non_null(strstr(report.verdict, cases[i].tail));
		assert_string_equal(second_dimension_name(report.second_dimension), "npt");
	}
	/* The longest line there is, in full. */
	report.kvm.present = KNOWN_YES;
	report.kvm.permitted = KNOWN_NO;
	check_build(HOSTS "pvm", &report);
	assert_string_equal(strrchr(report.verdict, ';'), "; but this process may not open /dev/kvm");
	report.kvm.present = KNOWN_YES;
	report.kvm.permitted = KNOWN_YES;
	check_build(HOSTS "amd-npt", &report);
	assert_null(strstr(report.verdict, "; but"));
}
