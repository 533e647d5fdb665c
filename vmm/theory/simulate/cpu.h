/*
 * What a CPU description says of TLBs, walk caches and caches, and how well each figure is known.
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

enum cpu_figure {
#define FIGURE(id, ...) CPU_##id,
#include "vmm/theory/simulate/figures.def"
#undef FIGURE
	CPU_FIGURE_COUNT
};

/* Where a figure comes from. */
enum cpu_origin {
	ORIGIN_SOURCE,    /* the source beside it in the description */
	ORIGIN_UNCERTAIN, /* "?": the source is not the maker's own word, or there is none */
	ORIGIN_CPUID,
	ORIGIN_MEASURED,
	ORIGIN_ASSUMED, /* taken over from the description of another CPU */
};

#define CPU_NAME_BYTES 32
#define CPU_TITLE_BYTES 96
#define CPU_SOURCE_BYTES 112

/* A TSC cycle is coarse beside an L1 latency: figures of cycles are kept in hundredths of one. */
#define CYCLE_PARTS UINT64_C(100)

/* Figures are in entries, bytes or hundredths of a cycle of the unit; KIND_ARRAY: 0 an array of its own, 1 the 4K one, 2 the 2M one. */
struct cpu_model {
	char name[CPU_NAME_BYTES];
	char title[CPU_TITLE_BYTES];
	char unit[CPU_NAME_BYTES]; /* "core cycles" or "TSC cycles" */
	uint64_t figure[CPU_FIGURE_COUNT];
	enum cpu_origin origin[CPU_FIGURE_COUNT];
	char source[CPU_FIGURE_COUNT][CPU_SOURCE_BYTES];
	/* No TLB entry covers more, whatever the page: a hypervisor below maps it in smaller ones. 0: nothing is known of that. */
	uint64_t fracture_bytes;
};

/*
 * Parse text[0..bytes) of a description; where: its name for errors ("zen3.cpu"). Every figure has to be there once.
 * 0, or -EINVAL with *e set: where is "name:line", what says what is wrong and what is accepted. Bounded by the text.
 */
int cpu_parse(const char *where, const char *text, size_t bytes, struct cpu_model *cpu, struct error *e);

/* The same for a file of at most CPU_FILE_MOST_BYTES; -errno too where it cannot be read. */
#define CPU_FILE_MOST_BYTES 65536
int cpu_read(const char *path, struct cpu_model *cpu, struct error *e);

/* Number of descriptions in the binary, and their names in the order in which they are listed; NULL beyond. */
uint32_t cpu_count(void);
const char *cpu_name(uint32_t number);

/*
 * The CPU called `name`, from the binary, or, where it is none of its names, from the file of that path. 0 or
 * -errno with *e set, the names in its hint.
 */
int cpu_load(const char *name, struct cpu_model *cpu, struct error *e);

/* A figure of cycles, in cycles. */
double cpu_cycles(const struct cpu_model *cpu, enum cpu_figure figure);

/* The figure's name in a description: "l1d_bytes"; never NULL. */
const char *cpu_figure_name(enum cpu_figure figure);

/* "source", "uncertain", "CPUID", "measured", "assumed"; never NULL. */
const char *cpu_origin_name(enum cpu_origin origin);

/* The figure's value as a description has it: "48K", "yes", "own", "12". text of 24 bytes or more. */
void cpu_figure_text(const struct cpu_model *cpu, enum cpu_figure figure, char *text, size_t bytes);

/*
 * The array that holds entries of pages of leaf_bytes (4K, 2M, 1G), in the dTLB (stlb false) or STLB: its sets and
 * ways, and the page size that it is named after. Sets 0: none.
 */
struct cpu_tlb {
	uint64_t array_bytes;
	uint64_t
		entry_bytes; /* what an entry covers: leaf_bytes, or a piece: fractured below, or 1G in the STLB as 2M */
	uint32_t sets, ways;
	bool hashed;
};
struct cpu_tlb cpu_tlb(const struct cpu_model *cpu, bool stlb, uint64_t leaf_bytes);

/* Every TLB, walk cache and cache set to 0 entries: what is left is the theory's maximum. */
void cpu_without_caches(struct cpu_model *cpu);

#endif
