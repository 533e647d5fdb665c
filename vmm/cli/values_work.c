/* Options about what runs: vCPUs, workloads, samples. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "vmm/cli/options.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"

#define NAMES_BYTES 256

int set_smp(struct parse *p, const char *value)
{
	bool native = p->r->command == COMMAND_NATIVE;
	uint64_t max = native ? SPEC_MAX_CPUS : GUEST_MAX_VCPUS;
	uint64_t count;
	int ret = number_parse(value, 1, UINT64_MAX, &count);

	if (ret != 0)
		return refuse_value(p, value, "a whole number from 1 to %u is expected", (unsigned int)max);
	if (count > max)
		return refuse_value(p, value, "%s supports %u", native ? "native" : "this guest",
				    (unsigned int)max);
	p->r->run.machine.vcpus = (uint32_t)count;
	return 0;
}

int set_pin(struct parse *p, const char *value)
{
	uint16_t cpus[SPEC_MAX_CPUS];
	int count = list_parse(value, SPEC_MAX_CPUS - 1, cpus, SPEC_MAX_CPUS);

	if (count <= 0)
		return refuse_value(p, value, "CPU numbers from 0 to %d are expected, as in 0-3,8",
				    SPEC_MAX_CPUS - 1);
	memcpy(p->r->run.machine.pin, cpus, (size_t)count * sizeof(cpus[0]));
	p->r->run.machine.pin_count = (uint32_t)count;
	return 0;
}

int set_guest_page(struct parse *p, const char *value)
{
	if (page_size_parse(value, &p->r->run.machine.guest_page_bytes) != 0)
		return refuse_value(p, value, "4K, 2M or 1G is expected");
	return 0;
}

int set_guest_ad(struct parse *p, const char *value)
{
	enum choice choice = CHOICE_OFF;
	int ret = set_choice(p, value, &choice);

	p->r->run.machine.guest_ad = choice == CHOICE_ON;
	return ret;
}

int set_kernel_irqchip(struct parse *p, const char *value)
{
	return set_choice(p, value, &p->r->run.machine.apic);
}

static const char *workload_names(char *buf)
{
	buf[0] = '\0';
	for (int id = 0; id < WORKLOAD_COUNT; id++)
		append(buf, NAMES_BYTES, "%s, ", workload_table[id].name);
	return buf;
}

int set_workload(struct parse *p, const char *value)
{
	enum workload_id chosen[SPEC_MAX_WORKLOADS];
	char name[32], names[NAMES_BYTES];
	uint32_t count = 0;

	if (strcmp(value, "help") == 0) {
		p->r->command = COMMAND_HELP;
		p->r->help_topic = "workload";
		p->done = true;
		return 0;
	}
	p->r->run.workloads_given = true;
	if (strcmp(value, "none") == 0) {
		p->r->run.work.workload_count = 0;
		return 0;
	}
	for (const char *start = value; start != NULL;) {
		size_t length = strcspn(start, ",");
		int id;

		(void)snprintf(name, sizeof(name), "%.*s", (int)(length < 64 ? length : 64), start);
		id = length < sizeof(name) ? workload_find(name) : -1;
		if (id < 0)
			return refuse_value(p, value,
					    "no workload is called '%s'; there are %sor none, alone", name,
					    workload_names(names));
		if (count == SPEC_MAX_WORKLOADS)
			return refuse_value(p, value, "at most %d names are accepted", SPEC_MAX_WORKLOADS);
		chosen[count++] = (enum workload_id)id;
		start = start[length] == ',' ? start + length + 1 : NULL;
	}
	memcpy(p->r->run.work.workloads, chosen, count * sizeof(chosen[0]));
	p->r->run.work.workload_count = count;
	return 0;
}

int set_working_set(struct parse *p, const char *value)
{
	uint64_t sets[SPEC_MAX_SETS];
	int count = size_series_parse(value, sets, SPEC_MAX_SETS);

	if (count <= 0)
		return refuse_value(p, value, "up to %d sizes are expected, as in 64K,1M or 256K..4G",
				    SPEC_MAX_SETS);
	memcpy(p->r->run.work.sets_bytes, sets, (size_t)count * sizeof(sets[0]));
	p->r->run.work.set_count = (uint32_t)count;
	return 0;
}

int set_accesses(struct parse *p, const char *value)
{
	return set_number(p, value, 0, UINT64_C(1000000000000), &p->r->run.work.accesses);
}

int set_repeat(struct parse *p, const char *value)
{
	uint64_t repeat;
	int ret = set_number(p, value, 1, RESULT_MAX_SAMPLES, &repeat);

	if (ret == 0)
		p->r->run.repeat = (uint32_t)repeat;
	return ret;
}

int set_seed(struct parse *p, const char *value)
{
	return set_number(p, value, 0, UINT64_MAX, &p->r->run.work.seed);
}

int set_pmu(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "off, default or a list of events is expected; see --pmu help");
	if (strcmp(value, "help") == 0) {
		p->r->command = COMMAND_PMU_HELP;
		p->done = true;
		return 0;
	}
	p->r->run.pmu_list = strcmp(value, "off") == 0 ? NULL : value;
	return 0;
}

int set_timeout(struct parse *p, const char *value)
{
	uint64_t seconds;
	int ret = set_number(p, value, 1, 86400, &seconds);

	if (ret == 0)
		p->r->run.machine.timeout_s = (uint32_t)seconds;
	return ret;
}
