/*
 * One access after another: TLB, walk where it misses, then the data. Warm-up passes first, as the workloads have them.
 */
#include "vmm/theory/simulate/simulate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alias_shape.h"
#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"

/* gups makes so many updates a sample. */
#define GUPS_UPDATES (UINT64_C(1) << 20)

struct machine {
	struct tables tables;
	struct sequence sequence;
	struct cache cache;
	struct tlb tlb;
	struct walker walker;
	uint64_t data_parts, stlb_parts, walk_parts; /* hundredths of a cycle, so far */
};

static void access_one(struct machine *m, uint64_t stlb_hit_parts, struct simulation *out)
{
	bool write;
	uint64_t address = tables_address(&m->tables, sequence_next(&m->sequence, &write));
	enum tlb_result result = tlb_look(&m->tlb, address);
	enum simulated_level level;

	if (result == TLB_DTLB_HIT) {
		out->dtlb_hits++;
	} else {
		out->dtlb_misses++;
		m->stlb_parts += stlb_hit_parts;
	}
	out->stlb_hits += result == TLB_STLB_HIT;
	if (result == TLB_MISS) {
		out->stlb_misses++;
		out->walks++;
		m->walk_parts += walker_walk(&m->walker, address);
	}
	/* A write needs the line as a read does. */
	level = cache_load(&m->cache, tables_hpa(&m->tables, tables_gpa(&m->tables, address)));
	out->data_loads[level]++;
	m->data_parts += m->cache.cycle_parts[level];
}

static void derive(const struct simulation_input *in, struct simulation *out)
{
	const uint64_t *parameter = in->cpu->parameter;
	double n = (double)out->accesses;
	double data = out->data_cycles, found = out->data_cycles + out->stlb_cycles, walk = out->walk_cycles;
	uint64_t references = out->walk.guest_references + out->walk.host_references;

	out->theory_references = refs_count(&in->plan);
	out->references_per_walk = out->walks != 0 ? (double)references / (double)out->walks : 0;
	if (in->workload == WORKLOAD_gups) {
		double at_once = (double)max_u64(parameter[CPU_MISSES_AT_ONCE], 1);
		double walks_at_once = (double)max_u64(parameter[CPU_WALKS_AT_ONCE], 1);

		out->data_cycles_per_access = data / at_once / n;
		found = found / at_once / n;
		walk = walk / walks_at_once / n;
		out->cycles_per_access = found > walk ? found : walk;
		return;
	}
	out->data_cycles_per_access = data / n;
	out->cycles_per_access = (found + walk) / n;
}

static int refuse(struct error *e, int err, const char *what, uint64_t most)
{
	/* The caller gets E2BIG; its text (argument list too long) would mislead a reader and is left out. */
	(void)error_set(e, STATUS_USAGE, 0, "simulation", "%s (at most %llu)", what,
			(unsigned long long)most);
	return -err;
}

static int machine_init(struct machine *m, const struct simulation_input *in, struct error *e)
{
	uint64_t leaf_bytes;
	int ret;

	memset(m, 0, sizeof(*m));
	if ((uint32_t)in->workload >= WORKLOAD_COUNT ||
	    (workload_table[in->workload].needs & IS_SIMULATED) == 0 ||
	    !tables_make(&in->plan, in->workload == WORKLOAD_alias, &m->tables))
		return error_set(e, STATUS_USAGE, 0, "simulation",
				 "this workload is not simulated with these page tables");
	if (in->working_set_bytes > SIMULATE_MOST_BYTES)
		return refuse(e, E2BIG, "the working set is too large to be simulated, in bytes",
			      SIMULATE_MOST_BYTES);
	leaf_bytes = m->tables.walk_leaf_bytes;
	if (in->plan.kind == WALK_NESTED && in->cpu->parameter[CPU_TLB_COMBINED] == 0)
		leaf_bytes = in->plan.guest_leaf_bytes;
	leaf_bytes = cpu_tlb(in->cpu, false, leaf_bytes).entry_bytes;
	ret = sequence_init(&m->sequence, in->workload, in->working_set_bytes, in->stride_bytes,
			    m->tables.guest_leaf_bytes, in->seed);
	if (ret == -EINVAL)
		return error_set(
			e, STATUS_USAGE, 0, "simulation",
			"the working set is smaller than a page, or the stride is not one of the workload's");
	if (ret == 0)
		ret = cache_init(&m->cache, in->cpu);
	if (ret == 0)
		ret = tlb_init(&m->tlb, in->cpu, leaf_bytes);
	if (ret == 0)
		ret = walker_init(&m->walker, in->cpu, &m->tables, &m->cache);
	return ret == 0 ? 0
			: error_set(e, STATUS_FAILED, -ret, "simulation",
				    "no room for the working set, or for caches so large");
}

