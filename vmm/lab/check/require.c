/*
 * The requirements of `check --require LIST`: the rows of requirements.def decide each by the report, mostly with one of
 * the functions below.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "units.h"
#include "vmm/host/limits.h"
#include "vmm/host/pool/pool.h"
#include "vmm/host/sysfile.h"
#include "vmm/lab/check/report.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

static const struct check_report *report_of(const struct evaluation *v)
{
	return v->of;
}

#define KVM_API 12

/* As many bytes as the plan of a pool counts: 2^60. */
#define MAX_PAGES (UINT64_C(1) << 30)

/* For at_least(): the argument is a size, reported in MiB, not a number. */
#define A_SIZE 0

static bool is_unknown(const char *fact)
{
	return strcmp(fact, "unknown") == 0;
}

/*
 * A number of the host that is at least the one asked for (1 to `max`, or A_SIZE). The reason is "N wanted, <before>
 * M<after>", or `unknown` where `have` is 0.
 */
static int at_least(struct evaluation *v, uint64_t max, uint64_t have, const char *before, const char *after,
		    const char *unknown)
{
	const char *unit = max == A_SIZE ? " MiB" : "";
	uint64_t divisor = max == A_SIZE ? MIB : 1, wanted;
	int ret =
		max == A_SIZE ? size_parse(v->value, MIB, &wanted) : number_parse(v->value, 1, max, &wanted);

	if (ret != 0)
		return -EINVAL;
	if (have == 0)
		return conclude(v, KNOWN_UNKNOWN, "%s", unknown);
	return conclude(v, known_if(have >= wanted), "%" PRIu64 "%s wanted, %s%" PRIu64 "%s%s",
			wanted / divisor, unit, before, have / divisor, unit, after);
}

/* The first required capability that KVM was asked for and does not have, or NULL. */
static const char *missing_capability(const struct kvm_probe *kvm)
{
	for (uint32_t i = 0; i < kvm->capability_count; i++) {
		if (kvm->capability[i].required && kvm->capability[i].value <= 0)
			return kvm->capability[i].name;
	}
	return NULL;
}

static int usable_kvm(struct evaluation *v)
{
	const struct kvm_probe *kvm = &report_of(v)->kvm;
	const char *missing = missing_capability(kvm);

	if (kvm->present == KNOWN_UNKNOWN)
		return conclude(v, KNOWN_UNKNOWN, "/dev/kvm was not asked");
	if (kvm->present == KNOWN_NO)
		return conclude(v, KNOWN_NO, "no /dev/kvm%s%s", kvm->failure[0] != '\0' ? ": " : "",
				kvm->failure);
	if (kvm->permitted != KNOWN_YES)
		return conclude(v, kvm->permitted, "/dev/kvm: %s", kvm->failure);
	if (kvm->api_version != KVM_API)
		return conclude(v, kvm->api_version < 0 ? KNOWN_UNKNOWN : KNOWN_NO, "API version %d, not %d",
				kvm->api_version, KVM_API);
	if (missing != NULL)
		return conclude(v, KNOWN_NO, "/dev/kvm has no %s", missing);
	if (kvm->makes_vm != KNOWN_YES)
		return conclude(v, kvm->makes_vm, "%s",
				kvm->failure[0] != '\0' ? kvm->failure : "no VM was tried");
	return conclude(v, KNOWN_YES, "/dev/kvm opened, API version %d, and a VM made", kvm->api_version);
}

/* The value of a capability as KVM gave it, or -1 where KVM was not asked for it. */
static int capability_value(const struct kvm_probe *kvm, const char *name)
{
	for (uint32_t i = 0; i < kvm->capability_count; i++) {
		if (strcmp(kvm->capability[i].name, name) == 0)
			return kvm->capability[i].value;
	}
	return -1;
}

