#include "vmm/host/facts.h"

#include <stdio.h>
#include <string.h>

#include "vmm/util/text.h"

/* One processor's entry is about 2 KiB; the flags grow by a few names a year. */
#define CPUINFO_BYTES 16384
#define BLANKS " \t"

/* The value of "key\t: value" when line is that, else NULL. */
static char *value_of(char *line, const char *key)
{
	size_t len = strlen(key);
	char *p = line + len;

	if (strncmp(line, key, len) != 0)
		return NULL;
	p += strspn(p, " \t");
	if (*p != ':')
		return NULL;
	p++;
	return p + strspn(p, " \t");
}

enum known cpuinfo_has(const char *flags, const char *flag)
{
	if (flag == NULL || flags[strspn(flags, BLANKS)] == '\0')
		return KNOWN_UNKNOWN;
	return list_has_word(flags, BLANKS, flag) ? KNOWN_YES : KNOWN_NO;
}

static void copy(char *buf, size_t size, const char *value)
{
	int n = snprintf(buf, size, "%s", value);

	/* Of a line that was cut, the flags behind the cut would look absent: none of it is kept. */
	if (n < 0 || (size_t)n >= size)
		buf[0] = '\0';
}

static void note_line(char *line, struct cpuinfo *cpu)
{
	const char *value = value_of(line, "model name");

	if (value != NULL && *value != '\0')
		(void)printable(value, cpu->model, sizeof(cpu->model));
	value = value_of(line, "vendor_id");
	if (value != NULL && *value != '\0')
		(void)printable(value, cpu->vendor, sizeof(cpu->vendor));
	value = value_of(line, "flags");
	if (value != NULL)
		copy(cpu->flags, sizeof(cpu->flags), value);
	value = value_of(line, "vmx flags");
	if (value != NULL)
		copy(cpu->vmx_flags, sizeof(cpu->vmx_flags), value);
}

void cpuinfo_read(const char *root, struct cpuinfo *cpu)
{
	char text[CPUINFO_BYTES];
	unsigned int processors = 0;
	char *save = NULL;

	memset(cpu, 0, sizeof(*cpu));
	(void)snprintf(cpu->model, sizeof(cpu->model), "unknown");
	(void)snprintf(cpu->vendor, sizeof(cpu->vendor), "unknown");
	if (sysfile_read(root, "proc/cpuinfo", text, sizeof(text)) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (value_of(line, "processor") != NULL && processors++ > 0)
			break;
		note_line(line, cpu);
	}
}
