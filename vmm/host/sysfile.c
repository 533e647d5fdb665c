#include "vmm/host/sysfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "units.h"
#include "vmm/util/file.h"
#include "vmm/util/size.h"

#define STATUS_BYTES 16384

/* A mount point, a group's path and a root before them are each no longer than the kernel's PATH_MAX. */
#define LONG_PATH_BYTES (3 * PATH_MAX)

/* Is what fd refers to in the directory `top`, or below it? The kernel's own name of both decides (proc(5), /proc/PID/fd). */
static bool is_below(int top, int fd)
{
	char path[PATH_MAX], link[2][PATH_MAX];
	const int fds[2] = { top, fd };
	size_t length;

	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		n = readlink(path, link[i], sizeof(link[i]) - 1);
		if (n < 0)
			return false;
		link[i][n] = '\0';
	}
	length = strlen(link[0]);
	return strncmp(link[0], link[1], length) == 0 &&
	       (link[1][length] == '\0' || link[1][length] == '/' || length == 1);
}

/*
 * Open a name below the directory `at`, which is all that there is: absolute links start there, and ".." ends there. Before Linux
 * 5.6, or where a filter keeps openat2 back, what a link leads out to is refused (-EXDEV). A descriptor or -errno.
 */
static int open_contained(int at, const char *name, int flags)
{
	const struct open_how how = { .flags = (uint64_t)flags, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, at, name, &how, sizeof(how));

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN))
		return fd >= 0 ? fd : -errno;
	fd = openat(at, name, flags);
	if (fd < 0)
		return -errno;
	if (is_below(at, fd))
		return fd;
	(void)close(fd);
	return -EXDEV;
}

static int open_step(bool contained, int at, const char *name, int flags)
{
	int fd = contained ? open_contained(at, name, flags) : openat(at, name, flags);

	return fd == -1 ? -errno : fd;
}

static struct anchor {
	const char *name;
	int fd;
} anchors[] = { { "proc/", -1 }, { "sys/", -1 } };

