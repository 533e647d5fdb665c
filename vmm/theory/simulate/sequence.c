/*
 * chase and packed: the cycle as line numbers instead of pointers. alias: the order of its walk, without the table of
 * offsets, which a CPU reads ahead. gups: the stream of random words.
 */
#include "vmm/theory/simulate/simulate.h"

#include <errno.h>
#include <stdlib.h>

#include "alias_shape.h"
#include "layout.h"
#include "lines.h"
#include "random.h"
#include "units.h"

#define WORD_BYTES sizeof(uint64_t)

/* Sattolo's algorithm, as the workloads draw it. */
static int make_cycle(struct sequence *s)
{
	uint64_t state = s->seed;

	if (s->lines > SEQUENCE_MOST_LINES)
		return -E2BIG;
	s->next = malloc(s->lines * sizeof(*s->next));
	if (s->next == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < s->lines; i++)
		s->next[i] = (uint32_t)i;
	for (uint64_t i = s->lines - 1; i > 0; i--) {
		uint64_t partner = random_below(&state, i);
		uint32_t swap = s->next[i];

		s->next[i] = s->next[partner];
		s->next[partner] = swap;
	}
	return 0;
}

static int make_alias(struct sequence *s, uint64_t stride_bytes, uint64_t leaf_bytes)
{
	uint64_t pages, span_bytes;

	if (!alias_shape(stride_bytes, leaf_bytes, &s->shape))
		return -EINVAL;
	pages = s->shape.pages != 0 ? s->shape.pages : s->lines;
	if (!checked_mul(pages, s->shape.stride_bytes, &span_bytes) || span_bytes > WINDOW_BYTES)
		return -E2BIG;
	s->order = permutation_of(s->lines, s->seed);
	return 0;
}

static void make_updates(struct sequence *s, uint64_t working_set_bytes)
{
	for (s->lines = PAGE_4K / WORD_BYTES; s->lines <= working_set_bytes / WORD_BYTES / 2;)
		s->lines *= 2;
	s->pages = s->lines * WORD_BYTES / PAGE_4K;
	s->pass_accesses = s->pages;
}

int sequence_init(struct sequence *s, enum workload_id workload, uint64_t working_set_bytes,
		  uint64_t stride_bytes, uint64_t leaf_bytes, uint64_t seed)
{
	*s = (struct sequence){
		.workload = workload,
		.lines = working_set_bytes / PAGE_4K,
		.seed = seed,
		.state = seed,
	};
	if (s->lines == 0)
		return -EINVAL;
	s->pages = s->lines;
	s->pass_accesses = s->lines;
	switch (workload) {
	case WORKLOAD_chase:
	case WORKLOAD_packed:
		return make_cycle(s);
	case WORKLOAD_alias:
		return make_alias(s, stride_bytes, leaf_bytes);
	case WORKLOAD_gups:
		make_updates(s, working_set_bytes);
		return 0;
	default:
		return -EINVAL;
	}
}

void sequence_free(struct sequence *s)
{
	free(s->next);
	s->next = NULL;
}

uint64_t sequence_next(struct sequence *s, bool *write)
{
	uint64_t turn = s->turn++;
	uint32_t line = s->line;

	*write = s->workload == WORKLOAD_gups;
	switch (s->workload) {
	case WORKLOAD_chase:
		s->line = s->next[line];
		return line_of_page_bytes(line);
	case WORKLOAD_packed:
		s->line = s->next[line];
		return line * CACHE_LINE_BYTES;
	case WORKLOAD_alias:
		return walk_offset_of_turn(&s->shape, s->seed, &s->order, turn % s->lines);
	default:
		return (random_next(&s->state) & (s->lines - 1)) * WORD_BYTES;
	}
}
