#include "vmm/theory/simulate/cpu_figures.h"

#include "units.h"
#include "vmm/util/append.h"

static const struct figure_info figures[] = {
#define PARTS(kind) ((kind) == KIND_CYCLES ? CYCLE_PARTS : 1)
#define FIGURE(id, name, kind, least, most) \
	[CPU_##id] = { name, kind, (least)*PARTS(kind), (most)*PARTS(kind) },
#include "vmm/theory/simulate/figures.def"
#undef FIGURE
};

const struct figure_info *figure_info(enum cpu_figure figure)
{
	return &figures[figure];
}

double cpu_cycles(const struct cpu_model *cpu, enum cpu_figure figure)
{
	return (double)cpu->figure[figure] / (double)CYCLE_PARTS;
}

const char *cpu_figure_name(enum cpu_figure figure)
{
	return (uint32_t)figure < CPU_FIGURE_COUNT ? figures[figure].name : "?";
}

const char *figure_word(enum figure_kind kind, uint64_t value)
{
	static const char *const switches[FIGURE_WORDS] = { "no", "yes" };
	static const char *const arrays[FIGURE_WORDS] = { "own", "4K", "2M" };

	if (value >= FIGURE_WORDS)
		return NULL;
	return kind == KIND_SWITCH ? switches[value] : kind == KIND_ARRAY ? arrays[value] : NULL;
}

const char *figure_kind_name(enum figure_kind kind)
{
	switch (kind) {
	case KIND_POWER:
		return "the power of two, or 0,";
	case KIND_BYTES:
		return "the size (digits, and K, M or G)";
	case KIND_SWITCH:
	case KIND_ARRAY:
		return "the word";
	case KIND_CYCLES:
		return "the number of cycles (two decimals at most)";
	default:
		return "the number";
	}
}

void figure_text(enum figure_kind kind, uint64_t value, char *text, size_t bytes)
{
	const char *word = figure_word(kind, value);
	uint64_t unit = kind != KIND_BYTES || value == 0 ? 1
			: value % GIB == 0               ? GIB
			: value % MIB == 0               ? MIB
			: value % KIB == 0               ? KIB
							 : 1;

	text[0] = '\0';
	if (word != NULL)
		append(text, bytes, "%s", word);
	else if (kind == KIND_CYCLES && value % CYCLE_PARTS != 0)
		append(text, bytes, "%llu.%02llu", (unsigned long long)(value / CYCLE_PARTS),
		       (unsigned long long)(value % CYCLE_PARTS));
	else if (kind == KIND_CYCLES)
		append(text, bytes, "%llu", (unsigned long long)(value / CYCLE_PARTS));
	else
		append(text, bytes, "%llu%s", (unsigned long long)(value / unit),
		       unit == GIB   ? "G"
		       : unit == MIB ? "M"
		       : unit == KIB ? "K"
				     : "");
}

void cpu_figure_text(const struct cpu_model *cpu, enum cpu_figure figure, char *text, size_t bytes)
{
	figure_text(figures[figure].kind, cpu->figure[figure], text, bytes);
}

const char *cpu_origin_name(enum cpu_origin origin)
{
	switch (origin) {
	case ORIGIN_SOURCE:
		return "source";
	case ORIGIN_UNCERTAIN:
		return "uncertain";
	case ORIGIN_CPUID:
		return "CPUID";
	case ORIGIN_MEASURED:
		return "measured";
	case ORIGIN_ASSUMED:
		return "assumed";
	}
	return "?";
}

/* Sets and ways of an array, and whose it is, follow each other in figures.def; the 4K one has no such question. */
struct cpu_tlb cpu_tlb(const struct cpu_model *cpu, bool stlb, uint64_t leaf_bytes)
{
	const uint64_t *figure = cpu->figure;
	uint32_t sets = stlb ? CPU_STLB_4K_SETS : CPU_DTLB_4K_SETS;
	uint64_t array_bytes, in = 0;
	bool smashed;

	if (cpu->fracture_bytes != 0 && cpu->fracture_bytes < leaf_bytes)
		leaf_bytes = cpu->fracture_bytes;
	smashed = stlb && leaf_bytes == PAGE_1G && figure[CPU_STLB_1G_SMASHED] != 0;
	array_bytes = leaf_bytes;
	if (array_bytes == PAGE_1G)
		in = smashed ? 2 : figure[stlb ? CPU_STLB_1G_IN : CPU_DTLB_1G_IN];
	if (in != 0)
		array_bytes = in == 1 ? PAGE_4K : PAGE_2M;
	if (array_bytes == PAGE_2M && figure[stlb ? CPU_STLB_2M_IN : CPU_DTLB_2M_IN] != 0)
		array_bytes = PAGE_4K;
	if (array_bytes != PAGE_4K)
		sets = array_bytes == PAGE_2M ? (stlb ? CPU_STLB_2M_SETS : CPU_DTLB_2M_SETS)
					      : (stlb ? CPU_STLB_1G_SETS : CPU_DTLB_1G_SETS);
	return (struct cpu_tlb){
		.array_bytes = array_bytes,
		.entry_bytes = smashed ? PAGE_2M : leaf_bytes,
		.sets = figure[sets + 1] != 0 ? (uint32_t)figure[sets] : 0,
		.ways = (uint32_t)figure[sets + 1],
		.hashed = figure[stlb ? CPU_STLB_HASHED : CPU_DTLB_HASHED] != 0,
	};
}

_Static_assert(CPU_DTLB_4K_WAYS == CPU_DTLB_4K_SETS + 1 && CPU_DTLB_2M_WAYS == CPU_DTLB_2M_SETS + 1 &&
		       CPU_DTLB_1G_WAYS == CPU_DTLB_1G_SETS + 1 && CPU_STLB_4K_WAYS == CPU_STLB_4K_SETS + 1 &&
		       CPU_STLB_2M_WAYS == CPU_STLB_2M_SETS + 1 && CPU_STLB_1G_WAYS == CPU_STLB_1G_SETS + 1,
	       "ways follow sets");

void cpu_without_caches(struct cpu_model *cpu)
{
	static const enum cpu_figure off[] = {
		CPU_DTLB_4K_SETS,
		CPU_DTLB_2M_SETS,
		CPU_DTLB_1G_SETS,
		CPU_STLB_4K_SETS,
		CPU_STLB_2M_SETS,
		CPU_STLB_1G_SETS,
		CPU_PWC_PDE_ENTRIES,
		CPU_PWC_PDPTE_ENTRIES,
		CPU_PWC_PML4E_ENTRIES,
		CPU_PWC_PML5E_ENTRIES,
		CPU_HOST_PWC_PDE_ENTRIES,
		CPU_HOST_PWC_PDPTE_ENTRIES,
		CPU_HOST_PWC_PML4E_ENTRIES,
		CPU_HOST_PWC_PML5E_ENTRIES,
		CPU_NESTED_TLB_ENTRIES,
		CPU_L1D_BYTES,
		CPU_L2_BYTES,
		CPU_L3_BYTES,
	};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		cpu->figure[off[i]] = 0;
}
