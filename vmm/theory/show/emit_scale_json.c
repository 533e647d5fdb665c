/* What a guest of a size costs, in JSON. */
#include "vmm/output/json.h"
#include "vmm/theory/show/emit_scale.h"
#include "vmm/theory/show/words.h"

static json_t *tables_json(const struct scale_tables *t)
{
	json_t *o = json_object(), *levels = json_array();

	if (!t->present) {
		json_decref(o);
		json_decref(levels);
		return json_null();
	}
	for (uint32_t level = t->levels; level > 0 && t->tables[level] != 0; level--) {
		json_t *one = json_object();
		bool leaf = page_walk_span_bytes(level) == t->leaf_bytes;

		json_put(&one, "table", json_string(page_table_name(level)));
		json_put(&one, "tables", json_u64(t->tables[level]));
		json_put(&one, "entries", json_u64(leaf ? t->leaf_entries : t->tables[level - 1]));
		json_push(&levels, one);
	}
	json_put(&o, "levels", levels);
	json_put(&o, "raised_to_5_levels", json_boolean(t->raised));
	json_put(&o, "beyond_5_levels", json_boolean(t->beyond));
	json_put(&o, "leaf_bytes", json_u64(t->leaf_bytes));
	json_put(&o, "tables", json_u64(t->table_count));
	json_put(&o, "entries", json_u64(t->entries));
	json_put(&o, "table_bytes", json_u64(t->table_bytes));
	return o;
}

static json_t *tlb_json(const struct scale *s)
{
	json_t *o = json_object();

	json_put(&o, "leaf_bytes", json_u64(s->leaf_bytes));
	json_put(&o, "l1_entries", json_u64_or_null(s->plan.tlb_l1_entries));
	json_put(&o, "l1_bytes", json_u64_or_null(s->tlb_l1_bytes));
	json_put(&o, "l2_entries", json_u64_or_null(s->plan.tlb_l2_entries));
	json_put(&o, "l2_bytes", json_u64_or_null(s->tlb_l2_bytes));
	return o;
}

static json_t *populate_json(const struct scale *s)
{
	json_t *o = json_object();

	json_put(&o, "fault_leaf_bytes", json_u64(s->fault_leaf_bytes));
	json_put(&o, "faults", json_u64(s->faults));
	json_put(&o, "bytes", json_u64(s->populated_bytes));
	json_put(&o, "fault_ns", json_real(s->plan.fault_ns));
	json_put(&o, "zeroing_bytes_per_s", json_real(s->plan.zeroing_bytes_per_s));
	json_put(&o, "costs", json_string("stated, not measured"));
	json_put(&o, "fault_s", json_real(s->fault_s));
	json_put(&o, "zeroing_s", json_real(s->zeroing_s));
	json_put(&o, "seconds", json_real(s->populate_s));
	return o;
}

static json_t *predicted_json(const struct scale *s)
{
	json_t *o;

	if (s->walk_cycles <= 0)
		return json_null();
	o = json_object();
	json_put(&o, "cpu", json_words(s->cpu));
	json_put(&o, "unit", json_words(s->unit));
	json_put(&o, "access_cycles", json_real(s->access_cycles));
	json_put(&o, "data_cycles", json_real(s->data_cycles));
	json_put(&o, "walk_cycles", json_real(s->walk_cycles));
	return o;
}

json_t *scale_json(const struct scale *s)
{
	json_t *o = json_object();
	char words[THEORY_WORDS_BYTES];

	json_put(&o, "memory_bytes", json_u64(s->plan.memory_bytes));
	theory_put_plan(&o, &s->walk);
	json_put(&o, "guest_tables", tables_json(&s->guest));
	json_put(&o, "host_tables", tables_json(&s->host));
	json_put(&o, "shadow_tables", tables_json(&s->shadow));
	json_put(&o, "table_bytes", json_u64(s->table_bytes));
	json_put(&o, "tlb", tlb_json(s));
	json_put(&o, "references", json_u64(s->references));
	json_put(&o, "formula", json_string(theory_formula(&s->walk, s->references, words)));
	json_put(&o, "predicted", predicted_json(s));
	json_put(&o, "populate", populate_json(s));
	json_put(&o, "beyond_physical_addresses", json_boolean(s->beyond_physical));
	json_put(&o, "beyond_unpaged_addresses", json_boolean(s->beyond_unpaged));
	return o;
}
