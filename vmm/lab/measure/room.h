/*
 * How much memory a planned machine would need for a working set that does not fit it. Pure.
 */
#ifndef MINIVMM_LAB_MEASURE_ROOM_H
#define MINIVMM_LAB_MEASURE_ROOM_H

#include <stdbool.h>

#include "vmm/core/machine/config.h"

/* Whether the machine is no guest's, but the native runner's. */
bool room_is_native(const struct config *c);

/* The least --memory, in steps of 256 MiB or an alias, whose slices hold set_bytes; 0 where there is none. */
uint64_t room_memory_for(const struct config *c, uint64_t set_bytes);

/* STATUS_USAGE for a working set larger than a slice, with the --memory that would do as the hint. -EINVAL. */
int room_refuse(const struct config *c, uint64_t set_bytes, struct error *e);

#endif
