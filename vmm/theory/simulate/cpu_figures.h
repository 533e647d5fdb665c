/*
 * The kinds of figures of a description and their words.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CPU_FIGURES_H
#define MINIVMM_THEORY_SIMULATE_CPU_FIGURES_H

#include "vmm/theory/simulate/cpu.h"

enum figure_kind {
	KIND_COUNT,
	KIND_POWER, /* 0 or a power of two */
	KIND_BYTES,
	KIND_CYCLES,
	KIND_SWITCH, /* no, yes */
	KIND_ARRAY,  /* own, 4K, 2M */
};

struct figure_info {
	const char *name;
	enum figure_kind kind;
	uint64_t least, most;
};

const struct figure_info *figure_info(enum cpu_figure figure);

/* The word for a value of a kind that has words, or NULL; those with words have one for 0. */
#define FIGURE_WORDS 3
const char *figure_word(enum figure_kind kind, uint64_t value);

/* "the number", "the power of two", ...: what a value is, in an error. */
const char *figure_kind_name(enum figure_kind kind);

/* A value as a description has it. */
void figure_text(enum figure_kind kind, uint64_t value, char *text, size_t bytes);

#endif
