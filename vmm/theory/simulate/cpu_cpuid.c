#include "vmm/theory/simulate/cpu.h"

#include <cpuid.h>
#include <string.h>

#include "units.h"
#include "vmm/util/text.h"

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

enum { CPUID_4K, CPUID_2M, CPUID_1G, CPUID_SIZES };

/* A TLB as CPUID describes it, of one level and page size; ways add up where several arrays hold the size. */
struct cpuid_tlb {
	uint32_t entries; /* 0: CPUID tells nothing */
	uint32_t ways;    /* 0: fully associative */
	uint64_t arrays;  /* a bit for each array that holds the size */
	bool none;        /* CPUID tells that there are none */
};

struct cpuid_tlbs {
	struct cpuid_tlb dtlb[CPUID_SIZES], stlb[CPUID_SIZES];
};

/* At most so many subleaves of leaf 18H are read: each array has a bit. */
#define SUBLEAVES_MOST 32
#define TYPE_DATA 1
#define TYPE_UNIFIED 3
#define TYPE_LOADS 4

static void add(struct cpuid_tlb *tlb, uint32_t entries, uint32_t ways, uint32_t array)
{
	tlb->entries += entries;
	tlb->ways += ways;
	tlb->arrays |= UINT64_C(1) << array;
}

static void add_subleaf(const struct cpuid_registers *r, uint32_t array, struct cpuid_tlbs *tlbs)
{
	uint32_t type = r->edx & 31, level = r->edx >> 5 & 7, sets = r->ecx, ways = r->ebx >> 16;
	bool full = (r->edx >> 8 & 1) != 0;
	struct cpuid_tlb *level_tlbs = level == 1 ? tlbs->dtlb : tlbs->stlb;
	static const uint32_t size_bits[CPUID_SIZES] = { 1, 2, 8 };

	if ((type != TYPE_DATA && type != TYPE_UNIFIED && type != TYPE_LOADS) || level < 1 || level > 2)
		return;
	if (sets == 0 || sets > 65536 || ways == 0 || ways > 65536 / sets)
		return;
	for (int size = 0; size < CPUID_SIZES; size++) {
		if ((r->ebx & size_bits[size]) != 0)
			add(&level_tlbs[size], sets * ways, full ? 0 : ways, array);
	}
}

/* Descriptors of leaf 2 for TLBs of data: entries and ways of each size. */
static const struct descriptor {
	uint8_t code;
	bool stlb;
	struct {
		uint16_t entries, ways;
	} size[CPUID_SIZES];
} descriptors[] = {
	{ 0x03, false, { { 64, 4 } } },
	{ 0x5a, false, { { 0 }, { 32, 4 } } },
	{ 0x63, false, { { 0 }, { 32, 4 }, { 4, 4 } } },
	{ 0xc1, true, { { 1024, 8 }, { 1024, 8 } } },
	{ 0xc3, true, { { 1536, 6 }, { 1536, 6 }, { 16, 4 } } },
	{ 0xc4, false, { { 0 }, { 32, 4 } } },
	{ 0xca, true, { { 512, 4 } } },
};

static void add_descriptor(uint8_t code, struct cpuid_tlbs *tlbs)
{
	for (uint32_t i = 0; i < COUNT_OF(descriptors); i++) {
		const struct descriptor *d = &descriptors[i];

		/* Where two descriptors tell of one size, the first counts. */
		for (int size = 0; d->code == code && size < CPUID_SIZES; size++) {
			struct cpuid_tlb *tlb = d->stlb ? &tlbs->stlb[size] : &tlbs->dtlb[size];

			if (d->size[size].entries != 0 && tlb->entries == 0)
				add(tlb, d->size[size].entries, d->size[size].ways,
				    i * CPUID_SIZES + (size == CPUID_1G));
		}
	}
}

static void add_leaf_2(const struct cpuid_registers *r, struct cpuid_tlbs *tlbs)
{
	const uint32_t registers[] = { r->eax, r->ebx, r->ecx, r->edx };

	for (int i = 0; i < 4; i++) {
		/* Bit 31 set: the register has no descriptors. The lowest byte of EAX is not one either. */
		for (int byte = i == 0; byte < 4 && (registers[i] >> 31) == 0; byte++)
			add_descriptor((uint8_t)(registers[i] >> 8 * byte), tlbs);
	}
}

