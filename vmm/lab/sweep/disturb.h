/*
 * Was a run left alone?
 */
#ifndef MINIVMM_LAB_SWEEP_DISTURB_H
#define MINIVMM_LAB_SWEEP_DISTURB_H

#include <stdint.h>

#include "vmm/lab/sweep/matrix.h"

/*
 * Judge *run, of a cell with `vcpus` on a host with `cpus` (0: not known), and write into run->disturbed what was wrong;
 * "" where nothing was. Three things count:
 *  - exits in a timed part that should have none: the record's verdict;
 *  - a hypervisor below that took more than one per cent of all CPUs' time during the run for others;
 *  - involuntary switches of a vCPU's thread that could have reached the figure. One switch spoils one sample, so a quarter
 *    of the samples of a part may have one: its minimum and its median stand. A part with a single sample may have one
 *    each 50 ms of the run. Where vCPUs share CPUs, switches are what is measured.
 * Returns how bad it is, 0 for quiet: of several attempts the least bad one is kept. Pure.
 */
double disturb_judge(struct matrix_run *run, uint32_t vcpus, uint32_t cpus);

#endif
