/*
 * The rows of the report: what each switch and CPU feature of features.def is on this host, and what that means.
 */
#include "vmm/lab/check/report.h"

#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/host/limits.h"
#include "vmm/util/text.h"

struct builder {
	const struct cpuinfo *cpu;
	struct check_report *report;
	bool shadow;
	enum feature_vendor vendor; /* VENDOR_ANY: neither is to be seen here */
};

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

const struct names row_group_names = NAMES_OF("module", "paging", "interrupts", "kvm", "memory");
const struct names row_group_titles =
	NAMES_OF("who runs guests", "paging", "interrupts", "kvm itself", "memory");

const struct feature_rule feature_rules[] = {
#define FEATURE(group, vendor, name, flag, vmx_flag, param, on, off, shadow) \
	{ ROW_##group, VENDOR_##vendor, name, flag, vmx_flag, param, on, off, shadow },
#include "vmm/lab/check/features.def"
#undef FEATURE
};
const size_t feature_rule_count = COUNT_OF(feature_rules);

enum known feature_param_state(const char *value)
{
	return value != NULL && is(value, "never") ? KNOWN_NO : known_boolean(value);
}

/*
 * The line "vmx flags", where there is one, shows the capability registers. "flags" has "vpid" also on CPUs without it
 * (since Linux 5.6, where init_vmx_capabilities looks for the bit in the wrong word).
 */
static enum known hardware_state(const struct cpuinfo *cpu, const char *flag, const char *vmx_flag)
{
	enum known by_flags = cpuinfo_has(cpu->flags, flag);
	enum known by_vmx = cpuinfo_has(cpu->vmx_flags, vmx_flag);

	return by_vmx == KNOWN_UNKNOWN ? by_flags : by_vmx;
}

static struct check_row *add(struct builder *b, enum row_group group, const char *name, const char *enabled,
			     const char *effect)
{
	struct check_report *r = b->report;
	struct check_row *row = &r->rows[r->row_count < CHECK_MAX_ROWS ? r->row_count++ : CHECK_MAX_ROWS - 1];

	memset(row, 0, sizeof(*row));
	row->group = group;
	(void)snprintf(row->name, sizeof(row->name), "%s", name);
	(void)snprintf(row->enabled, sizeof(row->enabled), "%s", enabled);
	(void)snprintf(row->effect, sizeof(row->effect), "%s", effect);
	return row;
}

/* In place of the effect: why the state is unknown. */
static void explain_unknown(const struct feature_rule *rule, const char *value, const char *module,
			    struct check_row *row)
{
	if (rule->param == NULL)
		(void)snprintf(row->effect, sizeof(row->effect),
			       "Not known: /proc/cpuinfo does not tell whether the CPU has it.");
	else if (value == NULL && is(module, "none"))
		(void)snprintf(row->effect, sizeof(row->effect),
			       "Not known: no KVM module is in charge here.");
	else if (value == NULL)
		(void)snprintf(row->effect, sizeof(row->effect),
			       "Not known: %s was not found (an older kernel, or the module is not loaded).",
			       rule->param);
	else
		(void)snprintf(row->effect, sizeof(row->effect),
			       "Not known: %s reads \"%s\", which is neither on nor off.", rule->param,
			       value);
}

static void apply(struct builder *b, const struct feature_rule *rule)
{
	const char *value = rule->param == NULL ? NULL : facts_param(&b->report->facts, rule->param);
	enum known hardware = hardware_state(b->cpu, rule->flag, rule->vmx_flag);
	enum known state = rule->param == NULL ? hardware : feature_param_state(value);
	bool shadow = b->shadow && rule->shadow != NULL;
	struct check_row *row = add(b, rule->group, rule->name,
				    rule->param == NULL      ? "-"
				    : state == KNOWN_UNKNOWN ? "unknown"
							     : value,
				    shadow               ? rule->shadow
				    : state == KNOWN_YES ? rule->on
							 : rule->off);

	row->of_hardware = rule->flag != NULL || rule->vmx_flag != NULL;
	row->hardware = hardware;
	if (!shadow && state == KNOWN_UNKNOWN)
		explain_unknown(rule, value, b->report->facts.kvm_module, row);
}

/* VT-x or AMD-V: hardware, the module that uses it, what that means. */
static void add_virtualization(struct builder *b, const char *flag, const char *title, const char *module)
{
	bool in_charge = is(b->report->facts.kvm_module, module);
	struct check_row *row = add(b, ROW_MODULE, flag, in_charge ? module : "-", title);
	const char *tail = "";

	row->of_hardware = true;
	row->hardware = cpuinfo_has(b->cpu->flags, flag);
	if (row->hardware == KNOWN_YES)
		tail = in_charge ? "the CPU runs guests, KVM uses it."
				 : "the CPU could run guests in hardware, but its module is not in charge.";
	else if (row->hardware == KNOWN_NO)
		tail = "not shown to this kernel: the CPU has none, the firmware switched it off, or the VM "
		       "around this host keeps it. No guest can run in hardware.";
	else
		tail = "not known: /proc/cpuinfo does not tell.";
	append(row->effect, sizeof(row->effect), ": %s", tail);
}

static void add_module(struct builder *b)
{
	static const struct {
		const char *module, *effect;
	} others[] = {
		{ "kvm_pvm", "Runs guests without VT-x and AMD-V: guest ring 3 at native speed, guest ring 0 "
			     "interpreted (a slow start), memory by shadow paging." },
		{ "builtin",
		  "/dev/kvm is there, but no module that this program knows serves it: what pages its guests "
		  "is not known." },
		{ "unknown", "More than one vendor's module is live: which one serves guests is not known." },
		{ "none", "No KVM module is in charge: no guest can run. `minivmm native` can." },
	};
	const char *module = b->report->facts.kvm_module;

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (is(module, others[i].module))
			(void)add(b, ROW_MODULE, "module", module, others[i].effect);
	}
}

