/* Options about guest RAM: how much, of what, where. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/util/size.h"

/* "1.5G" -> "1536M", where the fraction is a whole number of bytes; "" else. */
static const char *whole_number_of(const char *text, char *buf)
{
	const char *dot = strchr(text, '.');
	uint64_t unit, whole, bytes, fraction = 0, scale = 1;
	char part[40];
	const char *p;

	buf[0] = '\0';
	if (dot == NULL || dot - text > 18)
		return buf;
	(void)snprintf(part, sizeof(part), "%.*s", (int)(dot - text), text);
	if (number_parse(part, 0, UINT64_MAX, &whole) != 0)
		return buf;
	for (p = dot + 1; isdigit((unsigned char)*p) && p - dot <= 4; p++) {
		fraction = fraction * 10 + (uint64_t)(*p - '0');
		scale *= 10;
	}
	(void)snprintf(part, sizeof(part), "1%.4s", p);
	if (p == dot + 1 || isdigit((unsigned char)*p) || size_parse(part, MIB, &unit) != 0)
		return buf;
	if ((fraction * unit) % scale != 0 || !checked_mul(whole, unit, &bytes) ||
	    !checked_add(bytes, fraction * unit / scale, &bytes) || bytes == 0)
		return buf;
	return size_format(bytes, buf);
}

static int set_size(struct parse *p, const char *value, uint64_t *bytes)
{
	char same[24];
	int ret = size_parse(value, MIB, bytes);

	if (ret == 0)
		return 0;
	if (ret == -ERANGE)
		return refuse_value(p, value, "from 1 byte to less than 16777216T is accepted");
	if (whole_number_of(value, same)[0] != '\0')
		return refuse_value(p, value,
				    "a whole number with K, M, G or T is expected; %s says the same", same);
	return refuse_value(p, value, "a whole number with K, M, G or T is expected, as in 1536M");
}

int set_memory(struct parse *p, const char *value)
{
	return set_size(p, value, &p->r->run.machine.memory_bytes);
}

int set_alias_memory(struct parse *p, const char *value)
{
	return set_size(p, value, &p->r->run.machine.alias_bytes);
}

int set_mem_path(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value,
				    "a directory on hugetlbfs or tmpfs, or a file there, is expected");
	p->r->run.machine.mem_path = value;
	return 0;
}

int set_backing(struct parse *p, const char *value)
{
	int found = name_find(&backing_names, value);

	if (found < 0 || found == BACKING_FILE)
		return refuse_value(p, value,
				    "anon, thp, hugetlb or memfd is expected; files are named by --mem-path");
	p->r->run.machine.backing = (enum backing_kind)found;
	return 0;
}

int set_page_size(struct parse *p, const char *value)
{
	if (page_size_parse(value, &p->r->run.machine.page_bytes) != 0)
		return refuse_value(p, value, "4K, 2M or 1G is expected");
	return 0;
}

int set_prealloc(struct parse *p, const char *value)
{
	(void)value;
	if (p->r->run.machine.populate < POPULATE_PREALLOC)
		p->r->run.machine.populate = POPULATE_PREALLOC;
	return 0;
}

int set_prealloc_threads(struct parse *p, const char *value)
{
	uint64_t threads;
	int ret = set_number(p, value, 1, 1024, &threads);

	if (ret == 0)
		p->r->run.machine.prealloc_threads = (uint32_t)threads;
	return ret;
}

int set_prefault(struct parse *p, const char *value)
{
	(void)value;
	p->r->run.machine.populate = POPULATE_PREFAULT;
	return 0;
}

int set_choice(struct parse *p, const char *value, enum choice *choice)
{
	int found = name_find(&choice_names, value);

	if (found <= CHOICE_DEFAULT)
		return refuse_value(p, value, "on or off is expected");
	*choice = (enum choice)found;
	return 0;
}

int set_share(struct parse *p, const char *value)
{
	return set_choice(p, value, &p->r->run.machine.share);
}

int set_reserve(struct parse *p, const char *value)
{
	return set_choice(p, value, &p->r->run.machine.reserve);
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

int set_policy(struct parse *p, const char *value)
{
	int found = name_find(&policy_names, value);

	if (found <= NUMA_POLICY_DEFAULT)
		return refuse_value(p, value, "bind, preferred or interleave is expected");
	p->r->run.machine.policy = (enum numa_policy)found;
	return 0;
}
