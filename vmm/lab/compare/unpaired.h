/*
 * The ratio of two figures that share no rounds.
 */
#ifndef MINIVMM_LAB_COMPARE_UNPAIRED_H
#define MINIVMM_LAB_COMPARE_UNPAIRED_H

#include <stdint.h>

#include "vmm/lab/sweep/matrix.h"

/*
 * B / A of values > 0: the ratio of their medians, with the 95 % interval of the factor between them that no
 * distribution is assumed for (unpaired.c). out->count is the smaller of the two counts; 0 where one is 0. With fewer than
 * 4 and 4 values the interval is all ratios that there are, and covers the factor in 1 - 2 / C(a + b, a) of cases. 0,
 * -EINVAL for a value that is not finite or not above 0, -ENOMEM.
 */
int unpaired_ratio(const double *a, uint32_t count_a, const double *b, uint32_t count_b,
		   struct estimate *out);

#endif
