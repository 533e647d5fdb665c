#include "vmm/util/workloads.h"

#include <string.h>

const struct workload_info workload_table[WORKLOAD_COUNT] = {
#define WORKLOAD(id, name_, unit_, set_, needs_, operation_, isolates_, expect_) \
	[WORKLOAD_##id] = { .name = name_,                                       \
			    .unit = unit_,                                       \
			    .default_set = set_,                                 \
			    .needs = (needs_),                                   \
			    .operation = operation_,                             \
			    .isolates = isolates_,                               \
			    .expect = expect_ },
#include "workloads.def"
#undef WORKLOAD
};

const struct names unit_names = NAMES_OF("core cycles/access", "bytes/s", "updates/s", "TSC cycles/access");

int workload_find(const char *name)
{
	for (int id = 0; id < WORKLOAD_COUNT; id++) {
		if (strcmp(name, workload_table[id].name) == 0)
			return id;
	}
	return -1;
}

const char *unavailable_text(uint32_t reason)
{
	static const char *const texts[UNAVAILABLE_COUNT] = {
		[AVAILABLE] = "",
		[UNAVAILABLE_X2APIC] = "unavailable: this CPU offers the guest no x2APIC",
		[UNAVAILABLE_KERNEL_PORT] =
			"unavailable: this KVM serves no port by itself (KVM_CAP_IOEVENTFD)",
		[UNAVAILABLE_1G_PAGES] = "unavailable: this CPU offers the guest no pages of 1G (pdpe1gb)",
		[UNAVAILABLE_VIEW] = "unavailable: the backing has no pages as large as that leaf",
		[UNAVAILABLE_RING0] =
			"no cycles: KVM interprets ring 0 here, they would be its own, as the counts are",
	};

	return reason < UNAVAILABLE_COUNT ? texts[reason] : "unavailable";
}

const char *workload_variant_name(uint32_t variant)
{
	static const char *const names[VARIANT_COUNT] = {
#define VARIANT(id, name) [VARIANT_##id] = name,
#include "variants.def"
#undef VARIANT
	};

	return variant < VARIANT_COUNT ? names[variant] : "";
}
