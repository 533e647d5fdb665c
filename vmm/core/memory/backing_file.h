/*
 * The file behind a backing: which file system a path means, and an unlinked file there.
 */
#ifndef MINIVMM_CORE_MEMORY_BACKING_FILE_H
#define MINIVMM_CORE_MEMORY_BACKING_FILE_H

#include <stdint.h>

#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/*
 * Page size of the hugetlbfs or tmpfs that `path`, a directory or the name of a file to be, lies on.
 * 0, or -errno: not there, another file system, a file that exists already; with the mount command as the hint.
 */
int backing_file_page_bytes(const char *path, uint64_t *page_bytes, struct error *e);

/*
 * A file of spec->bytes without a name: O_TMPFILE at spec->path, so that not even kill -9 leaves one behind, or
 * memfd_create. Returns the descriptor, the caller's, or -errno.
 */
int backing_file_open(const struct backing_spec *spec, struct error *e);

/*
 * Fill *e if the mount's own size= limit leaves less than spec->bytes: -ENOSPC. 0 where it does not.
 */
int backing_file_check_mount(const struct backing_spec *spec, int fd, struct error *e);

#endif
