/*
 * The one table of backings: which pages each kind has, how it is mapped.
 */
#ifndef MINIVMM_CORE_MEMORY_BACKING_TYPE_H
#define MINIVMM_CORE_MEMORY_BACKING_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/spec.h"

struct backing_type {
	enum backing_kind kind;
	uint64_t default_page_bytes; /* 0: the file system says */
	bool page_4k, page_2m, page_1g;
	bool share_default;
	bool has_file; /* a file descriptor is behind it */
	bool thp;      /* huge pages are asked for with madvise, not with a flag */
};

/* NULL for a kind that is not in the table. */
const struct backing_type *backing_type(enum backing_kind kind);

/* May this kind have that page? */
bool backing_type_has_page(const struct backing_type *type, uint64_t page_bytes);

/* "4K", "2M", "1G", "other". */
const char *backing_page_name(uint64_t page_bytes);

#endif
