/*
 * Everything include/bootparams.h says, as plain values: read once, checked, and the tree is not needed again.
 */
#ifndef MINIVMM_GUEST_START_PARAMS_H
#define MINIVMM_GUEST_START_PARAMS_H

#include <stdint.h>

#include "bootparams.h"
#include "driver.h"
#include "guest/lib/text.h"
#include "guest/start/property.h"
#include "guest/start/startinfo.h"

#define PARAMS_MAX_MEMORY 2

struct params {
	uint64_t guest_page_bytes;
	uint64_t alias_bytes; /* 0: none */
	uint64_t seed;
	int accessed_dirty; /* the arena's entries start with A = D = 1 */
	int kernel_port;    /* PORT_KERNEL is served inside KVM */
	uint32_t vcpus;
	int memory_count;
	struct range memory[PARAMS_MAX_MEMORY];
	struct range tables, arena;
	uint32_t view_count;
	struct memory_view views[VIEWS_MAX];
	uint32_t step_count;
	struct plan_step steps[PLAN_MAX_STEPS];
};

/* Whether this is a tree of ours that asks for messages on the serial port. 0, or -1 with *why filled. */
int params_serial(const struct handover *h, int *serial_report, struct text *why);

/* Read the rest. 0, or -1 with *why naming node and property. */
int params_read(const struct handover *h, struct params *p, struct text *why);

/* Ranges, sizes and alignments against each other and against the VMM's memory map; params_check.c. */
int params_check(const struct handover *h, const struct params *p, struct text *why);

/* The steps of /minivmm,plan; plan.c. */
int params_plan(const void *fdt, struct params *p, struct text *why);

#endif
