/*
 * The disturbers of a measurement on this host, each with its effect and the command that removes it.
 */
#include "vmm/lab/check/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/limits.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/text.h"

#define THP "sys/kernel/mm/transparent_hugepage"
#define GOVERNOR "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

struct finder {
	const char *root;
	struct check_report *report;
	char unread[120]; /* what is there and could not be understood, with commas */
};

/* A number in a file that disturbs from a bound on, or at one value. */
struct number_rule {
	const char *path;
	long value;
	bool or_more;
	const char *what, *effect, *command;
};

/* Documentation/admin-guide/sysctl/{kernel,vm}.rst, mm/ksm.rst, pm/cpufreq.rst, pm/intel_pstate.rst, cpu hotplug's smt/. */
static const struct number_rule number_rules[] = {
	{ "sys/kernel/mm/ksm/run", 1, false, "KSM is running",
	  "Its thread takes CPU time and merges pages of processes that asked for it; a write to one is a fault.",
	  "echo 0 > /sys/kernel/mm/ksm/run" },
	{ "proc/sys/kernel/numa_balancing", 1, true, "NUMA balancing is on",
	  "It unmaps pages now and then to see who uses them: faults in the timed part, and pages that move.",
	  "sysctl kernel.numa_balancing=0" },
	{ "sys/devices/system/cpu/intel_pstate/no_turbo", 0, false, "turbo is on",
	  "The core's clock follows heat and neighbours while the TSC does not: the same loop takes "
	  "different cycles.",
	  "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo" },
	{ "sys/devices/system/cpu/cpufreq/boost", 1, false, "turbo is on",
	  "The core's clock follows heat and neighbours while the TSC does not: the same loop takes "
	  "different cycles.",
	  "echo 0 > /sys/devices/system/cpu/cpufreq/boost" },
	{ "sys/devices/system/cpu/smt/active", 1, false, "SMT is active",
	  "What runs on a core's other thread shares its TLBs, walk caches and L1.",
	  "echo off > /sys/devices/system/cpu/smt/control" },
	{ "proc/sys/vm/overcommit_memory", 2, false, "memory overcommit is forbidden",
	  "All guest RAM on ordinary pages is charged when it is mapped, lazy or not: a large -m can be "
	  "refused.",
	  "sysctl vm.overcommit_memory=0" },
};

static void add(struct finder *f, const char *what, const char *effect, const char *command)
{
	struct check_report *r = f->report;
	struct check_disturber *d = &r->disturbers[r->disturber_count];

	if (r->disturber_count == CHECK_MAX_DISTURBERS)
		return;
	(void)snprintf(d->what, sizeof(d->what), "%s", what);
	(void)snprintf(d->effect, sizeof(d->effect), "%s", effect);
	(void)snprintf(d->command, sizeof(d->command), "%s", command);
	r->disturber_count++;
}

/* Only the last part of a path, because people read the list. */
static void not_understood(struct finder *f, const char *path)
{
	const char *slash = strrchr(path, '/');

	append(f->unread, sizeof(f->unread), "%s%s", f->unread[0] == '\0' ? "" : ", ",
	       slash == NULL ? path : slash + 1);
}

/* The trimmed text of a file; false where this kernel has no such file, and where it cannot be read. */
static bool read_text(struct finder *f, const char *path, char *buf, size_t size)
{
	int n = sysfile_value(f->root, path, buf, size);

	if (n > 0)
		return true;
	if (n != -ENOENT && n != -ENOTDIR)
		not_understood(f, path);
	return false;
}

static bool read_number(struct finder *f, const char *path, long *value)
{
	char text[32], *end;

	if (!read_text(f, path, text, sizeof(text)))
		return false;
	errno = 0;
	*value = strtol(text, &end, 10);
	if (end != text && *end == '\0' && errno == 0)
		return true;
	not_understood(f, path);
	return false;
}

static void find_hypervisor(struct finder *f)
{
	if (f->report->facts.hypervisor == KNOWN_YES)
		add(f, "this host is itself a virtual machine",
		    "The outer host's tables, page sizes and neighbours are in every figure, `native` "
		    "included, and cannot be seen from here.",
		    "");
}

