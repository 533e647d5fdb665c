#include "vmm/theory/simulate/closed_form.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "units.h"

#define ENTRIES_A_LINE 8.0
#define BISECTIONS 60

/* With two pages a set more than it has ways, LRU misses on every access of a cycle. */
#define PAGES_TO_ALL 2.0

/* A fixed cycle over sets with a linear index: all hit up to the ways, none two pages a set later. */
static double linear_missing(double pages, const struct cpu_tlb *tlb)
{
	double beyond = (pages / tlb->sets - tlb->ways) / PAGES_TO_ALL;

	return beyond < 0 ? 0 : beyond > 1 ? 1 : beyond;
}

/* With a hashed index: the chance that as many others as there are ways share a page's set (Poisson). */
static double hashed_missing(double pages, const struct cpu_tlb *tlb)
{
	double mean = pages / tlb->sets, term = exp(-mean), below = term;

	/* exp(-mean) is 0 where the mean is far above the ways: all miss. */
	for (uint32_t k = 1; k < tlb->ways; k++) {
		term *= mean / k;
		below += term;
	}
	return below < 1 ? 1 - below : 0;
}

static double missing(double pages, const struct cpu_tlb *tlb, bool independent)
{
	double entries = (double)tlb->sets * tlb->ways;

	if (entries == 0)
		return 1;
	if (independent)
		return pages > entries ? 1 - entries / pages : 0;
	/* One set has no index: LRU keeps a cycle of no more pages than ways, and nothing of a longer one. */
	if (tlb->sets == 1)
		return pages > entries ? 1 : 0;
	return tlb->hashed ? hashed_missing(pages, tlb) : linear_missing(pages, tlb);
}

/* Share of the accesses over `bytes` that miss the TLB. */
static double missing_bytes(uint64_t bytes, const struct cpu_tlb *tlb, const struct closed_form_input *in)
{
	uint64_t entries = divide_up(bytes, tlb->entry_bytes);

	/* Several lines in one entry: which entry comes next is as good as independent. */
	return missing((double)entries, tlb, in->independent || entries < in->pages);
}

/* Distinct lines that w accesses in a row touch: data, guest entries, host entries. */
static double distinct(double w, double data, double guest, double host)
{
	double lines = w < data ? w : data;

	lines += guest > 0 ? guest * (1 - exp(-w / guest)) : 0;
	return lines + (host > 0 ? host * (1 - exp(-w / host)) : 0);
}

