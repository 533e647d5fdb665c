/*
 * Everything that was counted, by name.
 */
#include "vmm/theory/show/emit_simulation.h"

#include "vmm/util/workloads.h"
#include "vmm/output/json.h"
#include "vmm/theory/simulate/cpu.h"

static json_t *cpu_json(const struct cpu_model *cpu)
{
	json_t *o = json_object(), *figures = json_object();

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		const struct cpu_parameter_info *f = cpu_parameter_info((enum cpu_parameter)i);
		const char *word = parameter_word(f->kind, cpu->parameter[i]);
		json_t *figure = json_object();

		json_put(&figure, "value",
			 word != NULL             ? json_string(word)
			 : f->kind == KIND_CYCLES ? json_real(cpu_cycles(cpu, (enum cpu_parameter)i))
						  : json_u64(cpu->parameter[i]));
		json_put(&figure, "origin", json_string(cpu_origin_name(cpu->origin[i])));
		json_put(&figure, "source", json_words(cpu->source[i]));
		json_put(&figures, f->name, figure);
	}
	json_put(&o, "name", json_words(cpu->name));
	json_put(&o, "title", json_words(cpu->title));
	json_put(&o, "unit", json_words(cpu->unit));
	json_put(&o, "fracture_bytes", json_u64_or_null(cpu->fracture_bytes));
	json_put(&o, "figures", figures);
	return o;
}

static json_t *plan_json(const struct walk_plan *plan)
{
	bool guest = plan->kind != WALK_UNPAGED, host = plan->kind != WALK_NATIVE;
	json_t *o = json_object();

	json_put(&o, "kind", json_string(walk_kind_name(plan->kind)));
	json_put(&o, "guest_levels", json_u64_or_null(guest ? plan->guest_levels : 0));
	json_put(&o, "guest_leaf_bytes", json_u64_or_null(guest ? plan->guest_leaf_bytes : 0));
	json_put(&o, "host_levels",
		 json_u64_or_null(host && plan->kind != WALK_SHADOW ? plan->host_levels : 0));
	json_put(&o, "host_leaf_bytes", json_u64_or_null(host ? plan->host_leaf_bytes : 0));
	return o;
}

static json_t *levels_json(const uint64_t loads[LEVEL_COUNT])
{
	static const char *const names[LEVEL_COUNT] = { "l1", "l2", "l3", "memory" };
	json_t *o = json_object();

	for (int level = 0; level < LEVEL_COUNT; level++)
		json_put(&o, names[level], json_u64(loads[level]));
	return o;
}

/* Index: level of the entry; 0 and 1 are none that a walk cache holds. */
static json_t *hits_json(const uint64_t hits[WALKER_LEVELS])
{
	static const char *const names[WALKER_LEVELS] = { NULL, NULL, "pde", "pdpte", "pml4e", "pml5e" };
	json_t *o = json_object();

	for (int level = 2; level < WALKER_LEVELS; level++)
		json_put(&o, names[level], json_u64(hits[level]));
	return o;
}

static json_t *counts_json(const struct simulation *s)
{
	json_t *o = json_object();

	json_put(&o, "dtlb_hits", json_u64(s->dtlb_hits));
	json_put(&o, "dtlb_misses", json_u64(s->dtlb_misses));
	json_put(&o, "stlb_hits", json_u64(s->stlb_hits));
	json_put(&o, "stlb_misses", json_u64(s->stlb_misses));
	json_put(&o, "walks", json_u64(s->walks));
	json_put(&o, "guest_references", json_u64(s->walk.guest_references));
	json_put(&o, "host_references", json_u64(s->walk.host_references));
	json_put(&o, "walk_cache_hits", hits_json(s->walk.pwc_hits));
	json_put(&o, "host_walk_cache_hits", hits_json(s->walk.host_pwc_hits));
	json_put(&o, "nested_tlb_hits", json_u64(s->walk.nested_tlb_hits));
	json_put(&o, "nested_tlb_misses", json_u64(s->walk.nested_tlb_misses));
	json_put(&o, "data_loads", levels_json(s->data_loads));
	json_put(&o, "guest_entry_loads", levels_json(s->walk.guest_loads));
	json_put(&o, "host_entry_loads", levels_json(s->walk.host_loads));
	return o;
}

static json_t *closed_json(const struct simulation_row *row)
{
	const struct closed_form_terms *t = &row->closed;
	json_t *o;

	if (!row->have_closed)
		return json_null();
	o = json_object();
	json_put(&o, "translations", json_u64(t->translations));
	json_put(&o, "m1", json_real(t->dtlb_missing));
	json_put(&o, "m2", json_real(t->stlb_missing));
	json_put(&o, "guest_read_cycles", json_real(t->guest_read_cycles));
	json_put(&o, "host_read_cycles", json_real(t->host_read_cycles));
	json_put(&o, "walk_cycles", json_real(t->walk_cycles));
	json_put(&o, "total_cycles", json_real(t->total_cycles));
	return o;
}

static json_t *row_json(const struct simulation_row *row)
{
	const struct simulation *s = &row->counts;
	json_t *o = json_object();

	json_put(&o, "workload", json_string(workload_table[row->workload].name));
	json_put(&o, "plan", plan_json(&row->plan));
	json_put(&o, "working_set_bytes", json_u64(row->working_set_bytes));
	json_put(&o, "stride_bytes", json_u64_or_null(row->stride_bytes));
	json_put(&o, "pages", json_u64(s->pages));
	json_put(&o, "accesses", json_u64(s->accesses));
	json_put(&o, "tlb_leaf_bytes", json_u64(s->tlb_leaf_bytes));
	json_put(&o, "cycles_per_access", json_real(s->cycles_per_access));
	json_put(&o, "data_cycles_per_access", json_real(s->data_cycles_per_access));
	json_put(&o, "references_per_walk", s->walks != 0 ? json_real(s->references_per_walk) : json_null());
	json_put(&o, "theory_references", json_u64(s->theory_references));
	json_put(&o, "counts", counts_json(s));
	json_put(&o, "closed_form", closed_json(row));
	return o;
}

json_t *simulation_json(const struct cpu_model *cpu, const struct simulation_row *rows, uint32_t count)
{
	json_t *o = json_object(), *array = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_push(&array, row_json(&rows[i]));
	json_put(&o, "cpu", cpu_json(cpu));
	json_put(&o, "rows", array);
	return o;
}
