/*
 * The whole record as JSON, schema minivmm.run/2. Unknown is null; sizes are integers in bytes.
 */
#include "vmm/lab/record/rows.h"
#include "vmm/lab/record/twin_table.h"

#include <jansson.h>

#include "vmm/core/memory/backing.h"
#include "vmm/lab/pmu/counters.h"
#include "vmm/theory/show/show.h"
#include "vmm/output/fields.h"
#include "vmm/output/json.h"

static json_t *pin_list(const struct machine_spec *r)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < r->pin_count && i < SPEC_MAX_CPUS; i++)
		json_push(&array, json_integer(r->pin[i]));
	return array;
}

static json_t *guest_json(const struct record *rec)
{
	const struct guest_image *guest = &rec->machine.guest;
	json_t *o = json_object();

	if (guest->bytes == 0) {
		json_decref(o);
		return json_null();
	}
	json_put(&o, "path", json_words_or_null(rec->spec.machine.guest_path));
	json_put(&o, "embedded", json_boolean(!guest->is_foreign));
	json_put(&o, "sha256", json_string(guest->sha256));
	json_put(&o, "bytes", json_u64(guest->bytes));
	return o;
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
	if (r->populate >= POPULATE_NEAR && r->populate <= POPULATE_NODES)
		json_put(&o, "prealloc_node", json_string(populate_name(r->populate)));
	json_put(&o, "prefault", json_boolean(r->populate == POPULATE_PREFAULT));
	json_put(&o, "share", json_boolean(rec->machine.share));
	json_put(&o, "reserve", json_boolean(rec->machine.reserve));
	json_put(&o, "guest_page_bytes",
		 rec->spec.native ? json_null() : json_u64(rec->config.guest_page_bytes));
	json_put(&o, "alias_bytes", json_u64_or_null(r->alias_bytes));
	json_put(&o, "accessed_dirty", rec->spec.native ? json_null() : json_boolean(rec->config.guest_ad));
	json_put(&o, "kernel_irqchip", rec->spec.native ? json_null() : json_boolean(rec->config.apic));
	json_put(&o, "guest", guest_json(rec));
	json_put(&o, "vcpus", json_integer(rec->config.vcpus));
	json_put(&o, "pin", pin_list(r));
	json_put(&o, "host_nodes", json_bits(r->host_nodes));
	json_put(&o, "policy", json_string(policy_name(r->policy)));
	json_put(&o, "seed", json_u64(rec->config.seed));
	json_put(&o, "sandbox", json_string(r->sandbox.wanted != CHOICE_OFF ? "on" : "off"));
	json_put(&o, "note", json_words(rec->config.note));
	return o;
}

static const struct field leaf_list[] = {
	FIELD_AS(COUNT, struct record, kvm_pages_4k, "pages_4k"),
	FIELD_AS(COUNT, struct record, kvm_pages_2m, "pages_2m"),
	FIELD_AS(COUNT, struct record, kvm_pages_1g, "pages_1g"),
};
static const struct fields leaf_fields = FIELDS_OF(leaf_list);

/* As the kernel says it; null: nothing was given up. */
static json_t *sandbox_json(const struct record *rec)
{
	const struct sandbox_report *s = &rec->machine.sandbox;
	json_t *o;

	if (!s->entered)
		return json_null();
	o = json_object();
	json_put(&o, "seccomp_main", json_boolean(s->seccomp_main));
	json_put(&o, "seccomp_vcpus", rec->spec.native ? json_null() : json_boolean(s->seccomp_vcpus));
	json_put(&o, "landlock_abi", json_count_or_null(s->landlock_abi));
	json_put(&o, "no_new_privs", json_boolean(s->no_new_privs));
	json_put(&o, "user", json_u64(s->uid));
	json_put(&o, "group", json_u64(s->gid));
	return o;
}

static json_t *observed_json(const struct record *rec)
{
	const bool is_seen = rec->machine.observed.kernel_page_bytes != 0;
	json_t *o = json_object();
	struct leaf_share share;

	json_put(&o, "page_bytes", json_u64_or_null(rec->machine.observed.page_bytes));
	json_put(&o, "node_pages", json_numbered(rec->machine.observed.node_pages, HOST_MAX_NODES));
	json_put(&o, "second_dimension", fields_json(&leaf_fields, rec->have_kvm_pages ? rec : NULL));
	if (record_leaf_share(rec, &share)) {
		json_put(&o, "leaf_bytes", json_u64(share.leaf_bytes));
		json_put(&o, "touched_bytes", json_u64(share.touched_bytes));
		json_put(&o, "leaf_share", json_real(share.right));
	}
	json_put(&o, "gpa_hva_congruent",
		 rec->spec.native ? json_null() : json_boolean(rec->machine.gpa_hva_congruent));
	json_put(&o, "rss_bytes", is_seen ? json_u64(rec->machine.observed.rss_bytes) : json_null());
	json_put(&o, "huge_bytes", is_seen ? json_u64(rec->machine.observed.huge_bytes) : json_null());
	json_put(&o, "sealed",
		 is_seen && backing_type(rec->spec.machine.backing)->has_file
			 ? json_boolean(rec->machine.observed.sealed)
			 : json_null());
	json_put(&o, "memory_slots", json_u64_or_null(rec->machine.memory_slots));
	json_put(&o, "kvm_page_faults", json_count_or_null(rec->kvm_page_faults));
	json_put(&o, "kvm_tables_bytes", json_count_or_null(rec->kvm_tables_bytes));
	if (rec->kvm_tables_late)
		json_put(&o, "kvm_tables_late", json_true());
	json_put(&o, "sandbox", sandbox_json(rec));
	json_put(&o, "ring0_slowdown",
		 rec->ring0_slowdown > 0 ? json_real(rec->ring0_slowdown) : json_null());
	return o;
}

