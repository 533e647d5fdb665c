/*
 * A CPU's TLBs, walk caches and caches as parameters, and how well each is known.
 *
 * Descriptions are text, "name = value  # source" a line; "?" behind a value marks it as uncertain. Those in
 * vmm/theory/simulate/cpus/ are part of the binary; others are read from a file.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CPU_H
#define MINIVMM_THEORY_SIMULATE_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"
#include "vmm/util/names.h"

enum cpu_parameter {
#define PARAMETER(id, ...) CPU_##id,
#include "vmm/theory/simulate/parameters.def"
#undef PARAMETER
	CPU_PARAMETER_COUNT
};

enum parameter_kind {
	KIND_COUNT,
	KIND_POWER, /* 0 or a power of two */
	KIND_BYTES,
	KIND_CYCLES,
	KIND_SWITCH, /* no, yes */
	KIND_ARRAY,  /* own, 4K, 2M: entries in an array of their own, in that of 4K or of 2M pages */
};

struct cpu_parameter_info {
	const char *name; /* in a description: "l1d_bytes" */
	enum parameter_kind kind;
	uint64_t least, most;
};

extern const struct cpu_parameter_info cpu_parameters[CPU_PARAMETER_COUNT];

/* Whether a description may have that value. */
bool cpu_parameter_fits(enum cpu_parameter parameter, uint64_t value);

/* The word for a value of a kind that has words, or NULL; each such kind has a word for 0. */
#define PARAMETER_WORDS 3
const char *parameter_word(enum parameter_kind kind, uint64_t value);

/* A value as a description has it: "48K", "yes", "own", "12", "4.65". text of 24 bytes or more. */
void parameter_text(enum parameter_kind kind, uint64_t value, char *text, size_t bytes);

/* Where a value comes from. */
enum cpu_origin {
	ORIGIN_SOURCE,    /* the source beside it in the description */
	ORIGIN_UNCERTAIN, /* "?": the source is not the maker's own word, or there is none */
	ORIGIN_CPUID,
	ORIGIN_MEASURED,
	ORIGIN_ASSUMED, /* copied from the description of another CPU */
	ORIGIN_COUNT
};

extern const struct names cpu_origin_names;

#define CPU_NAME_BYTES 32
#define CPU_TITLE_BYTES 96
#define CPU_SOURCE_BYTES 112

/* A TSC cycle is coarse beside an L1 latency: cycles are kept in hundredths of one. */
#define CYCLE_PARTS UINT64_C(100)

struct cpu_model {
	char name[CPU_NAME_BYTES];
	char title[CPU_TITLE_BYTES];
	char unit[CPU_NAME_BYTES]; /* "core cycles" or "TSC cycles" */
	/* In entries, bytes or hundredths of a cycle of the unit; or the number of a word. */
	uint64_t parameter[CPU_PARAMETER_COUNT];
	enum cpu_origin origin[CPU_PARAMETER_COUNT];
	char source[CPU_PARAMETER_COUNT][CPU_SOURCE_BYTES];
	/* No TLB entry covers more, whatever the page: a hypervisor below maps it in smaller ones. 0: not known. */
	uint64_t fracture_bytes;
};

/* How many values have that origin. */
uint32_t cpu_count_origin(const struct cpu_model *cpu, enum cpu_origin origin);

/* A parameter of KIND_CYCLES, in cycles. */
double cpu_cycles(const struct cpu_model *cpu, enum cpu_parameter parameter);

/* The parameters of L1, L2 and L3. */
#define CPU_CACHES 3
struct cpu_cache {
	enum cpu_parameter bytes, ways, cycles;
};
extern const struct cpu_cache cpu_caches[CPU_CACHES];

/*
 * The array that holds entries of pages of leaf_bytes (4K, 2M, 1G), in the dTLB (stlb false) or STLB: its sets and
 * ways, and the page size that it is named after. Sets 0: none.
 */
struct cpu_tlb {
	uint64_t array_bytes;
	/* What an entry covers: leaf_bytes, or a piece of it: fractured below, or 1G in the STLB as 2M. */
	uint64_t entry_bytes;
	uint32_t sets, ways;
	bool hashed;
};
struct cpu_tlb cpu_tlb(const struct cpu_model *cpu, bool stlb, uint64_t leaf_bytes);

/*
 * Parse text[0..bytes) of a description; where: its name for errors ("zen3.cpu"). Every parameter has to be there once.
 * 0, or -EINVAL with *e set: where is "name:line", what says what is wrong and what is accepted.
 */
int cpu_parse(const char *where, const char *text, size_t bytes, struct cpu_model *cpu, struct error *e);

/* Number of descriptions in the binary, and their names in the order in which they are listed; NULL beyond. */
uint32_t cpu_count(void);
const char *cpu_name(uint32_t number);

/*
 * Load the built-in description `name`; any other name is the path of a file of at most CPU_FILE_MOST_BYTES. 0, or -errno
 * with *e set.
 */
#define CPU_FILE_MOST_BYTES 65536
int cpu_load(const char *name, struct cpu_model *cpu, struct error *e);

/*
 * What CPUID tells of TLBs and caches: Intel's leaves 2, 4 and 18H (SDM vol. 2A, CPUID), AMD's 80000005H, 80000006H,
 * 80000019H and 8000001DH (APM vol. 3, appendix E). Registers come from a callback. Hypervisors leave much of it out, and
 * CPUs do not tell everything: what is missing is taken from a description and marked as assumed.
 */
struct cpuid_registers {
	uint32_t eax, ebx, ecx, edx;
};

/* One leaf; all zero for one that the CPU has not. */
typedef struct cpuid_registers (*cpuid_read)(void *self, uint32_t leaf, uint32_t subleaf);

/* This CPU's own; self is not looked at. */
struct cpuid_registers cpuid_of_host(void *self, uint32_t leaf, uint32_t subleaf);

/* Name of the description that is nearest to the CPU, by maker, family and model; never NULL. */
const char *cpu_base_name(cpuid_read read, void *self);

/*
 * *base with what CPUID tells in its place. Where CPUID has as many entries as the description, the description's sets and
 * ways stay: CPUID is known to divide them wrongly. Parameters that CPUID does not tell, or that are out of bounds, stay
 * and become ORIGIN_ASSUMED. The name becomes "host", the title the CPU's brand.
 */
void cpu_from_cpuid(cpuid_read read, void *self, const struct cpu_model *base, struct cpu_model *cpu);

/*
 * Bytes of lines and leaf entries that stay in the core's own caches: three quarters of L2, as CPUID has it. The other quarter
 * is for the upper levels of the tables, code and stack. 0: CPUID does not say.
 */
uint64_t cpuid_in_core_bytes(cpuid_read read, void *self);

/*
 * No more leaves of one size than these are in the core's TLBs at once: the entries of both levels, and eight times as many
 * on AMD, whose entries may hold as many neighbours as there are leaf entries in a line (PTE coalescing). 0: CPUID does not say.
 */
uint64_t cpuid_tlb_leaves(cpuid_read read, void *self);

#endif
