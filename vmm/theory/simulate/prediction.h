/*
 * What the closed form says beside what was measured, over the working sets of one configuration. One constant is fitted,
 * to half of the points; the other half says how good the model is. Pure.
 */
#ifndef MINIVMM_THEORY_SIMULATE_PREDICTION_H
#define MINIVMM_THEORY_SIMULATE_PREDICTION_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/theory/simulate/closed_form.h"

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
	struct walk_plan plan;
	bool fitted;                 /* else no point that the fit may use walks, and the constant is 0 */
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
