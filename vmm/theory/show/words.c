#include "vmm/theory/show/words.h"

#include <stdio.h>

#include "vmm/util/size.h"
#include "vmm/theory/walk/walk_list.h"
#include "vmm/output/json.h"

const char *theory_plan_words(const struct walk_plan *plan, char buf[THEORY_WORDS_BYTES])
{
	char guest[24], host[24];

	(void)size_format(plan->guest_leaf_bytes, guest);
	(void)size_format(plan->host_leaf_bytes, host);
	switch (plan->kind) {
	case WALK_NESTED:
		(void)snprintf(buf, THEORY_WORDS_BYTES,
			       "nested: %s pages in the guest's %u-level tables, %s in the host's %u-level "
			       "tables (EPT or NPT)",
			       guest, plan->guest_levels, host, plan->host_levels);
		break;
	case WALK_SHADOW:
		(void)snprintf(buf, THEORY_WORDS_BYTES,
			       "shadow: %s pages in the guest's %u-level tables, on memory in %s pages",
			       guest, plan->guest_levels, host);
		break;
	case WALK_NATIVE:
		(void)snprintf(buf, THEORY_WORDS_BYTES, "native: %s pages in %u-level tables, no hypervisor",
			       guest, plan->guest_levels);
		break;
	default:
		(void)snprintf(
			buf, THEORY_WORDS_BYTES,
			"unpaged: a guest with paging off, %s pages in the host's %u-level tables (EPT "
			"or NPT)",
			host, plan->host_levels);
		break;
	}
	return buf;
}

const char *theory_formula(const struct walk_plan *plan, uint32_t count, char buf[THEORY_WORDS_BYTES])
{
	if (plan->kind == WALK_NESTED)
		(void)snprintf(buf, THEORY_WORDS_BYTES, "(%u+1)(%u+1)-1 = %u",
			       refs_levels(plan->guest_levels, plan->guest_leaf_bytes),
			       refs_levels(plan->host_levels, plan->host_leaf_bytes), count);
	else
		(void)snprintf(buf, THEORY_WORDS_BYTES, "%u", count);
	return buf;
}

void theory_put_plan(json_t **object, const struct walk_plan *plan)
{
	bool guest = plan->kind != WALK_UNPAGED, host = plan->kind != WALK_NATIVE;

	json_put(object, "kind", json_string(walk_kind_name(plan->kind)));
	json_put(object, "guest_levels", guest ? json_u64(plan->guest_levels) : json_null());
	json_put(object, "guest_leaf_bytes", guest ? json_u64(plan->guest_leaf_bytes) : json_null());
	/* A shadow table has the guest's levels; of the host's only the backing page counts. */
	json_put(object, "host_levels",
		 host && plan->kind != WALK_SHADOW ? json_u64(plan->host_levels) : json_null());
	json_put(object, "host_leaf_bytes", host ? json_u64(plan->host_leaf_bytes) : json_null());
}