/* How to read the numbers of this host. */
static void add_meaning(struct builder *b)
{
	if (is_two_dimensional(b->report->facts.second_dimension))
		(void)add(b, ROW_MODULE, "steady accesses", "-",
			  "Two dimensions in hardware: `run` less `native`, on the same pages, is what the "
			  "second one costs.");
	if (!b->shadow)
		return;
	(void)add(
		b, ROW_MODULE, "steady accesses", "-",
		"One dimension: KVM folds guest and host tables into one, and the CPU walks that. `run` equals "
		"`native` with leaf min(guest, backing): TLB reach is real, a second dimension of KVM's is not "
		"in it.");
	(void)add(
		b, ROW_MODULE, "first touches", "-",
		"Page faults, table changes and exits are KVM's software: far dearer than with EPT or NPT, and "
		"no estimate of either.");
}

/* On a host that is itself a guest: how its dimensions relate to those of the metal. */
static void add_outer_host(struct builder *b)
{
	bool two = is_two_dimensional(b->report->facts.second_dimension);

	if (b->report->facts.hypervisor == KNOWN_YES)
		(void)add(
			b, ROW_MODULE, "outer hypervisor", "-",
			two ? "It merges KVM's second dimension with its own: leaves on the metal can be smaller "
			      "than KVM reports here, and each exit passes through it, many times dearer."
			    : "One dimension here may be two on the metal: what this host takes for physical "
			      "memory is translated once more, for `run` and `native` alike.");
}

static void add_guest_1g(struct builder *b)
{
	static const char *const values[] = { "unknown", "N", "Y" };
	static const char *const effects[] = {
		"Not known: KVM was not asked what a guest's CPUID may offer.",
		"A guest's CPUID has no 1G pages here: --guest-page 1G is refused, 2M is its largest leaf.",
		"A guest's CPUID has 1G pages: --guest-page 1G works.",
	};
	enum known state = b->report->kvm.guest_1g_pages;

	(void)add(b, ROW_MEMORY, "guest pdpe1gb", values[state], effects[state]);
}

