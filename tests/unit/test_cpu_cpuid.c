/*
 * CPUID of a Core i7-12700K (leaf 18H), a Xeon Gold 6252 (leaf 2) and a Ryzen 5 3600X, as published dumps have them,
 * become the figures they stand for; garbage becomes nothing. It could break by fields cut at the wrong bit, by arrays
 * of instructions taken for those of data, or by nonsense that ends in a figure out of bounds.
 */

#include "test.h"
#include "permute.h"
#include "units.h"
#include "vmm/theory/simulate/cpu.h"

struct leaf {
	uint32_t leaf, subleaf;
	struct cpuid_registers r;
};

static const struct leaf alder_lake[] = {
	{ 0, 0, { 0x20, 0x756e6547, 0x6c65746e, 0x49656e69 } },
	{ 1, 0, { 0x00090672, 0x00800800, 0x7ffafbff, 0xbfebfbff } },
	{ 2, 0, { 0x00feff01, 0x000000f0, 0, 0 } },
	{ 4, 0, { 0xfc004121, 0x02c0003f, 0x0000003f, 0 } },
	{ 4, 1, { 0xfc004122, 0x01c0003f, 0x0000003f, 0 } },
	{ 4, 2, { 0xfc01c143, 0x0240003f, 0x000007ff, 0 } },
	{ 4, 3, { 0xfc1fc163, 0x0240003f, 0x00009fff, 4 } },
	{ 0x18, 0, { 8, 0, 0, 0 } },
	{ 0x18, 1, { 0, 0x00080001, 0x20, 0x4022 } },
	{ 0x18, 2, { 0, 0x00080006, 0x04, 0x4022 } },
	{ 0x18, 3, { 0, 0x0010000f, 0x01, 0x4125 } },
	{ 0x18, 4, { 0, 0x00040001, 0x10, 0x4024 } },
	{ 0x18, 5, { 0, 0x00040006, 0x08, 0x4024 } },
	{ 0x18, 6, { 0, 0x00080008, 0x01, 0x4124 } },
	{ 0x18, 7, { 0, 0x00080007, 0x80, 0x4043 } },
	{ 0x18, 8, { 0, 0x00080009, 0x80, 0x4043 } },
	{ 0x80000000, 0, { 0x80000008, 0, 0, 0 } },
	{ 0x80000002, 0, { 0x68743231, 0x6e654720, 0x746e4920, 0x52286c65 } },
	{ 0x80000003, 0, { 0x6f432029, 0x54286572, 0x6920294d, 0x32312d37 } },
	{ 0x80000004, 0, { 0x4b303037, 0, 0, 0 } },
	{ 0xffffffff, 0, { 0 } },
};

static const struct leaf cascade_lake[] = {
	{ 0, 0, { 0x16, 0x756e6547, 0x6c65746e, 0x49656e69 } },
	{ 1, 0, { 0x00050657, 0xc7400800, 0x7ffefbff, 0xbfebfbff } },
	{ 2, 0, { 0x76036301, 0x00f0b5ff, 0, 0x00c30000 } },
	{ 4, 0, { 0x7c004121, 0x01c0003f, 0x0000003f, 0 } },
	{ 4, 1, { 0x7c004122, 0x01c0003f, 0x0000003f, 0 } },
	{ 4, 2, { 0x7c004143, 0x03c0003f, 0x000003ff, 0 } },
	{ 4, 3, { 0x7c0fc163, 0x0280003f, 0x0000cfff, 5 } },
	{ 0xffffffff, 0, { 0 } },
};

/* Registers put together from the fields that the dump names. */
static const struct leaf matisse[] = {
	{ 0, 0, { 0x10, 0x68747541, 0x444d4163, 0x69746e65 } },
	{ 1, 0, { 0x00870f10, 0, 0, 0 } },
	{ 0x80000000, 0, { 0x80000020, 0, 0, 0 } },
	{ 0x80000005, 0, { 0xff40ff40, 0xff40ff40, 0x20080140, 0x20080140 } },
	{ 0x80000006, 0, { 0x48006400, 0x68006400, 0x02006140, 0x01009140 } },
	{ 0x80000019, 0, { 0xf040f040, 0, 0, 0 } },
	{ 0x8000001d, 0, { 0x00004121, 0x01c0003f, 0x0000003f, 0 } },
	{ 0x8000001d, 1, { 0x00004122, 0x01c0003f, 0x0000003f, 0 } },
	{ 0x8000001d, 2, { 0x00004143, 0x01c0003f, 0x000003ff, 2 } },
	{ 0x8000001d, 3, { 0x00014163, 0x03c0003f, 0x00003fff, 1 } },
	{ 0xffffffff, 0, { 0 } },
};

