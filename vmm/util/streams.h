/*
 * The process's own streams, made safe before anything else is opened or written.
 */
#ifndef MINIVMM_UTIL_STREAMS_H
#define MINIVMM_UTIL_STREAMS_H

#include "vmm/util/error.h"

/*
 * Fill those of descriptors 0 to 2 that the caller left closed, so that guest RAM or a record never becomes stdout;
 * reading or writing them fails with EBADF, as it would have. And a reader that has gone (SIGPIPE) or a file size
 * limit (SIGXFSZ) become errors of write(2) instead of the end of the process with its record.
 */
int streams_init(struct error *e);

#endif
