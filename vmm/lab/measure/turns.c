/*
 * Which steps take turns: A B A B instead of A A B B.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/record/rows.h"

/*
 * Each round builds and verifies its pattern anew and warms up, which takes as long as some ten passes over the lines, so
 * that large sets have fewer rounds. Six are the least whose differences have a 95 % interval (estimate_coverage); where
 * even those would cost more than all samples, four.
 */
#define ROUNDS_MOST 8
#define ROUNDS_LARGE 6
#define ROUNDS_LEAST 4
#define LARGE_LINES (UINT64_C(1) << 14)
#define HUGE_LINES (UINT64_C(1) << 17)

static uint32_t rounds_of(const struct plan_step *step, uint32_t most)
{
	uint64_t lines = step->working_set_bytes / PAGE_4K;
	uint32_t rounds = lines <= LARGE_LINES  ? ROUNDS_MOST
			  : lines <= HUGE_LINES ? ROUNDS_LARGE
						: ROUNDS_LEAST;

	rounds = (uint32_t)min_u64(rounds, most);
	return (uint32_t)min_u64(rounds, step->repeat);
}

static bool may_take_turns(const struct plan_step *step)
{
	return (workload_table[step->workload].needs & TAKES_TURNS) != 0;
}

/* What is planned, and which of it already stands in the new plan. */
struct turns {
	const struct plan_step *asked;
	uint32_t count;
	bool done[PLAN_MAX_STEPS];
	struct config *c;
};

/* The steps that take turns with asked[first], itself in front: other workloads over the same set. How many. */
static uint32_t find_partners(const struct turns *t, uint32_t first, uint32_t *partners)
{
	bool seen[WORKLOAD_COUNT] = { 0 };
	uint32_t count = 0;

	for (uint32_t i = first; i < t->count; i++) {
		const struct plan_step *step = &t->asked[i], *with = &t->asked[first];

		if (t->done[i] || seen[step->workload] ||
		    step->working_set_bytes != with->working_set_bytes || step->chains != with->chains ||
		    (i != first && !may_take_turns(step)))
			continue;
		seen[step->workload] = true;
		partners[count++] = i;
		if (!may_take_turns(step))
			break;
	}
	return count;
}

static void add_rounds(struct turns *t, const uint32_t *partners, uint32_t count, uint32_t rounds)
{
	struct config *c = t->c;

	for (uint32_t round = 0; round < rounds; round++) {
		for (uint32_t i = 0; i < count; i++) {
			struct plan_step *step = &c->steps[c->step_count];

			*step = t->asked[partners[i]];
			step->repeat = round_samples(step->repeat, rounds, round);
			c->result[c->step_count++] = (uint16_t)partners[i];
			t->done[partners[i]] = true;
		}
	}
}

int turns_take(struct config *c, struct error *e)
{
	struct turns *t = calloc(1, sizeof(*t));
	struct plan_step *asked = calloc((size_t)c->step_count + 1, sizeof(*asked));
	uint32_t partners[WORKLOAD_COUNT], most = c->step_count != 0 ? PLAN_MAX_STEPS / c->step_count : 1;
	int ret = t != NULL && asked != NULL ? 0 : -ENOMEM;

	if (ret == 0) {
		memcpy(asked, c->steps, c->step_count * sizeof(*asked));
		*t = (struct turns){ .asked = asked, .count = c->step_count, .c = c };
		c->step_count = 0;
	}
	for (uint32_t i = 0; ret == 0 && i < t->count; i++) {
		uint32_t count = t->done[i] ? 0 : find_partners(t, i, partners);

		if (count != 0)
			add_rounds(t, partners, count, count > 1 ? rounds_of(&asked[i], most) : 1);
		c->has_rounds = c->has_rounds || count > 1;
	}
	free(asked);
	free(t);
	return ret == 0 ? 0 : error_set(e, STATUS_FAILED, ENOMEM, "plan", "no memory for its steps");
}
