#include "vmm/theory/simulate/cpuid_tlbs.h"

#include <string.h>

/* Leaf 18H: subleaves looked at, at most; an array number is a bit. */
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

/* Descriptors of leaf 2 that tell of TLBs for data: entries and ways of each size. */
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
	for (uint32_t i = 0; i < sizeof(descriptors) / sizeof(descriptors[0]); i++) {
		const struct descriptor *d = &descriptors[i];

		/* Of a size in two descriptors the first counts. */
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
		/* Bit 31: the register has no descriptors. The lowest byte of EAX is none. */
		for (int byte = i == 0; byte < 4 && (registers[i] >> 31) == 0; byte++)
			add_descriptor((uint8_t)(registers[i] >> 8 * byte), tlbs);
	}
}

void cpuid_tlbs_intel(cpuid_read read, void *self, struct cpuid_tlbs *tlbs)
{
	uint32_t highest = read(self, 0, 0).eax, last;
	bool told = false;

	memset(tlbs, 0, sizeof(*tlbs));
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

/* Associativity as 80000006H and 80000019H code it; 0: fully associative, or not told: then entries is 0 too. */
static uint32_t ways_of_code(uint32_t code, uint32_t *entries)
{
	static const uint32_t ways[16] = { 0, 1, 2, 3, 4, 6, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0 };

	if (ways[code] == 0 && code != 15)
		*entries = 0;
	return ways[code];
}

static void put_coded(uint32_t reg, struct cpuid_tlb *tlb)
{
	uint32_t entries = reg >> 16 & 0xfff, ways = ways_of_code(reg >> 28, &entries);

	*tlb = (struct cpuid_tlb){ .entries = entries, .ways = ways, .none = reg >> 28 == 0 };
}

static void put_l1(uint32_t reg, struct cpuid_tlb *tlb)
{
	uint32_t ways = reg >> 24;

	/* 0 is reserved, FFH fully associative. */
	*tlb = (struct cpuid_tlb){ .entries = ways != 0 ? reg >> 16 & 0xff : 0,
				   .ways = ways != 0xff ? ways : 0 };
}

void cpuid_tlbs_amd(cpuid_read read, void *self, struct cpuid_tlbs *tlbs)
{
	uint32_t highest = read(self, 0x80000000, 0).eax;
	struct cpuid_registers r;

	memset(tlbs, 0, sizeof(*tlbs));
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
