#include "vmm/theory/simulate/cpu.h"

#include "units.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"

const struct cpu_parameter_info cpu_parameters[CPU_PARAMETER_COUNT] = {
#define PARTS(kind) ((kind) == KIND_CYCLES ? CYCLE_PARTS : 1)
#define PARAMETER(id, name, kind, least, most) \
	[CPU_##id] = { name, kind, (least)*PARTS(kind), (most)*PARTS(kind) },
#include "vmm/theory/simulate/parameters.def"
#undef PARAMETER
};

const struct cpu_cache cpu_caches[CPU_CACHES] = {
	{ CPU_L1D_BYTES, CPU_L1D_WAYS, CPU_L1D_CYCLES },
	{ CPU_L2_BYTES, CPU_L2_WAYS, CPU_L2_CYCLES },
	{ CPU_L3_BYTES, CPU_L3_WAYS, CPU_L3_CYCLES },
};

bool cpu_parameter_fits(enum cpu_parameter parameter, uint64_t value)
{
	const struct cpu_parameter_info *p = &cpu_parameters[parameter];

	return value >= p->least && value <= p->most &&
	       (p->kind != KIND_POWER || value == 0 || is_pow2(value));
}

const char *parameter_word(enum parameter_kind kind, uint64_t value)
{
	static const char *const switches[PARAMETER_WORDS] = { "no", "yes" };
	static const char *const arrays[PARAMETER_WORDS] = { "own", "4K", "2M" };

	if (value >= PARAMETER_WORDS)
		return NULL;
	return kind == KIND_SWITCH ? switches[value] : kind == KIND_ARRAY ? arrays[value] : NULL;
}

void parameter_text(enum parameter_kind kind, uint64_t value, char *text, size_t bytes)
{
	const char *word = parameter_word(kind, value);
	unsigned long long number = kind == KIND_CYCLES ? value / CYCLE_PARTS : value;
	char size[24];

	text[0] = '\0';
	if (word != NULL || kind == KIND_BYTES)
		append(text, bytes, "%s", word != NULL ? word : size_format(value, size));
	else if (kind == KIND_CYCLES && value % CYCLE_PARTS != 0)
		append(text, bytes, "%llu.%02llu", number, (unsigned long long)(value % CYCLE_PARTS));
	else
		append(text, bytes, "%llu", number);
}

const struct names cpu_origin_names =
	NAMES_OF([ORIGIN_SOURCE] = "source", [ORIGIN_UNCERTAIN] = "uncertain", [ORIGIN_CPUID] = "CPUID",
		 [ORIGIN_MEASURED] = "measured", [ORIGIN_ASSUMED] = "assumed");

uint32_t cpu_count_origin(const struct cpu_model *cpu, enum cpu_origin origin)
{
	uint32_t count = 0;

	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		count += cpu->origin[i] == origin;
	return count;
}

double cpu_cycles(const struct cpu_model *cpu, enum cpu_parameter parameter)
{
	return (double)cpu->parameter[parameter] / (double)CYCLE_PARTS;
}

/* Sets and ways of an array, and whose it is, follow each other in parameters.def; the 4K one has no such question. */
struct cpu_tlb cpu_tlb(const struct cpu_model *cpu, bool stlb, uint64_t leaf_bytes)
{
	const uint64_t *parameter = cpu->parameter;
	uint32_t sets = stlb ? CPU_STLB_4K_SETS : CPU_DTLB_4K_SETS;
	uint64_t array_bytes, in = 0;
	bool smashed;

	if (cpu->fracture_bytes != 0 && cpu->fracture_bytes < leaf_bytes)
		leaf_bytes = cpu->fracture_bytes;
	smashed = stlb && leaf_bytes == PAGE_1G && parameter[CPU_STLB_1G_SMASHED] != 0;
	array_bytes = leaf_bytes;
	if (array_bytes == PAGE_1G)
		in = smashed ? 2 : parameter[stlb ? CPU_STLB_1G_IN : CPU_DTLB_1G_IN];
	if (in != 0)
		array_bytes = in == 1 ? PAGE_4K : PAGE_2M;
	if (array_bytes == PAGE_2M && parameter[stlb ? CPU_STLB_2M_IN : CPU_DTLB_2M_IN] != 0)
		array_bytes = PAGE_4K;
	if (array_bytes != PAGE_4K)
		sets = array_bytes == PAGE_2M ? (stlb ? CPU_STLB_2M_SETS : CPU_DTLB_2M_SETS)
					      : (stlb ? CPU_STLB_1G_SETS : CPU_DTLB_1G_SETS);
	return (struct cpu_tlb){
		.array_bytes = array_bytes,
		.entry_bytes = smashed ? PAGE_2M : leaf_bytes,
		.sets = parameter[sets + 1] != 0 ? (uint32_t)parameter[sets] : 0,
		.ways = (uint32_t)parameter[sets + 1],
		.hashed = parameter[stlb ? CPU_STLB_HASHED : CPU_DTLB_HASHED] != 0,
	};
}

_Static_assert(CPU_DTLB_4K_WAYS == CPU_DTLB_4K_SETS + 1 && CPU_DTLB_2M_WAYS == CPU_DTLB_2M_SETS + 1 &&
		       CPU_DTLB_1G_WAYS == CPU_DTLB_1G_SETS + 1 && CPU_STLB_4K_WAYS == CPU_STLB_4K_SETS + 1 &&
		       CPU_STLB_2M_WAYS == CPU_STLB_2M_SETS + 1 && CPU_STLB_1G_WAYS == CPU_STLB_1G_SETS + 1,
	       "ways follow sets");
