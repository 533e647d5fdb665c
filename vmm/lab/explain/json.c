/*
 * Explanations as JSON, schema minivmm.explain/1. Addresses and entries are strings in hex: many readers of
 * JSON keep numbers as doubles, which have 53 bits. Sizes are integers in bytes. What is not known is null.
 */
#include "vmm/lab/explain/write.h"

#include <inttypes.h>
#include <string.h>

#include "twin.h"
#include "units.h"
#include "vmm/output/json.h"

static json_t *hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

static json_t *hex_if(bool known, uint64_t value)
{
	return known ? hex(value) : json_null();
}

static json_t *place_json(const struct explain_place *p)
{
	json_t *o = json_object();

	json_put(&o, "gpa", hex(p->gpa));
	json_put(&o, "slot", p->in_slot ? json_integer(p->slot) : json_null());
	json_put(&o, "slot_gpa", hex_if(p->in_slot, p->slot_gpa));
	json_put(&o, "hva", hex_if(p->in_slot, p->hva));
	json_put(&o, "hva_less_gpa_bytes",
		 p->page_bytes != 0 ? json_u64(explain_place_shift(p)) : json_null());
	json_put(&o, "present", p->in_slot && !p->presence_hidden ? json_boolean(p->present) : json_null());
	json_put(&o, "page_bytes", json_u64_or_null(p->page_bytes));
	json_put(&o, "frame", hex_if(p->frame_known, p->frame));
	json_put(&o, "host_leaf_bytes", json_u64_or_null(p->host_leaf_bytes));
	json_put(&o, "host_entries", json_u64_or_null(p->host_entries));
	return o;
}

static json_t *step_json(const struct page_walk_step *step, const struct explain_place *place)
{
	json_t *o = json_object();
	char flags[WORDS_BYTES];

	json_put(&o, "level", json_integer(step->level));
	json_put(&o, "entry", json_string(page_entry_name(step->level)));
	json_put(&o, "index", json_integer(step->index));
	json_put(&o, "value", hex(step->entry));
	json_put(&o, "flags", json_string(words_flags(step, flags)));
	json_put(&o, "leaf", json_boolean(step->leaf));
	json_put(&o, "place", place_json(place));
	return o;
}

static json_t *walk_json(const char *moment, const struct explain_walk *w)
{
	bool arrived = w->walk.fault == PAGE_FAULT_NONE;
	json_t *o = json_object(), *steps = json_array();

	json_put(&o, "moment", json_string(moment));
	json_put(&o, "fault", json_string(page_fault_name(w->walk.fault)));
	json_put(&o, "exception", json_words_or_null(page_fault_exception(w->walk.fault)));
	json_put(&o, "fault_level", json_u64_or_null(w->walk.fault_level));
	json_put(&o, "reserved", hex_if(w->walk.fault == PAGE_FAULT_RESERVED, w->walk.reserved));
	for (uint32_t i = 0; i < w->walk.step_count; i++)
		json_push(&steps, step_json(&w->walk.steps[i], &w->places[i]));
	json_put(&o, "steps", steps);
	json_put(&o, "gpa", hex_if(arrived, w->walk.pa));
	json_put(&o, "leaf_bytes", arrived ? json_u64(w->walk.leaf_bytes) : json_null());
	json_put(&o, "writable", arrived ? json_boolean(w->walk.writable) : json_null());
	json_put(&o, "user", arrived ? json_boolean(w->walk.user) : json_null());
	json_put(&o, "executable", arrived ? json_boolean(w->walk.executable) : json_null());
	json_put(&o, "data", arrived ? place_json(&w->data) : json_null());
	return o;
}

static json_t *walks_json(const struct explanation *x)
{
	static const char *const moments[EXPLAIN_MOMENTS] = { "before", "after read", "after write" };
	json_t *array = json_array();

	for (uint32_t i = 0; i < EXPLAIN_MOMENTS; i++) {
		if (x->walks[i].taken)
			json_push(&array, walk_json(moments[i], &x->walks[i]));
	}
	return array;
}

static json_t *reference_json(const struct explanation *x, const struct explain_reference *one)
{
	const struct walk_reference *walk = &one->walk;
	/* The guest's entries were read, one a level from the root on; those of the others' tables were not. */
	bool read = walk->dimension == DIMENSION_GUEST && x->kind != WALK_SHADOW;
	const struct page_walk_step *step =
		read ? &explanation_last(x)->walk.steps[x->mode.levels - walk->level] : NULL;
	json_t *o = json_object();

	json_put(&o, "number", json_integer(one->number));
	json_put(&o, "dimension", json_string(walk->dimension == DIMENSION_HOST ? "host" : "guest"));
	json_put(&o, "level", json_integer(walk->level));
	json_put(&o, "entry", json_string(page_entry_name(walk->level)));
	json_put(&o, "for", json_string(walk->row != 0 ? page_entry_name(walk->row) : "data"));
	json_put(&o, "translates", hex(one->address));
	json_put(&o, "bits", json_sprintf("%u:%u", walk->high_bit, walk->low_bit));
	json_put(&o, "index", json_integer(one->index));
	json_put(&o, "leaf", json_boolean(walk->leaf));
	json_put(&o, "source", json_string(step != NULL ? "read" : "derived"));
	json_put(&o, "address", step != NULL ? hex(step->entry_pa) : json_null());
	json_put(&o, "value", step != NULL ? hex(step->entry) : json_null());
	return o;
}

