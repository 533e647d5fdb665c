/*
 * The few things of /proc/cpuinfo that matter here, from its first processor.
 */
#ifndef MINIVMM_HOST_CPUINFO_H
#define MINIVMM_HOST_CPUINFO_H

#include <stdbool.h>

struct cpuinfo {
	char model[128]; /* "unknown" where not stated */
	bool hypervisor, pdpe1gb, vmx, svm;
	bool la57;       /* the kernel runs with five levels: it clears the flag where it does not */
	bool ept_5level; /* of "vmx flags" */
};

/* proc/cpuinfo below root. What cannot be read is "unknown" or false. */
void cpuinfo_read(const char *root, struct cpuinfo *cpu);

#endif
