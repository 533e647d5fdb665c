/*
 * The whole record as JSON, schema minivmm.run/1. Unknown is null; sizes are integers in bytes.
 */
#include "vmm/lab/record/write.h"

#include <jansson.h>

#include "vmm/core/memory/backing.h"
#include "vmm/lab/pmu/counters.h"
#include "vmm/theory/show/show.h"
#include "vmm/output/json.h"
#include "vmm/lab/record/rows.h"

static json_t *command_json(const struct record *rec)
{
	json_t *array = json_array();

	for (int i = 0; i < rec->argc; i++)
		json_push(&array, json_words(rec->argv[i]));
	return array;
}

static json_t *node_list(uint64_t mask)
{
	json_t *array = json_array();

	for (int node = 0; node < HOST_MAX_NODES; node++) {
		if ((mask >> node & 1) != 0)
			json_push(&array, json_integer(node));
	}
	return array;
}

static json_t *pin_list(const struct machine_spec *r)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < r->pin_count && i < SPEC_MAX_CPUS; i++)
		json_push(&array, json_integer(r->pin[i]));
	return array;
}

static json_t *requested_json(const struct record *rec)
{
	const struct machine_spec *r = &rec->spec.machine;
	json_t *o = json_object();

	json_put(&o, "memory_bytes", json_u64(r->memory_bytes));
	json_put(&o, "ram_bytes", json_u64_or_null(rec->config.ram_bytes));
	json_put(&o, "backing", json_words(backing_name(r->backing)));
	json_put(&o, "page_bytes", json_u64_or_null(rec->config.page_bytes));
	json_put(&o, "path", json_words_or_null(r->mem_path));
	json_put(&o, "prealloc", json_boolean(r->populate >= POPULATE_PREALLOC));
	json_put(&o, "prealloc_threads", json_u64_or_null(rec->machine.prealloc_threads));
	json_put(&o, "prefault", json_boolean(r->populate == POPULATE_PREFAULT));
	json_put(&o, "share", json_boolean(rec->machine.share));
	json_put(&o, "reserve", json_boolean(rec->machine.reserve));
	json_put(&o, "guest_page_bytes",
		 rec->spec.native ? json_null() : json_u64(rec->config.guest_page_bytes));
	json_put(&o, "alias_bytes", json_u64_or_null(r->alias_bytes));
	json_put(&o, "accessed_dirty", rec->spec.native ? json_null() : json_boolean(rec->config.guest_ad));
	json_put(&o, "kernel_irqchip", rec->spec.native ? json_null() : json_boolean(rec->config.apic));
	json_put(&o, "vcpus", json_integer(rec->config.vcpus));
	json_put(&o, "pin", pin_list(r));
	json_put(&o, "host_nodes", node_list(r->host_nodes));
	json_put(&o, "policy", json_string(policy_name(r->policy)));
	json_put(&o, "seed", json_u64(rec->config.seed));
	json_put(&o, "note", json_words(rec->config.note));
	return o;
}

static json_t *leaves_json(const struct record *rec)
{
	json_t *o;

	if (!rec->have_kvm_pages)
		return json_null();
	o = json_object();
	json_put(&o, "pages_4k", json_u64(rec->kvm_pages_4k));
	json_put(&o, "pages_2m", json_u64(rec->kvm_pages_2m));
	json_put(&o, "pages_1g", json_u64(rec->kvm_pages_1g));
	return o;
}

static json_t *observed_json(const struct record *rec)
{
	json_t *o = json_object(), *nodes = json_object();
	char name[16];

	json_put(&o, "page_bytes", json_u64_or_null(rec->machine.observed.page_bytes));
	for (int node = 0; node < HOST_MAX_NODES; node++) {
		if (rec->machine.observed.node_pages[node] == 0)
			continue;
		(void)snprintf(name, sizeof(name), "%d", node);
		json_put(&nodes, name, json_u64(rec->machine.observed.node_pages[node]));
	}
	json_put(&o, "node_pages", nodes);
	json_put(&o, "second_dimension", leaves_json(rec));
	json_put(&o, "gpa_hva_congruent",
		 rec->spec.native ? json_null() : json_boolean(rec->machine.gpa_hva_congruent));
	json_put(&o, "rss_bytes", json_u64(rec->machine.observed.rss_bytes));
	json_put(&o, "huge_bytes", json_u64(rec->machine.observed.huge_bytes));
	json_put(&o, "memory_slots", json_u64_or_null(rec->machine.memory_slots));
	json_put(&o, "kvm_page_faults", json_count_or_null(rec->kvm_page_faults));
	json_put(&o, "kvm_tables_bytes", json_count_or_null(rec->kvm_tables_bytes));
	json_put(&o, "ring0_slowdown",
		 rec->ring0_slowdown > 0 ? json_real(rec->ring0_slowdown) : json_null());
	return o;
}

/* The bits of the arena's entries in the guest's own tables before the run; the first use sets the others. */
static json_t *guest_tables_json(const struct record *rec)
{
	json_t *o;

	if (rec->spec.native)
		return json_null();
	o = json_object();
	json_put(&o, "accessed", json_boolean(rec->config.guest_ad));
	json_put(&o, "dirty", json_boolean(rec->config.guest_ad));
	return o;
}

