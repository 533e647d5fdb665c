/*
 * Words for the report's enumerations, for the files of this room alone.
 */
#ifndef MINIVMM_LAB_CHECK_NAMES_H
#define MINIVMM_LAB_CHECK_NAMES_H

#include "vmm/lab/check/report.h"

static inline const char *known_name(enum known answer)
{
	return answer == KNOWN_YES ? "yes" : answer == KNOWN_NO ? "no" : "unknown";
}

/* As JSON says it; never NULL: bounds-checked. */
static inline const char *row_group_name(enum row_group group)
{
	static const char *const names[] = {
		[ROW_MODULE] = "module", [ROW_PAGING] = "paging", [ROW_INTERRUPTS] = "interrupts",
		[ROW_KVM] = "kvm",       [ROW_MEMORY] = "memory",
	};

	return (unsigned int)group < sizeof(names) / sizeof(names[0]) ? names[group] : "other";
}

#endif
