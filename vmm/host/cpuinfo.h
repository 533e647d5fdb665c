/*
 * The few things of /proc/cpuinfo that matter here, from its first processor.
 */
#ifndef MINIVMM_HOST_CPUINFO_H
#define MINIVMM_HOST_CPUINFO_H

#include "vmm/host/sysfile.h"

/* Flags of an AMD CPU of 2024 take 1.6 KiB. */
#define CPUINFO_FLAGS_BYTES 6144
#define CPUINFO_VMX_FLAGS_BYTES 2048

struct cpuinfo {
	char model[128]; /* "unknown" where not stated */
	char vendor[16]; /* vendor_id: "GenuineIntel", "AuthenticAMD"; "unknown" where not stated */
	/* The lines themselves; "" where missing: kernels before 5.7 have no "vmx flags", nor has AMD. */
	char flags[CPUINFO_FLAGS_BYTES];
	char vmx_flags[CPUINFO_VMX_FLAGS_BYTES];
};

/* proc/cpuinfo below root. What cannot be read is "unknown" or "". */
void cpuinfo_read(const char *root, struct cpuinfo *cpu);

/* Is `flag` a word of `flags`? KNOWN_UNKNOWN where the line is empty, or flag is NULL. Pure. */
enum known cpuinfo_has(const char *flags, const char *flag);

#endif
