/*
 * Which object belongs to which workload id.
 */
#include "table.h"

#include <stddef.h>

#include "driver.h"

static const struct workload_ops *const table[WORKLOAD_COUNT] = {
#define WORKLOAD(id, ...) [WORKLOAD_##id] = &workload_##id,
#include "workloads.def"
#undef WORKLOAD
};

const struct workload_ops *table_ops(uint32_t workload)
{
	return workload < WORKLOAD_COUNT ? table[workload] : NULL;
}

int driver_uses_ring0(const struct plan_step *steps, uint32_t step_count)
{
	for (uint32_t i = 0; i < step_count; i++) {
		const struct workload_ops *ops = table_ops(steps[i].workload);

		for (uint32_t p = 0; ops != NULL && p < ops->parts; p++) {
			if (ops->part[p].ring0)
				return 1;
		}
	}
	return 0;
}

const struct workload_part *driver_part(uint32_t workload, uint32_t variant)
{
	const struct workload_ops *ops = table_ops(workload);

	for (uint32_t i = 0; ops != NULL && i < ops->parts; i++) {
		if ((uint32_t)ops->part[i].variant == variant)
			return &ops->part[i];
	}
	return NULL;
}
