/*
 * Property: the verdict on a host is what its module and parameters say, and nothing is guessed: a file that is
 * missing, empty or junk gives "unknown" or 0, never a crash. It could break because Linux spells booleans three
 * ways, keeps the directory of a built-in module that failed to start, and since 6.8 has a THP policy a size.
 */
#include "test.h"

#include <errno.h>

#include "host_root.h"
#include "vmm/host/facts.h"

#define HOSTS TESTS_DIR "/fixtures/host/"

TEST(verdicts)
{
	static const struct {
		const char *root, *module, *dimension, *thp, *nx, *ksm;
		uint32_t cpus, nodes;
		enum known hypervisor, pmu;
	} hosts[] = {
		{ HOSTS "intel-ept", "kvm_intel", "ept", "madvise", "Y", "0", 5, 2, KNOWN_NO, KNOWN_YES },
		{ HOSTS "intel-no-ept", "kvm_intel", "shadow", "always", "auto", "1", 4, 1, KNOWN_NO,
		  KNOWN_NO },
		{ HOSTS "amd-npt", "kvm_amd", "npt", "madvise", "N", "0", 64, 4, KNOWN_NO, KNOWN_YES },
		{ HOSTS "pvm", "kvm_pvm", "shadow", "madvise", "N", "0", 2, 1, KNOWN_YES, KNOWN_NO },
		{ HOSTS "no-kvm", "none", "none", "unknown", "unknown", "unknown", 1, 1, KNOWN_YES,
		  KNOWN_NO },
	};

	EACH (i, hosts) {
		struct host_facts f;

		facts_read(hosts[i].root, &f);
		assert_string_equal(f.kvm_module, hosts[i].module);
		assert_string_equal(second_dimension_name(f.second_dimension), hosts[i].dimension);
		assert_string_equal(f.thp, hosts[i].thp);
		assert_string_equal(f.nx_huge_pages, hosts[i].nx);
		assert_string_equal(f.ksm, hosts[i].ksm);
		assert_int_equal(f.cpus, hosts[i].cpus);
		assert_int_equal(f.numa_nodes, hosts[i].nodes);
		assert_int_equal(f.hypervisor, hosts[i].hypervisor);
		assert_int_equal(f.pmu, hosts[i].pmu);
		assert_int_equal(f.tsc_khz, 0);
	}
}

TEST(one_host_in_full)
{
	struct host_facts f;

	facts_read(HOSTS "intel-ept", &f);
	assert_string_equal(f.kernel, "6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian");
	assert_string_equal(f.cpu_model, "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz");
	assert_string_equal(f.shmem_thp, "never");
	assert_int_equal(f.memory_bytes, UINT64_C(65536000) * 1024);
	assert_int_equal(f.memory_available_bytes, UINT64_C(60000000) * 1024);
	assert_string_equal(facts_param(&f, "kvm_intel.flexpriority"), "Y");
	assert_string_equal(facts_param(&f, "kvm.halt_poll_ns"), "200000");
	assert_int_equal(f.param_count, 13);
	LOOP (uint32_t, i, 1, i < f.param_count, i++)
		assert_true(strcmp(f.params[i - 1].name, f.params[i].name) < 0);
}

/* A level more is a quarter more references; what the vendor's module walks is not what the kernel walks itself. */
TEST(levels_of_the_second_dimension)
{
	static const struct {
		const char *root;
		uint32_t levels;
	} hosts[] = {
		{ HOSTS "intel-ept", 4 },     { HOSTS "intel-5level", 5 }, { HOSTS "intel-no-ept", 0 },
		{ HOSTS "amd-npt", 4 },       { HOSTS "amd-5level", 5 },   { HOSTS "pvm", 0 },
		{ HOSTS "there-is-none", 0 },
	};

	EACH (i, hosts) {
		struct host_facts f;

		facts_read(hosts[i].root, &f);
		assert_int_equal(f.second_dimension_levels, hosts[i].levels);
	}
}

