/*
 * Requirements that KVM and its parameters answer.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/check/question.h"

#define KVM_API 12

int settle(struct question *q, enum known answer, const char *fmt, ...)
{
	size_t size = sizeof(q->out->reason);
	size_t used = 0;
	va_list args;

	if (answer == KNOWN_UNKNOWN)
		used = (size_t)snprintf(q->out->reason, size, "unknown: ");
	va_start(args, fmt);
	(void)vsnprintf(q->out->reason + used, size - used, fmt, args);
	va_end(args);
	q->out->met = answer == KNOWN_YES;
	return 0;
}

const char *question_param(const struct question *q, const char *name)
{
	const struct host_facts *f = &q->report->facts;

	for (uint32_t i = 0; i < f->param_count && i < FACTS_MAX_PARAMS; i++) {
		if (strcmp(f->params[i].name, name) == 0)
			return f->params[i].value;
	}
	return NULL;
}

enum known question_boolean(const char *value)
{
	if (strcmp(value, "Y") == 0 || strcmp(value, "1") == 0)
		return KNOWN_YES;
	if (strcmp(value, "N") == 0 || strcmp(value, "0") == 0)
		return KNOWN_NO;
	return KNOWN_UNKNOWN;
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

int answer_kvm(struct question *q)
{
	const struct kvm_probe *kvm = &q->report->kvm;
	const char *missing = missing_capability(kvm);

	if (kvm->present == KNOWN_UNKNOWN)
		return settle(q, KNOWN_UNKNOWN, "/dev/kvm was not asked");
	if (kvm->present == KNOWN_NO)
		return settle(q, KNOWN_NO, "there is no /dev/kvm%s%s", kvm->err != 0 ? ": " : "",
			      kvm->err != 0 ? strerror(kvm->err) : "");
	if (kvm->permitted != KNOWN_YES)
		return settle(q, kvm->permitted, "/dev/kvm cannot be opened: %s", strerror(kvm->err));
	if (kvm->api_version != KVM_API)
		return settle(q, kvm->api_version < 0 ? KNOWN_UNKNOWN : KNOWN_NO, "API version %d, not %d",
			      kvm->api_version, KVM_API);
	if (missing != NULL)
		return settle(q, KNOWN_NO, "/dev/kvm has no %s", missing);
	return settle(q, KNOWN_YES, "/dev/kvm opened, API version %d", kvm->api_version);
}

/* One of the two is the second dimension. */
static int answer_dimension(struct question *q, enum second_dimension wanted, enum second_dimension other)
{
	const struct host_facts *f = &q->report->facts;
	enum second_dimension is = q->report->second_dimension;
	enum known answer = is == SECOND_UNKNOWN          ? KNOWN_UNKNOWN
			    : is == wanted || is == other ? KNOWN_YES
							  : KNOWN_NO;

	if (is == SECOND_NONE)
		return settle(q, answer, "no KVM module is in charge");
	return settle(q, answer, "the second dimension under %s is %s", f->kvm_module,
		      is == SECOND_UNKNOWN ? "not to be found out" : second_dimension_name(is));
}

int answer_ept(struct question *q)
{
	return answer_dimension(q, SECOND_EPT, SECOND_EPT);
}

int answer_npt(struct question *q)
{
	return answer_dimension(q, SECOND_NPT, SECOND_NPT);
}

int answer_tdp(struct question *q)
{
	return answer_dimension(q, SECOND_EPT, SECOND_NPT);
}

int answer_shadow(struct question *q)
{
	return answer_dimension(q, SECOND_SHADOW, SECOND_SHADOW);
}

/* A switch of kvm_intel; other modules have no such thing to switch. */
static int answer_intel(struct question *q, const char *param)
{
	const char *module = q->report->facts.kvm_module;
	const char *value = question_param(q, param);

	if (value != NULL)
		return settle(q, question_boolean(value), "%s=%s", param, value);
	if (strcmp(module, "none") == 0)
		return settle(q, KNOWN_NO, "no KVM module is in charge");
	if (strcmp(module, "kvm_amd") == 0 || strcmp(module, "kvm_pvm") == 0)
		return settle(q, KNOWN_NO, "%s is in charge, which has no such switch", module);
	return settle(q, KNOWN_UNKNOWN, "%s cannot be read", param);
}

int answer_vpid(struct question *q)
{
	return answer_intel(q, "kvm_intel.vpid");
}

int answer_flexpriority(struct question *q)
{
	return answer_intel(q, "kvm_intel.flexpriority");
}

int answer_param(struct question *q, const char *name)
{
	const char *value = question_param(q, name);
	enum known is, wanted = question_boolean(q->value);

	if (value == NULL)
		return settle(q, KNOWN_UNKNOWN, "neither kvm nor the module in charge shows a parameter %s",
			      name);
	if (strcmp(value, "unknown") == 0)
		return settle(q, KNOWN_UNKNOWN, "%s cannot be read", name);
	is = question_boolean(value);
	if (strcmp(value, q->value) == 0 || (is != KNOWN_UNKNOWN && is == wanted))
		return settle(q, KNOWN_YES, "%s=%s", name, value);
	return settle(q, KNOWN_NO, "%s=%s", name, value);
}

static int answer_capability(struct question *q, const char *name)
{
	const struct kvm_probe *kvm = &q->report->kvm;

	for (uint32_t i = 0; i < kvm->capability_count; i++) {
		int value = kvm->capability[i].value;

		if (strcmp(kvm->capability[i].name, name) != 0 || value < 0)
			continue;
		return settle(q, value > 0 ? KNOWN_YES : KNOWN_NO, "/dev/kvm has %s%s",
			      value > 0 ? "" : "no ", name);
	}
	if (kvm->present == KNOWN_NO)
		return settle(q, KNOWN_NO, "there is no /dev/kvm");
	return settle(q, KNOWN_UNKNOWN, "/dev/kvm was not asked for %s", name);
}

int answer_prefault(struct question *q)
{
	return answer_capability(q, "KVM_CAP_PRE_FAULT_MEMORY");
}

int answer_stats(struct question *q)
{
	return answer_capability(q, "KVM_CAP_BINARY_STATS_FD");
}

static int answer_leaf(struct question *q, const char *where, uint64_t largest_bytes)
{
	if (largest_bytes == 0)
		return settle(q, KNOWN_UNKNOWN, "the largest leaf of %s is not to be found out here", where);
	return settle(q, largest_bytes >= PAGE_1G ? KNOWN_YES : KNOWN_NO, "the largest leaf of %s is %s",
		      where,
		      largest_bytes >= PAGE_1G   ? "1G"
		      : largest_bytes >= PAGE_2M ? "2M"
						 : "4K");
}

int answer_1g_leaf(struct question *q)
{
	if (q->report->second_dimension == SECOND_NONE)
		return settle(q, KNOWN_NO, "no KVM module is in charge");
	return answer_leaf(q, "the second dimension", q->report->largest_second_leaf_bytes);
}

int answer_1g_guest(struct question *q)
{
	if (q->report->second_dimension == SECOND_NONE)
		return settle(q, KNOWN_NO, "no KVM module is in charge");
	return answer_leaf(q, "the guest's page tables", q->report->largest_guest_leaf_bytes);
}
