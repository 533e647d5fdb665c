#include "vmm/host/meminfo.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/clock.h"
#include "vmm/util/size.h"

#define MEMINFO_BYTES 8192
#define VMSTAT_MAX_BYTES (256UL * 1024)
#define STAT_LINE_BYTES 512

/* Behind the name of a field, a whole word in front of `separator`: "Active" is not "Inactive". NULL: there is none. */
static const char *find_field(const char *text, const char *name, char separator)
{
	size_t length = strlen(name);

	for (const char *p = strstr(text, name); p != NULL; p = strstr(p + length, name)) {
		/* A node's lines of meminfo begin "Node 0 ". */
		if ((p == text || isspace((unsigned char)p[-1])) && p[length] == separator)
			return p + length + 1;
	}
	return NULL;
}

int meminfo_parse(const char *text, const char *name, uint64_t *bytes)
{
	const char *digits = find_field(text, name, ':');
	uint64_t kib;

	*bytes = 0;
	if (digits == NULL)
		return -ENOENT;
	digits += strspn(digits, " \t");
	if (digits_parse(&digits, digits + strcspn(digits, "\n"), &kib) != 0 ||
	    !checked_mul(kib, KIB, bytes)) {
		*bytes = 0;
		return -ENOENT;
	}
	return 0;
}

int meminfo_read(const char *root, struct host_memory *m)
{
	char text[MEMINFO_BYTES];
	int n = sysfile_read(root, "proc/meminfo", text, sizeof(text));

	memset(m, 0, sizeof(*m));
	if (n < 0)
		return n;
	/* Each leaves 0 where its field is missing, which is what the caller is promised. */
	(void)meminfo_parse(text, "MemTotal", &m->total_bytes);
	(void)meminfo_parse(text, "MemAvailable", &m->available_bytes);
	(void)meminfo_parse(text, "Hugepagesize", &m->default_huge_bytes);
	m->swap_known = meminfo_parse(text, "SwapTotal", &m->swap_bytes) == 0;
	m->swap_known = meminfo_parse(text, "SwapFree", &m->swap_free_bytes) == 0 && m->swap_known;
	return 0;
}

int meminfo_node_available(const char *root, unsigned int node, uint64_t *bytes)
{
	static const char *const fields[] = { "MemFree", "Active(file)", "Inactive(file)", "SReclaimable" };
	char text[MEMINFO_BYTES];
	char path[64];
	int n;

	*bytes = 0;
	(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/meminfo", node);
	n = sysfile_read(root, path, text, sizeof(text));
	if (n < 0)
		return n;
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		uint64_t part;

		if (meminfo_parse(text, fields[i], &part) == 0 && !checked_add(*bytes, part, bytes))
			return -EINVAL;
	}
	return 0;
}

/* This part of the host's memory is left to other processes; scripts/hugepages.sh leaves as much. */
#define OTHERS_PART 16

uint64_t meminfo_spare(const struct host_memory *m)
{
	if (m->available_bytes == 0)
		return UINT64_MAX;
	return m->available_bytes - min_u64(m->available_bytes, m->total_bytes / OTHERS_PART);
}

uint64_t meminfo_node_spare(const char *root, unsigned int node)
{
	uint64_t bytes;

	return meminfo_node_available(root, node, &bytes) == 0 ? bytes : UINT64_MAX;
}

int meminfo_refresh(const char *root)
{
	char nothing[8];
	/* To read the file is the request. It has no content. */
	int n = sysfile_read(root, "proc/sys/vm/stat_refresh", nothing, sizeof(nothing));

	return n < 0 ? n : 0;
}

int meminfo_kvm_tables(const char *root, uint64_t *bytes)
{
	char text[MEMINFO_BYTES];
	int n = sysfile_read(root, "proc/meminfo", text, sizeof(text));

	*bytes = 0;
	return n < 0 ? n : meminfo_parse(text, "SecPageTables", bytes);
}

/* The number behind blanks at *cursor, which moves behind it; -1 where there is none. */
static int64_t parse_number(const char **cursor)
{
	uint64_t value;

	*cursor += strspn(*cursor, " \t");
	if (digits_parse(cursor, *cursor + strcspn(*cursor, "\n"), &value) != 0 || value > INT64_MAX)
		return -1;
	return (int64_t)value;
}

/* The eighth number of the line "cpu ...", in clock ticks; kernels before 2.6.11 have fewer. */
static int64_t parse_steal(const char *text)
{
	long ticks = sysconf(_SC_CLK_TCK);
	int64_t steal = -1;
	const char *cursor = text + 4;

	if (ticks <= 0 || strncmp(text, "cpu ", 4) != 0)
		return -1;
	for (int i = 0; i < 8; i++) {
		steal = parse_number(&cursor);
		if (steal < 0)
			return -1;
	}
	return steal * ((int64_t)NS_PER_S / ticks);
}

/* The field of that name in lines of "name value"; -1: there is none. */
static int64_t parse_field(const char *text, const char *name)
{
	const char *value = find_field(text, name, ' ');

	return value != NULL ? parse_number(&value) : -1;
}

void vmstat_read(const char *root, const char *const *names, int64_t *values, uint32_t count)
{
	char *text = NULL;
	bool have = sysfile_slurp(root, "proc/vmstat", VMSTAT_MAX_BYTES, &text) == 0;

	for (uint32_t i = 0; i < count; i++)
		values[i] = have ? parse_field(text, names[i]) : -1;
	free(text);
}

void activity_read(const char *root, struct host_activity *a)
{
	static const char *const names[] = { "pgfault", "pgmajfault", "numa_hit", "numa_miss" };
	int64_t counts[COUNT_OF(names)];
	char line[STAT_LINE_BYTES];

	*a = (struct host_activity){ -1, -1, -1, -1, -1 };
	if (sysfile_read(root, "proc/stat", line, sizeof(line)) > 0)
		a->steal_ns = parse_steal(line);
	vmstat_read(root, names, counts, COUNT_OF(names));
	a->major_faults = counts[1];
	if (counts[0] >= 0 && counts[1] >= 0)
		a->minor_faults = counts[0] - counts[1];
	a->numa_hit = counts[2];
	a->numa_miss = counts[3];
}

static int64_t since(int64_t before, int64_t after)
{
	return before >= 0 && after >= before ? after - before : -1;
}

struct host_activity activity_since(const struct host_activity *before, const struct host_activity *after)
{
	return (struct host_activity){
		.steal_ns = since(before->steal_ns, after->steal_ns),
		.minor_faults = since(before->minor_faults, after->minor_faults),
		.major_faults = since(before->major_faults, after->major_faults),
		.numa_hit = since(before->numa_hit, after->numa_hit),
		.numa_miss = since(before->numa_miss, after->numa_miss),
	};
}