/* Flags are prefixes of one another: "ept" of "ept_ad", "vmx" of nothing yet. */
TEST(a_flag_is_a_whole_word)
{
	assert_int_equal(cpuinfo_has("vmx ept_ad", "ept"), KNOWN_NO);
	assert_int_equal(cpuinfo_has("vmx ept_ad", "ad"), KNOWN_NO);
	assert_int_equal(cpuinfo_has("vmx \tept_ad  ept", "ept"), KNOWN_YES);
	assert_int_equal(cpuinfo_has("vmx", "vmx"), KNOWN_YES);
	assert_int_equal(cpuinfo_has("vm", "vmx"), KNOWN_NO);
	assert_int_equal(cpuinfo_has("", "vmx"), KNOWN_UNKNOWN);
	assert_int_equal(cpuinfo_has(" \t", "vmx"), KNOWN_UNKNOWN);
}

/* A guest with 46 bits of address is walked in four levels on a CPU that has five; without its CPUID the levels are not known. */
TEST(the_guest_settles_the_levels)
{
	static const struct {
		const char *root;
		uint32_t bits, levels;
	} cases[] = {
		{ HOSTS "intel-5level", 46, 4 }, { HOSTS "intel-5level", 48, 4 },
		{ HOSTS "intel-5level", 49, 5 }, { HOSTS "intel-5level", 0, 0 },
		{ HOSTS "intel-ept", 0, 4 },     { HOSTS "intel-ept", 52, 4 },
		{ HOSTS "amd-5level", 46, 5 },   { HOSTS "pvm", 46, 0 },
	};

	EACH (i, cases) {
		struct host_facts f;

		facts_read(cases[i].root, &f);
		facts_limit_levels(&f, cases[i].bits);
		assert_int_equal(f.second_dimension_levels, cases[i].levels);
	}
}

TEST(empty_root_is_unknown)
{
	struct host_facts f;

	facts_read(HOSTS "there-is-no-such-host", &f);
	assert_string_equal(f.kernel, "unknown");
	assert_string_equal(f.cpu_model, "unknown");
	assert_string_equal(f.kvm_module, "none");
	assert_string_equal(f.thp, "unknown");
	assert_int_equal(f.cpus, 0);
	assert_int_equal(f.memory_bytes, 0);
}

/*
 * What cannot be read is not known. A directory in place of a file gives an error, whoever reads; a link to itself one (ELOOP) that
 * is not "there is none".
 */
TEST(unreadable_is_unknown)
{
	static const char *const names[] = { "sys/module/kvm_intel", "sys/module/kvm_amd",
					     "sys/bus/event_source" };
	char root[HOST_ROOT_BYTES], path[512];
	struct host_facts f;

	host_root_make(root);
	host_root_put(root, "proc/cpuinfo/directory", "");
	host_root_put(root, "proc/meminfo/directory", "");
	host_root_put(root, "sys/kernel/mm/ksm/run/directory", "");
	host_root_put(root, "sys/bus/other", "");
	host_root_put(root, "dev/kvm", "");
	host_root_put(root, "sys/module/kvm/parameters/x", "Y");
	facts_read(root, &f);
	assert_int_equal(f.hypervisor, KNOWN_UNKNOWN);
	assert_int_equal(f.pmu, KNOWN_NO);
	assert_int_equal(f.memory_bytes, 0);
	assert_string_equal(f.ksm, "unknown");
	assert_string_equal(f.kvm_module, "builtin");

	EACH (i, names) {
		(void)snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		assert_int_equal(symlink(strrchr(path, '/') + 1, path), 0);
		facts_read(root, &f);
		assert_string_equal(f.kvm_module, "unknown");
		assert_string_equal(second_dimension_name(f.second_dimension), "unknown");
		assert_int_equal(f.pmu, strstr(names[i], "bus") != NULL ? KNOWN_UNKNOWN : KNOWN_NO);
	}
	host_root_remove(root);
}

/* Without sys/module a device alone does not tell whose it is; without either there is no KVM to use. */
TEST(hidden_modules_are_unknown)
{
	char root[HOST_ROOT_BYTES];
	struct host_facts f;

	host_root_make(root);
	host_root_put(root, "proc/cpuinfo", "flags : fpu\n");
	facts_read(root, &f);
	assert_string_equal(f.kvm_module, "none");
	assert_int_equal(f.hypervisor, KNOWN_NO);
	assert_int_equal(f.pmu, KNOWN_UNKNOWN);
	host_root_put(root, "dev/kvm", "");
	facts_read(root, &f);
	assert_string_equal(f.kvm_module, "unknown");
	assert_string_equal(second_dimension_name(f.second_dimension), "unknown");
	host_root_remove(root);
}

