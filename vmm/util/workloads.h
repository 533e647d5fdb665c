/*
 * Workloads: their names, as users type them and records say them, and what can be asked of them.
 */
#ifndef MINIVMM_UTIL_WORKLOADS_H
#define MINIVMM_UTIL_WORKLOADS_H

#include <stdbool.h>
#include <stdint.h>

#include "workload.h"
#include "vmm/util/names.h"

#define SPEC_MAX_WORKLOADS 32
#define SPEC_MAX_SETS 48

/* Which workloads over which working sets: what a run does, and what a simulation follows. */
struct work_spec {
	uint32_t workload_count; /* 0: `none` */
	enum workload_id workloads[SPEC_MAX_WORKLOADS];
	uint32_t set_count; /* 0: each workload's default */
	uint64_t sets_bytes[SPEC_MAX_SETS];
	uint32_t chain_count; /* 0: one chain */
	uint32_t chains[CHAINS_MAX];
	bool histogram;    /* the latency of single loads as well */
	uint64_t accesses; /* 0: the workload's own */
	uint64_t seed;
};

/* The table behind --workload help, by enum workload_id. */
extern const struct workload_info workload_table[WORKLOAD_COUNT];

/* Of enum workload_unit: "core cycles/access", "bytes/s", ... */
extern const struct names unit_names;

static inline bool unit_is_latency(enum workload_unit unit)
{
	return unit == UNIT_CYCLES_PER_ACCESS || unit == UNIT_TSC_CYCLES_PER_ACCESS;
}

/* The same for a unit's name, as files have it. */
static inline bool unit_name_is_latency(const char *name)
{
	int unit = name_find(&unit_names, name);

	return unit >= 0 && unit_is_latency((enum workload_unit)unit);
}

/* enum workload_id, or -1. */
int workload_find(const char *name);

/* A sentence for the record's note, "" for AVAILABLE; never NULL: bounds-checked. */
const char *unavailable_text(uint32_t reason);

/* "", "first", ...; never NULL: bounds-checked. */
const char *workload_variant_name(uint32_t variant);

#endif
