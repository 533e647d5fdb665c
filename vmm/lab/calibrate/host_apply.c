/*
 * From what was measured on this host to the parameters of its CPU. Pure.
 */
#include <math.h>

#include "units.h"
#include "vmm/lab/calibrate/host_cpu.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/util/text.h"

#define LEAST_POINTS 3
#define MOST_SETS 4096
/* A smaller difference between mean squares of relative errors is noise. */
#define AS_GOOD 1e-6

static void terms_of(const struct cpu_model *cpu, const struct stlb_point *point,
		     struct closed_form_terms *terms)
{
	const struct closed_form_input input = {
		.cpu = cpu,
		.plan = { .kind = WALK_NATIVE, .guest_levels = 4, .guest_leaf_bytes = PAGE_4K },
		.pages = point->pages,
		.data_lines = point->pages,
		.data_cycles = point->packed_cycles,
	};

	closed_form(&input, terms);
}

/* Mean square of the relative errors that are left with the walk constant that fits these points best. */
static double residual(const struct cpu_model *cpu, const struct stlb_point *points, size_t count)
{
	struct closed_form_fit fit = { 0 };
	struct closed_form_terms t;
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		terms_of(cpu, &points[i], &t);
		closed_form_fit_add(&fit, &t, points[i].chase_cycles);
	}
	for (size_t i = 0; i < count; i++) {
		double error;

		terms_of(cpu, &points[i], &t);
		error = (t.total_cycles + t.stlb_missing * closed_form_fit_constant(&fit) -
			 points[i].chase_cycles) /
			points[i].chase_cycles;
		sum += error * error;
	}
	return sum / (double)count;
}

/*
 * A curve has no clean knee there: with a hashed index some sets overflow long before all are full. So the closed form is
 * fitted to the curve for each number of sets, with a walk constant of its own, and the number that fits best wins.
 */
uint64_t stlb_fit_sets(const struct cpu_model *cpu, const struct stlb_point *points, size_t count)
{
	struct cpu_model tried = *cpu;
	uint64_t best_sets = 0;
	double best = INFINITY;

	if (count < LEAST_POINTS || cpu->parameter[CPU_STLB_4K_WAYS] == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!(points[i].chase_cycles > 0) || points[i].pages == 0)
			return 0;
	}
	for (uint64_t sets = 1; sets <= MOST_SETS; sets *= 2) {
		double left;

		tried.parameter[CPU_STLB_4K_SETS] = sets;
		left = residual(&tried, points, count);
		if (left < best - AS_GOOD) {
			best = left;
			best_sets = sets;
		}
	}
	return best_sets;
}

static void put(struct cpu_model *cpu, enum cpu_parameter parameter, double value, enum cpu_origin origin,
		const char *how)
{
	const struct cpu_parameter_info *f = &cpu_parameters[parameter];
	double rounded = round(f->kind == KIND_CYCLES ? value * (double)CYCLE_PARTS : value);

	/* Outside the bounds that a CPU description has. */
	if (!(rounded >= (double)f->least && rounded <= (double)f->most))
		return;
	cpu->parameter[parameter] = (uint64_t)rounded;
	cpu->origin[parameter] = origin;
	cpu->source[parameter][0] = '\0';
	append(cpu->source[parameter], sizeof(cpu->source[parameter]), "%s", how);
}

/* Measured cycles for one described, as the L1 latency has it; 1 where it was not measured. */
static double measured_per_described(const struct cpu_model *cpu, const struct host_measurements *m)
{
	double core = cpu_cycles(cpu, CPU_L1D_CYCLES);

	return m->l1_cycles > 0 && core > 0 ? m->l1_cycles / core : 1;
}

static void put_cycles(struct cpu_model *cpu, enum cpu_parameter parameter, double measured, double ratio,
		       const char *how)
{
	if (measured > 0)
		put(cpu, parameter, measured, ORIGIN_MEASURED, how);
	else
		put(cpu, parameter, cpu_cycles(cpu, parameter) * ratio, ORIGIN_ASSUMED,
		    "as described, times the ratio of both L1 latencies");
}

/*
 * The reach that the probe found is an interval of pages, low to high, less what stack and code take. Where the known number
 * of entries lies in it, they stay; else they become the lowest number of whole sets that lies in it. Only a linear
 * index shows its ways.
 */
static void put_dtlb(struct cpu_model *cpu, const struct tlb_level *level)
{
	uint64_t entries = cpu->parameter[CPU_DTLB_4K_SETS] * cpu->parameter[CPU_DTLB_4K_WAYS];
	uint64_t ways = level->ways.low_pages, sets = 1;

	if (!level->reach.found || (entries >= level->reach.low_pages && entries <= level->reach.high_pages))
		return;
	if (level->sets != TLB_SETS_LINEAR || ways == 0) {
		put(cpu, CPU_DTLB_4K_SETS, 1, ORIGIN_MEASURED, "tlb-probe: no sets were seen");
		put(cpu, CPU_DTLB_4K_WAYS, (double)level->reach.low_pages, ORIGIN_MEASURED,
		    "tlb-probe: its reach");
		return;
	}
	while (sets * 2 * ways <= level->reach.low_pages)
		sets *= 2;
	/* The series of page numbers is coarse: entries beyond whole sets are ways that it stepped over. */
	while (sets * (ways + 1) <= level->reach.low_pages && ways + 1 < level->ways.high_pages)
		ways++;
	put(cpu, CPU_DTLB_4K_SETS, (double)sets, ORIGIN_MEASURED,
	    "tlb-probe: its reach, over the ways it found");
	put(cpu, CPU_DTLB_4K_WAYS, (double)ways, ORIGIN_MEASURED, "tlb-probe: the widest stride");
}

/* A hypervisor that answers CPUID may report too few entries, so the curve decides. */
static void put_stlb(struct cpu_model *cpu, const struct host_measurements *m)
{
	uint64_t sets = stlb_fit_sets(cpu, m->curve, m->stlb_points);

	if (sets != 0)
		put(cpu, CPU_STLB_4K_SETS, (double)sets, ORIGIN_MEASURED,
		    "chase - packed from 512 pages on, against T(n)");
}

void host_cpu_apply(struct cpu_model *cpu, const struct host_measurements *m)
{
	double ratio = measured_per_described(cpu, m);

	put_cycles(cpu, CPU_L2_CYCLES, m->l2_cycles, ratio, "packed, inside L2");
	put_cycles(cpu, CPU_L3_CYCLES, m->l3_cycles, ratio, "packed, inside L3");
	put_cycles(cpu, CPU_MEMORY_CYCLES, m->memory_cycles, ratio, "packed, beyond L3");
	put_cycles(cpu, CPU_STLB_HIT_CYCLES, m->stlb_cycles, ratio, "chase - packed, beyond the dTLB");
	put_cycles(cpu, CPU_WALK_CYCLES, 0, ratio, "");
	put_cycles(cpu, CPU_L1D_CYCLES, m->l1_cycles, ratio, "packed, inside L1");
	if (m->have_tlb)
		put_dtlb(cpu, &m->tlb.dtlb);
	/* Last, because it uses all other parameters. */
	put_stlb(cpu, m);
	if (m->fracture == TLB_FRACTURE_4K)
		cpu->fracture_bytes = PAGE_4K;
	cpu->unit[0] = '\0';
	append(cpu->unit, sizeof(cpu->unit), "%s", m->unit);
}