static int capability(struct evaluation *v, const char *name)
{
	int value = capability_value(&report_of(v)->kvm, name);

	if (value >= 0)
		return conclude(v, known_if(value > 0), "/dev/kvm has %s%s", value > 0 ? "" : "no ", name);
	if (report_of(v)->kvm.present == KNOWN_NO)
		return conclude(v, KNOWN_NO, "no /dev/kvm");
	return conclude(v, KNOWN_UNKNOWN, "/dev/kvm was not asked for %s", name);
}

static int no_module(struct evaluation *v)
{
	return conclude(v, KNOWN_NO, "no KVM module is in charge");
}

/* The second dimension is one of the two. */
static int second_is(struct evaluation *v, enum second_dimension wanted, enum second_dimension other)
{
	const char *module = report_of(v)->facts.kvm_module;
	enum second_dimension is = report_of(v)->second_dimension;

	if (is == SECOND_NONE)
		return no_module(v);
	if (is == SECOND_UNKNOWN)
		return conclude(v, KNOWN_UNKNOWN, "the second dimension under %s was not found out", module);
	return conclude(v, known_if(is == wanted || is == other), "the second dimension under %s is %s",
			module, second_dimension_name(is));
}

/* A switch of kvm_intel, which the other modules do not have. */
static int intel_switch(struct evaluation *v, const char *param)
{
	const char *module = report_of(v)->facts.kvm_module;
	const char *value = facts_param(&report_of(v)->facts, param);

	if (value != NULL)
		return conclude(v, known_boolean(value), "%s=%s", param, value);
	if (strcmp(module, "none") == 0)
		return no_module(v);
	if (strcmp(module, "kvm_amd") == 0 || strcmp(module, "kvm_pvm") == 0)
		return conclude(v, KNOWN_NO, "%s is in charge and has no such switch", module);
	return conclude(v, KNOWN_UNKNOWN, "%s cannot be read", param);
}

static int leaf_is_1g(struct evaluation *v, const char *where, uint64_t largest_bytes)
{
	if (report_of(v)->second_dimension == SECOND_NONE)
		return no_module(v);
	if (largest_bytes == 0)
		return conclude(v, KNOWN_UNKNOWN, "the largest leaf of %s was not found out here", where);
	return conclude(v, known_if(largest_bytes >= PAGE_1G), "the largest leaf of %s is %s", where,
			largest_bytes >= PAGE_1G   ? "1G"
			: largest_bytes >= PAGE_2M ? "2M"
						   : "4K");
}

/*
 * Once `wanted` is there: do the limits of this process allow it? In `divisor`s of a limit's unit. False: v is concluded,
 * because one does not, or because that is not known.
 */
static bool within_limits(struct evaluation *v, const struct limits *limits, uint64_t wanted,
			  uint64_t divisor, const char *unit)
{
	const struct limit *tightest = limits->list;

	if (limits->count != 0 && limit_room(tightest) < wanted)
		return conclude(v, KNOWN_NO, "%" PRIu64 "%s wanted, %s is %.6g%s and leaves %.6g%s",
				wanted / divisor, unit, path_tail(tightest->path, 90),
				(double)tightest->limit / (double)divisor, unit,
				(double)limit_room(tightest) / (double)divisor, unit) != 0;
	if (limits->unknown[0] != '\0')
		return conclude(v, KNOWN_UNKNOWN, "%.130s", limits->unknown) != 0;
	if (limits->hidden && limits->count == 0)
		append_remark(v->out->reason, sizeof(v->out->reason),
			      "limits above this container are not seen");
	return true;
}

/* MemAvailable, and what limits this process. */
static int enough_memory(struct evaluation *v)
{
	int ret = at_least(v, A_SIZE, report_of(v)->facts.memory_available_bytes, "", " available",
			   "MemAvailable cannot be read");
	struct limits limits = { .count = 0 };
	uint64_t wanted;

	if (ret != 0 || !v->out->met || size_parse(v->value, MIB, &wanted) != 0)
		return ret;
	limits_add_memory(v->root, &limits);
	(void)within_limits(v, &limits, wanted, MIB, " MiB");
	limits_free(&limits);
	return 0;
}

