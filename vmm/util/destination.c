#include "vmm/util/destination.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "vmm/util/text.h"

/* As MAXSYMLINKS of the kernel. */
#define MOST_LINKS 40

/* What is left of a path, and the links that have been followed. */
struct walk {
	char *path, *rest; /* rest points into path */
	unsigned int links;
};

static int enter(struct destination *p, int at, const char *name, int flags)
{
	int dir = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags), ret = dir < 0 ? -errno : 0;

	destination_close(p);
	p->dir = dir;
	return ret;
}

int destination_check(struct destination *p, const struct stat *st)
{
	struct stat dir;

	if (fstat(p->dir, &dir) != 0)
		return -errno;
	p->refused = (dir.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH) && st->st_uid != geteuid() &&
		     st->st_uid != dir.st_uid;
	return p->refused ? -EACCES : 0;
}

/* Put what the link p->name names in front of the rest. */
static int follow_link(struct destination *p, struct walk *w)
{
	char target[PATH_MAX], *path;
	ssize_t bytes = readlinkat(p->dir, p->name, target, sizeof(target) - 1);

	if (bytes < 0)
		return -errno;
	target[bytes] = '\0';
	if (++w->links > MOST_LINKS)
		return -ELOOP;
	if (asprintf(&path, "%s%s%s", target, *w->rest != '\0' ? "/" : "", w->rest) < 0)
		return -ENOMEM;
	free(w->path);
	w->path = w->rest = path;
	return target[0] == '/' ? enter(p, AT_FDCWD, "/", 0) : 0;
}

/* One name of the path. 1: there is more to go; 0: p is the destination; or -errno. */
static int step(struct destination *p, struct walk *w, bool follow)
{
	char *name = w->rest + strspn(w->rest, "/");
	size_t bytes = strcspn(name, "/");
	bool last = name[bytes] == '\0';
	struct statfs fs;
	int ret;

	if (bytes == 0 || bytes > NAME_MAX)
		return bytes == 0 ? -EISDIR : -ENAMETOOLONG;
	memcpy(p->name, name, bytes);
	p->name[bytes] = '\0';
	w->rest = name + bytes;
	if (fstatat(p->dir, p->name, &p->st, AT_SYMLINK_NOFOLLOW) != 0) {
		p->st = (struct stat){ 0 };
		return errno == ENOENT && last ? 0 : -errno;
	}
	if (!S_ISLNK(p->st.st_mode)) {
		if (last)
			return S_ISREG(p->st.st_mode) || S_ISFIFO(p->st.st_mode)
				       ? destination_check(p, &p->st)
				       : 0;
		ret = enter(p, p->dir, p->name, O_NOFOLLOW);
		return ret != 0 ? ret : 1;
	}
	ret = last && !follow ? -ELOOP : destination_check(p, &p->st);
	if (ret == 0 && fstatfs(p->dir, &fs) != 0)
		ret = -errno;
	if (ret != 0)
		return ret;
	p->in_proc = last && fs.f_type == PROC_SUPER_MAGIC;
	if (p->in_proc)
		return fstatat(p->dir, p->name, &p->st, 0) == 0 ? 0 : -errno;
	ret = fs.f_type == PROC_SUPER_MAGIC ? enter(p, p->dir, p->name, 0) : follow_link(p, w);
	return ret != 0 ? ret : 1;
}

int destination_open(const char *path, bool follow, struct destination *p)
{
	struct walk w = { .path = strdup(path) };
	int ret = -ENOMEM;

	*p = (struct destination){ .dir = -1 };
	w.rest = w.path;
	if (w.path != NULL)
		ret = path[0] == '\0' ? -ENOENT : enter(p, AT_FDCWD, path[0] == '/' ? "/" : ".", 0);
	if (ret == 0) {
		do
			ret = step(p, &w, follow);
		while (ret > 0);
	}
	free(w.path);
	if (ret != 0)
		destination_close(p);
	return ret;
}

void destination_close(struct destination *p)
{
	if (p->dir >= 0)
		(void)close(p->dir);
	p->dir = -1;
}

int destination_refused(const struct destination *p, const char *path, const char *what, struct error *e)
{
	char name[NAME_MAX + 1];

	(void)error_set(e, STATUS_FAILED, EACCES, path,
			"%s: %s is of user %u, in a directory where anybody may leave files", what,
			printable(p->name, name, sizeof(name)), (unsigned int)p->st.st_uid);
	return error_hint(e, "name a file in a directory of your own");
}
