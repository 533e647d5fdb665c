/*
 * Explanations made by hand: tables are laid out in a small memory and walked by the walk that is used for guests, places
 * are made up. For golden files.
 */
#ifndef TESTS_UNIT_SAMPLE_EXPLANATION_H
#define TESTS_UNIT_SAMPLE_EXPLANATION_H

#include <errno.h>

#include "test.h"
#include "units.h"
#include "vmm/lab/explain/explanation.h"
#include "vmm/theory/walk/walk_list.h"
#include "x86.h"

#define SAMPLE_TABLES_GPA (8 * MIB)
#define SAMPLE_GVA (UINT64_C(0x4000123000) + 0x678)
#define SAMPLE_GVA_5 (UINT64_C(0x00a5004000123000) + 0x678)
#define SAMPLE_DATA_GPA UINT64_C(0x3f400000) /* of the page; aligned for 2M */
#define SAMPLE_HVA UINT64_C(0x7f5c00000000)
#define SAMPLE_FRAMES UINT64_C(0x23c0000000)

struct sample_shape {
	enum walk_kind kind;
	uint32_t guest_levels, host_levels;
	uint64_t guest_leaf_bytes;
	uint64_t tables_page_bytes, data_page_bytes; /* of the host */
	uint64_t gva;
	/* What is wrong: bits of the entry at that level to clear and to set. */
	uint32_t spoilt_level;
	uint64_t clear, set;
};

/* One entry a table is enough: the tables of one address. */
struct sample_memory {
	uint64_t gpa[PAGE_WALK_MAX_LEVELS + 1], entry[PAGE_WALK_MAX_LEVELS + 1];
};

static inline int sample_read(void *self, uint64_t pa, uint64_t *entry)
{
	const struct sample_memory *memory = self;

	for (uint32_t level = 1; level <= PAGE_WALK_MAX_LEVELS; level++) {
		if (memory->gpa[level] == pa) {
			*entry = memory->entry[level];
			return 0;
		}
	}
	return -EFAULT;
}

static inline uint64_t sample_table_gpa(uint32_t level)
{
	return SAMPLE_TABLES_GPA + (PAGE_WALK_MAX_LEVELS - level) * PAGE_4K;
}

/* accessed: PTE_ACCESSED or 0, in all; dirty: the same in the leaf. */
static inline void sample_tables(struct sample_memory *memory, const struct sample_shape *shape,
				 uint64_t accessed, uint64_t dirty)
{
	uint32_t leaf = 1;

	memset(memory, 0, sizeof(*memory));
	while (page_walk_span_bytes(leaf) < shape->guest_leaf_bytes)
		leaf++;
	for (uint32_t level = shape->guest_levels; level >= leaf; level--) {
		uint64_t target = level > leaf ? sample_table_gpa(level - 1)
					       : align_down(SAMPLE_DATA_GPA, shape->guest_leaf_bytes);

		memory->gpa[level] = sample_table_gpa(level) + page_walk_index(shape->gva, level) * 8;
		memory->entry[level] = target | PTE_PRESENT | PTE_WRITE | PTE_USER | accessed;
		if (level == leaf)
			memory->entry[level] |= dirty | (leaf > 1 ? PTE_LEAF : 0) | PTE_NX;
		if (level == shape->spoilt_level)
			memory->entry[level] = (memory->entry[level] & ~shape->clear) | shape->set;
	}
}

static inline void sample_place(struct explain_place *place, const struct sample_shape *shape, uint64_t gpa,
				uint64_t page_bytes)
{
	*place = (struct explain_place){ .gpa = gpa,
					 .in_slot = true,
					 .hva = SAMPLE_HVA + gpa,
					 .present = true,
					 .page_bytes = page_bytes,
					 .frame_known = true,
					 .frame = SAMPLE_FRAMES + gpa };
	if (shape->kind == WALK_NESTED) {
		place->host_leaf_bytes = page_bytes;
		place->host_entries = refs_levels(shape->host_levels, page_bytes);
	}
}

static inline void sample_walk(struct explanation *x, const struct sample_shape *shape,
			       enum explain_moment moment)
{
	struct explain_walk *w = &x->walks[moment];
	struct sample_memory memory;

