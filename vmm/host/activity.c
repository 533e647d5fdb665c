#include "vmm/host/activity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/host/sysfile.h"

#define VMSTAT_MAX_BYTES (256UL * 1024)
#define STAT_LINE_BYTES 512
#define NS_PER_S INT64_C(1000000000)

/* A number of at least 0 at `text`; -1 where there is none. *end is behind it. */
static int64_t parse_number(const char *text, char **end)
{
	long long value;

	errno = 0;
	value = strtoll(text, end, 10);
	return errno == 0 && *end != text && value >= 0 ? value : -1;
}

/* The eighth number of the line "cpu ...", in clock ticks; kernels before 2.6.11 have fewer. */
static int64_t parse_steal(const char *text)
{
	long ticks = sysconf(_SC_CLK_TCK);
	int64_t steal = -1;
	char line[STAT_LINE_BYTES], *cursor;

	if (ticks <= 0 || strncmp(text, "cpu ", 4) != 0)
		return -1;
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	cursor = line + 4;
	for (int i = 0; i < 8; i++) {
		steal = parse_number(cursor, &cursor);
		if (steal < 0)
			return -1;
	}
	return steal * (NS_PER_S / ticks);
}

/* The field of that name in lines of "name value". */
static int64_t parse_field(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');

		if (strncmp(line, name, length) == 0 && line[length] == ' ') {
			char *rest;

			return parse_number(line + length + 1, &rest);
		}
		line = end != NULL ? end + 1 : NULL;
	}
	return -1;
}

void activity_read(const char *root, struct host_activity *a)
{
	char line[STAT_LINE_BYTES], *vmstat;
	int64_t faults;

	*a = (struct host_activity){ -1, -1, -1, -1, -1 };
	if (sysfile_read(root, "proc/stat", line, sizeof(line)) > 0)
		a->steal_ns = parse_steal(line);
	if (sysfile_slurp(root, "proc/vmstat", VMSTAT_MAX_BYTES, &vmstat) != 0)
		return;
	faults = parse_field(vmstat, "pgfault");
	a->major_faults = parse_field(vmstat, "pgmajfault");
	if (faults >= 0 && a->major_faults >= 0)
		a->minor_faults = faults - a->major_faults;
	a->numa_hit = parse_field(vmstat, "numa_hit");
	a->numa_miss = parse_field(vmstat, "numa_miss");
	free(vmstat);
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
