/*
 * libpfm4, which knows every CPU's events by name: names become what perf_event_open(2) wants. The only file that
 * talks to it. It is not touched, and costs nothing, before pmu_encode_init.
 */
#ifndef MINIVMM_LAB_PMU_ENCODE_H
#define MINIVMM_LAB_PMU_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

/* AMD's longest name spells out eight unit masks. */
#define PMU_NAME_BYTES 320

/* What of struct perf_event_attr says which event it is. */
struct pmu_code {
	uint32_t type;
	uint64_t config, config1, config2;
	bool exclude_user, exclude_kernel, exclude_hv; /* by the name's own modifiers (":u", ":k") */
};

/* Wake libpfm4. Main thread only; may be repeated. 0, or -EIO with *e set. */
int pmu_encode_init(struct error *e);

/*
 * libpfm4's name of this CPU's own PMU ("skx"), "ix86arch" where it knows only that there is an architectural one,
 * "unknown" where it knows none. By CPUID: it does not mean that the kernel has a PMU to offer.
 */
void pmu_encode_cpu(char *pmu, size_t size);

/*
 * Translate one event name, as libpfm4 spells them, with or without a PMU's name in front. 0, or -EINVAL with
 * libpfm4's reason in `why` (a string constant).
 */
int pmu_encode(const char *name, struct pmu_code *code, const char **why);

#endif