	sample_tables(&memory, shape, moment >= EXPLAIN_AFTER_READ ? PTE_ACCESSED : 0,
		      moment >= EXPLAIN_AFTER_WRITE ? PTE_DIRTY : 0);
	w->taken = true;
	page_walk(&x->mode, x->gva, sample_read, &memory, &w->walk);
	for (uint32_t i = 0; i < w->walk.step_count; i++)
		sample_place(&w->places[i], shape, w->walk.steps[i].entry_pa, shape->tables_page_bytes);
	if (w->walk.fault == PAGE_FAULT_NONE)
		sample_place(&w->data, shape, w->walk.pa, shape->data_page_bytes);
}

static inline void sample_explanation(struct explanation *x, const struct sample_shape *shape)
{
	bool shadow = shape->kind == WALK_SHADOW, fault;

	memset(x, 0, sizeof(*x));
	x->gva = shape->gva;
	x->kind = shape->kind;
	x->mode = (struct page_walk_mode){ .root_pa = sample_table_gpa(shape->guest_levels),
					   .levels = shape->guest_levels,
					   .physical_bits = 46,
					   .nx = true,
					   .pages_1g = true };
	x->cr3 = x->mode.root_pa;
	x->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	x->cr4 = CR4_PAE | (shape->guest_levels == 5 ? CR4_LA57 : 0);
	x->efer = EFER_LME | EFER_LMA | EFER_NXE;
	x->guest_page_bytes = shape->guest_leaf_bytes;
	x->backing_page_bytes = shape->data_page_bytes;
	x->memory_bytes = GIB;
	x->host_levels = shape->host_levels;
	(void)snprintf(x->backing, sizeof(x->backing), "%s",
		       shape->data_page_bytes == PAGE_4K ? "anon" : "hugetlb");
	x->second_dimension = shadow ? SECOND_SHADOW : SECOND_EPT;
	(void)snprintf(x->kvm_module, sizeof(x->kvm_module), "%s", shadow ? "kvm_pvm" : "kvm_intel");
	sample_walk(x, shape, EXPLAIN_BEFORE);
	fault = x->walks[EXPLAIN_BEFORE].walk.fault != PAGE_FAULT_NONE;
	x->touched = !fault;
	if (x->touched) {
		sample_walk(x, shape, EXPLAIN_AFTER_READ);
		sample_walk(x, shape, EXPLAIN_AFTER_WRITE);
	}
	x->leaves_4k = 30;
	x->leaves_2m = x->leaves_1g = 3;
	if (shadow && !fault)
		x->shadow_leaf_bytes = min_u64(shape->guest_leaf_bytes, shape->data_page_bytes);
	explain_list_references(x);
	x->translate.asked = page_walk_canonical(x->gva, x->mode.levels);
	x->translate.valid = !fault;
	x->translate.gpa = explanation_last(x)->walk.pa;
	x->translate.agrees = x->translate.asked;
}

/* Of these the tests choose by name. */
enum sample_name {
	SAMPLE_NESTED_4K,        /* 24 references, A and D change */
	SAMPLE_NESTED_2M,        /* 15 */
	SAMPLE_NESTED_4K_ON_1G,  /* 14 */
	SAMPLE_NESTED_UNEQUAL,   /* tables on 4K, data on 2M: 23 */
	SAMPLE_NESTED_1G_5LEVEL, /* guest 1G on 4K, five levels both: 23 */
	SAMPLE_5_BY_5,           /* 35 */
	SAMPLE_SHADOW_4K,
	SAMPLE_SHADOW_2M_ON_4K,
	SAMPLE_SHADOW_2M,   /* on 2M: 3 */
	SAMPLE_NOT_PRESENT, /* at the PD */
	SAMPLE_NOT_CANONICAL,
	SAMPLE_RESERVED,
	SAMPLE_SHADOW_NOT_PRESENT,
	SAMPLE_REFUSED,   /* frames hidden */
	SAMPLE_DISAGREES, /* KVM_TRANSLATE */
	SAMPLE_NO_SLOT,   /* the data lies outside any slot */
	SAMPLE_WINDOW,    /* 4K guest pages through a view whose hva is 4K further: 4K leaves on 2M pages */
	SAMPLE_COUNT
};

