#include "vmm/cli/workloads.h"

#include <string.h>

const struct workload_info workload_table[WORKLOAD_COUNT] = {
#define WORKLOAD(id, name_, unit_, set_, isolates_) \
	[WORKLOAD_##id] = { .name = name_, .unit = unit_, .default_set = set_, .isolates = isolates_ },
#include "workloads.def"
#undef WORKLOAD
};

int workload_find(const char *name)
{
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		if (strcmp(name, workload_table[id].name) == 0)
			return id;
	}
	return -1;
}

const char *workload_variant_name(uint32_t variant)
{
	static const char *const names[VARIANT_COUNT] = {
		[VARIANT_ONLY] = "",     [VARIANT_FIRST] = "first", [VARIANT_SECOND] = "second",
		[VARIANT_READ] = "read", [VARIANT_WRITE] = "write",
	};

	return variant < VARIANT_COUNT && names[variant] != NULL ? names[variant] : "";
}
