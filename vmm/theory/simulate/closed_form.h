/*
 * Cycles of an access in closed form: T(n) = data + m1 c_stlb + m2 W, W = cW + R(guest entries) + R(host entries).
 * Pure; no simulation. Upper levels of the tables cost nothing in it: what they cost is in the constant cW.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CLOSED_FORM_H
#define MINIVMM_THEORY_SIMULATE_CLOSED_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/theory/walk/walk_list.h"
#include "vmm/theory/simulate/cpu.h"

struct closed_form_input {
	const struct cpu_model *cpu;
	struct walk_plan plan;
	uint64_t pages;      /* n: addresses of 4 KiB each, that follow each other */
	uint64_t data_lines; /* distinct cache lines of data; n but for alias */
	bool independent;    /* each access is to any page (gups); else one fixed random cycle */
	double data_cycles;  /* an access whose translation is at hand: measured, or packed as simulated */
	double walk_constant_cycles; /* cW */
};

struct closed_form_terms {
	uint64_t translations;    /* entries of the first TLB that n pages need */
	double dtlb_missing;      /* m1, 0 to 1 */
	double stlb_missing;      /* m2, 0 to 1 */
	double guest_read_cycles; /* R(G): also of native, shadow tables */
	double host_read_cycles;  /* R(E); 0 where there is no second dimension */
	double walk_cycles;       /* W */
	double total_cycles;      /* T(n) */
};

/* Fill *out; pages and data_lines are at least 1. */
void closed_form(const struct closed_form_input *input, struct closed_form_terms *out);

/* One measured working set. */
struct closed_form_point {
	uint64_t pages, data_lines;
	double data_cycles, total_cycles;
};

struct closed_form_fit {
	double walk_constant_cycles; /* cW, least relative squares over the points that it was fitted to; 0 at least */
	uint32_t fitted, held_out; /* points of even and of odd index, in the order of n */
	double mean_error,
		most_error; /* |T - measured| / measured over the held-out ones; 0 where there are none */
};

#define CLOSED_FORM_MOST_POINTS 1024

/*
 * Fit cW to points[0..count), which come in any order; of *input pages, lines, data_cycles and the constant are not
 * looked at. 0, -ENODATA where no fitted point walks (m2 = 0), -EINVAL for more than CLOSED_FORM_MOST_POINTS, -ENOMEM. Every total_cycles is above 0.
 */
int closed_form_fit(const struct closed_form_input *input, const struct closed_form_point *points,
		    size_t count, struct closed_form_fit *out);

#endif
