/*
 * What the guest says about itself on the serial port, where no VMM reads its blocks.
 */
#ifndef MINIVMM_GUEST_IO_REPORT_H
#define MINIVMM_GUEST_IO_REPORT_H

#include "abi.h"

/* One finished part as a line of key=value; a no-op when serial is disabled. Safe on several vCPUs at once. */
void report_result(uint32_t vcpu, const struct guest_result *r);

/* Give up: print block->message and end the machine with `code`. */
__attribute__((noreturn)) void report_failure(const struct vcpu_block *block, enum guest_exit code);

#endif