/* The list of references; the total and its formula where they are known. */
static void put_references(json_t **o, const struct explanation *x)
{
	const struct explain_references *r = &x->references;
	json_t *array = json_array();
	char formula[WORDS_BYTES];

	for (uint32_t i = 0; i < r->count; i++)
		json_push(&array, reference_json(x, &r->list[i]));
	json_put(o, "references_total", json_u64_or_null(r->complete ? r->count : 0));
	json_put(o, "formula", json_words_or_null(words_formula(x, formula)));
	json_put(o, "references", array);
}

static json_t *mode_json(const struct page_walk_mode *mode)
{
	json_t *o = json_object();

	json_put(&o, "root", hex(mode->root_pa));
	json_put(&o, "levels", json_integer(mode->levels));
	json_put(&o, "physical_bits", json_integer(mode->physical_bits));
	json_put(&o, "nx", json_boolean(mode->nx));
	json_put(&o, "pages_1g", json_boolean(mode->pages_1g));
	return o;
}

static json_t *registers_json(const struct explanation *x)
{
	json_t *o = json_object();

	json_put(&o, "cr0", hex(x->cr0));
	json_put(&o, "cr3", hex(x->cr3));
	json_put(&o, "cr4", hex(x->cr4));
	json_put(&o, "efer", hex(x->efer));
	return o;
}

static json_t *host_json(const struct explanation *x)
{
	json_t *o = json_object(), *leaves = json_object();

	json_put(&o, "kvm_module", json_words(x->kvm_module));
	json_put(&o, "second_dimension", json_words(second_dimension_name(x->second_dimension)));
	json_put(&o, "levels", json_u64_or_null(x->host_levels));
	json_put(&o, "hypervisor", json_boolean(x->hypervisor));
	json_put(&leaves, "pages_4k", json_count_or_null(x->leaves_4k));
	json_put(&leaves, "pages_2m", json_count_or_null(x->leaves_2m));
	json_put(&leaves, "pages_1g", json_count_or_null(x->leaves_1g));
	json_put(&o, "leaves", leaves);
	json_put(&o, "frames_refused", json_boolean(x->frames_refused));
	return o;
}

static json_t *translate_json(const struct explain_translate *t)
{
	bool answered = t->asked && t->err == 0;
	json_t *o = json_object();

	json_put(&o, "asked", json_boolean(t->asked));
	json_put(&o, "errno", json_u64_or_null((uint64_t)t->err));
	json_put(&o, "valid", answered ? json_boolean(t->valid) : json_null());
	json_put(&o, "gpa", hex_if(answered && t->valid, t->gpa));
	json_put(&o, "agrees", answered ? json_boolean(t->agrees) : json_null());
	return o;
}

static json_t *window_json(const struct explanation *x)
{
	json_t *o = json_object();

	json_put(&o, "guest_leaf_bytes", json_u64(twin_guest_leaf(x->window)));
	json_put(&o, "host_leaf_bytes", json_u64(twin_host_leaf(x->window)));
	return o;
}

static json_t *explanation_json(const struct explanation *x)
{
	json_t *o = json_object(), *requested = json_object(), *notes = json_array();

	json_put(&o, "gva", hex(x->gva));
	json_put(&o, "touched", json_boolean(x->touched));
	json_put(&o, "window", x->in_window ? window_json(x) : json_null());
	json_put(&requested, "guest_page_bytes", json_u64_or_null(x->guest_page_bytes));
	json_put(&requested, "page_bytes", json_u64_or_null(x->backing_page_bytes));
	json_put(&requested, "backing", json_words(x->backing));
	json_put(&requested, "memory_bytes", json_u64(x->memory_bytes));
	json_put(&o, "requested", requested);
	json_put(&o, "registers", registers_json(x));
	json_put(&o, "mode", mode_json(&x->mode));
	json_put(&o, "host", host_json(x));
	json_put(&o, "walks", walks_json(x));
	json_put(&o, "kind",
		 json_words_or_null(x->second_dimension != SECOND_UNKNOWN ? name_of(&walk_kind_names, x->kind)
									  : ""));
	json_put(&o, "shadow_leaf_bytes", json_u64_or_null(x->shadow_leaf_bytes));
	put_references(&o, x);
	json_put(&o, "kvm_translate", translate_json(&x->translate));
	for (uint32_t i = 0; i < x->note_count && i < COUNT_OF(x->notes); i++)
		json_push(&notes, json_words(x->notes[i]));
	json_put(&o, "notes", notes);
	return o;
}

int explain_json(const struct explanation *const xs[], uint32_t count, FILE *out)
{
	json_t *o = json_document(EXPLAIN_SCHEMA), *array = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_push(&array, explanation_json(xs[i]));
	json_put(&o, "explanations", array);
	return json_finish(o, out);
}
