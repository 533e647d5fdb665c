#include "vmm/theory/simulate/cpu_cpuid.h"

#include <cpuid.h>
#include <string.h>

#include "units.h"
#include "vmm/theory/simulate/cpu_figures.h"
#include "vmm/theory/simulate/cpuid_tlbs.h"
#include "vmm/util/append.h"

#define CACHES_MOST 16

struct cpuid_registers cpuid_of_host(void *self, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_registers r = { 0 };

	(void)self;
	if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0)
		return (struct cpuid_registers){ 0 };
	return r;
}

static bool is_amd(cpuid_read read, void *self)
{
	struct cpuid_registers r = read(self, 0, 0);

	/* "AuthenticAMD"; Hygon's cores are AMD's. */
	return (r.ebx == 0x68747541 && r.edx == 0x69746e65 && r.ecx == 0x444d4163) ||
	       (r.ebx == 0x6f677948 && r.edx == 0x6e65476e && r.ecx == 0x656e6975);
}

const char *cpu_base_name(cpuid_read read, void *self)
{
	uint32_t eax = read(self, 1, 0).eax;
	uint32_t family = (eax >> 8 & 15) + ((eax >> 8 & 15) == 15 ? eax >> 20 & 255 : 0);
	uint32_t model = (eax >> 4 & 15) | (eax >> 12 & 0xf0);

	if (is_amd(read, self)) {
		if (family < 0x19)
			return "zen2";
		/* Of family 19H these models are Zen 3. */
		return family == 0x19 && (model < 0x10 || (model >= 0x20 && model < 0x60)) ? "zen3" : "zen4";
	}
	switch (model) {
	case 0x4e:
	case 0x5e:
	case 0x55:
	case 0x8e:
	case 0x9e:
		return "skylake";
	case 0x6a:
	case 0x6c:
	case 0x7d:
	case 0x7e:
		return "icelake";
	default:
		return "sapphirerapids";
	}
}

static bool fits(enum cpu_figure figure, uint64_t value)
{
	const struct figure_info *f = figure_info(figure);

	return value >= f->least && value <= f->most &&
	       (f->kind != KIND_POWER || value == 0 || is_pow2(value));
}

static void put(struct cpu_model *cpu, enum cpu_figure figure, uint64_t value, const char *how)
{
	cpu->figure[figure] = value;
	cpu->origin[figure] = ORIGIN_CPUID;
	cpu->source[figure][0] = '\0';
	append(cpu->source[figure], sizeof(cpu->source[figure]), "CPUID%s", how);
}

/* Sets and ways follow each other in the figures. */
static void put_tlb(struct cpu_model *cpu, enum cpu_figure sets_figure, const struct cpuid_tlb *tlb)
{
	enum cpu_figure ways_figure = (enum cpu_figure)(sets_figure + 1);
	uint64_t ways = tlb->ways != 0 ? tlb->ways : tlb->entries;

	if (tlb->entries == 0 || tlb->entries % ways != 0 || !fits(sets_figure, tlb->entries / ways) ||
	    !fits(ways_figure, ways))
		return;
	if (cpu->figure[sets_figure] * cpu->figure[ways_figure] == tlb->entries) {
		put(cpu, sets_figure, cpu->figure[sets_figure], ": the entries; divided as described");
		put(cpu, ways_figure, cpu->figure[ways_figure], ": the entries; divided as described");
		return;
	}
	put(cpu, sets_figure, tlb->entries / ways, "");
	put(cpu, ways_figure, ways, "");
}

static void put_none(struct cpu_model *cpu, enum cpu_figure sets_figure, const struct cpuid_tlb *tlb)
{
	if (tlb->none && tlb->entries == 0 && cpu->figure[sets_figure] == 0) {
		put(cpu, sets_figure, 0, ": none");
		put(cpu, (enum cpu_figure)(sets_figure + 1), 0, ": none");
	}
}

/* In one array with the 4K pages where the same arrays hold both: AMD does not tell. */
static void put_sharing(struct cpu_model *cpu, enum cpu_figure in, const struct cpuid_tlb tlbs[CPUID_SIZES],
			int size)
{
	if (tlbs[size].arrays != 0 && tlbs[CPUID_4K].arrays != 0)
		put(cpu, in, tlbs[size].arrays == tlbs[CPUID_4K].arrays, "");
}

static void put_tlbs(cpuid_read read, void *self, struct cpu_model *cpu)
{
	struct cpuid_tlbs t;

	if (is_amd(read, self))
		cpuid_tlbs_amd(read, self, &t);
	else
		cpuid_tlbs_intel(read, self, &t);
	put_tlb(cpu, CPU_DTLB_4K_SETS, &t.dtlb[CPUID_4K]);
	put_tlb(cpu, CPU_DTLB_2M_SETS, &t.dtlb[CPUID_2M]);
	put_tlb(cpu, CPU_DTLB_1G_SETS, &t.dtlb[CPUID_1G]);
	put_tlb(cpu, CPU_STLB_4K_SETS, &t.stlb[CPUID_4K]);
	put_tlb(cpu, CPU_STLB_2M_SETS, &t.stlb[CPUID_2M]);
	put_tlb(cpu, CPU_STLB_1G_SETS, &t.stlb[CPUID_1G]);
	put_none(cpu, CPU_STLB_1G_SETS, &t.stlb[CPUID_1G]);
	put_sharing(cpu, CPU_DTLB_2M_IN, t.dtlb, CPUID_2M);
	put_sharing(cpu, CPU_DTLB_1G_IN, t.dtlb, CPUID_1G);
	put_sharing(cpu, CPU_STLB_2M_IN, t.stlb, CPUID_2M);
	put_sharing(cpu, CPU_STLB_1G_IN, t.stlb, CPUID_1G);
}