/* The CPU itself answers on this host, whatever /proc/cpuinfo shows (SDM 2A, CPUID.01H:ECX[31]; its flag is the same bit). */
TEST(this_host_knows_whether_it_is_a_guest)
{
	struct host_facts f;
	struct cpuinfo cpu;

	facts_read("", &f);
	cpuinfo_read("", &cpu);
	assert_int_not_equal(f.hypervisor, KNOWN_UNKNOWN);
	assert_int_equal(f.hypervisor, cpuinfo_has(cpu.flags, "hypervisor"));
}

/* Every file that facts_read opens, with the same content. */
static void fill(const char *root, const void *content, size_t bytes)
{
	static const char *const files[] = {
		"proc/cpuinfo",
		"proc/meminfo",
		"proc/self/status",
		"proc/sys/kernel/osrelease",
		"proc/sys/kernel/version",
		"sys/module/kvm_intel/initstate",
		"sys/module/kvm_intel/parameters/ept",
		"sys/module/kvm/parameters/nx_huge_pages",
		"sys/kernel/mm/transparent_hugepage/enabled",
		"sys/kernel/mm/ksm/run",
		"sys/devices/system/node/online",
		"sys/module/kvm_pvm/parameters/x",
	};

	EACH (i, files)
		host_root_put_bytes(root, files[i], content, bytes);
}

TEST(junk_never_crashes)
{
	static const char *const prefixes[] = {
		"",    "flags :", "MemTotal:",   "Cpus_allowed_list:\t", "[", "0-", "99999999999999999999",
		"9-1", "0,",      "0-4294967295"
	};
	char root[HOST_ROOT_BYTES];
	unsigned char *junk = malloc(1 << 16);
	struct host_facts f;

	assert_non_null(junk);
	host_root_make(root);
	srandom(1);
	EACH (i, prefixes) {
		size_t len = strlen(prefixes[i]);

		for (size_t k = 0; k < 1 << 16; k++)
			junk[k] = (unsigned char)random();
		memcpy(junk, prefixes[i], len);
		fill(root, junk, i == 0 ? 0 : i % 2 == 0 ? 1 << 16 : len);
		facts_read(root, &f);
		assert_int_equal(f.cpus, 0);
		assert_true(f.param_count <= FACTS_MAX_PARAMS);
		assert_non_null(memchr(f.kernel, '\0', sizeof(f.kernel)));
	}
	free(junk);
	host_root_remove(root);
}

/* What a recorded host says of its CPU and modules is shown on terminals, and is JSON. */
TEST(what_is_shown_is_printable)
{
	static const char content[] = "vendor_id\t: Ge\033]0;x\nmodel name\t: a\033[2J\xff CPU\xc2\x85\n";
	char root[HOST_ROOT_BYTES];
	struct host_facts f;
	struct cpuinfo cpu;

	host_root_make(root);
	host_root_put(root, "proc/cpuinfo", content);
	cpuinfo_read(root, &cpu);
	assert_string_equal(cpu.model, "a?[2J? CPU?");
	assert_string_equal(cpu.vendor, "Ge?]0;x");
	host_root_put(root, "sys/module/kvm/parameters/a\xff\033b", "Y\n");
	host_root_put(root, "sys/module/kvm_intel/initstate", "live\n");
	facts_read(root, &f);
	assert_string_equal(facts_param(&f, "kvm.a??b"), "Y");
	host_root_remove(root);
}

TEST(two_live_modules_are_unknown)
{
	char root[HOST_ROOT_BYTES];
	struct host_facts f;

	host_root_make(root);
	fill(root, "live\n", 5);
	facts_read(root, &f);
	assert_string_equal(f.kvm_module, "unknown");
	assert_string_equal(second_dimension_name(f.second_dimension), "unknown");
	host_root_remove(root);
}

TEST(tsc_is_plausible_and_repeatable)
{
	uint64_t first = facts_tsc_khz(), second = facts_tsc_khz();
	uint64_t apart = first > second ? first - second : second - first;

	assert_in_range(first, 100000, 10000000);
	/* Two 20 ms measurements on a busy machine agree to far better than a percent. */
	assert_true(apart < first / 100);
}