/* The w after which so many distinct lines have been touched: what was touched longer ago is out of the cache. */
static double window(double capacity, double data, double guest, double host)
{
	double low = 0, high = 64 * (data + guest + host);

	if (distinct(high, data, guest, host) <= capacity)
		return INFINITY;
	for (int i = 0; i < BISECTIONS; i++) {
		double middle = (low + high) / 2;

		if (distinct(middle, data, guest, host) <= capacity)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Mean cycles of a load that each level holds with the share held[]; what is in L1 is in L2 and L3 too. */
static double load_cycles(const struct cpu_model *cpu, const double held[CPU_CACHES])
{
	double sum = 0, hit = 0;

	for (int i = 0; i < CPU_CACHES; i++) {
		if (held[i] > hit) {
			sum += (held[i] - hit) * cpu_cycles(cpu, cpu_caches[i].cycles);
			hit = held[i];
		}
	}
	return sum + (1 - hit) * cpu_cycles(cpu, CPU_MEMORY_CYCLES);
}

/* Mean cycles to read one of `lines` lines of entries, each touched once in `lines` accesses; 0 lines: no reads. */
static double read_cycles(const struct closed_form_input *in, const double windows[CPU_CACHES], double lines)
{
	double held[CPU_CACHES];

	if (lines <= 0)
		return 0;
	for (int i = 0; i < CPU_CACHES; i++)
		held[i] = 1 - exp(-windows[i] / lines);
	return load_cycles(in->cpu, held);
}

static void read_terms(const struct closed_form_input *in, double guest_lines, double host_lines,
		       struct closed_form_terms *out)
{
	double windows[CPU_CACHES];

	for (int i = 0; i < CPU_CACHES; i++)
		windows[i] =
			window((double)in->cpu->parameter[cpu_caches[i].bytes] / (double)CACHE_LINE_BYTES,
			       (double)in->data_lines, guest_lines, host_lines);
	out->guest_read_cycles = read_cycles(in, windows, guest_lines);
	out->host_read_cycles = read_cycles(in, windows, host_lines);
}

static double lines_of(uint64_t entries)
{
	double lines = (double)entries / ENTRIES_A_LINE;

	return lines < 1 ? 1 : lines;
}

void closed_form(const struct closed_form_input *in, struct closed_form_terms *out)
{
	const struct walk_plan *plan = &in->plan;
	uint64_t bytes = in->pages * PAGE_4K;
	bool paged = walk_is_paged(plan->kind), hosted = walk_is_hosted(plan->kind);
	uint64_t guest_bytes = plan->guest_leaf_bytes, leaf_bytes;
	struct cpu_tlb dtlb, stlb;

	if (plan->kind == WALK_SHADOW)
		guest_bytes = walk_leaf_bytes(plan);
	leaf_bytes = paged ? guest_bytes : plan->host_leaf_bytes;
	if (plan->kind == WALK_NESTED && in->cpu->parameter[CPU_TLB_COMBINED] != 0)
		leaf_bytes = walk_leaf_bytes(plan);
	dtlb = cpu_tlb(in->cpu, false, leaf_bytes);
	stlb = cpu_tlb(in->cpu, true, leaf_bytes);
	*out = (struct closed_form_terms){ .translations = divide_up(bytes, dtlb.entry_bytes) };
	out->dtlb_missing = missing_bytes(bytes, &dtlb, in);
	out->stlb_missing = missing_bytes(bytes, &stlb, in);
	/* What the dTLB has is not looked for in the STLB. */
	if (out->stlb_missing > out->dtlb_missing)
		out->stlb_missing = out->dtlb_missing;
	read_terms(in, paged ? lines_of(divide_up(bytes, guest_bytes)) : 0,
		   hosted ? lines_of(divide_up(bytes, plan->host_leaf_bytes)) : 0, out);
	out->walk_cycles = in->walk_constant_cycles + out->guest_read_cycles + out->host_read_cycles;
	out->total_cycles = in->data_cycles + out->dtlb_missing * cpu_cycles(in->cpu, CPU_STLB_HIT_CYCLES) +
			    out->stlb_missing * out->walk_cycles;
}

void closed_form_fit_add(struct closed_form_fit *fit, const struct closed_form_terms *at_0,
			 double measured_cycles)
{
	double share = at_0->stlb_missing / measured_cycles;

	fit->product += share * (measured_cycles - at_0->total_cycles) / measured_cycles;
	fit->square += share * share;
}

double closed_form_fit_constant(const struct closed_form_fit *fit)
{
	return fit->square > 0 ? fmax(fit->product / fit->square, 0) : 0;
}

/* A random line is in a cache with the share of the memory that the cache holds. */
static double data_cycles(const struct cpu_model *cpu, uint64_t memory_bytes)
{
	double held[CPU_CACHES];

	for (int i = 0; i < CPU_CACHES; i++)
		held[i] = fmin((double)cpu->parameter[cpu_caches[i].bytes] / (double)memory_bytes, 1);
	return load_cycles(cpu, held);
}

void random_access_predict(const struct cpu_model *cpu, const struct walk_plan *plan, uint64_t leaf_bytes,
			   uint64_t memory_bytes, struct random_access *out)
{
	struct cpu_tlb dtlb = cpu_tlb(cpu, false, leaf_bytes), stlb = cpu_tlb(cpu, true, leaf_bytes);
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = *plan,
		.pages = memory_bytes / PAGE_4K,
		.data_lines = memory_bytes / CACHE_LINE_BYTES,
		.independent = true,
		.data_cycles = data_cycles(cpu, memory_bytes),
	};

	*out = (struct random_access){
		.dtlb_entries = dtlb.sets * dtlb.ways,
		.stlb_entries = stlb.sets * stlb.ways,
		.dtlb_entry_bytes = dtlb.entry_bytes,
		.stlb_entry_bytes = stlb.entry_bytes,
		.data_cycles = input.data_cycles,
	};
	closed_form(&input, &out->terms);
}

static int by_pages(const void *a, const void *b)
{
	const struct prediction_point *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? 1 : -1;
	/* The order of the input must not decide which half is fitted to. */
	return (x->measured_cycles > y->measured_cycles) - (x->measured_cycles < y->measured_cycles);
}

static bool usable(const struct prediction *p)
{
	if (p->count == 0 || p->count > PREDICTION_MOST_POINTS || !walk_plan_is_valid(&p->plan))
		return false;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct prediction_point *point = &p->points[i];

		if (point->pages == 0 || !isfinite(point->data_cycles) || !isfinite(point->measured_cycles) ||
		    point->measured_cycles <= 0)
			return false;
	}
	return true;
}

static double predict(const struct cpu_model *cpu, const struct prediction *p,
		      const struct prediction_point *point, double constant, struct closed_form_terms *terms)
{
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = p->plan,
		.pages = point->pages,
		.data_lines = point->pages,
		.data_cycles = point->data_cycles,
		.walk_constant_cycles = constant,
	};

	closed_form(&input, terms);
	return terms->total_cycles;
}

/* Fit the constant to the points of even index. Without a fit every point is held out. */
static void fit(const struct cpu_model *cpu, struct prediction *p)
{
	struct closed_form_fit sums = { 0 };

	for (uint32_t i = 0; i < p->count; i += 2) {
		struct closed_form_terms terms;

		(void)predict(cpu, p, &p->points[i], 0, &terms);
		closed_form_fit_add(&sums, &terms, p->points[i].measured_cycles);
	}
	p->fitted = sums.square > 0;
	p->walk_constant_cycles = closed_form_fit_constant(&sums);
	for (uint32_t i = 0; i < p->count; i++)
		p->points[i].held_out = !p->fitted || i % 2 == 1;
}

int prediction_make(const struct cpu_model *cpu, struct prediction *out)
{
	if (!usable(out))
		return -EINVAL;
	qsort(out->points, out->count, sizeof(out->points[0]), by_pages);
	(void)snprintf(out->cpu, sizeof(out->cpu), "%s", cpu->name);
	(void)snprintf(out->unit, sizeof(out->unit), "%s", cpu->unit);
	out->mean_error = out->most_error = 0;
	out->fitted_count = out->held_out_count = 0;
	fit(cpu, out);
	for (uint32_t i = 0; i < out->count; i++) {
		struct prediction_point *point = &out->points[i];

		point->uncalibrated_cycles = predict(cpu, out, point, 0, &point->terms);
		point->predicted_cycles = predict(cpu, out, point, out->walk_constant_cycles, &point->terms);
		point->error = (point->predicted_cycles - point->measured_cycles) / point->measured_cycles;
		out->fitted_count += !point->held_out;
		if (!point->held_out)
			continue;
		out->held_out_count++;
		out->mean_error += fabs(point->error);
		out->most_error = fmax(out->most_error, fabs(point->error));
	}
	if (out->held_out_count != 0)
		out->mean_error /= out->held_out_count;
	return 0;
}