static void find_thp(struct finder *f)
{
	const char *policy = f->report->facts.thp;
	char own[32], command[sizeof(f->report->disturbers[0].command)];
	bool has_own = sysfile_choice(f->root, THP "/hugepages-2048kB/enabled", own, sizeof(own)) > 0 &&
		       strcmp(own, "inherit") != 0;

	(void)snprintf(command, sizeof(command), "echo madvise > /" THP "%s/enabled",
		       has_own ? "/hugepages-2048kB" : "");
	if (strcmp(policy, "always") == 0)
		add(f, "THP is always on",
		    "Memory of every process grows large pages, and khugepaged moves and zeroes beside the "
		    "run. minivmm keeps its own 4K pages 4K.",
		    command);
	else if (strcmp(policy, "never") == 0)
		add(f, "THP is off", "--backing thp is refused: it would be 4K pages.", command);
	else if (strcmp(policy, "unknown") == 0 && sysfile_exists(f->root, THP) != KNOWN_NO)
		not_understood(f, THP);
}

static void find_numbers(struct finder *f)
{
	for (size_t i = 0; i < COUNT_OF(number_rules); i++) {
		const struct number_rule *rule = &number_rules[i];
		long value;

		if (read_number(f, rule->path, &value) &&
		    (value == rule->value || (rule->or_more && value > rule->value)))
			add(f, rule->what, rule->effect, rule->command);
	}
}

static void find_nx_huge_pages(struct finder *f)
{
	const char *value = facts_param(&f->report->facts, "kvm.nx_huge_pages");
	enum known state = feature_param_state(value);

	if (state == KNOWN_YES)
		add(f, "nx_huge_pages is on",
		    "Large pages that a guest executes from are split, and a thread puts them back during "
		    "runs. A mitigation: off only where guests are trusted.",
		    "echo off > /sys/module/kvm/parameters/nx_huge_pages");
	else if (state == KNOWN_UNKNOWN && value != NULL)
		not_understood(f, "nx_huge_pages");
}

/* Documentation/admin-guide/hw-vuln/l1tf.rst. Other words of this parameter mean that nothing is flushed. */
static void find_l1d_flush(struct finder *f)
{
	const char *value = facts_param(&f->report->facts, "kvm_intel.vmentry_l1d_flush");
	char what[96];

	if (value == NULL || (strcmp(value, "always") != 0 && strcmp(value, "cond") != 0))
		return;
	(void)snprintf(what, sizeof(what), "vmentry_l1d_flush is %s", value);
	add(f, what,
	    "After an exit the L1 data cache may be empty, so a phase with exits reads high. A mitigation "
	    "(L1TF): off only where guests are trusted.",
	    "echo never > /sys/module/kvm_intel/parameters/vmentry_l1d_flush");
}

