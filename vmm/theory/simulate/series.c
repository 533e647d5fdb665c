/* Each workload over each working set, alias at each of its strides. */
#include <errno.h>
#include <stdlib.h>

#include "layout.h"
#include "units.h"
#include "vmm/theory/simulate/simulate.h"
#include "vmm/util/size.h"

/* Passes over the working set before the timed one, as many as the workloads make. */
#define WARM_PASSES 2

static const uint64_t series_bytes[] = { 64 * PAGE_4K, 128 * PAGE_4K, 1024 * PAGE_4K, 4096 * PAGE_4K,
					 65536 * PAGE_4K };
static const uint64_t no_stride[] = { 0 };
static const uint64_t alias_strides[] = { CACHE_LINE_BYTES, PAGE_4K, PAGE_2M, PAGE_1G, 512 * PAGE_1G };

/* A stride of alias is a leaf at least, and all pages have addresses; that of a line is its control. */
static bool stride_fits(uint64_t stride_bytes, uint64_t set_bytes, const struct walk_plan *plan)
{
	uint64_t span_bytes;

	if (stride_bytes <= CACHE_LINE_BYTES)
		return true;
	return stride_bytes >= plan->guest_leaf_bytes &&
	       checked_mul(set_bytes / PAGE_4K, stride_bytes, &span_bytes) && span_bytes <= WINDOW_BYTES;
}

/* All sets are checked before the first row: those before a refused one take minutes. */
static int check_set(uint64_t set_bytes, uint64_t accesses, struct error *e)
{
	uint64_t pages = set_bytes / PAGE_4K;
	char asked[24], most[24];

	if (set_bytes > SIMULATE_MOST_BYTES)
		return error_set(e, STATUS_USAGE, 0, "--working-set",
				 "%s is more than can be simulated, %s; --memory has no such limit",
				 size_format(set_bytes, asked), size_format(SIMULATE_MOST_BYTES, most));
	if (accesses > SIMULATE_MOST_ACCESSES - WARM_PASSES * pages)
		return error_set(e, STATUS_USAGE, 0, "--accesses",
				 "%llu after %u passes over %s are more than can be simulated, %llu in all",
				 (unsigned long long)accesses, WARM_PASSES, size_format(set_bytes, asked),
				 (unsigned long long)SIMULATE_MOST_ACCESSES);
	return 0;
}

static int check(const struct work_spec *work, const struct walk_plan *plan, struct error *e)
{
	for (uint32_t i = 0; i < work->workload_count; i++) {
		if (work->workloads[i] == WORKLOAD_alias && !walk_is_paged(plan->kind))
			return error_set(
				e, STATUS_USAGE, 0, "--workload",
				"alias maps one memory at many places; a guest without paging (--kind "
				"unpaged) maps nothing");
	}
	for (uint32_t i = 0; i < work->set_count; i++) {
		if (check_set(work->sets_bytes[i], work->accesses, e) != 0)
			return -EINVAL;
	}
	return work->set_count != 0 ? 0
				    : check_set(series_bytes[COUNT_OF(series_bytes) - 1], work->accesses, e);
}

static int add_rows(const struct work_spec *work, struct simulation_input *input, struct simulation_series *s,
		    struct error *e)
{
	const uint64_t *sets = work->set_count != 0 ? work->sets_bytes : series_bytes;
	uint32_t set_count = work->set_count != 0 ? work->set_count : COUNT_OF(series_bytes);
	bool alias = input->workload == WORKLOAD_alias;
	const uint64_t *strides = alias ? alias_strides : no_stride;
	int ret = 0;

	for (uint32_t i = 0; i < set_count && ret == 0; i++) {
		input->working_set_bytes = align_up(sets[i], PAGE_4K);
		for (uint32_t k = 0; k < (alias ? COUNT_OF(alias_strides) : 1) && ret == 0; k++) {
			input->stride_bytes = strides[k];
			if (!stride_fits(strides[k], input->working_set_bytes, &input->plan))
				continue;
			ret = simulation_row_make(input, cpu_cycles(input->cpu, CPU_WALK_CYCLES),
						  &s->rows[s->count], e);
			s->count += ret == 0;
		}
	}
	return ret;
}

int simulation_series_make(const struct work_spec *work, const struct walk_plan *plan,
			   const struct cpu_model *cpu, struct simulation_series *s, struct error *e)
{
	struct simulation_input input = {
		.cpu = cpu,
		.plan = *plan,
		.accesses = work->accesses,
		.seed = work->seed,
		.warm_passes = WARM_PASSES,
	};
	int ret;

	*s = (struct simulation_series){ .cpu = cpu };
	ret = check(work, plan, e);
	if (ret != 0)
		return ret;
	s->rows = calloc((size_t)SPEC_MAX_WORKLOADS * SPEC_MAX_SETS * COUNT_OF(alias_strides),
			 sizeof(*s->rows));
	if (s->rows == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "model", "no memory for the simulation");
	for (uint32_t i = 0; i < work->workload_count && ret == 0; i++) {
		input.workload = work->workloads[i];
		ret = add_rows(work, &input, s, e);
	}
	if (ret != 0)
		simulation_series_free(s);
	return ret;
}

void simulation_series_free(struct simulation_series *s)
{
	free(s->rows);
	*s = (struct simulation_series){ .count = 0 };
}
