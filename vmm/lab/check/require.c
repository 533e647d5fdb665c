/*
 * The list behind --require: cut at commas, each name looked up in one table, each answered by the report.
 */
#include "vmm/lab/check/require.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/lab/check/question.h"
#include "vmm/util/append.h"

static const struct {
	const char *name;
	const char *argument; /* NULL: takes none */
	const char *meaning;
	int (*answer)(struct question *q);
} table[] = {
	{ "kvm", NULL, "/dev/kvm can be opened and has all that minivmm needs", answer_kvm },
	{ "ept", NULL, "KVM walks the second dimension in hardware, by Intel's EPT", answer_ept },
	{ "npt", NULL, "the same by AMD's NPT", answer_npt },
	{ "tdp", NULL, "the same by either", answer_tdp },
	{ "shadow", NULL, "KVM keeps shadow page tables", answer_shadow },
	{ "vpid", NULL, "kvm_intel tags TLB entries by VPID", answer_vpid },
	{ "flexpriority", NULL, "kvm_intel uses the TPR shadow and FlexPriority", answer_flexpriority },
	{ "1g-backing", NULL, "the kernel has a pool of 1G pages, empty or not", answer_1g_backing },
	{ "1g-leaf", NULL, "the second dimension can have 1G leaves", answer_1g_leaf },
	{ "1g-guest", NULL, "the guest's own page tables can have 1G leaves", answer_1g_guest },
	{ "hugepages", "SIZE:COUNT[@NODE]", "so many pages are free and promised to nobody",
	  answer_hugepages },
	{ "thp", NULL, "transparent huge pages can be had by madvise", answer_thp },
	{ "memory", "SIZE", "so much memory is available", answer_memory },
	{ "vcpus", "N", "N CPUs for this process, and KVM allows N vCPUs", answer_vcpus },
	{ "nodes", "N", "at least N NUMA nodes", answer_nodes },
	{ "prefault", NULL, "KVM can fill the second dimension beforehand", answer_prefault },
	{ "stats", NULL, "KVM counts exits and leaves for each VM", answer_stats },
	{ "pmu", NULL, "this host has hardware counters", answer_pmu },
	{ "bare-metal", NULL, "this host is not itself a virtual machine", answer_bare_metal },
	{ "undisturbed", NULL, "nothing that is known to disturb a measurement", answer_undisturbed },
};
#define NAMES (sizeof(table) / sizeof(table[0]))
#define PARAMETER_SPELLING "MODULE.PARAMETER=VALUE"

const char *require_names(void)
{
	static char names[512];

	names[0] = '\0';
	for (size_t i = 0; i < NAMES; i++)
		append(names, sizeof(names), "%s%s%s, ", table[i].name, table[i].argument != NULL ? "=" : "",
		       table[i].argument != NULL ? table[i].argument : "");
	append(names, sizeof(names), PARAMETER_SPELLING);
	return names;
}

int require_help(FILE *out)
{
	char left[64];

	(void)fputs("Requirements (check --require NAME,NAME,...), each met by:\n", out);
	for (size_t i = 0; i < NAMES; i++) {
		(void)snprintf(left, sizeof(left), "%s%s%s", table[i].name,
			       table[i].argument != NULL ? "=" : "",
			       table[i].argument != NULL ? table[i].argument : "");
		(void)fprintf(out, "  %-28s %s\n", left, table[i].meaning);
	}
	(void)fprintf(out, "  %-28s %s\n", PARAMETER_SPELLING,
		      "that value of a parameter of kvm or of the module in charge");
	(void)fputs("\nExit status 6 where one of them is not met. What cannot be found out is not met.\n",
		    out);
	return fflush(out) != 0 || ferror(out) != 0 ? -EIO : 0;
}

static int refuse(const char *item, struct error *e, const char *why)
{
	char where[96];

	(void)snprintf(where, sizeof(where), "--require %.60s", item[0] != '\0' ? item : "''");
	(void)error_set(e, STATUS_USAGE, 0, where, "%s", why);
	error_hint(e, "minivmm check --require LIST, where LIST is of %s", require_names());
	return -EINVAL;
}

/* q->out->text is the item as written; `name` its copy, cut at the '='. */
static int answer_item(struct question *q, char *name, struct error *e)
{
	char *equals = strchr(name, '=');
	int ret;

	if (equals != NULL) {
		*equals = '\0';
		q->value = equals + 1;
	}
	for (size_t i = 0; i < NAMES; i++) {
		if (strcmp(name, table[i].name) != 0)
			continue;
		if ((q->value != NULL) != (table[i].argument != NULL))
			return refuse(q->out->text, e,
				      q->value != NULL ? "this name takes no value" : "a value is expected");
		ret = table[i].answer(q);
		return ret == 0 ? 0 : refuse(q->out->text, e, "this value is not understood");
	}
	if (strchr(name, '.') == NULL)
		return refuse(q->out->text, e, "there is no such requirement");
	ret = q->value != NULL && q->value[0] != '\0' ? answer_param(q, name) : -EINVAL;
	return ret == 0 ? 0 : refuse(q->out->text, e, "a parameter and its value are expected");
}

int require_evaluate(const char *list, const char *root, const struct check_report *report,
		     struct requirement *out, struct error *e)
{
	int count = 0;

	for (const char *item = list; item != NULL; count++) {
		size_t length = strcspn(item, ",");
		struct question q = { .report = report, .root = root, .out = &out[count] };
		char name[sizeof(out->text)];
		int ret;

		if (count == REQUIRE_MAX)
			return refuse(item, e, "too many requirements in one list");
		memset(&out[count], 0, sizeof(out[count]));
		if (length == 0 || length >= sizeof(name))
			return refuse(item, e,
				      length == 0 ? "a name is expected" : "there is no such requirement");
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, item);
		memcpy(out[count].text, name, sizeof(name));
		ret = answer_item(&q, name, e);
		if (ret != 0)
			return ret;
		item = item[length] == ',' ? item + length + 1 : NULL;
	}
	return count;
}

bool require_all_met(const struct requirement *requirements, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!requirements[i].met)
			return false;
	}
	return true;
}
