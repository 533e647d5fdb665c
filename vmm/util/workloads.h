/*
 * Names: of workloads, as users type them and records say them, and of their variants.
 */
#ifndef MINIVMM_UTIL_WORKLOADS_H
#define MINIVMM_UTIL_WORKLOADS_H

#include <stdint.h>

#include "workload.h"

/* The table behind --workload help, by enum workload_id. */
extern const struct workload_info workload_table[WORKLOAD_COUNT];

/* enum workload_id, or -1. */
int workload_find(const char *name);

/* A sentence for the record's note, "" for AVAILABLE; never NULL: bounds-checked. */
const char *unavailable_text(uint32_t reason);

/* "", "first", ...; never NULL: bounds-checked. */
const char *workload_variant_name(uint32_t variant);

#endif