/* What limits this process: the tightest of each kind. */
static void add_limits(struct builder *b, const char *root)
{
	static const struct {
		enum limit_kind kind;
		bool always; /* also where there is none */
		const char *name, *unit, *consequence;
		double divisor;
	} rows[] = {
		{ LIMIT_MEMORY, true, "memory limit", "M",
		  "A run that touches more is killed, lazily populated or not.", (double)MIB },
		{ LIMIT_MEMORY_HIGH, false, "memory.high", "M",
		  "Beyond it the kernel swaps, and slows the group down.", (double)MIB },
		{ LIMIT_ADDRESS_SPACE, false, "ulimit -v", "M", "Larger guest RAM cannot be mapped.",
		  (double)MIB },
		{ LIMIT_DATA, false, "ulimit -d", "M", "Larger guest RAM without a file cannot be mapped.",
		  (double)MIB },
		{ LIMIT_FILE_SIZE, false, "ulimit -f", "M", "Larger guest RAM in a file cannot be made.",
		  (double)MIB },
		{ LIMIT_COMMIT, false, "commit limit", "M",
		  "More of it by all processes together is refused, touched or not.", (double)MIB },
		{ LIMIT_CPU, true, "CPU quota", " CPU",
		  "Threads that use more are stopped within a timed part.", 1000 },
		{ LIMIT_TASKS, true, "thread limit", "",
		  "A vCPU is a thread, and so is what populates memory.", 1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct limits limits = { .count = 0 };
		char value[32] = "none", effect[200];

		limits_add(root, rows[i].kind, 0, &limits);
		(void)snprintf(effect, sizeof(effect), "%s",
			       limits.hidden
				       ? "None to be seen from this container: groups above it may have one."
				       : "No control group limits this process.");
		if (limits.count != 0) {
			(void)snprintf(value, sizeof(value), "%.*f%s", rows[i].kind == LIMIT_CPU ? 2 : 0,
				       (double)limits.list[0].limit / rows[i].divisor, rows[i].unit);
			(void)snprintf(effect, sizeof(effect), "%s: %s", path_tail(limits.list[0].path, 120),
				       rows[i].consequence);
		} else if (limits.unknown[0] != '\0') {
			(void)snprintf(value, sizeof(value), "unknown");
			(void)snprintf(effect, sizeof(effect), "Not known: %.180s.", limits.unknown);
		}
		if (rows[i].always || limits.count != 0)
			(void)add(b, ROW_MEMORY, rows[i].name, value, effect);
		limits_free(&limits);
	}
}

static enum feature_vendor find_vendor(const struct cpuinfo *cpu, const char *module)
{
	if (is(module, "kvm_intel") ||
	    (cpuinfo_has(cpu->flags, "vmx") == KNOWN_YES && !is(module, "kvm_amd")))
		return VENDOR_INTEL;
	if (is(module, "kvm_amd") || cpuinfo_has(cpu->flags, "svm") == KNOWN_YES)
		return VENDOR_AMD;
	return VENDOR_ANY;
}

void rows_build(const char *root, const struct cpuinfo *cpu, struct check_report *report)
{
	struct builder b = { .cpu = cpu, .report = report };
	bool amd = is(cpu->vendor, "AuthenticAMD") || is(cpu->vendor, "HygonGenuine");

	b.shadow = report->facts.second_dimension == SECOND_SHADOW;
	b.vendor = find_vendor(cpu, report->facts.kvm_module);
	report->row_count = 0;
	/* Without either feature the CPU's vendor says which of the two is missing. For an unknown vendor both rows are shown. */
	if (b.vendor == VENDOR_INTEL || (b.vendor == VENDOR_ANY && !amd))
		add_virtualization(&b, "vmx", "VT-x", "kvm_intel");
	if (b.vendor == VENDOR_AMD || (b.vendor == VENDOR_ANY && !is(cpu->vendor, "GenuineIntel")))
		add_virtualization(&b, "svm", "AMD-V", "kvm_amd");
	add_module(&b);
	add_meaning(&b);
	add_outer_host(&b);
	for (size_t i = 0; i < feature_rule_count; i++) {
		if (feature_rules[i].vendor == VENDOR_ANY || feature_rules[i].vendor == b.vendor)
			apply(&b, &feature_rules[i]);
	}
	add_guest_1g(&b);
	add_limits(&b, root);
}