/* From leaf 18H, or from leaf 2 where that is empty, into *tlbs, which are all zero. */
static void add_intel(cpuid_read read, void *self, struct cpuid_tlbs *tlbs)
{
	uint32_t highest = read(self, 0, 0).eax, last;
	bool told = false;

	if (highest >= 0x18) {
		last = read(self, 0x18, 0).eax;
		for (uint32_t i = 0; i <= last && i < SUBLEAVES_MOST; i++) {
			struct cpuid_registers r = read(self, 0x18, i);

			add_subleaf(&r, i, tlbs);
		}
	}
	for (int size = 0; size < CPUID_SIZES; size++)
		told = told || tlbs->dtlb[size].entries != 0 || tlbs->stlb[size].entries != 0;
	if (!told && highest >= 2) {
		struct cpuid_registers r = read(self, 2, 0);

		add_leaf_2(&r, tlbs);
	}
}

/* Associativity as 80000006H and 80000019H code it; 0: none, not told, or (15) fully associative. */
static const uint32_t coded_ways[16] = { 0, 1, 2, 3, 4, 6, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0 };

static void put_coded(uint32_t reg, struct cpuid_tlb *tlb)
{
	uint32_t code = reg >> 28, ways = coded_ways[code];
	uint32_t entries = ways != 0 || code == 15 ? reg >> 16 & 0xfff : 0;

	*tlb = (struct cpuid_tlb){ .entries = entries, .ways = ways, .none = code == 0 };
}

static void put_l1(uint32_t reg, struct cpuid_tlb *tlb)
{
	uint32_t ways = reg >> 24;

	/* 0 is reserved, FFH fully associative. */
	*tlb = (struct cpuid_tlb){ .entries = ways != 0 ? reg >> 16 & 0xff : 0,
				   .ways = ways != 0xff ? ways : 0 };
}

/* From 80000005H, 80000006H and 80000019H, likewise. */
static void add_amd(cpuid_read read, void *self, struct cpuid_tlbs *tlbs)
{
	uint32_t highest = read(self, 0x80000000, 0).eax;
	struct cpuid_registers r;

	if (highest >= 0x80000005 && highest < 0x80010000) {
		r = read(self, 0x80000005, 0);
		put_l1(r.ebx, &tlbs->dtlb[CPUID_4K]);
		put_l1(r.eax, &tlbs->dtlb[CPUID_2M]);
	}
	if (highest >= 0x80000006 && highest < 0x80010000) {
		r = read(self, 0x80000006, 0);
		put_coded(r.ebx, &tlbs->stlb[CPUID_4K]);
		put_coded(r.eax, &tlbs->stlb[CPUID_2M]);
	}
	if (highest >= 0x80000019 && highest < 0x80010000) {
		r = read(self, 0x80000019, 0);
		put_coded(r.eax, &tlbs->dtlb[CPUID_1G]);
		put_coded(r.ebx, &tlbs->stlb[CPUID_1G]);
	}
}

static void put(struct cpu_model *cpu, enum cpu_parameter parameter, uint64_t value, const char *how)
{
	cpu->parameter[parameter] = value;
	cpu->origin[parameter] = ORIGIN_CPUID;
	cpu->source[parameter][0] = '\0';
	append(cpu->source[parameter], sizeof(cpu->source[parameter]), "CPUID%s", how);
}

/* Sets and ways follow each other in the parameters. */
static void put_tlb(struct cpu_model *cpu, enum cpu_parameter sets, const struct cpuid_tlb *tlb)
{
	enum cpu_parameter ways = (enum cpu_parameter)(sets + 1);
	uint64_t told_ways = tlb->ways != 0 ? tlb->ways : tlb->entries;

	if (tlb->entries == 0 || tlb->entries % told_ways != 0 ||
	    !cpu_parameter_fits(sets, tlb->entries / told_ways) || !cpu_parameter_fits(ways, told_ways))
		return;
	if (cpu->parameter[sets] * cpu->parameter[ways] == tlb->entries) {
		put(cpu, sets, cpu->parameter[sets], ": the entries; divided as described");
		put(cpu, ways, cpu->parameter[ways], ": the entries; divided as described");
		return;
	}
	put(cpu, sets, tlb->entries / told_ways, "");
	put(cpu, ways, told_ways, "");
}

static void put_none(struct cpu_model *cpu, enum cpu_parameter sets, const struct cpuid_tlb *tlb)
{
	if (tlb->none && tlb->entries == 0 && cpu->parameter[sets] == 0) {
		put(cpu, sets, 0, ": none");
		put(cpu, (enum cpu_parameter)(sets + 1), 0, ": none");
	}
}