/* The bits of the arena's entries in the guest's own tables before the run; the first use sets the others. */
static const struct field guest_table_list[] = {
	FIELD_AS(TRUTH, struct record, config.guest_ad, "accessed"),
	FIELD_AS(TRUTH, struct record, config.guest_ad, "dirty"),
};
static const struct fields guest_table_fields = FIELDS_OF(guest_table_list);

static const struct field pool_list[] = {
	FIELD(COUNT, struct pool_counts, total),
	FIELD(COUNT, struct pool_counts, free),
	FIELD(COUNT, struct pool_counts, reserved),
	FIELD(COUNT, struct pool_counts, surplus),
};
static const struct fields pool_fields = FIELDS_OF(pool_list);

static json_t *pool_json(const struct record *rec)
{
	json_t *o;

	if (rec->machine.pool_page_bytes == 0)
		return json_null();
	o = json_object();
	json_put(&o, "page_bytes", json_u64(rec->machine.pool_page_bytes));
	for (int moment = 0; moment < POOL_MOMENTS; moment++) {
		bool known = pool_moment_known(rec, moment);

		json_put(&o, pool_moment_name(moment),
			 fields_json(&pool_fields, known ? &rec->machine.pool[moment] : NULL));
	}
	return o;
}

static const struct field fault_list[] = {
	FIELD_AS(COUNT, struct machine_report, minor_faults, "minor"),
	FIELD_AS(COUNT, struct machine_report, major_faults, "major"),
	FIELD(COUNT, struct machine_report, voluntary_switches),
	FIELD(COUNT, struct machine_report, involuntary_switches),
};
static const struct fields fault_fields = FIELDS_OF(fault_list);

/* A stage that did not happen has no time. */
static const struct field timing_list[] = {
	FIELD(SIZE, struct timing_ns, open),          FIELD(SIZE, struct timing_ns, map),
	FIELD(SIZE, struct timing_ns, populate),      FIELD(SIZE, struct timing_ns, load),
	FIELD(SIZE, struct timing_ns, to_guest_main), FIELD(SIZE, struct timing_ns, workloads),
	FIELD(SIZE, struct timing_ns, total),
};
static const struct fields timing_fields = FIELDS_OF(timing_list);

/* Of all samples; null: the clock is not known. */
static json_t *clock_json(const struct record *rec)
{
	struct clock_summary clock;
	json_t *o;

	if (!record_clock(rec, &clock))
		return json_null();
	o = json_object();
	json_put(&o, "core_per_tsc", json_real(clock.mean));
	json_put(&o, "low", json_real(clock.low));
	json_put(&o, "high", json_real(clock.high));
	json_put(&o, "samples", json_u64(clock.samples));
	json_put(&o, "clock_moved_samples", json_u64(clock.moved));
	json_put(&o, "disturbed_samples", json_u64(clock.disturbed));
	return o;
}

static const struct field moment_list[] = {
	FIELD(KNOWN, struct act_moment, leaves_4k),        FIELD(KNOWN, struct act_moment, leaves_2m),
	FIELD(KNOWN, struct act_moment, leaves_1g),        FIELD(KNOWN, struct act_moment, resident_bytes),
	FIELD(KNOWN, struct act_moment, huge_bytes),       FIELD(KNOWN, struct act_moment, pool_free_pages),
	FIELD(KNOWN, struct act_moment, minor_faults),     FIELD(KNOWN, struct act_moment, major_faults),
	FIELD(KNOWN, struct act_moment, merged_pages),     FIELD(KNOWN, struct act_moment, saved_pages),
	FIELD(KNOWN, struct act_moment, split_mappings),   FIELD(KNOWN, struct act_moment, split_pages),
	FIELD(KNOWN, struct act_moment, swapped_in_pages), FIELD(KNOWN, struct act_moment, swapped_out_pages),
};
static const struct fields moment_fields = FIELDS_OF(moment_list);

