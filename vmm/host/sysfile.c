#include "vmm/host/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/util/file.h"
#include "vmm/util/size.h"

int sysfile_path(const char *root, const char *path, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/%s", root, path);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int open_below(const char *root, const char *path)
{
	char full[PATH_MAX];
	int ret = sysfile_path(root, path, full, sizeof(full));

	/* Without waiting: a fixture or a strange host may have a pipe where a file should be. */
	return ret != 0 ? ret : file_open(full, false);
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
	const char *open_bracket, *close_bracket;
	size_t len;

	buf[0] = '\0';
	if (n < 0)
		return n;
	open_bracket = strchr(text, '[');
	close_bracket = open_bracket == NULL ? NULL : strchr(open_bracket, ']');
	if (close_bracket == NULL)
		return -EINVAL;
	len = (size_t)(close_bracket - open_bracket) - 1;
	if (len == 0 || len >= size)
		return -EINVAL;
	memcpy(buf, open_bracket + 1, len);
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

int sysfile_exists(const char *root, const char *path)
{
	char full[PATH_MAX];

	return sysfile_path(root, path, full, sizeof(full)) == 0 && access(full, F_OK) == 0;
}
