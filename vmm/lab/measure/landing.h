/*
 * Where a workload lands that touches memory which cannot be had: the kernel says so by SIGBUS, in the middle of a
 * load or store. In a guest the same is an error of KVM_RUN.
 */
#ifndef MINIVMM_LAB_MEASURE_LANDING_H
#define MINIVMM_LAB_MEASURE_LANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/util/error.h"

enum landing_cause {
	LANDING_NONE,
	LANDING_NO_PAGE,  /* the backing has run dry */
	LANDING_HARDWARE, /* the page's memory is faulty */
};

/* Catch SIGBUS from now on. Any that no landing expects still ends the process, as it would have. */
int landing_install(struct error *e);

/*
 * Call body(argument); when it touches a page of [start, start + bytes) that cannot be had, it is left there and then,
 * and the cause is returned. It must not hold a lock while it touches that memory.
 */
enum landing_cause landing_call(void (*body)(void *), void *argument, const void *start, uint64_t bytes);

#endif
