#include "vmm/host/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/util/file.h"
#include "vmm/util/size.h"

#define STATUS_BYTES 16384
#define MOUNTS_MAX_BYTES ((size_t)8 << 20)

int sysfile_path(const char *root, const char *path, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/%s", root, path);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* A mount point, a group's path and a root before them are each no longer than the kernel's PATH_MAX. */
#define LONG_PATH_BYTES (3 * PATH_MAX)

/*
 * root/path as a directory and what is below it, *name in `full`: a path may be longer than the kernel takes at once (PATH_MAX),
 * and is then gone down in steps. Returns the directory, AT_FDCWD where no step was needed, or -errno.
 */
static int directory_below(const char *root, const char *path, char full[LONG_PATH_BYTES], const char **name)
{
	int ret = sysfile_path(root, path, full, LONG_PATH_BYTES), at = AT_FDCWD;
	char *rest = full;

	*name = "";
	if (ret != 0)
		return ret;
	while (strlen(rest) >= PATH_MAX) {
		char *slash = memrchr(rest + 1, '/', PATH_MAX - 2);
		int before = at;

		if (slash == NULL)
			break;
		*slash = '\0';
		at = openat(before, rest, O_PATH | O_DIRECTORY | O_CLOEXEC);
		ret = -errno;
		if (before != AT_FDCWD)
			(void)close(before);
		if (at < 0)
			return ret;
		rest = slash + 1;
	}
	*name = rest;
	return at;
}

static int open_below(const char *root, const char *path)
{
	char full[LONG_PATH_BYTES];
	const char *name;
	int at = directory_below(root, path, full, &name), fd = at;

	if (at >= 0 || at == AT_FDCWD) {
		/* Without waiting: a fixture or a strange host may have a pipe where a file should be. */
		fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		fd = fd < 0 ? -errno : fd;
	}
	if (at >= 0)
		(void)close(at);
	return fd;
}

int sysfile_read(const char *root, const char *path, char *buf, size_t size)
{
	int fd = open_below(root, path);
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return fd;
	n = file_fill(fd, buf, size - 1);
	(void)close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n < 0 ? (int)n : (int)strlen(buf);
}

int sysfile_value(const char *root, const char *path, char *buf, size_t size)
{
	int n = sysfile_read(root, path, buf, size);
	size_t start, len;

	if (n < 0)
		return n;
	buf[strcspn(buf, "\n")] = '\0';
	start = strspn(buf, " \t\r");
	len = strlen(buf + start);
	memmove(buf, buf + start, len + 1);
	while (len > 0 && strchr(" \t\r", buf[len - 1]) != NULL)
		buf[--len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (!isprint((unsigned char)buf[i]))
			buf[i] = '?';
	}
	return (int)len;
}

int sysfile_u64(const char *root, const char *path, uint64_t *out)
{
	char text[32];
	int n = sysfile_value(root, path, text, sizeof(text));

	*out = 0;
	if (n < 0)
		return n;
	return number_parse(text, 0, UINT64_MAX, out) == 0 ? 0 : -EINVAL;
}

int sysfile_choice(const char *root, const char *path, char *buf, size_t size)
{
	char text[256];
	int n = sysfile_value(root, path, text, sizeof(text));
	const char *bracket;
	size_t len;

	buf[0] = '\0';
	if (n < 0)
		return n;
	bracket = strchr(text, '[');
	len = bracket != NULL ? strcspn(bracket + 1, "]") : 0;
	if (len == 0 || len >= size || bracket[1 + len] != ']')
		return -EINVAL;
	memcpy(buf, bracket + 1, len);
	buf[len] = '\0';
	return (int)len;
}

int sysfile_slurp(const char *root, const char *path, size_t max_bytes, char **text)
{
	int fd = open_below(root, path), ret;
	size_t bytes;

	*text = NULL;
	if (fd < 0)
		return fd;
	ret = file_read(fd, FILE_ANY, max_bytes, text, &bytes);
	(void)close(fd);
	return ret;
}

uint32_t sysfile_status_list(const char *root, const char *key, uint16_t *numbers, uint32_t max)
{
	char text[STATUS_BYTES];
	char *list;
	int count;

	if (sysfile_read(root, "proc/self/status", text, sizeof(text)) < 0)
		return 0;
	list = strstr(text, key);
	if (list == NULL)
		return 0;
	list += strlen(key);
	list += strspn(list, ": \t");
	list[strcspn(list, " \t\n")] = '\0';
	count = list_parse(list, (uint16_t)(max - 1), numbers, max);
	return count < 0 ? 0 : (uint32_t)count;
}

enum known known_boolean(const char *value)
{
	if (value != NULL && (strcmp(value, "Y") == 0 || strcmp(value, "1") == 0))
		return KNOWN_YES;
	if (value != NULL && (strcmp(value, "N") == 0 || strcmp(value, "0") == 0))
		return KNOWN_NO;
	return KNOWN_UNKNOWN;
}

int sysfile_exists(const char *root, const char *path)
{
	char full[LONG_PATH_BYTES];
	const char *name;
	int at = directory_below(root, path, full, &name);
	bool exists = (at >= 0 || at == AT_FDCWD) && faccessat(at, name, F_OK, 0) == 0;

	if (at >= 0)
		(void)close(at);
	return exists;
}

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

/* Split a line of proc/self/mounts in place. False where a field is missing. */
static bool split_mount(char *line, struct host_mount *m)
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
	*m = (struct host_mount){ .path = path, .type = type, .options = options, .root = "/" };
	return true;
}

/* The same of mountinfo: "ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE OPTIONS" (proc(5)). */
static bool split_mountinfo(char *line, struct host_mount *m)
{
	char *tail = strstr(line, " - "), *save = NULL;
	char *field[5], *options;

	if (tail == NULL)
		return false;
	*tail = '\0';
	for (size_t i = 0; i < COUNT_OF(field); i++) {
		field[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (field[i] == NULL)
			return false;
	}
	m->root = field[3];
	m->path = field[4];
	m->type = strtok_r(tail + 3, " ", &save);
	options = m->type == NULL || strtok_r(NULL, " ", &save) == NULL ? NULL : strtok_r(NULL, " ", &save);
	m->options = options;
	if (options == NULL)
		return false;
	unescape(field[3]);
	unescape(field[4]);
	unescape(options);
	return true;
}

static int each_line(const char *root, const char *file, bool (*split)(char *line, struct host_mount *m),
		     mount_visit visit, void *arg)
{
	char *text, *save = NULL;
	int ret = sysfile_slurp(root, file, MOUNTS_MAX_BYTES, &text);

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

int mounts_each(const char *root, mount_visit visit, void *arg)
{
	return each_line(root, "proc/self/mounts", split_mount, visit, arg);
}

int mountinfo_each(const char *root, mount_visit visit, void *arg)
{
	int ret = each_line(root, "proc/self/mountinfo", split_mountinfo, visit, arg);

	return ret != 0 ? mounts_each(root, visit, arg) : 0;
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
