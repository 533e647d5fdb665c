/*
 * The host's pages under guest memory, as /proc/self tells them: looked at, never touched. Who reads is a table of functions, so
 * that tests can be the host.
 */
#ifndef MINIVMM_LAB_EXPLAIN_HOST_PAGES_H
#define MINIVMM_LAB_EXPLAIN_HOST_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_pages {
	void *self;
	/* The eight bytes of /proc/self/pagemap for the 4 KiB page at hva (admin-guide/mm/pagemap.rst). 0 or -errno. */
	int (*pagemap)(void *self, uint64_t hva, uint64_t *entry);
	/*
	 * Whether the host maps the page at hva by a huge page of its own (PAGEMAP_SCAN, Linux 6.7). 0, or -errno where this
	 * kernel does not say.
	 */
	int (*scan)(void *self, uint64_t hva, bool *huge);
	/* Copy out of this process's memory; -EFAULT instead of a signal. 0 or -errno. */
	int (*copy)(void *self, uint64_t hva, void *to, size_t bytes);
	/* /proc/self/smaps as one string, which the caller frees. 0 or -errno. */
	int (*smaps)(void *self, char **text);
};

/* Of pagemap. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1) /* 0 without CAP_SYS_ADMIN */

/* This process. *fd keeps /proc/self/pagemap open until host_pages_close(); a kernel without it is seen page by page. */
void host_pages_open(struct host_pages *pages, int *fd);
void host_pages_close(int *fd);

#endif
