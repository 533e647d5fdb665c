#include <math.h>

#include "units.h"
#include "vmm/lab/calibrate/host_cpu.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/util/append.h"

static void put(struct cpu_model *cpu, enum cpu_parameter parameter, double value, enum cpu_origin origin,
		const char *how)
{
	const struct cpu_parameter_info *f = cpu_parameter_info(parameter);
	double rounded = round(f->kind == KIND_CYCLES ? value * (double)CYCLE_PARTS : value);

	/* Not one that a description would refuse. */
	if (!(rounded >= (double)f->least && rounded <= (double)f->most))
		return;
	cpu->parameter[parameter] = (uint64_t)rounded;
	cpu->origin[parameter] = origin;
	cpu->source[parameter][0] = '\0';
	append(cpu->source[parameter], sizeof(cpu->source[parameter]), "%s", how);
}

/* TSC cycles for one core cycle, as the L1 latency has it; 1 where it was not measured. */
static double tsc_per_core(const struct cpu_model *cpu, const struct host_figures *h)
{
	double core = cpu_cycles(cpu, CPU_L1D_CYCLES);

	return h->l1_cycles > 0 && core > 0 ? h->l1_cycles / core : 1;
}

static void put_cycles(struct cpu_model *cpu, enum cpu_parameter parameter, double measured, double ratio,
		       const char *how)
{
	if (measured > 0)
		put(cpu, parameter, measured, ORIGIN_MEASURED, how);
	else
		put(cpu, parameter, cpu_cycles(cpu, parameter) * ratio, ORIGIN_ASSUMED,
		    "as described, in TSC cycles by the ratio of both L1 latencies");
}

/*
 * The reach is an interval, low to high, less what stack and code take: the entries, where those known lie in it, else the lowest number of whole
 * sets that does. Only a linear index shows its ways.
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
	/* What is above whole sets are ways that a coarse series of page numbers stepped over. */
	while (sets * (ways + 1) <= level->reach.low_pages && ways + 1 < level->ways.high_pages)
		ways++;
	put(cpu, CPU_DTLB_4K_SETS, (double)sets, ORIGIN_MEASURED,
	    "tlb-probe: its reach, over the ways it found");
	put(cpu, CPU_DTLB_4K_WAYS, (double)ways, ORIGIN_MEASURED, "tlb-probe: the widest stride");
}

/* CPUID is known to tell of too few entries where a hypervisor answers it. */
static void put_stlb(struct cpu_model *cpu, const struct host_figures *h)
{
	uint64_t sets = stlb_fit_sets(cpu, h->curve, h->stlb_points);

	if (sets != 0)
		put(cpu, CPU_STLB_4K_SETS, (double)sets, ORIGIN_MEASURED,
		    "chase - packed from 512 pages on, against T(n)");
}

void host_cpu_apply(struct cpu_model *cpu, const struct host_figures *h)
{
	double ratio = tsc_per_core(cpu, h);

	put_cycles(cpu, CPU_L2_CYCLES, h->l2_cycles, ratio, "packed, inside L2");
	put_cycles(cpu, CPU_L3_CYCLES, h->l3_cycles, ratio, "packed, inside L3");
	put_cycles(cpu, CPU_MEMORY_CYCLES, h->memory_cycles, ratio, "packed, beyond L3");
	put_cycles(cpu, CPU_STLB_HIT_CYCLES, h->stlb_cycles, ratio, "chase - packed, beyond the dTLB");
	put_cycles(cpu, CPU_WALK_CYCLES, 0, ratio, "");
	put_cycles(cpu, CPU_L1D_CYCLES, h->l1_cycles, ratio, "packed, inside L1");
	if (h->have_tlb)
		put_dtlb(cpu, &h->tlb.dtlb);
	/* Last: it rests on all the others. */
	put_stlb(cpu, h);
	if (h->fracture == TLB_FRACTURE_4K)
		cpu->fracture_bytes = PAGE_4K;
	cpu->unit[0] = '\0';
	append(cpu->unit, sizeof(cpu->unit), "TSC cycles");
}
