#include "vmm/host/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* smaps of a small process. */
#define FIRST_BYTES ((size_t)65536)

int sysfile_path(const char *root, const char *path, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/%s", root, path);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int open_below(const char *root, const char *path)
{
	char full[PATH_MAX];
	int ret = sysfile_path(root, path, full, sizeof(full));
	int fd;

	if (ret != 0)
		return ret;
	/* Not blocking: a fixture or a strange host may have a pipe where a file should be. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Fill buf up to size bytes or the end of the file. Returns the count or -errno. */
static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int sysfile_read(const char *root, const char *path, char *buf, size_t size)
{
	int fd = open_below(root, path);
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return fd;
	n = read_full(fd, buf, size - 1);
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
	char *end;
	int n = sysfile_value(root, path, text, sizeof(text));
	unsigned long long value;

	*out = 0;
	if (n < 0)
		return n;
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return -EINVAL;
	*out = value;
	return 0;
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
	int fd = open_below(root, path);
	size_t capacity = 0, used = 0;
	char *buf = NULL;
	int ret;

	*text = NULL;
	if (fd < 0)
		return fd;
	for (;;) {
		size_t grown = capacity == 0 ? FIRST_BYTES : capacity * 2;
		char *bigger = used > max_bytes ? NULL : realloc(buf, grown + 1);
		ssize_t n;

		ret = used > max_bytes ? -EFBIG : -ENOMEM;
		if (bigger == NULL)
			break;
		buf = bigger;
		capacity = grown;
		n = read_full(fd, buf + used, capacity - used);
		ret = (int)(n < 0 ? n : 0);
		if (n < 0)
			break;
		used += (size_t)n;
		if (used < capacity)
			break;
	}
	(void)close(fd);
	if (ret != 0) {
		free(buf);
		return ret;
	}
	buf[used] = '\0';
	*text = buf;
	return 0;
}

int sysfile_exists(const char *root, const char *path)
{
	char full[PATH_MAX];

	return sysfile_path(root, path, full, sizeof(full)) == 0 && access(full, F_OK) == 0;
}