static void find_governor(struct finder *f)
{
	char governor[32], what[96];

	if (!read_text(f, GOVERNOR, governor, sizeof(governor)) || strcmp(governor, "performance") == 0)
		return;
	(void)snprintf(what, sizeof(what), "the frequency governor is %s", governor);
	add(f, what, "The first milliseconds of a run, or all of it, are measured at a lower clock.",
	    "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
}

/* Documentation/admin-guide/sysctl/kernel.rst; Debian's kernels know 3, which forbids all. */
static void find_counters(struct finder *f)
{
	char what[96];
	long paranoid;

	if (f->report->facts.pmu == KNOWN_NO)
		add(f, "no PMU",
		    "TLB misses and walk cycles cannot be counted, only timed. In a virtual machine "
		    "the outer host decides.",
		    "");
	if (f->report->facts.pmu != KNOWN_YES)
		return;
	if (!read_number(f, "proc/sys/kernel/perf_event_paranoid", &paranoid) || paranoid < 2)
		return;
	(void)snprintf(what, sizeof(what), "perf_event_paranoid is %ld", paranoid);
	add(f, what,
	    "Unless run as root (or with CAP_PERFMON), events of kernel and guest cannot be counted; at 3 "
	    "none.",
	    "sysctl kernel.perf_event_paranoid=1");
}

/* arch/x86/events/intel/core.c (Linux 6.18): a hybrid CPU has a PMU for each kind of core, with the CPUs of that kind. */
static void find_kinds_of_core(struct finder *f)
{
	static const char *const kinds[] = { "cpu_core", "cpu_atom", "cpu_lowpower" };
	char path[96], cpus[64], effect[sizeof(f->report->disturbers[0].effect)], command[64] = "";
	uint32_t found = 0;

	(void)snprintf(effect, sizeof(effect),
		       "TLBs, caches and clock differ, and a counter of one kind stands still on the other:");
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		(void)snprintf(path, sizeof(path), "sys/bus/event_source/devices/%s/cpus", kinds[i]);
		if (!read_text(f, path, cpus, sizeof(cpus)))
			continue;
		append(effect, sizeof(effect), "%s CPUs %.18s are %s", found == 0 ? "" : ",", cpus, kinds[i]);
		if (found++ == 0)
			(void)snprintf(command, sizeof(command), "minivmm run --pin %.*s",
				       (int)strcspn(cpus, ",-"), cpus);
	}
	append(effect, sizeof(effect), ".");
	if (found > 1)
		add(f, "the cores are of different kinds", effect, command);
}

static void find_swap(struct finder *f)
{
	struct host_memory m;
	char what[96];

	if (meminfo_read(f->root, &m) != 0 || !m.swap_known || m.swap_free_bytes >= m.swap_bytes)
		return;
	(void)snprintf(what, sizeof(what), "swap is in use (%" PRIu64 " MiB)",
		       (m.swap_bytes - m.swap_free_bytes) / MIB);
	add(f, what,
	    "Memory is, or was, short: guest RAM outside hugetlb may be swapped out and come back by major "
	    "faults.",
	    "swapoff -a");
}

/* A quota that all CPUs together cannot use up stops nobody (Documentation/scheduler/sched-bwc.rst). */
static void find_quota(struct finder *f)
{
	struct limits quotas = { .count = 0 };
	const struct limit *tightest;
	char what[96], command[sizeof(f->report->disturbers[0].command)] = "";
	uint64_t cpus = f->report->facts.cpus;

	limits_add(f->root, LIMIT_CPU, 0, &quotas);
	if (quotas.unknown[0] != '\0')
		not_understood(f, "CPU quota of the control group");
	tightest = quotas.list;
	if (quotas.count != 0 && (cpus == 0 || tightest->limit < cpus * 1000)) {
		bool v1 = strstr(tightest->path, "cfs_quota_us") != NULL;

		(void)snprintf(what, sizeof(what), "a control group's CPU quota: %.2f CPUs",
			       (double)tightest->limit / 1000);
		(void)append_whole(command, sizeof(command), "echo %s > %s", v1 ? "-1" : "max",
				   tightest->path);
		add(f, what,
		    "Once the group has used it up, all of it is stopped for the rest of each period: a loop "
		    "takes several times as long.",
		    command);
	}
	limits_free(&quotas);
}

void disturb_build(const char *root, struct check_report *report)
{
	struct finder f = { .root = root, .report = report };
	char what[sizeof(report->disturbers[0].what)];

	report->disturber_count = 0;
	if (sysfile_exists(root, "sys") != KNOWN_YES)
		not_understood(&f, "sys");
	if (sysfile_exists(root, "proc/sys") != KNOWN_YES)
		not_understood(&f, "proc/sys");
	find_hypervisor(&f);
	find_thp(&f);
	find_numbers(&f);
	find_nx_huge_pages(&f);
	find_l1d_flush(&f);
	find_governor(&f);
	find_counters(&f);
	find_kinds_of_core(&f);
	find_swap(&f);
	find_quota(&f);
	if (f.unread[0] == '\0')
		return;
	(void)snprintf(what, sizeof(what), "not known here: %.70s", f.unread);
	add(&f, what,
	    "These are missing, cannot be read or say something unexpected: each may disturb unseen.", "");
}
