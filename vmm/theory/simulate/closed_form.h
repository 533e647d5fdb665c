/*
 * Cycles of an access in closed form: T(n) = data + m1 c_stlb + m2 W, W = cW + R(guest entries) + R(host entries).
 * Pure; no simulation. Upper levels of the tables cost nothing in it: what they cost is in the constant cW.
 */
#ifndef MINIVMM_THEORY_SIMULATE_CLOSED_FORM_H
#define MINIVMM_THEORY_SIMULATE_CLOSED_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/walk/walk_list.h"

struct closed_form_input {
	const struct cpu_model *cpu;
	struct walk_plan plan;
	uint64_t pages;      /* n: addresses of 4 KiB each, that follow each other */
	uint64_t data_lines; /* distinct cache lines of data; n but for alias */
	bool independent;    /* each access is to any page (gups); else one fixed random cycle */
	double data_cycles;  /* an access whose translation costs nothing: measured, or packed as simulated */
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

/* Least squares for cW over measured points; all 0 at the start. */
struct closed_form_fit {
	double product, square;
};

/*
 * One measured point: *at_0 is the closed form of it with a walk constant of 0. What that leaves
 * unexplained is fitted to m2. Both are taken relative to the measured value, as the errors are: else the largest working
 * set alone would decide.
 */
void closed_form_fit_add(struct closed_form_fit *fit, const struct closed_form_terms *at_0,
			 double measured_cycles);

/*
 * cW; 0 where no point walks (square is 0), and where the fit is negative: a walk that costs less than reading its leaf
 * entries is noise, and would make some T(n) negative.
 */
double closed_form_fit_constant(const struct closed_form_fit *fit);

/* One load at a random place of a memory of any size, also of one that no machine at hand has. */
struct random_access {
	uint32_t dtlb_entries, stlb_entries; /* for the page that a TLB entry covers; 0: none */
	uint64_t dtlb_entry_bytes, stlb_entry_bytes;
	double data_cycles;             /* the load alone, its share of each cache by size */
	struct closed_form_terms terms; /* with a walk constant of 0 */
};

/* memory_bytes is 4 KiB at least. */
void random_access_predict(const struct cpu_model *cpu, const struct walk_plan *plan, uint64_t leaf_bytes,
			   uint64_t memory_bytes, struct random_access *out);

/*
 * The closed form beside what was measured, over the working sets of one configuration. One constant is fitted to half of
 * the points. The other half says how good the model is.
 */
#define PREDICTION_MOST_POINTS 64

struct prediction_point {
	/* in */
	uint64_t pages;
	double data_cycles;     /* measured: as many lines packed, an access */
	double measured_cycles; /* chase, an access */
	/* out */
	bool held_out;              /* the constant was not fitted to it */
	double uncalibrated_cycles; /* with a walk constant of 0: nothing fitted */
	double predicted_cycles;
	double error; /* (predicted - measured) / measured */
	struct closed_form_terms terms;
};

struct prediction {
	char cpu[CPU_NAME_BYTES], unit[CPU_NAME_BYTES];
	/* in, with points */
	char measured_unit[CPU_NAME_BYTES]; /* "core cycles" or "TSC cycles" */
	struct walk_plan plan;
	bool fitted;                 /* false: no point that the fit may use walks, and the constant is 0 */
	double walk_constant_cycles; /* cW: what a walk costs beyond reading leaf entries, unexplained */
	uint32_t fitted_count, held_out_count;
	double mean_error, most_error; /* of |error| over those held out; 0 where there are none */
	uint32_t count;
	struct prediction_point points[PREDICTION_MOST_POINTS]; /* by pages */
};

/*
 * Predict out->points[0..count), whose inputs and out->plan are set: sorts them, fits, fills in the rest. 0, or -EINVAL
 * for an invalid plan, number of points or measured value.
 */
int prediction_make(const struct cpu_model *cpu, struct prediction *out);

#endif
