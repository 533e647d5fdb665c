/*
 * How much this process may have: the one place that knows. What cannot be read is "unknown", never "no limit".
 */
#ifndef MINIVMM_HOST_LIMITS_H
#define MINIVMM_HOST_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/util/error.h"

/* What can be limited. In bytes, if nothing else is said. */
enum limit_kind {
	LIMIT_MEMORY, /* ordinary memory, by control groups. Used: less the file pages that the kernel takes back first */
	LIMIT_MEMORY_HIGH,  /* no limit: from here on the kernel slows the group down (v2) */
	LIMIT_SWAP,         /* v2 */
	LIMIT_MEMORY_SWAP,  /* memory and swap together (v1, memsw) */
	LIMIT_HUGETLB,      /* huge pages of one size in use; memory too, where they count as such */
	LIMIT_HUGETLB_RSVD, /* the same promised (rsvd) */
	LIMIT_CPU,          /* quota, in thousandths of a CPU. Used: 0 */
	LIMIT_TASKS, /* processes and threads, by control groups, and of a user who is not root by ulimit -u */
	LIMIT_ADDRESS_SPACE, /* ulimit -v */
	LIMIT_DATA,          /* ulimit -d: private writable memory */
	LIMIT_FILE_SIZE,     /* ulimit -f: of a file that backs guest RAM. Used: 0 */
	LIMIT_COMMIT,        /* of the host, where vm.overcommit_memory is 2 */
};

struct limit {
	char *path; /* what says so: the file as seen on the host, or the command that shows it; owned */
	uint64_t limit, used;
};

/*
 * The answer: every limit that is in force, the tightest first; none (count 0 and no reason); or, with a reason, unknown: there
 * may be others than those listed. Starts zeroed.
 */
struct limits {
	struct limit *list; /* owned */
	uint32_t count;
	bool hidden;       /* a container: groups above those that are seen may have limits of their own */
	char unknown[400]; /* why a limit may be in force that is not known; "": all are */
};

/* Add those of one kind; page_bytes is of the two kinds of huge pages. Of a group all above it count too. Never fails. */
void limits_add(const char *root, enum limit_kind kind, uint64_t page_bytes, struct limits *limits);

/* Add all that ordinary memory of this process meets: groups, ulimit -v and -d, strict overcommit. */
void limits_add_memory(const char *root, struct limits *limits);

/* What is left of one. */
uint64_t limit_room(const struct limit *limit);

/* What is left of the tightest; UINT64_MAX where there is none. */
uint64_t limits_room(const struct limits *limits);

void limits_free(struct limits *limits);

/*
 * How many processes the OOM killer has ended so far, in this process's control group and those below; where none tells, on
 * the whole host (since Linux 4.13). -1: not known.
 */
int64_t limits_oom_kills(const char *root);

/*
 * Of the error of a failed `step`, "pthread_create" or "fork": if it is EAGAIN, which limit of threads is reached
 * (host/tasks.c). Before any of those that there are has ended. Returns what error_set returned.
 */
int limits_explain_task(const char *root, const char *step, struct error *e);

/*
 * For how long the groups of `quotas` (LIMIT_CPU) have been stopped until now, because they had used up their quota; of all
 * CPUs together (cpu.stat: throttled_usec, in v1 throttled_time). -1: not known. Without a quota it is 0, and nothing is read.
 */
int64_t limits_throttled_ns(const char *root, const struct limits *quotas);

/*
 * Swap that this process may fill beside its memory: what is free, within its groups' limits on swap. 0 where that is not
 * known.
 */
uint64_t limits_swap_room(const char *root);

/* NUMA nodes are bits of a 64-bit mask; nodes beyond are not looked at. */
#define HOST_MAX_NODES 64

/* The NUMA nodes whose memory this process can get, as masks; 0: not known. */
struct usable_nodes {
	/* A host can have nodes of CPUs alone, or of devices: no process gets memory of those. */
	uint64_t with_memory;
	/* Mems_allowed. Nodes without memory can be among them, or be left out. */
	uint64_t cpuset;
	/* What the memory policy binds this process to (numactl --membind); ~0: to none. */
	uint64_t policy;
	/* Those that are in each of the masks above which are known. */
	uint64_t usable;
};

/*
 * Read them: sys/devices/system/node, proc/self/status, get_mempolicy(2). A seccomp filter may refuse that call (Docker's
 * does), and it cannot be asked about another root: then proc/self/numa_maps tells the policy, and where there is no such
 * file, the kernel has no memory policies. Never fails.
 */
void limits_nodes(const char *root, struct usable_nodes *nodes);

#endif