/* Leaf 4 and 8000001DH have the same form. */
static void put_cache(struct cpu_model *cpu, const struct cpuid_registers *r)
{
	static const enum cpu_figure bytes[] = { CPU_L1D_BYTES, CPU_L2_BYTES, CPU_L3_BYTES };
	static const enum cpu_figure ways[] = { CPU_L1D_WAYS, CPU_L2_WAYS, CPU_L3_WAYS };
	uint64_t level = r->eax >> 5 & 7, type = r->eax & 31;
	uint64_t w = (r->ebx >> 22) + 1, lines = (r->ebx >> 12 & 0x3ff) + 1,
		 line_bytes = (r->ebx & 0xfff) + 1;
	uint64_t size_bytes = 0;

	if ((type != 1 && type != 3) || level < 1 || level > 3 || line_bytes != CACHE_LINE_BYTES)
		return;
	if (!checked_mul(w * lines * line_bytes, (uint64_t)r->ecx + 1, &size_bytes) ||
	    !fits(bytes[level - 1], size_bytes) || !fits(ways[level - 1], w))
		return;
	put(cpu, bytes[level - 1], size_bytes, "");
	put(cpu, ways[level - 1], w, "");
}

/* Where a hypervisor leaves 8000001DH empty: L1 and L2 of the older leaves. Their L3 may be of several complexes. */
static void put_old_caches(cpuid_read read, void *self, struct cpu_model *cpu)
{
	static const uint64_t ways[16] = { 0, 1, 2, 3, 4, 6, 8, 0, 16, 0, 32, 48, 64 };
	uint32_t l1 = read(self, 0x80000005, 0).ecx, l2 = read(self, 0x80000006, 0).ecx;
	uint64_t l1_bytes = (l1 >> 24) * KIB, l1_ways = l1 >> 16 & 255;
	uint64_t l2_bytes = (l2 >> 16) * KIB, l2_ways = ways[l2 >> 12 & 15];

	if (l1_bytes != 0 && fits(CPU_L1D_BYTES, l1_bytes) && fits(CPU_L1D_WAYS, l1_ways)) {
		put(cpu, CPU_L1D_BYTES, l1_bytes, "");
		put(cpu, CPU_L1D_WAYS, l1_ways, "");
	}
	if (l2_bytes != 0 && fits(CPU_L2_BYTES, l2_bytes) && fits(CPU_L2_WAYS, l2_ways)) {
		put(cpu, CPU_L2_BYTES, l2_bytes, "");
		put(cpu, CPU_L2_WAYS, l2_ways, "");
	}
}

static void put_caches(cpuid_read read, void *self, struct cpu_model *cpu)
{
	uint32_t leaf = is_amd(read, self) ? 0x8000001d : 4;
	uint32_t highest = read(self, leaf & 0x80000000, 0).eax;

	if (is_amd(read, self))
		put_old_caches(read, self, cpu);
	if (highest < leaf || highest - (leaf & 0x80000000) >= 0x10000)
		return;
	for (uint32_t i = 0; i < CACHES_MOST; i++) {
		struct cpuid_registers r = read(self, leaf, i);

		if ((r.eax & 31) == 0)
			return;
		put_cache(cpu, &r);
	}
}

/* The 48 bytes of 80000002H to 80000004H. */
static void put_title(cpuid_read read, void *self, struct cpu_model *cpu)
{
	char brand[3 * sizeof(struct cpuid_registers) + 1] = "";
	const char *start = brand;

	for (uint32_t i = 0; i < 3 && read(self, 0x80000000, 0).eax >= 0x80000004; i++) {
		struct cpuid_registers r = read(self, 0x80000002 + i, 0);

		memcpy(brand + i * sizeof(r), &r, sizeof(r));
	}
	for (char *c = brand; c < brand + sizeof(brand) - 1 && *c != '\0'; c++)
		*c = *c >= ' ' && *c < 127 ? *c : '?';
	while (*start == ' ')
		start++;
	for (size_t length = strlen(start); length > 0 && start[length - 1] == ' '; length--)
		brand[start - brand + (ptrdiff_t)length - 1] = '\0';
	cpu->title[0] = '\0';
	append(cpu->title, sizeof(cpu->title), "%s", *start != '\0' ? start : "this CPU");
}

void cpu_from_cpuid(cpuid_read read, void *self, const struct cpu_model *base, struct cpu_model *cpu)
{
	*cpu = *base;
	cpu->name[0] = '\0';
	append(cpu->name, sizeof(cpu->name), "host");
	for (int i = 0; i < CPU_FIGURE_COUNT; i++) {
		cpu->origin[i] = ORIGIN_ASSUMED;
		cpu->source[i][0] = '\0';
		append(cpu->source[i], sizeof(cpu->source[i]), "as of %s: %s", base->name, base->source[i]);
	}
	put_title(read, self, cpu);
	put_tlbs(read, self, cpu);
	put_caches(read, self, cpu);
}
