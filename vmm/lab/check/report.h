/*
 * The abilities of this host and the disturbers of a measurement on it: everything `minivmm check` prints, as values.
 */
#ifndef MINIVMM_LAB_CHECK_REPORT_H
#define MINIVMM_LAB_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/host/facts.h"
#include "vmm/lab/check/requirement.h"
#include "vmm/lab/pmu/plan.h"
#include "vmm/util/error.h"

#define CHECK_MAX_CAPABILITIES 24
#define CHECK_MAX_ROWS 64
#define CHECK_MAX_DISTURBERS 32

/* "yes", "no", "unknown". */
const char *known_name(enum known answer);

/* /dev/kvm as this process finds it; filled by check_probe_kvm, zero for a fixture root. */
struct kvm_probe {
	enum known present;   /* it is there, and where it could be opened it answers as KVM does */
	enum known permitted; /* this process may open it */
	enum known makes_vm;  /* KVM_CREATE_VM works */
	int err;              /* errno of what failed first; 0: nothing */
	char failure[512];    /* what that was, and why; "" */
	char cure[768];
	int api_version; /* -1: not known */
	uint32_t capability_count;
	struct {
		const char *name;    /* "KVM_CAP_PRE_FAULT_MEMORY" */
		const char *purpose; /* what minivmm uses it for */
		bool required;
		int value; /* as KVM_CHECK_EXTENSION gave it, -1: not asked */
	} capability[CHECK_MAX_CAPABILITIES];
	/* Of the CPUID that a guest gets here (KVM_GET_SUPPORTED_CPUID). */
	enum known guest_1g_pages;
	uint32_t guest_physical_bits; /* width of its physical addresses; 0: unknown */
};

enum row_group { ROW_MODULE, ROW_PAGING, ROW_INTERRUPTS, ROW_KVM, ROW_MEMORY, ROW_GROUP_COUNT };

/* The names of the groups in JSON, and their titles in the text. */
extern const struct names row_group_names, row_group_titles;

/* One line of the table: hardware | enabled | effect on your measurement. */
struct check_row {
	enum row_group group;
	char name[32];       /* "ept", "vpid", "nx_huge_pages", "pdpe1gb" */
	bool of_hardware;    /* the CPU has it or lacks it; false: `hardware` does not apply */
	enum known hardware; /* the CPU has it (cpuinfo flags); KNOWN_UNKNOWN where no flag tells */
	char enabled[32];    /* the parameter's own value, "-" where KVM has no switch for it, "unknown" */
	char effect[200];    /* one sentence: what it does, and what it means in this state */
};

struct check_disturber {
	char what[96];     /* "THP is always on" */
	char effect[200];  /* what it does to a measurement */
	char command[160]; /* what changes it; "" where nothing does */
};

struct check_report {
	struct host_facts facts;
	struct kvm_probe kvm;
	/* What `--pmu default` would count; NULL: not asked, as for a fixture root. */
	const struct pmu_plan *pmu;
	uint32_t row_count;
	struct check_row rows[CHECK_MAX_ROWS];
	uint32_t disturber_count;
	struct check_disturber disturbers[CHECK_MAX_DISTURBERS];
	/* The verdict: its facts, and the sentence of them. */
	enum second_dimension second_dimension;
	uint32_t guest_levels, second_levels; /* 0: unknown or none */
	uint64_t largest_guest_leaf_bytes;    /* 0: unknown */
	uint64_t largest_second_leaf_bytes;   /* 0: unknown */
	char verdict[240];
};

#define CHECK_SCHEMA "minivmm.check/1"

/* Ask the real /dev/kvm (`path`): presence, permission, API version, capabilities. Never fails. */
void check_probe_kvm(const char *path, struct kvm_probe *probe);

/*
 * Build the report from what is below `root` ("" is the real host) and an already filled `kvm` member. Never fails:
 * a missing file, an odd value or an unknown module is reported as unknown.
 */
void check_build(const char *root, struct check_report *report);

/* What `check --require` takes, of a struct check_report. */
extern const struct requirement_rules check_rules;

/*
 * The report as text, as JSON (schema minivmm.check/1), or as TAP with one line a requirement. `requirements` may be
 * NULL with count 0. 0 or -errno.
 */
int check_text(const struct check_report *report, const struct requirement *requirements, uint32_t count,
	       FILE *out);
int check_json(const struct check_report *report, const struct requirement *requirements, uint32_t count,
	       FILE *out);
int check_tap(const struct check_report *report, const struct requirement *requirements, uint32_t count,
	      FILE *out);

/*
 * The steps of check_build, once report->facts is there. Rows and verdict are made of facts, kvm and *cpu; rows
 * look at the limits below root as well, the verdict at the kernel's pools. Disturbers come from the facts and from files below root. A
 * last one names the files that are there and could not be read, so that a list without entries means a quiet host.
 */
void rows_build(const char *root, const struct cpuinfo *cpu, struct check_report *report);
void verdict_build(const char *root, const struct cpuinfo *cpu, struct check_report *report);
void disturb_build(const char *root, struct check_report *report);

/* The vendor on whose hosts a feature is reported. */
enum feature_vendor { VENDOR_ANY, VENDOR_INTEL, VENDOR_AMD };

/* A row of features.def, which explains the members. */
struct feature_rule {
	enum row_group group;
	enum feature_vendor vendor;
	const char *name, *flag, *vmx_flag, *param;
	const char *on, *off, *shadow;
};

extern const struct feature_rule feature_rules[];
extern const size_t feature_rule_count;

/* known_boolean for a feature's parameter: also "never" (nx_huge_pages, off for good) is off, and NULL is unknown. */
enum known feature_param_state(const char *value);

#endif
