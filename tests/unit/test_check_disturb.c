/*
 * Property: what disturbs is named with a command that changes it, what does not disturb is not, and what cannot be read
 * is said to be unknown. It could break because every one of these files is optional and each has its own spelling.
 */
#include "test.h"
#include "tests/unit/host_root.h"
#include "vmm/lab/check/report.h"

#define HOSTS TESTS_DIR "/fixtures/host/"

static struct check_report report;
static char root[HOST_ROOT_BYTES];

/* A quiet host, with counters. */
static int make_root(void **state)
{
	(void)state;
	memset(&report, 0, sizeof(report));
	host_root_make(root);
	host_root_put(root, "proc/self/status", "Name:\tx\n");
	host_root_put(root, "proc/sys/kernel/osrelease", "6.1\n");
	host_root_put(root, "sys/bus/event_source/devices/cpu/type", "4\n");
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	host_root_remove(root);
	return 0;
}

static const struct check_disturber *find(const char *what)
{
	for (uint32_t i = 0; i < report.disturber_count; i++) {
		if (strstr(report.disturbers[i].what, what) != NULL)
			return &report.disturbers[i];
	}
	return NULL;
}

static const struct {
	const char *path, *value, *what, *command; /* what NULL: quiet */
} switches[] = {
	{ "sys/kernel/mm/ksm/run", "1", "KSM", "echo 0 > /sys/kernel/mm/ksm/run" },
	{ "sys/kernel/mm/ksm/run", "0", NULL, NULL },
	{ "sys/kernel/mm/ksm/run", "2", NULL, NULL },
	{ "proc/sys/kernel/numa_balancing", "1", "NUMA", "sysctl kernel.numa_balancing=0" },
	{ "proc/sys/kernel/numa_balancing", "2", "NUMA", "sysctl kernel.numa_balancing=0" },
	{ "proc/sys/kernel/numa_balancing", "0", NULL, NULL },
	{ "proc/sys/kernel/perf_event_paranoid", "2", "perf_event_paranoid is 2",
	  "sysctl kernel.perf_event_paranoid=1" },
	{ "proc/sys/kernel/perf_event_paranoid", "-1", NULL, NULL },
	{ "proc/sys/vm/overcommit_memory", "2", "overcommit", "sysctl vm.overcommit_memory=0" },
	{ "proc/sys/vm/overcommit_memory", "1", NULL, NULL },
	{ "sys/devices/system/cpu/smt/active", "1", "SMT", "echo off > /sys/devices/system/cpu/smt/control" },
	{ "sys/devices/system/cpu/smt/active", "0", NULL, NULL },
	{ "sys/devices/system/cpu/intel_pstate/no_turbo", "0", "turbo",
	  "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo" },
	{ "sys/devices/system/cpu/intel_pstate/no_turbo", "1", NULL, NULL },
	{ "sys/devices/system/cpu/cpufreq/boost", "1", "turbo",
	  "echo 0 > /sys/devices/system/cpu/cpufreq/boost" },
	{ "sys/devices/system/cpu/cpufreq/boost", "0", NULL, NULL },
	{ "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave", "governor is powersave",
	  "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor" },
	{ "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance", NULL, NULL },
	{ "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never", "always",
	  "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" },
	{ "sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]", "THP is off",
	  "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" },
	{ "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never", NULL, NULL },
	{ "sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled", "[always] inherit madvise never",
	  "always", "echo madvise > /sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled" },
	{ "sys/module/kvm/parameters/nx_huge_pages", "Y", "nx_huge_pages",
	  "echo off > /sys/module/kvm/parameters/nx_huge_pages" },
	{ "sys/module/kvm/parameters/nx_huge_pages", "N", NULL, NULL },
	{ "sys/module/kvm/parameters/nx_huge_pages", "never", NULL, NULL },
	{ "sys/module/kvm_intel/parameters/vmentry_l1d_flush", "cond", "vmentry_l1d_flush is cond",
	  "echo never > /sys/module/kvm_intel/parameters/vmentry_l1d_flush" },
	{ "sys/module/kvm_intel/parameters/vmentry_l1d_flush", "not required", NULL, NULL },
	{ "proc/meminfo", "SwapTotal: 4096 kB\nSwapFree: 1024 kB", "swap is in use (3 MiB)", "swapoff -a" },
	{ "proc/meminfo", "SwapTotal: 4096 kB\nSwapFree: 4096 kB", NULL, NULL },
	{ "proc/meminfo", "SwapTotal: 4096 kB", NULL, NULL },
	{ "proc/cpuinfo", "flags : fpu hypervisor lm", "virtual machine", "" },
};

TEST_WITH(each_switch_in_each_state, NULL, remove_root)
{
	EACH (i, switches) {
		char text[128];

		(void)make_root(NULL);
		(void)snprintf(text, sizeof(text), "%s\n", switches[i].value);
		host_root_put(root, "sys/module/kvm_intel/initstate", "live\n");
		host_root_put(root, switches[i].path, text);
		check_build(root, &report);
		if (report.disturber_count != (switches[i].what != NULL))
			fail_msg("%s %s: %u disturbers, first %s", switches[i].path, switches[i].value,
				 report.disturber_count, report.disturbers[0].what);
		if (switches[i].what != NULL) {
			const struct check_disturber *d = &report.disturbers[0];

			assert_non_null(strstr(d->what, switches[i].what));
			assert_string_equal(d->command, switches[i].command);
			assert_int_equal(d->effect[strlen(d->effect) - 1], '.');
		}
		host_root_remove(root);
	}
	(void)make_root(NULL);
}