static struct cpuid_registers recorded(void *self, uint32_t leaf, uint32_t subleaf)
{
	for (const struct leaf *l = self; l->leaf != 0xffffffff; l++) {
		if (l->leaf == leaf && l->subleaf == subleaf)
			return l->r;
	}
	return (struct cpuid_registers){ 0 };
}

static struct cpu_model described(const struct leaf *leaves, const char *base_name)
{
	struct error e = { .status = STATUS_OK };
	struct cpu_model base, cpu;

	assert_string_equal(cpu_base_name(recorded, (void *)(uintptr_t)leaves), base_name);
	assert_int_equal(cpu_load(base_name, &base, &e), 0);
	cpu_from_cpuid(recorded, (void *)(uintptr_t)leaves, &base, &cpu);
	assert_string_equal(cpu.name, "host");
	return cpu;
}

static void told(const struct cpu_model *cpu, enum cpu_parameter figure, uint64_t value)
{
	if (cpu->parameter[figure] != value || cpu->origin[figure] != ORIGIN_CPUID)
		fail_msg("%s is %llu (%s)", cpu_parameters[figure].name,
			 (unsigned long long)cpu->parameter[figure],
			 name_of(&cpu_origin_names, cpu->origin[figure]));
}

TEST(leaf_18_and_4_of_intel)
{
	struct cpu_model cpu = described(alder_lake, "sapphirerapids");

	assert_string_equal(cpu.title, "12th Gen Intel(R) Core(TM) i7-12700K");
	told(&cpu, CPU_DTLB_4K_SETS, 16);
	told(&cpu, CPU_DTLB_4K_WAYS, 4);
	told(&cpu, CPU_DTLB_2M_SETS, 8);
	told(&cpu, CPU_DTLB_1G_SETS, 1);
	told(&cpu, CPU_DTLB_1G_WAYS, 8);
	told(&cpu, CPU_DTLB_2M_IN, 0);
	told(&cpu, CPU_STLB_4K_SETS, 128);
	told(&cpu, CPU_STLB_4K_WAYS, 16);
	told(&cpu, CPU_STLB_2M_WAYS, 8);
	told(&cpu, CPU_STLB_1G_WAYS, 8);
	told(&cpu, CPU_L1D_BYTES, 48 * KIB);
	told(&cpu, CPU_L2_BYTES, 1280 * KIB);
	told(&cpu, CPU_L2_WAYS, 10);
	told(&cpu, CPU_L3_BYTES, 25 * MIB);
	assert_int_equal(cpu.origin[CPU_L1D_CYCLES], ORIGIN_ASSUMED);
	assert_int_equal(cpu.origin[CPU_PWC_PDE_ENTRIES], ORIGIN_ASSUMED);
}

TEST(leaf_2_of_intel)
{
	struct cpu_model cpu = described(cascade_lake, "skylake");

	told(&cpu, CPU_DTLB_4K_SETS, 16);
	told(&cpu, CPU_DTLB_2M_SETS, 8);
	told(&cpu, CPU_DTLB_1G_WAYS, 4);
	/* 1536 entries, which the description divides into 12 ways and CPUID into 6. */
	told(&cpu, CPU_STLB_4K_WAYS, 12);
	told(&cpu, CPU_STLB_2M_IN, 1);
	told(&cpu, CPU_STLB_1G_SETS, 4);
	told(&cpu, CPU_STLB_1G_IN, 0);
	told(&cpu, CPU_L2_BYTES, MIB);
	told(&cpu, CPU_L3_BYTES, 36608 * KIB);
	told(&cpu, CPU_L3_WAYS, 11);
}

TEST(extended_leaves_of_amd)
{
	struct cpu_model cpu = described(matisse, "zen2");

	assert_string_equal(cpu.title, "this CPU");
	told(&cpu, CPU_DTLB_4K_WAYS, 64);
	told(&cpu, CPU_DTLB_4K_SETS, 1);
	told(&cpu, CPU_DTLB_1G_WAYS, 64);
	told(&cpu, CPU_STLB_4K_SETS, 256);
	told(&cpu, CPU_STLB_4K_WAYS, 8);
	told(&cpu, CPU_STLB_1G_SETS, 0);
	told(&cpu, CPU_L2_BYTES, 512 * KIB);
	told(&cpu, CPU_L3_BYTES, 16 * MIB);
	told(&cpu, CPU_L3_WAYS, 16);
	assert_int_equal(cpu.origin[CPU_DTLB_2M_IN], ORIGIN_ASSUMED);
}