static void machine_free(struct machine *m)
{
	walker_free(&m->walker);
	tlb_free(&m->tlb);
	cache_free(&m->cache);
	sequence_free(&m->sequence);
}

static int run(struct machine *m, const struct simulation_input *in, struct simulation *out, struct error *e)
{
	uint64_t accesses = in->accesses, hit_parts = in->cpu->parameter[CPU_STLB_HIT_CYCLES], warm, all;

	if (accesses == 0)
		accesses = in->workload == WORKLOAD_gups ? GUPS_UPDATES : m->sequence.lines;
	if (!checked_mul(in->warm_passes, m->sequence.pass_accesses, &warm) ||
	    !checked_add(warm, accesses, &all) || all > SIMULATE_MOST_ACCESSES)
		return refuse(e, E2BIG, "that many accesses, warm-up included, take too long to simulate",
			      SIMULATE_MOST_ACCESSES);
	memset(out, 0, sizeof(*out));
	for (uint64_t i = 0; i < warm; i++)
		access_one(m, hit_parts, out);
	memset(out, 0, sizeof(*out));
	memset(&m->walker.counts, 0, sizeof(m->walker.counts));
	m->data_parts = m->stlb_parts = m->walk_parts = 0;
	for (uint64_t i = 0; i < accesses; i++)
		access_one(m, hit_parts, out);
	out->pages = m->sequence.pages;
	out->accesses = accesses;
	out->tlb_leaf_bytes = m->tlb.leaf_bytes;
	out->walk = m->walker.counts;
	out->data_cycles = (double)m->data_parts / (double)CYCLE_PARTS;
	out->stlb_cycles = (double)m->stlb_parts / (double)CYCLE_PARTS;
	out->walk_cycles = (double)m->walk_parts / (double)CYCLE_PARTS;
	derive(in, out);
	return 0;
}

int simulate(const struct simulation_input *in, struct simulation *out, struct error *e)
{
	struct machine m;
	int ret = machine_init(&m, in, e);

	if (ret == 0)
		ret = run(&m, in, out, e);
	machine_free(&m);
	return ret;
}

/* Simulate the same lines without translations, for `data` of the closed form. */
static int data_cycles(const struct simulation_input *input, double *cycles, struct error *e)
{
	struct simulation_input in = *input;
	struct simulation out;
	int ret;

	if (in.workload == WORKLOAD_alias)
		in.stride_bytes = CACHE_LINE_BYTES;
	else
		in.workload = WORKLOAD_packed;
	ret = simulate(&in, &out, e);
	if (ret == 0)
		*cycles = out.data_cycles_per_access;
	return ret;
}

static void put_closed_form(const struct simulation_input *input, double data, double constant,
			    struct simulation_row *row)
{
	struct closed_form_input in = {
		.cpu = input->cpu,
		.plan = input->plan,
		.pages = row->counts.pages,
		.data_lines = row->counts.pages,
		.data_cycles = data,
		.walk_constant_cycles = constant,
	};

	/* packed: 64 lines share a page, and which page comes next is as good as independent. */
	if (input->workload == WORKLOAD_packed) {
		in.pages = divide_up(in.pages, PAGE_4K / CACHE_LINE_BYTES);
		in.independent = true;
	}
	if (input->workload == WORKLOAD_alias) {
		in.data_lines = WINDOW_LINES_BYTES / CACHE_LINE_BYTES;
		if (input->stride_bytes == CACHE_LINE_BYTES)
			in.pages = 1;
	}
	closed_form(&in, &row->closed);
	row->have_closed = true;
}

int simulation_row_make(const struct simulation_input *input, double walk_constant_cycles,
			struct simulation_row *row, struct error *e)
{
	double data = 0;
	int ret;

	*row = (struct simulation_row){ .input = *input };
	ret = simulate(input, &row->counts, e);
	/* The closed form takes pages to follow each other, each with an entry of its own; those of alias share their tables. */
	if (ret != 0 || input->workload == WORKLOAD_gups ||
	    (input->workload == WORKLOAD_alias && input->stride_bytes != CACHE_LINE_BYTES))
		return ret;
	ret = data_cycles(input, &data, e);
	if (ret == 0)
		put_closed_form(input, data, walk_constant_cycles, row);
	return ret;
}

/* Below, the series of rows: each workload over each working set, alias at each of its strides. */

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

/* All sets are checked before the first row is simulated: rows before a set that is refused would take minutes. */
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