TEST_WITH(what_cannot_be_read_is_said, make_root, remove_root)
{
	static const char *const odd[] = { "", "\n", "on", "0x1", "99999999999999999999", "1 2", "\x01\xff" };

	EACH (i, odd) {
		host_root_put(root, "sys/devices/system/cpu/smt/active", odd[i]);
		check_build(root, &report);
		assert_int_equal(report.disturber_count, 1);
		assert_non_null(find("not known here: active"));
		assert_string_equal(report.disturbers[0].command, "");
	}
}

TEST_WITH(a_whole_host, make_root, remove_root)
{
	static const char *const noisy[] = { "NUMA",      "turbo",         "SMT", "nx_huge_pages",
					     "powersave", "paranoid is 3", "swap" };

	check_build(HOSTS "intel-ept", &report);
	EACH (i, noisy)
		assert_non_null(find(noisy[i]));
	assert_int_equal(report.disturber_count, sizeof(noisy) / sizeof(noisy[0]));
	check_build(HOSTS "pvm", &report);
	assert_int_equal(report.disturber_count, 2);
	assert_non_null(find("virtual machine"));
	assert_non_null(find("no PMU"));
	check_build(HOSTS "odd-values", &report);
	assert_non_null(find("transparent_hugepage, run, numa_balancing, active, nx_huge_pages"));
	/* Silence would read as a quiet host. */
	check_build(HOSTS "there-is-none", &report);
	assert_int_equal(report.disturber_count, 1);
	assert_non_null(find("not known here: sys"));
}

/* One kind alone is no disturber, whatever it is called; nor is a PMU of the package. */
TEST_WITH(cores_of_several_kinds, make_root, remove_root)
{
	host_root_put(root, "sys/bus/event_source/devices/cpu_core/cpus", "0-3\n");
	host_root_put(root, "sys/bus/event_source/devices/uncore_imc/cpumask", "0\n");
	check_build(root, &report);
	assert_null(find("different kinds"));
	host_root_put(root, "sys/bus/event_source/devices/cpu_atom/cpus", "4-7,12-13\n");
	host_root_put(root, "sys/bus/event_source/devices/cpu_lowpower/cpus", "14-15\n");
	check_build(root, &report);
	assert_non_null(find("different kinds"));
	assert_string_equal(
		find("different kinds")->effect,
		"TLBs, caches and clock differ, and a counter of one kind stands still on the other: CPUs 0-3 "
		"are cpu_core, CPUs 4-7,12-13 are cpu_atom, CPUs 14-15 are cpu_lowpower.");
	assert_string_equal(find("different kinds")->command, "minivmm run --pin 0");
}

TEST_WITH(every_text_fits, make_root, remove_root)
{
	static const char *const hosts[] = { "intel-ept", "intel-no-ept", "amd-npt", "pvm", "odd-values" };

	EACH (i, hosts) {
		char path[256];

		(void)snprintf(path, sizeof(path), HOSTS "%s", hosts[i]);
		check_build(path, &report);
		LOOP (uint32_t, k, 0, k < report.disturber_count, k++) {
			const struct check_disturber *d = &report.disturbers[k];

			assert_int_equal(d->effect[strlen(d->effect) - 1], '.');
			assert_true(strlen(d->what) < sizeof(d->what) - 1);
			assert_true(strlen(d->command) < sizeof(d->command) - 1);
		}
	}
}

/* A quota that this process's CPUs can use up, of its group or one above; and one that is not known. */
TEST_WITH(quotas, NULL, remove_root)
{
	static const struct {
		const char *groups, *quota, *what;
	} cases[] = {
		{ "0::/a\n", "20000 100000\n", "CPU quota: 0.20 CPUs" },
		{ "0::/a/b\n", "150000 100000\n", "CPU quota: 1.50 CPUs" },
		{ "0::/a\n", "max 100000\n", NULL },
		{ "0::/a\n", "200000 100000\n", NULL }, /* two CPUs are all that it has */
		{ "0::/a\n", "much\n", "not known here: CPU quota" },
		{ "0::/gone\n", "max 100000\n", "not known here: CPU quota" },
	};

	EACH (i, cases) {
		(void)make_root(NULL);
		host_root_put(root, "proc/self/status", "Cpus_allowed_list:\t0-1\n");
		host_root_put(root, "proc/self/cgroup", cases[i].groups);
		host_root_put(root, "proc/self/mountinfo", "30 1 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
		host_root_put(root, "cg/a/cpu.max", cases[i].quota);
		host_root_put(root, "cg/a/b/cgroup.procs", "");
		check_build(root, &report);
		assert_int_equal(report.disturber_count, cases[i].what != NULL);
		if (cases[i].what != NULL)
			assert_non_null(find(cases[i].what));
		if (i == 0)
			assert_string_equal(report.disturbers[0].command, "echo max > /cg/a/cpu.max");
		host_root_remove(root);
	}
	(void)make_root(NULL);
}
