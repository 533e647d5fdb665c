#include "vmm/host/cpuinfo.h"

#include <stdio.h>
#include <string.h>

#include "vmm/host/sysfile.h"

/* One processor's entry is about 2 KiB; the flags grow by a few names a year. */
#define CPUINFO_BYTES 16384

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

static void read_flags(char *flags, struct cpuinfo *cpu)
{
	char *save = NULL;

	for (char *f = strtok_r(flags, " \t", &save); f != NULL; f = strtok_r(NULL, " \t", &save)) {
		cpu->hypervisor |= strcmp(f, "hypervisor") == 0;
		cpu->pdpe1gb |= strcmp(f, "pdpe1gb") == 0;
		cpu->vmx |= strcmp(f, "vmx") == 0;
		cpu->svm |= strcmp(f, "svm") == 0;
		cpu->la57 |= strcmp(f, "la57") == 0;
		cpu->ept_5level |= strcmp(f, "ept_5level") == 0;
	}
}

void cpuinfo_read(const char *root, struct cpuinfo *cpu)
{
	char text[CPUINFO_BYTES];
	unsigned int processors = 0;
	char *save = NULL;

	memset(cpu, 0, sizeof(*cpu));
	(void)snprintf(cpu->model, sizeof(cpu->model), "unknown");
	if (sysfile_read(root, "proc/cpuinfo", text, sizeof(text)) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *value = value_of(line, "processor");

		if (value != NULL && processors++ > 0)
			return;
		value = value_of(line, "model name");
		if (value != NULL && *value != '\0')
			(void)snprintf(cpu->model, sizeof(cpu->model), "%s", value);
		value = value_of(line, "flags");
		if (value != NULL)
			read_flags(value, cpu);
		/* Right behind the flags, on Intel since Linux 5.7. */
		value = value_of(line, "vmx flags");
		if (value != NULL)
			read_flags(value, cpu);
	}
}
