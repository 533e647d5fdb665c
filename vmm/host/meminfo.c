#include "vmm/host/meminfo.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/size.h"

#define MEMINFO_BYTES 8192

int meminfo_parse(const char *text, const char *name, uint64_t *bytes)
{
	size_t len = strlen(name);

	*bytes = 0;
	for (const char *p = strstr(text, name); p != NULL; p = strstr(p + len, name)) {
		const char *digits;
		uint64_t kib;

		/* A whole word: "Active" is not "Inactive", nor "Active(file)". A node's lines begin "Node 0 ". */
		if ((p != text && !isspace((unsigned char)p[-1])) || p[len] != ':')
			continue;
		digits = p + len + 1 + strspn(p + len + 1, " \t");
		if (digits_parse(&digits, digits + strcspn(digits, "\n"), &kib) != 0 ||
		    !checked_mul(kib, KIB, bytes)) {
			*bytes = 0;
			return -ENOENT;
		}
		return 0;
	}
	return -ENOENT;
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
	(void)meminfo_parse(text, "SwapTotal", &m->swap_bytes);
	(void)meminfo_parse(text, "Hugepagesize", &m->default_huge_bytes);
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
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t part;

		if (meminfo_parse(text, fields[i], &part) == 0 && !checked_add(*bytes, part, bytes))
			return -EINVAL;
	}
	return 0;
}

void meminfo_settle(const char *root)
{
	char nothing[8];

	/* Reading it is the request; there is nothing in it. */
	(void)sysfile_read(root, "proc/sys/vm/stat_refresh", nothing, sizeof(nothing));
}

int meminfo_kvm_tables(const char *root, uint64_t *bytes)
{
	char text[MEMINFO_BYTES];
	int n = sysfile_read(root, "proc/meminfo", text, sizeof(text));

	*bytes = 0;
	return n < 0 ? n : meminfo_parse(text, "SecPageTables", bytes);
}
