/*
 * Where a curve over working sets leaves a plateau.
 */
#ifndef MINIVMM_LAB_SWEEP_KNEES_H
#define MINIVMM_LAB_SWEEP_KNEES_H

#include <stdint.h>

#include "vmm/lab/sweep/matrix.h"

/*
 * Knees of a curve of `count` points in ascending order of pages: below[] takes for each the point that it lies behind. Room
 * for count - 1. Returns how many there are. The rule is in knees.c.
 */
uint32_t knees_find(const struct estimate *curve, uint32_t count, uint32_t *below);

#endif