/* What was there before an act of the host and after it; null where it could not be done. */
static json_t *act_json(const struct act_report *act)
{
	json_t *o;

	if (act->unavailable)
		return json_null();
	o = json_object();
	json_put(&o, "before", fields_json(&moment_fields, &act->before));
	json_put(&o, "after", fields_json(&moment_fields, &act->after));
	return o;
}

static json_t *results_json(const struct record *rec)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < rec->result_count; i++) {
		json_t *o = columns_json(&result_columns, rec, &rec->results[i]);

		json_put(&o, "histogram", histogram_json(rec->results[i].histogram));
		if (rec->results[i].act.made)
			json_put(&o, "act", act_json(&rec->results[i].act));
		json_put(&o, "pmu", pmu_counts_json(rec->pmu, rec->results[i].pmu));
		json_push(&array, o);
	}
	return array;
}

/* chase - packed of each working set that has both. */
static json_t *translation_json(const struct record *rec)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < rec->result_count; i++) {
		struct estimate cost;
		json_t *o, *interval;

		if (record_translation(rec, &rec->results[i], &cost) != 0 || cost.count == 0)
			continue;
		o = json_object();
		interval = json_array();
		json_push(&interval, json_real(cost.low));
		json_push(&interval, json_real(cost.high));
		json_put(&o, "working_set_bytes", json_u64(rec->results[i].working_set_bytes));
		json_put(&o, "pages", json_u64(rec->results[i].pages));
		json_put(&o, "cost", json_real(cost.value));
		json_put(&o, "within_allocation", interval);
		json_put(&o, "coverage", json_real(cost.coverage));
		json_put(&o, "rounds", json_u64(cost.count));
		json_push(&array, o);
	}
	return array;
}

static const struct field knee_list[] = {
	FIELD(COUNT, struct tlb_knee, stride_bytes), FIELD(COUNT, struct tlb_knee, low_pages),
	FIELD(COUNT, struct tlb_knee, high_pages),   FIELD(REAL, struct tlb_knee, low_cycles),
	FIELD(REAL, struct tlb_knee, high_cycles),
};
static const struct fields knee_fields = FIELDS_OF(knee_list);

/* A finding that was not made is null, never 0. */
static json_t *knee_json(const struct tlb_knee *knee)
{
	return fields_json(&knee_fields, knee->found ? knee : NULL);
}

static json_t *level_json(const struct tlb_level *level)
{
	json_t *o = json_object();

	json_put(&o, "reach", knee_json(&level->reach));
	json_put(&o, "sets", json_string(name_of(&tlb_sets_names, level->sets)));
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
	json_put(&o, "fracture", json_string(name_of(&tlb_fracture_names, f->fracture)));
	json_put(&o, "inside", knee_json(&f->inside));
	json_put(&o, "inside_pages", json_u64_or_null(f->inside_pages));
	return o;
}

int record_json(const struct record *rec, FILE *out)
{
	json_t *o = json_document(RECORD_SCHEMA), *reasons = json_array();

	json_put(&o, "kind", json_string(rec->spec.native ? "native" : "run"));
	json_put(&o, "command", json_words_array(rec->argv, rec->argc));
	if (rec->spec.label != NULL)
		json_put(&o, "label", json_words(rec->spec.label));
	json_put(&o, "host", fields_json(&host_fields, &rec->host));
	json_put(&o, "requested", requested_json(rec));
	json_put(&o, "observed", observed_json(rec));
	json_put(&o, "guest_tables", fields_json(&guest_table_fields, rec->spec.native ? NULL : rec));
	json_put(&o, "pool", pool_json(rec));
	json_put(&o, "faults", fields_json(&fault_fields, &rec->machine));
	json_put(&o, "timing_ns", fields_json(&timing_fields, &rec->machine.timing));
	json_put(&o, "vmm_rss_bytes", json_u64_or_null(rec->machine.vmm_rss_bytes));
	json_put(&o, "stray_exits", json_u64(rec->machine.strays.total));
	json_put(&o, "pmu", pmu_plan_json(rec->pmu));
	json_put(&o, "core_clock", clock_json(rec));
	json_put(&o, "in_core_bytes", json_u64_or_null(rec->in_core_bytes));
	json_put(&o, "results", results_json(rec));
	json_put(&o, "translation", translation_json(rec));
	json_put(&o, "tlb", tlb_json(rec));
	json_put(&o, "twin", twin_json(rec));
	json_put(&o, "prediction", prediction_json(rec->prediction));
	json_put(&o, "verdict", json_string(verdict_name(rec->verdict)));
	for (uint32_t i = 0; i < rec->reason_count && i < RECORD_MAX_REASONS; i++)
		json_push(&reasons, json_words(rec->reasons[i]));
	json_put(&o, "reasons", reasons);
	return json_finish(o, out);
}
