/* Is the result that a guest claims believable? Pure. */
#include "vmm/lab/measure/phases.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "driver.h"
#include "units.h"

/* More than any CPU does in a TSC cycle, whatever its clock: of loads that wait for one another, of others, of bytes. */
#define CHAINED_A_CYCLE 4
#define ACCESSES_A_CYCLE 64
#define BYTES_A_CYCLE 4096

#define ACCESSES_MAX (UINT64_C(1) << 48)

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t why_bytes, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(why, why_bytes, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* What a sample takes at the very least. Of single loads it is a sum of times less what the clock costs: it may be next to 0. */
static uint64_t least_cycles(const struct guest_result *r, const struct workload_part *part)
{
	const struct workload_info *w = &workload_table[r->workload];

	if (part->single_loads)
		return 0;
	if ((w->needs & WALKS_CYCLE) != 0)
		return r->accesses / (CHAINED_A_CYCLE * max_u64(r->chains, 1));
	return r->accesses / (w->unit == UNIT_BYTES_PER_SECOND ? BYTES_A_CYCLE : ACCESSES_A_CYCLE);
}

static int check_samples(const struct guest_result *r, const struct plan_step *step,
			 const struct workload_part *part, uint64_t elapsed_cycles, char *why,
			 size_t why_bytes)
{
	uint64_t asked = (uint64_t)step->repeat * max_u64(part->samples_a_repeat, 1);
	uint64_t most = part->max_samples != 0 ? min_u64(part->max_samples, asked) : asked;
	uint64_t sum_cycles = 0;

	if (r->unavailable != AVAILABLE && r->samples == 0)
		return 0;
	if (r->unavailable != AVAILABLE)
		return refuse(why, why_bytes, "%u samples of a part that is unavailable", r->samples);
	if (r->samples == 0 || r->samples > most || r->samples > RESULT_MAX_SAMPLES)
		return refuse(why, why_bytes, "%u samples, 1 to %" PRIu64 " expected", r->samples, most);
	for (uint32_t i = 0; i < r->samples; i++) {
		if (r->samples_cycles[i] == 0 ||
		    !checked_add(sum_cycles, r->samples_cycles[i], &sum_cycles) ||
		    sum_cycles > elapsed_cycles)
			return refuse(why, why_bytes,
				      "sample %u of %" PRIu64 " cycles does not fit the %" PRIu64
				      " cycles that passed",
				      i, r->samples_cycles[i], elapsed_cycles);
		if (r->samples_cycles[i] < least_cycles(r, part))
			return refuse(why, why_bytes,
				      "%" PRIu64 " accesses in %" PRIu64 " cycles, which no CPU can do",
				      r->accesses, r->samples_cycles[i]);
	}
	return 0;
}

/* 0 where a part has none: what the block then holds there is never looked at. */
static int check_histogram(const struct guest_result *r, const struct plan_step *step,
			   const struct workload_part *part, char *why, size_t why_bytes)
{
	uint64_t sum = 0, loads = r->accesses * r->samples;

	if (!part->single_loads)
		return 0;
	if (step->histogram == 0)
		return refuse(why, why_bytes, "a histogram that was not planned");
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += r->histogram.loads[i];
	if (sum != loads)
		return refuse(why, why_bytes, "%" PRIu64 " loads in a histogram of %" PRIu64, sum, loads);
	return 0;
}

int result_check(const struct vcpu_block *block, uint32_t vcpu, const struct config *config,
		 uint64_t elapsed_cycles, char *why, size_t why_bytes)
{
	const struct guest_result *r = &block->result;
	const struct workload_part *part = driver_part(r->workload, r->variant);
	const struct plan_step *step;

	if (block_check(block, vcpu, why, why_bytes) != 0)
		return -EINVAL;
	if (r->step >= config->step_count)
		return refuse(why, why_bytes, "step %u of a plan of %u", r->step, config->step_count);
	step = &config->steps[r->step];
	if (part == NULL || r->workload != (uint32_t)step->workload)
		return refuse(why, why_bytes, "workload %u variant %u is not step %u of the plan",
			      r->workload, r->variant, r->step);
	if (r->working_set_bytes != step->working_set_bytes)
		return refuse(why, why_bytes, "working set %" PRIu64 " bytes, %" PRIu64 " planned",
			      r->working_set_bytes, step->working_set_bytes);
	if (r->stride_bytes != step->stride_bytes)
		return refuse(why, why_bytes, "stride %" PRIu64 " bytes, %" PRIu64 " planned",
			      r->stride_bytes, step->stride_bytes);
	if (r->chains != step->chains)
		return refuse(why, why_bytes, "%" PRIu64 " chains, %u planned", r->chains, step->chains);
	/* UNAVAILABLE_RING0 is set by the VMM alone. */
	if (r->unavailable >= UNAVAILABLE_RING0)
		return refuse(why, why_bytes, "%" PRIu64 " as a reason to be unavailable", r->unavailable);
	if (r->pages == 0 || r->pages > r->working_set_bytes)
		return refuse(why, why_bytes, "%" PRIu64 " pages in %" PRIu64 " bytes", r->pages,
			      r->working_set_bytes);
	if (r->accesses == 0 || r->accesses > ACCESSES_MAX)
		return refuse(why, why_bytes, "%" PRIu64 " accesses", r->accesses);
	if (r->touched_pages > r->working_set_bytes / PAGE_4K || r->untimed_pages > r->touched_pages)
		return refuse(why, why_bytes, "%" PRIu64 " pages touched, %" PRIu64 " of them before",
			      r->touched_pages, r->untimed_pages);
	if (r->zero_pages > r->pages)
		return refuse(why, why_bytes, "%" PRIu64 " pages of %" PRIu64 " were zero", r->zero_pages,
			      r->pages);
	if (r->warm_accesses > ACCESSES_MAX)
		return refuse(why, why_bytes, "%" PRIu64 " accesses to warm up", r->warm_accesses);
	if (check_samples(r, step, part, elapsed_cycles, why, why_bytes) != 0)
		return -EINVAL;
	return check_histogram(r, step, part, why, why_bytes);
}
