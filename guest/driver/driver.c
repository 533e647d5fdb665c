/*
 * The plan, step by step: prepare and verify, then for each part the timed phase between two gates, then check.
 */
#include "driver.h"

#include <stddef.h>

#include "table.h"
#include "units.h"

enum outcome { STEP_FAILED = -1, STEP_DONE = 0, STEP_STOPPED = 1 };

static void clear_histogram(struct guest_histogram *histogram)
{
	histogram->empty_cycles = 0;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->loads[i] = 0;
}

static void write_header(const struct driver_env *env, uint32_t index, const struct workload_part *part,
			 struct workload_ctx *ctx)
{
	struct guest_result *result = env->result;

	result->step = index;
	result->variant = part->variant;
	result->workload = env->steps[index].workload;
	result->samples = 0;
	result->working_set_bytes = ctx->working_set_bytes;
	result->stride_bytes = ctx->stride_bytes;
	result->chains = ctx->chains;
	result->pages = ctx->pages;
	result->accesses = ctx->accesses;
	result->warm_accesses = 0;
	result->checksum = ctx->checksum;
	result->unavailable = ctx->unavailable;
	result->touched_pages = ctx->working_set_bytes / PAGE_4K;
	result->untimed_pages = ctx->untimed_pages;
	result->zero_pages = ctx->zero_pages = 0;
	/* Every page that a guest's result lies in: who logged dirty pages before has them fault, here and not later. */
	for (uint32_t i = 0; i < RESULT_MAX_SAMPLES; i += PAGE_4K / sizeof(result->samples_cycles[0]))
		result->samples_cycles[i] = 0;
	for (uint32_t i = 0; i < RESULT_MAX_SAMPLES; i += PAGE_4K / sizeof(result->clock[0]))
		result->clock[i] = (struct core_clock){ 0 };
	result->clock[RESULT_MAX_SAMPLES] = (struct core_clock){ 0 };
	clear_histogram(&result->histogram);
}

/*
 * Whole samples until the working set was visited as often as the part asks. What the gate and the doorbell
 * pushed out of caches and TLBs is back then.
 */
static enum outcome warm_up(const struct driver_env *env, const struct workload_part *part,
			    struct workload_ctx *ctx)
{
	for (uint32_t pass = 0; pass < part->warm_passes; pass++) {
		uint64_t done = 0;

		while (done < ctx->pass_accesses) {
			if (env->stopped(env->self))
				return STEP_STOPPED;
			(void)part->sample(ctx);
			env->result->warm_accesses += ctx->accesses + ctx->untimed_accesses;
			if (!checked_add(done, ctx->accesses, &done))
				break;
		}
	}
	return STEP_DONE;
}

static enum outcome take_samples(const struct driver_env *env, const struct workload_part *part,
				 struct workload_ctx *ctx)
{
	uint64_t samples = min_u64(ctx->repeat, RESULT_MAX_SAMPLES);

	if (part->max_samples > 0)
		samples = min_u64(samples, part->max_samples);
	/* The loads that warmed up are not of the samples. */
	if (part->single_loads)
		clear_histogram(&env->result->histogram);
	env->result->clock[0] = core_clock_read();
	for (uint32_t i = 0; i < samples; i++) {
		if (env->stopped(env->self))
			return STEP_STOPPED;
		env->result->samples_cycles[i] = part->sample(ctx);
		env->result->clock[i + 1] = core_clock_read();
		env->result->samples = i + 1;
		env->result->warm_accesses += ctx->untimed_accesses;
	}
	return STEP_DONE;
}

/*
 * The first gate keeps a phase from beginning while another vCPU still prepares; the second makes the timed loops start
 * together although the doorbells before it take long; the third keeps a doorbell out of another's timed loop.
 */
static enum outcome run_part(const struct driver_env *env, uint32_t index, const struct workload_part *part,
			     struct workload_ctx *ctx)
{
	enum unavailable whole_step = ctx->unavailable;