static uint64_t tlb_leaves(const struct leaf *leaves)
{
	return cpuid_tlb_leaves(recorded, (void *)(uintptr_t)leaves);
}

/* Under a hypervisor that leaves 8000001DH empty. */
TEST(older_leaves_tell_of_caches_too)
{
	static const struct leaf turin[] = {
		{ 0, 0, { 0x0d, 0x68747541, 0x444d4163, 0x69746e65 } },
		{ 1, 0, { 0x00b00f21, 0xb8fe0800, 0xfed83203, 0x178bfbff } },
		{ 0x80000000, 0, { 0x80000021, 0x68747541, 0x444d4163, 0x69746e65 } },
		{ 0x80000005, 0, { 0xff60ff40, 0xff60ff40, 0x300c0140, 0x20080140 } },
		{ 0x80000006, 0, { 0x40802040, 0x60804040, 0x04006140, 0x0fe09140 } },
		{ 0xffffffff, 0, { 0 } },
	};
	struct cpu_model cpu = described(turin, "zen4");

	told(&cpu, CPU_DTLB_4K_WAYS, 96);
	told(&cpu, CPU_L1D_BYTES, 48 * KIB);
	told(&cpu, CPU_L1D_WAYS, 12);
	told(&cpu, CPU_L2_BYTES, MIB);
	told(&cpu, CPU_L2_WAYS, 8);
	assert_int_equal(cpu.origin[CPU_L3_BYTES], ORIGIN_ASSUMED);
	/* It tells of 128 entries of the second level, and has 4096. */
	assert_int_equal(tlb_leaves(turin), 0);
}

/* What a figure may be called after: rather nothing than too little. */
TEST(most_leaves_and_lines_of_the_core)
{
	static const struct leaf nothing[] = { { 0xffffffff, 0, { 0 } } };

	assert_int_equal(tlb_leaves(alder_lake), 64 + 2048);
	assert_int_equal(tlb_leaves(cascade_lake), 64 + 1536);
	assert_int_equal(tlb_leaves(matisse), 8 * (64 + 2048));
	assert_int_equal(tlb_leaves(nothing), 0);
	assert_int_equal(cpuid_in_core_bytes(recorded, (void *)(uintptr_t)alder_lake), 960 * KIB);
	assert_int_equal(cpuid_in_core_bytes(recorded, (void *)(uintptr_t)nothing), 0);
}

TEST(a_cpu_that_tells_nothing_is_the_description)
{
	static const struct leaf nothing[] = { { 0xffffffff, 0, { 0 } } };
	struct cpu_model cpu = described(nothing, "sapphirerapids"), base;
	struct error e = { .status = STATUS_OK };

	assert_int_equal(cpu_load("sapphirerapids", &base, &e), 0);
	assert_memory_equal(cpu.parameter, base.parameter, sizeof(base.parameter));
	LOOP (int, i, 0, i < CPU_PARAMETER_COUNT, i++)
		assert_int_equal(cpu.origin[i], ORIGIN_ASSUMED);
}

/* Random registers behind a maker's name: every figure stays within what a description accepts. */
static struct cpuid_registers garbage(void *self, uint32_t leaf, uint32_t subleaf)
{
	uint64_t *seed = self, state = *seed ^ ((uint64_t)leaf << 32 | subleaf);
	struct cpuid_registers r = { 0 };

	for (int i = 0; i < 4; i++)
		((uint32_t *)(void *)&r)[i] =
			(uint32_t)random_next(&state) >> (random_next(&state) % 33 % 32);
	if (leaf == 0 && (*seed & 1) != 0)
		r = matisse[0].r;
	if (leaf == 0x80000000 && (*seed & 2) != 0)
		r.eax = 0x8000001d;
	if (leaf == 0)
		r.eax = 0x20;
	return r;
}

TEST(garbage_stays_within_bounds)
{
	LOOP (uint64_t, seed, 0, seed < 2000, seed++) {
		struct error e = { .status = STATUS_OK };
		struct cpu_model base, cpu;

		assert_int_equal(cpu_load(cpu_base_name(garbage, &seed), &base, &e), 0);
		cpu_from_cpuid(garbage, &seed, &base, &cpu);
		LOOP (int, i, 0, i < CPU_PARAMETER_COUNT, i++) {
			const struct cpu_parameter_info *f = &cpu_parameters[i];

			assert_in_range(cpu.parameter[i], f->least, f->most);
			assert_true(f->kind != KIND_POWER || cpu.parameter[i] == 0 ||
				    is_pow2(cpu.parameter[i]));
		}
	}
}