/* A quota and a limit on threads, below the CPUs that are there. */
static void vcpus_within_limits(struct evaluation *v, uint64_t wanted)
{
	struct limits quotas = { .count = 0 }, tasks = { .count = 0 };

	limits_add(v->root, LIMIT_CPU, 0, &quotas);
	limits_add(v->root, LIMIT_TASKS, 0, &tasks);
	if (within_limits(v, &quotas, wanted * 1000, 1000, " CPUs"))
		(void)within_limits(v, &tasks, wanted, 1, " threads");
	limits_free(&quotas);
	limits_free(&tasks);
}

static int enough_vcpus(struct evaluation *v)
{
	int allowed = capability_value(&report_of(v)->kvm, "KVM_CAP_MAX_VCPUS");
	uint64_t wanted;
	int ret;

	if (number_parse(v->value, 1, UINT32_MAX, &wanted) != 0)
		return -EINVAL;
	if (wanted > GUEST_MAX_VCPUS)
		return conclude(v, KNOWN_NO, "the guest supports %d vCPUs", GUEST_MAX_VCPUS);
	if (allowed > 0 && (uint64_t)allowed < wanted)
		return conclude(v, KNOWN_NO, "KVM allows %d vCPUs", allowed);
	ret = at_least(v, UINT32_MAX, report_of(v)->facts.cpus, "this process may run on ", " CPUs",
		       "the CPUs of this process cannot be read");
	if (ret == 0 && v->out->met)
		vcpus_within_limits(v, wanted);
	return ret;
}

/* The kernel shows no pool of that size: it has none, or nothing below the root can be read at all. */
static int no_pool(struct evaluation *v, uint64_t page_bytes)
{
	struct pool_counts counts;
	enum known answer = sysfile_exists(v->root, "sys/kernel/mm") == KNOWN_YES &&
					    pool_read(v->root, page_bytes, &counts) == -ENOENT
				    ? KNOWN_NO
				    : KNOWN_UNKNOWN;
	char size[24];

	return conclude(v, answer, "the kernel shows no pool of %s pages", size_format(page_bytes, size));
}

static int pool_exists(struct evaluation *v, uint64_t page_bytes)
{
	struct pool_counts pool;
	char size[24];

	if (pool_read(v->root, page_bytes, &pool) != 0)
		return no_pool(v, page_bytes);
	return conclude(v, KNOWN_YES,
			"the kernel has a pool of %s pages: %" PRIu64 " in all, %" PRIu64 " free",
			size_format(page_bytes, size), pool.total, pool.free);
}

/* "2M:512@1". */
struct pages {
	uint64_t page_bytes, count;
	uint64_t nodes; /* mask; 0: any */
};

static int parse_pages(const char *value, struct pages *out)
{
	const char *colon = strchr(value, ':'), *at = strchr(value, '@');
	char size[8], count[24];
	uint64_t node;
	size_t digits;

	out->nodes = 0;
	if (colon == NULL || (size_t)(colon - value) >= sizeof(size) || (at != NULL && at < colon))
		return -EINVAL;
	digits = at != NULL ? (size_t)(at - colon) - 1 : strlen(colon + 1);
	if (digits >= sizeof(count))
		return -EINVAL;
	(void)snprintf(size, sizeof(size), "%.*s", (int)(colon - value), value);
	(void)snprintf(count, sizeof(count), "%.*s", (int)digits, colon + 1);
	if (at != NULL && number_parse(at + 1, 0, HOST_MAX_NODES - 1, &node) != 0)
		return -EINVAL;
	if (at != NULL)
		out->nodes = UINT64_C(1) << node;
	if (page_size_parse(size, &out->page_bytes) != 0 || out->page_bytes == PAGE_4K)
		return -EINVAL;
	return number_parse(count, 1, MAX_PAGES, &out->count) == 0 ? 0 : -EINVAL;
}

