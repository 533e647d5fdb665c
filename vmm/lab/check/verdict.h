/*
 * The verdict on a host: what pages its guests, how deep the tables are, how large a leaf can get. One line says it.
 */
#ifndef MINIVMM_LAB_CHECK_VERDICT_H
#define MINIVMM_LAB_CHECK_VERDICT_H

#include "vmm/lab/check/report.h"
#include "vmm/host/cpuinfo.h"

/* Fill the verdict's members of *report from report->facts, report->kvm, *cpu and the kernel's pools below root. */
void verdict_build(const char *root, const struct cpuinfo *cpu, struct check_report *report);

#endif