static const struct sample_shape sample_shapes[SAMPLE_COUNT] = {
	[SAMPLE_NESTED_4K] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_NESTED_2M] = { WALK_NESTED, 4, 4, PAGE_2M, PAGE_2M, PAGE_2M, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_NESTED_4K_ON_1G] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_1G, PAGE_1G, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_NESTED_UNEQUAL] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_2M, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_NESTED_1G_5LEVEL] = { WALK_NESTED, 5, 5, PAGE_1G, PAGE_4K, PAGE_4K, SAMPLE_GVA_5, 0, 0, 0 },
	[SAMPLE_5_BY_5] = { WALK_NESTED, 5, 5, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA_5, 0, 0, 0 },
	[SAMPLE_SHADOW_4K] = { WALK_SHADOW, 4, 0, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_SHADOW_2M_ON_4K] = { WALK_SHADOW, 4, 0, PAGE_2M, PAGE_4K, PAGE_4K, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_SHADOW_2M] = { WALK_SHADOW, 4, 0, PAGE_2M, PAGE_2M, PAGE_2M, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_NOT_PRESENT] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 2, ~UINT64_C(0),
				 0 },
	[SAMPLE_NOT_CANONICAL] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, UINT64_C(0x800000000000), 0,
				   0, 0 },
	[SAMPLE_RESERVED] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 3, 0,
			      UINT64_C(1) << 50 },
	[SAMPLE_SHADOW_NOT_PRESENT] = { WALK_SHADOW, 4, 0, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 2,
					~UINT64_C(0), 0 },
	[SAMPLE_REFUSED] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_DISAGREES] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_NO_SLOT] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K, PAGE_4K, SAMPLE_GVA, 0, 0, 0 },
	[SAMPLE_WINDOW] = { WALK_NESTED, 4, 4, PAGE_4K, PAGE_2M, PAGE_2M, SAMPLE_GVA, 0, 0, 0 },
};

static inline void sample_hide_frames(struct explanation *x)
{
	x->frames_refused = true;
	x->note_count = 1;
	(void)snprintf(x->notes[0], sizeof(x->notes[0]), "host-physical frames are hidden");
	for (uint32_t moment = 0; moment < EXPLAIN_MOMENTS; moment++) {
		x->walks[moment].data.frame_known = false;
		for (uint32_t i = 0; i < PAGE_WALK_MAX_LEVELS; i++)
			x->walks[moment].places[i].frame_known = false;
	}
}

static inline void sample_put_in_window(struct explanation *x)
{
	x->in_window = true;
	x->window = 0;
	x->walks[EXPLAIN_AFTER_WRITE] = (struct explain_walk){ 0 };
	for (uint32_t i = 0; i < EXPLAIN_AFTER_WRITE; i++) {
		struct explain_place *data = &x->walks[i].data;

		data->slot = 2;
		data->hva += PAGE_4K;
		data->host_leaf_bytes = PAGE_4K;
		data->host_entries = x->host_levels;
	}
	explain_list_references(x);
}

static inline void sample_make(struct explanation *x, enum sample_name name)
{
	sample_explanation(x, &sample_shapes[name]);
	if (name == SAMPLE_REFUSED)
		sample_hide_frames(x);
	if (name == SAMPLE_DISAGREES) {
		x->translate.gpa ^= PAGE_4K;
		x->translate.agrees = false;
		x->note_count = 1;
		(void)snprintf(x->notes[0], sizeof(x->notes[0]),
			       "a note with <angles> & \"quotes\", as a host might have them");
	}
	if (name == SAMPLE_WINDOW)
		sample_put_in_window(x);
	if (name == SAMPLE_NO_SLOT) {
		for (uint32_t i = 0; i < EXPLAIN_MOMENTS; i++)
			x->walks[i].data = (struct explain_place){ .gpa = x->walks[i].walk.pa };
		explain_list_references(x);
	}
}

/* What an emitter of explanations writes; the caller frees it. */
static inline char *sample_emit(const struct explanation *const xs[], uint32_t count,
				int (*emit)(const struct explanation *const[], uint32_t, FILE *))
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(emit(xs, count, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	return data;
}

/* One sample, or two where they differ. */
static inline char *sample_told(enum sample_name first, enum sample_name second,
				int (*emit)(const struct explanation *const[], uint32_t, FILE *))
{
	static struct explanation x[2];
	const struct explanation *const xs[] = { &x[0], &x[1] };

	sample_make(&x[0], first);
	sample_make(&x[1], second);
	return sample_emit(xs, first == second ? 1 : 2, emit);
}

#endif