static json_t *pool_json(const struct record *rec)
{
	json_t *o, *counts;

	if (rec->machine.pool_page_bytes == 0)
		return json_null();
	o = json_object();
	json_put(&o, "page_bytes", json_u64(rec->machine.pool_page_bytes));
	for (int moment = 0; moment < POOL_MOMENTS; moment++) {
		const struct pool_counts *c = &rec->machine.pool[moment];

		counts = json_null();
		if (pool_moment_known(rec, moment)) {
			counts = json_object();
			json_put(&counts, "total", json_u64(c->total));
			json_put(&counts, "free", json_u64(c->free));
			json_put(&counts, "reserved", json_u64(c->reserved));
			json_put(&counts, "surplus", json_u64(c->surplus));
		}
		json_put(&o, pool_moment_name(moment), counts);
	}
	return o;
}

static json_t *faults_json(const struct record *rec)
{
	json_t *o = json_object();

	json_put(&o, "minor", json_u64(rec->machine.minor_faults));
	json_put(&o, "major", json_u64(rec->machine.major_faults));
	json_put(&o, "voluntary_switches", json_u64(rec->machine.voluntary_switches));
	json_put(&o, "involuntary_switches", json_u64(rec->machine.involuntary_switches));
	return o;
}

/* A stage that did not happen has no time. */
static json_t *timing_json(const struct timing_ns *t)
{
	json_t *o = json_object();

	json_put(&o, "open", json_u64_or_null(t->open));
	json_put(&o, "map", json_u64_or_null(t->map));
	json_put(&o, "populate", json_u64_or_null(t->populate));
	json_put(&o, "load", json_u64_or_null(t->load));
	json_put(&o, "to_guest_main", json_u64_or_null(t->to_guest_main));
	json_put(&o, "workloads", json_u64_or_null(t->workloads));
	json_put(&o, "total", json_u64_or_null(t->total));
	return o;
}

static json_t *results_json(const struct record *rec)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < rec->result_count; i++) {
		json_t *o = columns_json(&result_columns, rec, &rec->results[i]);

		json_put(&o, "pmu", pmu_counts_json(rec->pmu, rec->results[i].pmu));
		json_push(&array, o);
	}
	return array;
}

/* A finding that was not made is null, never 0. */
static json_t *knee_json(const struct tlb_knee *knee)
{
	json_t *o;

	if (!knee->found)
		return json_null();
	o = json_object();
	json_put(&o, "stride_bytes", json_u64(knee->stride_bytes));
	json_put(&o, "low_pages", json_u64(knee->low_pages));
	json_put(&o, "high_pages", json_u64(knee->high_pages));
	json_put(&o, "low_cycles", json_real(knee->low_cycles));
	json_put(&o, "high_cycles", json_real(knee->high_cycles));
	return o;
}

static json_t *level_json(const struct tlb_level *level)
{
	json_t *o = json_object();

	json_put(&o, "reach", knee_json(&level->reach));
	json_put(&o, "sets", json_string(tlb_sets_name(level->sets)));
	json_put(&o, "ways", knee_json(&level->ways));
	return o;
}

static json_t *tlb_json(const struct record *rec)
{
	const struct tlb_findings *f = &rec->tlb;
	json_t *o;

	if (!rec->have_tlb)
		return json_null();
	o = json_object();
	json_put(&o, "leaf_bytes", json_u64(f->leaf_bytes));
	json_put(&o, "base_cycles", json_real(f->base_cycles));
	json_put(&o, "miss_cycles", f->miss_cycles > 0 ? json_real(f->miss_cycles) : json_null());
	json_put(&o, "dtlb", level_json(&f->dtlb));
	json_put(&o, "stlb", level_json(&f->stlb));
	json_put(&o, "fracture", json_string(tlb_fracture_name(f->fracture)));
	json_put(&o, "inside", knee_json(&f->inside));
	json_put(&o, "inside_pages", json_u64_or_null(f->inside_pages));
	return o;
}

static json_t *whole_json(const struct record *rec)
{
	json_t *o = json_object(), *reasons = json_array();

	json_put(&o, "schema", json_string(RECORD_SCHEMA));
	json_put(&o, "minivmm_version", json_string(MINIVMM_VERSION));
	json_put(&o, "kind", json_string(rec->spec.native ? "native" : "run"));
	json_put(&o, "command", command_json(rec));
	if (rec->spec.label != NULL)
		json_put(&o, "label", json_words(rec->spec.label));
	json_put(&o, "host", host_facts_json(&rec->host));
	json_put(&o, "requested", requested_json(rec));
	json_put(&o, "observed", observed_json(rec));
	json_put(&o, "guest_tables", guest_tables_json(rec));
	json_put(&o, "pool", pool_json(rec));
	json_put(&o, "faults", faults_json(rec));
	json_put(&o, "timing_ns", timing_json(&rec->machine.timing));
	json_put(&o, "vmm_rss_bytes", json_u64_or_null(rec->machine.vmm_rss_bytes));
	json_put(&o, "stray_exits", json_u64(rec->machine.strays.total));
	json_put(&o, "pmu", pmu_plan_json(rec->pmu));
	json_put(&o, "results", results_json(rec));
	json_put(&o, "tlb", tlb_json(rec));
	json_put(&o, "prediction", prediction_json(rec->prediction));
	json_put(&o, "verdict", json_string(verdict_name(rec->verdict)));
	for (uint32_t i = 0; i < rec->reason_count && i < RECORD_MAX_REASONS; i++)
		json_push(&reasons, json_words(rec->reasons[i]));
	json_put(&o, "reasons", reasons);
	return o;
}

int record_json(const struct record *rec, FILE *out)
{
	return json_finish(whole_json(rec), out);
}