/* The kernel may fail to make pages on demand (overcommit), so they do not count as available. */
static int conclude_plan(struct evaluation *v, const struct pool_size *pool, const struct pages *asked,
			 const struct pool_plan *plan)
{
	bool met = plan->enough && plan->on_demand_pages == 0;

	if (plan->available_pages >= asked->count && !met)
		return conclude(
			v, KNOWN_NO, "%" PRIu64 " wanted, %" PRIu64 " available, but %.70s is too tight",
			asked->count, plan->available_pages,
			pool->limits.count > 0 ? path_tail(pool->limits.list[0].path, 70) : "a limit");
	if (met && pool->limits.unknown[0] != '\0')
		return conclude(v, KNOWN_UNKNOWN, "a limit of control groups: %s", pool->limits.unknown);
	if (asked->nodes != 0)
		return conclude(v, known_if(met),
				"%" PRIu64 " wanted, %" PRIu64 " available on that node (%" PRIu64
				" free there; of %" PRIu64 " free on all %" PRIu64 " reserved)",
				asked->count, plan->available_pages, plan->nodes[0].free, pool->counts.free,
				pool->counts.reserved);
	return conclude(v, known_if(met),
			"%" PRIu64 " wanted, %" PRIu64 " available (%" PRIu64 " free, %" PRIu64
			" of them reserved)%s",
			asked->count, plan->available_pages, pool->counts.free, pool->counts.reserved,
			pool_bound_words(plan));
}

/* Decided by the plan that a run of that size would get. */
static int pages_available(struct evaluation *v)
{
	struct error e = { .status = STATUS_OK };
	struct pool_report report = { 0 };
	struct pool_plan plan;
	struct pages asked;
	int ret;

	if (parse_pages(v->value, &asked) != 0)
		return -EINVAL;
	pool_report_read(v->root, &report);
	ret = pool_plan_make(&report,
			     &(struct pool_use){ .page_bytes = asked.page_bytes,
						 .bytes = asked.count * asked.page_bytes,
						 .nodes = asked.nodes },
			     &plan, &e);
	if (ret == -ENOENT || ret == -ENODATA)
		ret = no_pool(v, asked.page_bytes);
	else if (ret != 0)
		ret = conclude(v, report.unread_err != 0 ? KNOWN_UNKNOWN : KNOWN_NO, "%.140s", e.what);
	else
		ret = conclude_plan(v, pool_report_size(&report, asked.page_bytes), &asked, &plan);
	pool_report_free(&report);
	return ret;
}

#define REQUIREMENT(id, name, argument, meaning, answer)          \
	static int evaluate_##id(struct evaluation *v)            \
	{                                                         \
		const struct check_report *report = report_of(v); \
		const struct host_facts *facts = &report->facts;  \
                                                                  \
		(void)facts;                                      \
		return answer;                                    \
	}
#include "vmm/lab/check/requirements.def"
#undef REQUIREMENT

static const struct requirement_rule rule_list[] = {
#define REQUIREMENT(id, name, argument, meaning, answer) { name, argument, meaning, evaluate_##id },
#include "vmm/lab/check/requirements.def"
#undef REQUIREMENT
};

/* A parameter of kvm or of the module in charge: `name` is "kvm.tdp_mmu", v->value what it has to be. */
static int parameter_is(struct evaluation *v, const char *name)
{
	const char *value = facts_param(&report_of(v)->facts, name);
	enum known is;

	if (value == NULL)
		return conclude(v, KNOWN_UNKNOWN, "neither kvm nor the module in charge shows a parameter %s",
				name);
	if (is_unknown(value))
		return conclude(v, KNOWN_UNKNOWN, "%s cannot be read", name);
	is = known_boolean(value);
	return conclude(v,
			known_if(strcmp(value, v->value) == 0 ||
				 (is != KNOWN_UNKNOWN && is == known_boolean(v->value))),
			"%s=%s", name, value);
}

const struct requirement_rules check_rules = {
	.command = "check",
	.list = rule_list,
	.count = COUNT_OF(rule_list),
	.parameter = "MODULE.PARAMETER=VALUE",
	.parameter_meaning = "that value of a parameter of kvm or of the module in charge",
	.parameter_is = parameter_is,
};