	ctx->variant = part->variant;
	if (whole_step == AVAILABLE && part->setup != NULL && part->setup(ctx) != 0)
		return STEP_FAILED;
	if (gate_wait(env) != 0)
		return STEP_STOPPED;
	write_header(env, index, part, ctx);
	env->begin(env->self);
	if (gate_wait(env) != 0)
		return STEP_STOPPED;
	if (ctx->unavailable == AVAILABLE &&
	    (warm_up(env, part, ctx) != STEP_DONE || take_samples(env, part, ctx) != STEP_DONE))
		return STEP_STOPPED;
	if (gate_wait(env) != 0)
		return STEP_STOPPED;
	env->result->checksum = ctx->checksum;
	if (ctx->touched_pages != 0)
		env->result->touched_pages = ctx->touched_pages;
	env->result->zero_pages = ctx->zero_pages;
	env->end(env->self);
	ctx->unavailable = whole_step;
	/* The last end stops the log, and KVM then drops mappings: no vCPU may prepare its next part before that. */
	if (part->dirty_log && gate_wait(env) != 0)
		return STEP_STOPPED;
	return STEP_DONE;
}

/* NULL where the step can run on this arena, else why not: the plan may come from elsewhere. */
static const char *refusal(const struct plan_step *step, uint64_t slice_bytes)
{
	if (table_ops(step->workload) == NULL)
		return "the plan names an unknown workload";
	if (step->working_set_bytes == 0 || !is_aligned(step->working_set_bytes, PAGE_4K))
		return "the working set is not a multiple of 4 KiB";
	if (step->working_set_bytes > slice_bytes)
		return "the working set is larger than this vCPU's part of the arena";
	if (step->chains > CHAINS_MAX)
		return "the plan asks for more chains than there are registers for";
	if (step->repeat == 0)
		return "the plan asks for no samples";
	return NULL;
}

static enum outcome run_step(const struct driver_env *env, uint32_t index, const char **failure)
{
	const struct plan_step *step = &env->steps[index];
	uint64_t slice_bytes =
		driver_slice_bytes(env->arena_bytes, max_u64(env->leaf_bytes, env->alias_bytes), env->vcpus);
	struct workload_ctx ctx = {
		.slice = env->arena + env->vcpu * slice_bytes,
		.arena = env->arena,
		.slice_bytes = slice_bytes,
		.leaf_bytes = env->leaf_bytes,
		.working_set_bytes = step->working_set_bytes,
		.stride_bytes = step->stride_bytes,
		.chains = step->chains,
		.alias_bytes = env->alias_bytes,
		.histogram = step->histogram != 0 ? &env->result->histogram : NULL,
		.platform = env->platform,
		.accesses = step->accesses,
		.seed = env->seed,
		.vcpu = env->vcpu,
		.vcpus = env->vcpus,
		.repeat = step->repeat,
		.failure = refusal(step, slice_bytes),
	};
	const struct workload_ops *ops = table_ops(step->workload);
	enum outcome outcome = STEP_DONE;

	if (ctx.failure != NULL) {
		*failure = ctx.failure;
		return STEP_FAILED;
	}
	/* Memory that vCPUs share is written by the next step only when all have looked at what the last one left. */
	if (env->alias_bytes != 0 && gate_wait(env) != 0)
		return STEP_STOPPED;
	if (ops->prepare(&ctx) != 0 || ops->verify(&ctx) != 0)
		outcome = STEP_FAILED;
	for (uint32_t i = 0; i < ops->parts && outcome == STEP_DONE; i++) {
		if (ops->part[i].single_loads && ctx.histogram == NULL)
			continue;
		outcome = run_part(env, index, &ops->part[i], &ctx);
		if (outcome == STEP_DONE && ops->check(&ctx) != 0)
			outcome = STEP_FAILED;
	}
	if (ops->finish != NULL)
		ops->finish(&ctx);
	if (outcome == STEP_FAILED)
		*failure = ctx.failure;
	return outcome;
}

int driver_run(const struct driver_env *env, const char **failure)
{
	*failure = NULL;
	if (env->vcpu >= env->vcpus) {
		*failure = "the vCPU's number is not below the number of vCPUs";
		return STEP_FAILED;
	}
	for (uint32_t index = 0; index < env->step_count; index++) {
		enum outcome outcome;

		if (env->stopped(env->self))
			return STEP_STOPPED;
		outcome = run_step(env, index, failure);
		if (outcome != STEP_DONE)
			return outcome;
	}
	return 0;
}
