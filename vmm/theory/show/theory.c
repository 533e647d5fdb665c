/* The document: its parts, and the pieces that several parts have. */
#include <errno.h>

#include "vmm/output/json.h"
#include "vmm/theory/show/show.h"
#include "vmm/util/size.h"

int theory_text(const struct theory *t, FILE *out)
{
	int ret = 0;

	if (t->table != NULL)
		ret = theory_table_text(t->table, out);
	if (ret == 0 && t->list != NULL)
		ret = walk_list_text(t->list, out);
	if (ret == 0 && t->scale != NULL)
		ret = scale_text(t->scale, out);
	if (ret == 0 && t->scale != NULL && t->simulation != NULL)
		(void)fputc('\n', out);
	if (ret == 0 && t->simulation != NULL)
		ret = simulation_text(t->simulation, out);
	if (ret == 0 && (fflush(out) != 0 || ferror(out) != 0))
		ret = errno != 0 ? -errno : -EIO;
	return ret;
}

int theory_json(const struct theory *t, FILE *out)
{
	json_t *o = json_document(MODEL_SCHEMA);

	json_put(&o, "command", json_words_array(t->argv, t->argc));
	json_put(&o, "table", t->table != NULL ? theory_table_json(t->table) : json_null());
	json_put(&o, "list", t->list != NULL ? walk_list_json(t->list) : json_null());
	json_put(&o, "scale", t->scale != NULL ? scale_json(t->scale) : json_null());
	json_put(&o, "simulation", t->simulation != NULL ? simulation_json(t->simulation) : json_null());
	return json_finish(o, out);
}

const char *walk_plan_text(const struct walk_plan *plan, char buf[WALK_TEXT_BYTES])
{
	char guest[24], host[24];

	(void)size_format(plan->guest_leaf_bytes, guest);
	(void)size_format(plan->host_leaf_bytes, host);
	switch (plan->kind) {
	case WALK_NESTED:
		(void)snprintf(
			buf, WALK_TEXT_BYTES,
			"nested: %s pages in the guest's %u-level tables, %s in the host's %u-level tables "
			"(EPT or NPT)",
			guest, plan->guest_levels, host, plan->host_levels);
		break;
	case WALK_SHADOW:
		(void)snprintf(buf, WALK_TEXT_BYTES,
			       "shadow: %s pages in the guest's %u-level tables, on memory in %s pages",
			       guest, plan->guest_levels, host);
		break;
	case WALK_NATIVE:
		(void)snprintf(buf, WALK_TEXT_BYTES, "native: %s pages in %u-level tables, no hypervisor",
			       guest, plan->guest_levels);
		break;
	default:
		(void)snprintf(
			buf, WALK_TEXT_BYTES,
			"unpaged: a guest with paging off, %s pages in the host's %u-level tables (EPT or "
			"NPT)",
			host, plan->host_levels);
		break;
	}
	return buf;
}

const char *walk_formula(const struct walk_plan *plan, uint32_t count, char buf[WALK_TEXT_BYTES])
{
	if (plan->kind == WALK_NESTED)
		(void)snprintf(buf, WALK_TEXT_BYTES, "(%u+1)(%u+1)-1 = %u",
			       refs_levels(plan->guest_levels, plan->guest_leaf_bytes),
			       refs_levels(plan->host_levels, plan->host_leaf_bytes), count);
	else
		(void)snprintf(buf, WALK_TEXT_BYTES, "%u", count);
	return buf;
}

void walk_plan_put(json_t **object, const struct walk_plan *plan)
{
	bool guest = walk_is_paged(plan->kind), host = plan->kind != WALK_NATIVE;

	json_put(object, "kind", json_string(walk_kind_name(plan->kind)));
	json_put(object, "guest_levels", guest ? json_u64(plan->guest_levels) : json_null());
	json_put(object, "guest_leaf_bytes", guest ? json_u64(plan->guest_leaf_bytes) : json_null());
	/* A shadow table has the guest's levels; of the host only the backing page counts. */
	json_put(object, "host_levels",
		 walk_is_hosted(plan->kind) ? json_u64(plan->host_levels) : json_null());
	json_put(object, "host_leaf_bytes", host ? json_u64(plan->host_leaf_bytes) : json_null());
}
