/*
 * Parts of a theory by their plan, and their output in memory.
 */
#ifndef MINIVMM_TESTS_UNIT_THEORY_SAMPLE_H
#define MINIVMM_TESTS_UNIT_THEORY_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "units.h"
#include "vmm/theory/show/show.h"

struct theory_sample {
	struct theory_table table;
	struct walk_list list;
	struct scale scale;
	struct theory theory;
};

static inline struct theory *sample_table(struct theory_sample *s)
{
	static char program[] = "minivmm", command[] = "model";
	static char *argv[] = { program, command, NULL };

	s->theory = (struct theory){ .argc = 2, .argv = argv, .table = &s->table };
	assert_int_equal(theory_table_make(&s->table), 0);
	return &s->theory;
}

static inline struct theory *sample_list(struct theory_sample *s, enum walk_kind kind, uint32_t levels,
					 uint64_t guest_leaf, uint64_t host_leaf)
{
	const struct walk_plan plan = { kind, levels, levels, guest_leaf, host_leaf };

	s->theory = (struct theory){ .list = &s->list };
	assert_int_equal(walk_list_make(&plan, &s->list), 0);
	return &s->theory;
}

/* tlb_entries: of the second level; an eighth of it is the first's. */
static inline struct theory *sample_scale(struct theory_sample *s, enum walk_kind kind, uint64_t bytes,
					  uint64_t guest_leaf, uint64_t host_leaf, uint32_t tlb_entries)
{
	const struct scale_plan plan = { .walk = { kind, 4, 4, guest_leaf, host_leaf },
					 .memory_bytes = bytes,
					 .tlb_l1_entries = tlb_entries / 8,
					 .tlb_l2_entries = tlb_entries,
					 .fault_ns = SCALE_FAULT_NS,
					 .zeroing_bytes_per_s = SCALE_ZEROING_BYTES_PER_S };

	s->theory = (struct theory){ .scale = &s->scale };
	assert_int_equal(scale_make(&plan, &s->scale), 0);
	return &s->theory;
}

/* The whole output; the caller frees it. */
static inline char *theory_render(const struct theory *t, int (*emit)(const struct theory *, FILE *))
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(emit(t, memory), 0);
	assert_int_equal(fclose(memory), 0);
	return data;
}

static inline void theory_golden(const struct theory *t, int (*emit)(const struct theory *, FILE *),
				 const char *path)
{
	char *data = theory_render(t, emit);

	golden_compare(data, path);
	free(data);
}

#endif
