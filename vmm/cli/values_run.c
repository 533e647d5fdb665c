/* Options that are no simple kind: what runs, where, and what is asked of the theory and of explain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "abi.h"
#include "twin.h"
#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"
#include "vmm/util/workloads.h"

#define NAMES_BYTES 256

int set_prealloc(struct parse *p, const char *value)
{
	(void)value;
	if (p->r->run.machine.populate < POPULATE_PREALLOC)
		p->r->run.machine.populate = POPULATE_PREALLOC;
	return 0;
}

int set_host_nodes(struct parse *p, const char *value)
{
	uint16_t nodes[HOST_MAX_NODES];
	int count = list_parse(value, HOST_MAX_NODES - 1, nodes, HOST_MAX_NODES);

	if (count <= 0)
		return refuse_value(p, value, "node numbers from 0 to %d are expected, as in 0-1,3",
				    HOST_MAX_NODES - 1);
	p->r->run.machine.host_nodes = 0;
	for (int i = 0; i < count; i++)
		p->r->run.machine.host_nodes |= UINT64_C(1) << nodes[i];
	return 0;
}

int set_label(struct parse *p, const char *value)
{
	size_t bytes = strlen(value);

	for (size_t i = 0; i < bytes; i++) {
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return refuse_value(p, "TEXT", "a text without control characters is expected");
	}
	if (bytes == 0 || bytes >= SPEC_LABEL_BYTES)
		return refuse_value(p, value, "a text of 1 to %d bytes is expected", SPEC_LABEL_BYTES - 1);
	p->r->run.label = value;
	return 0;
}

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
	struct machine_spec *m = &p->r->run.machine;
	int count = list_parse(value, SPEC_MAX_CPUS - 1, m->pin, SPEC_MAX_CPUS);

	if (count <= 0)
		return refuse_value(p, value, "CPU numbers from 0 to %d are expected, as in 0-3,8",
				    SPEC_MAX_CPUS - 1);
	m->pin_count = (uint32_t)count;
	return 0;
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
	struct work_spec *work = &p->r->run.work;
	char name[32], names[NAMES_BYTES];

	p->r->run.workloads_given = true;
	work->workload_count = 0;
	if (strcmp(value, "none") == 0)
		return 0;
	for (const char *start = value; start != NULL;) {
		size_t length = strcspn(start, ",");
		int id;

		(void)snprintf(name, sizeof(name), "%.*s", (int)(length < 64 ? length : 64), start);
		id = length < sizeof(name) ? workload_find(name) : -1;
		if (id < 0)
			return refuse_value(p, value, "unknown workload '%s'; workloads: %sor none, alone",
					    name, workload_names(names));
		if (work->workload_count == SPEC_MAX_WORKLOADS)
			return refuse_value(p, value, "at most %d names are accepted", SPEC_MAX_WORKLOADS);
		work->workloads[work->workload_count++] = (enum workload_id)id;
		start = start[length] == ',' ? start + length + 1 : NULL;
	}
	return 0;
}

int set_working_set(struct parse *p, const char *value)
{
	struct work_spec *work = &p->r->run.work;
	int count = size_series_parse(value, work->sets_bytes, SPEC_MAX_SETS);

	if (count <= 0)
		return refuse_value(p, value, "up to %d sizes are expected, as in 64K,1M or 256K..4G",
				    SPEC_MAX_SETS);
	work->set_count = (uint32_t)count;
	return 0;
}

/* In the order asked; each once, because rows are told apart by it. */
int set_chains(struct parse *p, const char *value)
{
	uint16_t chains[CHAINS_MAX];
	int count = list_parse(value, CHAINS_MAX, chains, CHAINS_MAX);
	bool seen[CHAINS_MAX + 1] = { [0] = true };

	for (int i = 0; i < count; i++) {
		if (seen[chains[i]])
			count = 0;
		else
			seen[chains[i]] = true;
	}
	if (count <= 0)
		return refuse_value(p, value,
				    "numbers from 1 to %d are expected, each once, as in 1,2,4,8,12",
				    CHAINS_MAX);
	for (int i = 0; i < count; i++)
		p->r->run.work.chains[i] = chains[i];
	p->r->run.work.chain_count = (uint32_t)count;
	return 0;
}

int set_pmu(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "off, default or a list of events is expected; see --pmu help");
	p->r->run.pmu_list = strcmp(value, "off") == 0 ? NULL : value;
	return 0;
}

int set_fault_cost(struct parse *p, const char *value)
{
	uint64_t ns = 0;
	int ret = parse_number(p, value, &ns);

	p->r->model.fault_ns = (double)ns;
	return ret;
}

/* Whole text as 0x... or a decimal number. */
static bool read_address(const char *text, uint64_t *address)
{
	const char *digits = "0123456789abcdefABCDEF";
	bool hex = strncmp(text, "0x", 2) == 0;
	uint64_t value = 0;

	if (!hex)
		return number_parse(text, 0, UINT64_MAX, address) == 0;
	text += 2;
	if (text[0] == '\0' || strlen(text) > 16 || text[strspn(text, digits)] != '\0')
		return false;
	value = strtoull(text, NULL, 16);
	*address = value;
	return true;
}

int set_gva(struct parse *p, const char *value)
{
	static const char expected[] = "an address is expected, as in 0x10000000000, or arena, or arena+SIZE";
	struct explain_spec *x = &p->r->explain;
	const char *rest = value + strlen("arena");

	x->gva_given = true;
	x->gva_in_arena = strncmp(value, "arena", strlen("arena")) == 0;
	if (!x->gva_in_arena)
		return read_address(value, &x->gva) ? 0 : refuse_value(p, value, expected);
	x->gva = 0;
	if (rest[0] == '\0')
		return 0;
	if (rest[0] != '+' || (!read_address(rest + 1, &x->gva) && size_parse(rest + 1, 1, &x->gva) != 0))
		return refuse_value(p, value, expected);
	return 0;
}

int set_window(struct parse *p, const char *value)
{
	struct explain_spec *x = &p->r->explain;

	x->window_given = true;
	for (x->window = 0; x->window < TWIN_WINDOWS; x->window++) {
		if (strcasecmp(value, workload_variant_name(VARIANT_WINDOW_4K_4K + x->window)) == 0)
			return 0;
	}
	return refuse_value(p, value, "two of 4K, 2M and 1G are expected, as in 4K/2M");
}

/* [guest:|host:]2M|1G */
int set_before_after(struct parse *p, const char *value)
{
	struct explain_spec *x = &p->r->explain;
	const char *colon = strchr(value, ':');
	const char *size = colon != NULL ? colon + 1 : value;

	x->after = DIMENSIONS_BOTH;
	if (colon != NULL && strncmp(value, "guest:", 6) == 0)
		x->after = DIMENSIONS_GUEST;
	else if (colon != NULL && strncmp(value, "host:", 5) == 0)
		x->after = DIMENSIONS_HOST;
	else if (colon != NULL)
		size = "";
	if (page_size_parse(size, &x->after_bytes) != 0 || x->after_bytes == PAGE_4K)
		return refuse_value(p, value,
				    "2M or 1G is expected, for one dimension as guest:2M or host:2M");
	return 0;
}
