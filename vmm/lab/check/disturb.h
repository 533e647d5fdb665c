/*
 * What on this host will disturb a measurement, each with its effect and the command that changes it.
 */
#ifndef MINIVMM_LAB_CHECK_DISTURB_H
#define MINIVMM_LAB_CHECK_DISTURB_H

#include "vmm/lab/check/report.h"

/*
 * Fill report->disturbers from report->facts and the files below root. What could not be read (as opposed to what
 * this kernel does not have) is one last entry, so that silence means quiet.
 */
void disturb_build(const char *root, struct check_report *report);

#endif
