/*
 * Write the device tree of include/bootparams.h for a planned machine, with libfdt. Pure.
 */
#ifndef MINIVMM_CORE_BOOT_FDT_H
#define MINIVMM_CORE_BOOT_FDT_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/core/machine/config.h"
#include "vmm/util/error.h"

/*
 * Into buf[0..capacity). serial_report asks the guest to print its results on the serial port (for other VMMs).
 * *used is the blob's size. 0, or -errno: -ENOSPC when the plan does not fit.
 */
int fdt_write(const struct config *c, bool serial_report, void *buf, size_t capacity, size_t *used,
	      struct error *e);

#endif
