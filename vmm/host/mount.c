#include "vmm/host/mount.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "units.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/text.h"

/* Is `path` the directory `top`, or below it? */
static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/' || (len > 0 && top[len - 1] == '/'));
}

struct search {
	const char *path; /* without symbolic links */
	const char *type;
	struct mount_room *room;
};

/* The longest mount point above the path is its own; of two on one place the later one covers the other. */
static bool keep_nearest(const struct host_mount *m, void *arg)
{
	struct search *s = arg;
	struct mount_room *room = s->room;

	if (!is_below(s->path, m->path) || strlen(m->path) < strlen(room->path))
		return true;
	room->path[0] = '\0';
	if (strcmp(m->type, s->type) == 0 && strlen(m->path) < sizeof(room->path) &&
	    strlen(m->options) < sizeof(room->options)) {
		(void)snprintf(room->path, sizeof(room->path), "%s", m->path);
		(void)snprintf(room->options, sizeof(room->options), "%s", m->options);
	}
	return true;
}

/* Without size= there are 0 blocks (tmpfs) or all ones (hugetlbfs); without nr_inodes= the same of f_files. */
static uint64_t limit_or_none(uint64_t count, uint64_t unit)
{
	uint64_t bytes;

	return count == 0 || count >= INT64_MAX || !checked_mul(count, unit, &bytes) ? MOUNT_UNLIMITED
										     : bytes;
}

static uint64_t held_bytes(const struct mount_room *m)
{
	uint64_t min_bytes, used_bytes = 0;

	/* Without the option nothing is held. */
	(void)mount_option_size(m->options, "min_size", &min_bytes);
	if (m->size_bytes != MOUNT_UNLIMITED)
		used_bytes = m->size_bytes - m->free_bytes;
	return min_bytes - min_u64(used_bytes, min_bytes);
}

int mount_read(const char *dir, struct mount_room *m)
{
	struct search s = { .room = m };
	struct statfs fs;
	char *real;

	memset(m, 0, sizeof(*m));
	if (statfs(dir, &fs) != 0)
		return -errno;
	m->hugetlbfs = fs.f_type == HUGETLBFS_MAGIC;
	m->page_bytes = m->hugetlbfs ? (uint64_t)fs.f_bsize : PAGE_4K;
	m->size_bytes = limit_or_none(fs.f_blocks, (uint64_t)fs.f_bsize);
	m->free_bytes = m->size_bytes == MOUNT_UNLIMITED
				? MOUNT_UNLIMITED
				: min_u64(fs.f_bavail * (uint64_t)fs.f_bsize, m->size_bytes);
	m->inodes = limit_or_none(fs.f_files, 1);
	m->inodes_free = m->inodes == MOUNT_UNLIMITED ? MOUNT_UNLIMITED : min_u64(fs.f_ffree, m->inodes);
	real = realpath(dir, NULL);
	if (real == NULL)
		return -errno;
	s.path = real;
	s.type = m->hugetlbfs ? "hugetlbfs" : "tmpfs";
	/* Unreadable: the mount point is not known, which is what the caller is promised. */
	(void)mounts_each("", keep_nearest, &s);
	free(real);
	m->held_bytes = held_bytes(m);
	return 0;
}

bool mount_options_with(const char *options, const char *name, const char *value, char *buf, size_t size)
{
	size_t name_len = strlen(name);

	buf[0] = '\0';
	for (const char *p = options; *p != '\0'; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',')) {
		int len = (int)strcspn(p, ",");

		if (strncmp(p, name, name_len) == 0 && p[name_len] == '=')
			continue;
		if (!append_whole(buf, size, "%s%.*s", buf[0] == '\0' ? "" : ",", len, p))
			return false;
	}
	return append_whole(buf, size, "%s%s=%s", buf[0] == '\0' ? "" : ",", name, value);
}

static void resize_command(const struct mount_room *m, const char *name, const char *value, bool in_use,
			   char *buf, size_t size)
{
	char options[sizeof(m->options) + 32], option_word[sizeof(options) + 8], path_word[PATH_MAX + 8];
	const char *path = shell_word(m->path, path_word, sizeof(path_word));

	buf[0] = '\0';
	if (m->path[0] == '\0')
		return;
	if (!m->hugetlbfs)
		(void)append_whole(buf, size, "mount -o remount,%s=%s %s", name, value, path);
	else if (!in_use && mount_options_with(m->options, name, value, options, sizeof(options)))
		(void)append_whole(buf, size, "umount %s && mount -t hugetlbfs -o %s none %s", path,
				   shell_word(options, option_word, sizeof(option_word)), path);
}

void mount_size_command(const struct mount_room *m, uint64_t bytes, uint64_t own_bytes, char *buf,
			size_t size)
{
	uint64_t used_bytes = m->size_bytes == MOUNT_UNLIMITED ? 0 : m->size_bytes - m->free_bytes;
	uint64_t others_bytes = used_bytes - min_u64(used_bytes, own_bytes);
	char value[24];

	(void)snprintf(value, sizeof(value), "%" PRIu64 "M", divide_up(others_bytes + bytes, MIB));
	resize_command(m, "size", value, others_bytes != 0, buf, size);
}

/* So many more files at once, that the next run does not meet the same end. */
#define MORE_INODES 16

void mount_inodes_command(const struct mount_room *m, char *buf, size_t size)
{
	char value[24];

	(void)snprintf(value, sizeof(value), "%" PRIu64,
		       MORE_INODES + (m->inodes == MOUNT_UNLIMITED ? 0 : m->inodes));
	/* The files that use up a hugetlbfs would be lost with it. */
	resize_command(m, "nr_inodes", value, true, buf, size);
}