void sysfile_anchor(void)
{
	for (size_t i = 0; i < COUNT_OF(anchors); i++) {
		char path[8];

		(void)snprintf(path, sizeof(path), "/%s", anchors[i].name);
		if (anchors[i].fd < 0)
			anchors[i].fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
}

/* The anchor that the path is below; NULL: none is. */
static const struct anchor *anchor_of(const char *root, const char *path)
{
	for (size_t i = 0; root[0] == '\0' && i < COUNT_OF(anchors); i++) {
		size_t length = strlen(anchors[i].name);

		if (anchors[i].fd >= 0 && strncmp(path, anchors[i].name, length) == 0 &&
		    path[length] != '\0' && strlen(path) < PATH_MAX)
			return &anchors[i];
	}
	return NULL;
}

int sysfile_open(const char *root, const char *path, int flags)
{
	const int directory = O_PATH | O_DIRECTORY | O_CLOEXEC;
	const struct anchor *anchor = anchor_of(root, path);
	bool contained = root[0] != '\0';
	char full[LONG_PATH_BYTES], *rest = full;
	int at = contained ? open(root, directory) : AT_FDCWD, fd;

	if (anchor != NULL)
		return open_step(false, anchor->fd, path + strlen(anchor->name), flags | O_CLOEXEC);
	if (at == -1)
		return -errno;
	fd = snprintf(full, sizeof(full), "%s%s", contained ? "" : "/", path);
	fd = fd < 0 || (size_t)fd >= sizeof(full) ? -ENAMETOOLONG : 0;
	/* A path that is longer than the kernel takes at once is gone down in steps. */
	while (fd == 0 && strlen(rest) >= PATH_MAX) {
		char *slash = memrchr(rest + 1, '/', PATH_MAX - 2);

		if (slash == NULL)
			break;
		*slash = '\0';
		fd = open_step(contained, at, rest, directory);
		if (fd < 0)
			break;
		if (at != AT_FDCWD)
			(void)close(at);
		at = fd;
		fd = 0;
		rest = slash + 1;
	}
	if (fd == 0)
		fd = open_step(contained, at, rest, flags | O_CLOEXEC);
	if (at != AT_FDCWD)
		(void)close(at);
	return fd;
}

/* Without waiting: a fixture or a strange host may have a pipe where a file should be. */
static int open_file(const char *root, const char *path)
{
	return sysfile_open(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
}

DIR *sysfile_directory(const char *root, const char *path)
{
	int fd = sysfile_open(root, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (fd < 0)
		errno = -fd;
	else if (dir == NULL)
		(void)close(fd);
	return dir;
}

int sysfile_link(const char *root, const char *path, char *buf, size_t size)
{
	int fd = sysfile_open(root, path, O_PATH | O_NOFOLLOW);
	ssize_t n = fd >= 0 ? readlinkat(fd, "", buf, size - 1) : -1;
	int ret = fd < 0 ? fd : n < 0 ? -errno : (int)n;

	if (fd >= 0)
		(void)close(fd);
	buf[ret > 0 ? ret : 0] = '\0';
	return ret;
}

/* Files that are read again by threads which may open none. */
#define MOST_KEPT 32

static struct kept {
	char *path;
	int fd;               /* or -errno: it could not be opened, and that is what is said again */
	pthread_mutex_t lock; /* of the place in the file */
} kept[MOST_KEPT];
static uint32_t kept_count;
static bool keeping;

void sysfile_keep(bool on)
{
	keeping = on;
}

void sysfile_forget(void)
{
	keeping = false;
	for (; kept_count != 0; kept_count--) {
		struct kept *k = &kept[kept_count - 1];

		if (k->fd >= 0)
			(void)close(k->fd);
		(void)pthread_mutex_destroy(&k->lock);
		free(k->path);
	}
}

static struct kept *find_kept(const char *root, const char *path)
{
	for (uint32_t i = 0; root[0] == '\0' && i < kept_count; i++) {
		if (strcmp(kept[i].path, path) == 0)
			return &kept[i];
	}
	return NULL;
}

/* Keep what was opened as `fd`, or failed. False where there is no room for it. */
static bool keep(const char *root, const char *path, int fd)
{
	struct kept *k = &kept[kept_count];

	if (!keeping || root[0] != '\0' || kept_count == MOST_KEPT)
		return false;
	*k = (struct kept){ .path = strdup(path), .fd = fd };
	if (k->path == NULL || pthread_mutex_init(&k->lock, NULL) != 0) {
		free(k->path);
		return false;
	}
	kept_count++;
	return true;
}

/* What `read` makes of the file root/path, at its beginning; or -errno. */
static ssize_t read_below(const char *root, const char *path, ssize_t (*read)(int fd, void *argument),
			  void *argument)
{
	struct kept *k = find_kept(root, path);
	ssize_t n;
	int fd;

	if (k != NULL && k->fd >= 0) {
		(void)pthread_mutex_lock(&k->lock);
		n = lseek(k->fd, 0, SEEK_SET) < 0 ? -errno : read(k->fd, argument);
		(void)pthread_mutex_unlock(&k->lock);
		return n;
	}
	fd = k != NULL ? k->fd : open_file(root, path);
	n = fd < 0 ? fd : read(fd, argument);
	if ((k != NULL || !keep(root, path, fd)) && fd >= 0)
		(void)close(fd);
	return n;
}

struct buffer {
	char *buf;
	size_t size;
};

static ssize_t fill_buffer(int fd, void *argument)
{
	const struct buffer *b = argument;

	return file_fill(fd, b->buf, b->size);
}

int sysfile_read(const char *root, const char *path, char *buf, size_t size)
{
	struct buffer b = { buf, size - 1 };
	ssize_t n = read_below(root, path, fill_buffer, &b);

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

struct whole {
	char **text;
	size_t max_bytes;
};

static ssize_t read_whole(int fd, void *argument)
{
	const struct whole *w = argument;
	size_t bytes;

	return file_read(fd, FILE_ANY, w->max_bytes, w->text, &bytes);
}

int sysfile_slurp(const char *root, const char *path, size_t max_bytes, char **text)
{
	struct whole w = { text, max_bytes };

	*text = NULL;
	return (int)read_below(root, path, read_whole, &w);
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

enum known sysfile_exists(const char *root, const char *path)
{
	const struct kept *k = find_kept(root, path);
	int fd = k != NULL ? k->fd : sysfile_open(root, path, O_PATH);

	if (k == NULL && !keep(root, path, fd) && fd >= 0)
		(void)close(fd);
	return fd >= 0 ? KNOWN_YES : fd == -ENOENT || fd == -ENOTDIR ? KNOWN_NO : KNOWN_UNKNOWN;
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

	/* What is there and cannot be read, or is too long, is not known: proc/self/mounts does not tell the same. */
	return ret == -ENOENT ? mounts_each(root, visit, arg) : ret;
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
