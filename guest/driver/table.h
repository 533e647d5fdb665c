/*
 * From a workload's id to its code.
 */
#ifndef MINIVMM_DRIVER_TABLE_H
#define MINIVMM_DRIVER_TABLE_H

#include "workload.h"

/* NULL for a number that is no enum workload_id. */
const struct workload_ops *table_ops(uint32_t workload);

#endif
