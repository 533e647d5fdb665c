/*
 * The effective configuration as text: what would run, for --dump-config.
 */
#ifndef MINIVMM_LAB_MEASURE_DUMP_H
#define MINIVMM_LAB_MEASURE_DUMP_H

#include <stddef.h>

#include "vmm/lab/measure/spec.h"
#include "vmm/core/machine/config.h"

/*
 * Write "name = value" lines, one a line, into buf[0..capacity), NUL-terminated: the request with its defaults,
 * the memory map in GPA ranges (end excluded), the steps. Returns the length without the NUL, or -ENOSPC.
 * DUMP_BYTES is enough for every configuration.
 */
#define DUMP_BYTES (256 * 1024)
int config_dump(const struct run_spec *r, const struct config *c, char *buf, size_t capacity);

#endif
