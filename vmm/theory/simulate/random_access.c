#include "vmm/theory/simulate/random_access.h"

#include "units.h"

static uint32_t entries_of(const struct cpu_tlb *tlb)
{
	return tlb->sets * tlb->ways;
}

/* A random line is in a cache with the share of the memory that the cache holds; what is in L1 is in L2 and L3 too. */
static double data_cycles(const struct cpu_model *cpu, uint64_t memory_bytes)
{
	static const enum cpu_figure bytes[] = { CPU_L1D_BYTES, CPU_L2_BYTES, CPU_L3_BYTES };
	static const enum cpu_figure cycles[] = { CPU_L1D_CYCLES, CPU_L2_CYCLES, CPU_L3_CYCLES };
	double sum = 0, held = 0;

	for (int i = 0; i < 3; i++) {
		double here = (double)cpu->figure[bytes[i]] / (double)memory_bytes;

		here = here > 1 ? 1 : here;
		if (here > held) {
			sum += (here - held) * cpu_cycles(cpu, cycles[i]);
			held = here;
		}
	}
	return sum + (1 - held) * cpu_cycles(cpu, CPU_MEMORY_CYCLES);
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
		.dtlb_entries = entries_of(&dtlb),
		.stlb_entries = entries_of(&stlb),
		.dtlb_entry_bytes = dtlb.entry_bytes,
		.stlb_entry_bytes = stlb.entry_bytes,
		.data_cycles = input.data_cycles,
	};
	closed_form(&input, &out->terms);
}