/* Pages of the size share an array with 4K pages where CPUID names the same arrays for both. AMD's leaves do not tell. */
static void put_sharing(struct cpu_model *cpu, enum cpu_parameter in,
			const struct cpuid_tlb tlbs[CPUID_SIZES], int size)
{
	if (tlbs[size].arrays != 0 && tlbs[CPUID_4K].arrays != 0)
		put(cpu, in, tlbs[size].arrays == tlbs[CPUID_4K].arrays, "");
}

static struct cpuid_tlbs read_tlbs(cpuid_read read, void *self)
{
	struct cpuid_tlbs t = { 0 };

	if (is_amd(read, self))
		add_amd(read, self, &t);
	else
		add_intel(read, self, &t);
	return t;
}

static void put_tlbs(cpuid_read read, void *self, struct cpu_model *cpu)
{
	const struct cpuid_tlbs t = read_tlbs(read, self);

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

/* Bytes and ways change together or not at all: bytes without their ways would change the number of sets. */
static void put_size(struct cpu_model *cpu, const struct cpu_cache *cache, uint64_t bytes, uint64_t ways)
{
	if (!cpu_parameter_fits(cache->bytes, bytes) || !cpu_parameter_fits(cache->ways, ways))
		return;
	put(cpu, cache->bytes, bytes, "");
	put(cpu, cache->ways, ways, "");
}

/* Leaf 4 and 8000001DH have the same form. */
static void put_cache(struct cpu_model *cpu, const struct cpuid_registers *r)
{
	uint64_t level = r->eax >> 5 & 7, type = r->eax & 31;
	uint64_t w = (r->ebx >> 22) + 1, lines = (r->ebx >> 12 & 0x3ff) + 1,
		 line_bytes = (r->ebx & 0xfff) + 1;
	uint64_t size_bytes = 0;

	if ((type != 1 && type != 3) || level < 1 || level > 3 || line_bytes != CACHE_LINE_BYTES)
		return;
	if (checked_mul(w * lines * line_bytes, (uint64_t)r->ecx + 1, &size_bytes))
		put_size(cpu, &cpu_caches[level - 1], size_bytes, w);
}

/* Where a hypervisor leaves 8000001DH empty: L1 and L2 of the older leaves. Their L3 may be of several complexes. */
static void put_old_caches(cpuid_read read, void *self, struct cpu_model *cpu)
{
	uint32_t l1 = read(self, 0x80000005, 0).ecx, l2 = read(self, 0x80000006, 0).ecx;
	uint64_t l1_bytes = (l1 >> 24) * KIB, l1_ways = l1 >> 16 & 255;
	uint64_t l2_bytes = (l2 >> 16) * KIB, l2_ways = coded_ways[l2 >> 12 & 15];

	if (l1_bytes != 0)
		put_size(cpu, &cpu_caches[0], l1_bytes, l1_ways);
	if (l2_bytes != 0)
		put_size(cpu, &cpu_caches[1], l2_bytes, l2_ways);
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
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++) {
		cpu->origin[i] = ORIGIN_ASSUMED;
		cpu->source[i][0] = '\0';
		append(cpu->source[i], sizeof(cpu->source[i]), "as of %s: %s", base->name, base->source[i]);
	}
	put_title(read, self, cpu);
	put_tlbs(read, self, cpu);
	put_caches(read, self, cpu);
}

uint64_t cpuid_in_core_bytes(cpuid_read read, void *self)
{
	struct cpu_model cpu = { .name = "" };

	put_caches(read, self, &cpu);
	return cpu.parameter[CPU_L2_BYTES] / 4 * 3;
}

uint64_t cpuid_tlb_leaves(cpuid_read read, void *self)
{
	const struct cpuid_tlbs t = read_tlbs(read, self);
	uint64_t most = 0;

	for (int size = 0; size < CPUID_SIZES; size++)
		most = max_u64(most, (uint64_t)t.dtlb[size].entries + t.stlb[size].entries);
	/* Zen 5 says 128 of 4096, which its field is too short for. No second level is as small beside its first. */
	if (t.stlb[CPUID_4K].entries < 4 * max_u64(t.dtlb[CPUID_4K].entries, 1))
		return 0;
	return is_amd(read, self) ? 8 * most : most;
}
