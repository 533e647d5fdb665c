/*
 * The lines of /proc/self/mounts, split and with their escapes undone.
 */
#include "vmm/host/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/size.h"

#define MAX_BYTES ((size_t)8 << 20)

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* "\040" and its like become the byte they stand for, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && is_octal(from[2]) &&
		    is_octal(from[3])) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Split a line in place. False where a field is missing. */
static bool split(char *line, struct host_mount *m)
{
	char *save = NULL;
	char *device = strtok_r(line, " \t", &save);
	char *path = device == NULL ? NULL : strtok_r(NULL, " \t", &save);
	char *type = path == NULL ? NULL : strtok_r(NULL, " \t", &save);
	char *options = type == NULL ? NULL : strtok_r(NULL, " \t", &save);

	if (options == NULL)
		return false;
	unescape(path);
	unescape(options);
	*m = (struct host_mount){ .path = path, .type = type, .options = options };
	return true;
}

int mounts_each(const char *root, mount_visit visit, void *arg)
{
	char *text, *save = NULL;
	int ret = sysfile_slurp(root, "proc/self/mounts", MAX_BYTES, &text);

	if (ret != 0)
		return ret;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		struct host_mount m;

		if (split(line, &m) && !visit(&m, arg))
			break;
	}
	free(text);
	return 0;
}

/* Digits and an optional suffix, as far as the option goes (the kernel's memparse). */
static int size_value(const char *text, const char *end, uint64_t *bytes)
{
	uint64_t value, unit = 1;

	if (digits_parse(&text, end, &value) != 0)
		return -EINVAL;
	if (text < end)
		unit = size_unit(*text++);
	return unit != 0 && text == end && checked_mul(value, unit, bytes) ? 0 : -EINVAL;
}

int mount_option_size(const char *options, const char *name, uint64_t *bytes)
{
	size_t name_len = strlen(name);
	int ret = -ENOENT;

	for (const char *p = options; *p != '\0'; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		size_t len = strcspn(p, ",");

		if (len > name_len && strncmp(p, name, name_len) == 0 && p[name_len] == '=')
			ret = size_value(p + name_len + 1, p + len, bytes);
	}
	if (ret != 0)
		*bytes = 0;
	return ret;
}
