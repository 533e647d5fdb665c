/*
 * What this process may still do once a guest runs in it: which system calls by which thread (seccomp), which files
 * (Landlock), as which user. A guest that takes over a thread of its VMM has no more than that.
 *
 * In that order: sandbox_prepare() by the main thread, while it is the only one; then the threads start, and do what needs
 * files or rights; sandbox_give_up_root() and sandbox_enter() by the main thread once they wait; sandbox_enter() by each
 * before its guest runs.
 */
#ifndef MINIVMM_CORE_SANDBOX_SANDBOX_H
#define MINIVMM_CORE_SANDBOX_SANDBOX_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/spec.h"
#include "vmm/util/error.h"

/* Kinds of threads, bits of the column `threads` of calls.def. */
#define SANDBOX_VCPU 1U
#define SANDBOX_MAIN 2U

/* What an observer does beside, bits of the column `needs` of calls.def. */
#define SANDBOX_NEEDS_DIRTY_LOG 1U
#define SANDBOX_NEEDS_PMU 2U
#define SANDBOX_NEEDS_EXPLAIN 4U
#define SANDBOX_ALL_NEEDS 7U

/* What was settled, as the kernel says it (prctl(2), getresuid(2)) and not as it was asked. */
struct sandbox_report {
	bool entered;       /* by the main thread; else there is no sandbox, and the rest is not known */
	bool seccomp_main;  /* a filter holds the main thread */
	bool seccomp_vcpus; /* and one each of the others that asked for one */
	bool no_new_privs;
	int landlock_abi; /* that it was restricted by; 0: this kernel has none; -1: it refuses */
	uint32_t uid, gid;
	char why_not[160]; /* what of it this host cannot do, "": nothing */
};

/* What filter_maker.c makes: where the instructions of each filter are. */
struct filter_span {
	uint32_t start_bytes, count;
};

struct filter_image {
	struct filter_span vcpu[SANDBOX_ALL_NEEDS + 1], main;
};

/* In their place of this process's number, which no other number of theirs is. */
#define FILTER_THIS_PROCESS 0x7e57f17eU

/* Instructions of a filter as the kernel takes them; owned. */
struct sandbox_filter {
	struct sock_filter *instructions;
	unsigned short count;
};

struct sandbox {
	const struct sandbox_spec *spec;
	struct sandbox_report *report;
	struct sandbox_filter vcpu, main;
	bool on;
};

/*
 * *spec and *report have to outlive *s. Build the filters, catch what they refuse, and leave this process the files below /proc
 * and /sys alone, to read. 0, also where nothing is wanted; or -errno with *e set, STATUS_CANNOT where this host has
 * no sandbox and one was asked for.
 */
int sandbox_prepare(const struct sandbox_spec *spec, uint32_t needs, struct sandbox_report *report,
		    struct sandbox *s, struct error *e);

/* Become spec->uid and gid, in all threads, with no capability left. 0 or -errno with *e set. */
int sandbox_give_up_root(struct sandbox *s, struct error *e);

/* Confine the calling thread, of kind `thread`, for good. 0 or -errno with *e set. */
int sandbox_enter(struct sandbox *s, uint32_t thread, uint32_t index, struct error *e);

void sandbox_free(struct sandbox *s);

/*
 * Into spec->uid and gid: whom root is to become. spec->user, by name or number, of /etc/passwd alone; without it the owner of
 * `directory` (NULL: none), or nobody where that is root. Nothing to become where this process is not root. 0 or -errno
 * with *e a usage error.
 */
int sandbox_find_user(struct sandbox_spec *spec, const char *directory, struct error *e);

/* filter.c: what a thread of that kind may call. 0 or -errno with *e set; *f is to be freed. */
int filter_take(uint32_t thread, uint32_t needs, struct sandbox_filter *f, struct error *e);

/* The request of an ioctl() as calls.def has it, or NULL. Async-signal-safe. */
const char *filter_request_name(uint32_t request);

/* violation.c: catch what filters refuse: say what it was, and end the process with STATUS_SANDBOX. 0 or -errno. */
int violation_catch(void);

/* What a message calls the calling thread; the text has to live as long as that. */
void violation_name_thread(uint32_t thread, uint32_t index);

/* landlock.c: leave this thread, and those it starts, the files below /proc and /sys alone. The ABI's number; 0: there is none; -errno. */
int landlock_confine(void);

#endif
