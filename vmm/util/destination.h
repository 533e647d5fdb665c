/*
 * Where a path that is to be written leads: its directory, held open, and the last name in it. What others may have left
 * there, in a directory in which anybody may, is refused whatever the fs.protected_* settings of this host are.
 */
#ifndef MINIVMM_UTIL_DESTINATION_H
#define MINIVMM_UTIL_DESTINATION_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "vmm/util/error.h"

struct destination {
	int dir;                 /* O_PATH; -1: none. destination_close() closes it */
	char name[NAME_MAX + 1]; /* no link, unless in_proc */
	struct stat st;          /* of what is there; st_mode 0: nothing is */
	bool in_proc; /* /proc/self/fd/N and its like: only the kernel can follow it; st is of what it names */
	bool refused; /* name is somebody else's */
};

/*
 * Go down `path`; links on the way are followed, the last name's only with `follow` (else -ELOOP). A link anywhere, and a
 * file or FIFO at the end, that lies in a sticky directory where all may write has to be this user's or the directory's
 * owner's, as may_follow_link() and may_create_in_sticky() of the kernel's fs/namei.c have it; others are refused with
 * -EACCES. 0 or -errno; p->dir is open where it is 0.
 */
int destination_open(const char *path, bool follow, struct destination *p);

void destination_close(struct destination *p);

/* May what `st` tells of lie in p->dir? For what was opened there later. 0, -EACCES with p->refused, or -errno. */
int destination_check(struct destination *p, const struct stat *st);

/* The error of a destination_open() that refused `path`; `what` is the caller's sentence. Returns -EACCES. */
int destination_refused(const struct destination *p, const char *path, const char *what, struct error *e);

#endif
