/*
 * Why a call failed, and what helps: the step that failed, its errno, who asks and what the thing is decide together, by
 * the table causes.def. error_set() asks it for every failure, so that only what is known beside the call has to be told
 * here.
 */
#ifndef MINIVMM_UTIL_CAUSE_H
#define MINIVMM_UTIL_CAUSE_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

/* What may be known of who asks and of the thing; a row of causes.def needs some of it. */
enum circumstance {
	AS_ROOT = 1 << 0, /* effective user 0; exactly one of these two holds */
	AS_USER = 1 << 1,
	IN_CONTAINER =
		1 << 2,      /* a file or variable says so that Docker, Podman, systemd or Kubernetes leave */
	IN_USERNS = 1 << 3,  /* user numbers are mapped: a rootless container */
	IN_SECCOMP = 1 << 4, /* a filter may refuse system calls */
	IS_NODE = 1 << 5,    /* the path is a character device of that very number; see cause_of_node */
	GROUP_HELPS = 1 << 6,      /* its group may read and write, has a name, and is not root's */
	IN_GROUP = 1 << 7,         /* this user is in that group, though perhaps not this process */
	DRIVER_THERE = 1 << 8,     /* /proc/misc lists its driver */
	AT_PIDS_MAX = 1 << 9,      /* the control group has no room for another thread */
	AT_NPROC = 1 << 10,        /* nor has RLIMIT_NPROC */
	AT_THREADS_MAX = 1 << 11,  /* nor has the host */
	DIRECTORY_THERE = 1 << 13, /* the directory of a file to be made exists */
	GROUP_NAMELESS = 1 << 12,  /* as GROUP_HELPS, but the group has no name here, as in a container */
};

/* Errno of a row that holds for any. */
#define ANY_ERRNO 0

/* The strings are literals. */
struct cause {
	const char *step; /* a `where` of error_set, or of error_cause; "KVM_*" is all that begin so */
	int err;
	uint32_t needs;     /* circumstances, all of them */
	enum status status; /* instead of the caller's; STATUS_OK: the caller's */
	const char *why;    /* behind the sentence that says what failed; "" where that says all */
	const char *cure;   /* {path} and {group} stand for those of the thing */
};

extern const struct cause causes[];
extern const size_t cause_count;

/* The first row that fits. Pure. Never NULL for err above 0: the last row says that the cause is not known. */
const struct cause *cause_find(const char *step, int err, uint32_t circumstances);

/*
 * Who asks: the circumstances of this process. cause_keep_process() has what they are now said from then on: for threads that
 * may open no file, and for what a process was before it gave up its rights.
 */
uint32_t cause_of_process(void);
void cause_keep_process(void);

/* What a file is that should be the character device `major`, `minor` of the misc driver `driver` ("kvm"). */
uint32_t cause_of_node(const char *path, unsigned int major, unsigned int minor, const char *driver);

/*
 * Let the table decide about an error just set, for `step` instead of its `where`, with what else is known of the thing
 * at `path` (NULL: it has none). Returns what error_set returned.
 */
int error_cause(struct error *e, const char *step, uint32_t circumstances, const char *path);

#endif
