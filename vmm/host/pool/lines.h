/*
 * Commands that provide what a plan misses, and how other programs name the same backing; for text, JSON and the errors of
 * a run.
 */
#ifndef MINIVMM_HOST_POOL_LINES_H
#define MINIVMM_HOST_POOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/host/pool/pool.h"

enum pool_line_kind {
	LINE_SYSCTL,  /* the pool of the default size */
	LINE_SYSFS,   /* any pool, or a node's part of it */
	LINE_CGROUP,  /* a limit that is too tight */
	LINE_SCRIPT,  /* the same by scripts/hugepages.sh, which also gives it back */
	LINE_BOOT,    /* kernel command line */
	LINE_MOUNT,   /* shell command */
	LINE_FSTAB,   /* line of /etc/fstab */
	LINE_MINIVMM, /* a run on that backing */
	LINE_QEMU,    /* the same backing for QEMU */
	LINE_LIBVIRT, /* elements of a libvirt domain, separated by newlines */
	LINE_KIND_COUNT
};

/* Starts zeroed. */
struct pool_lines {
	bool cut; /* there was no memory for one of them */
	uint32_t count;
	struct pool_line {
		enum pool_line_kind kind;
		char *text; /* owned */
	} * line;           /* owned */
};

/* One more, whole; without memory for it they are cut. */
void pool_line_add(struct pool_lines *lines, enum pool_line_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Zeroes *lines. */
void pool_lines_free(struct pool_lines *lines);

/* By enum pool_line_kind. */
struct pool_line_info {
	const char *name; /* "sysctl", "sysfs", "cgroup", ...: the key in JSON */
	bool shell;       /* a shell reads lines of this kind */
};

extern const struct pool_line_info pool_line_infos[LINE_KIND_COUNT];

/*
 * Lines that provide what the plan misses: LINE_SYSCTL, LINE_SYSFS and LINE_CGROUP; none where it is enough, or
 * cannot be had (pool_plan_best).
 * Totals are of the whole pool (what is there, in use or promised, and what is missing), because that is what the
 * kernel's files take (Documentation/admin-guide/mm/hugetlbpage.rst). Appended to *lines.
 */
void pool_lines_provide(const struct pool_report *report, const struct pool_plan *plan,
			struct pool_lines *lines);

/*
 * All lines, each appended to *lines. Those of pool_lines_provide, those
 * that last or can be undone (LINE_SCRIPT, LINE_BOOT, LINE_MOUNT, LINE_FSTAB), and the same backing for minivmm, QEMU and libvirt. Where memory
 * is too short for the plan, they are of the largest that can be had; none where that is less than a page.
 */
void pool_lines_all(const struct pool_report *report, const struct pool_use *use,
		    const struct pool_plan *plan, struct pool_lines *lines);

/* The plan's nodes as a list "0,2-3" into buf; "" where it is not bound. */
const char *pool_node_list(const struct pool_plan *plan, char *buf, size_t size);

#endif
