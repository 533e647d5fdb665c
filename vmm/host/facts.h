/*
 * What this host is, read below an injectable root. Unknown is a value ("unknown"), never a guess.
 */
#ifndef MINIVMM_HOST_FACTS_H
#define MINIVMM_HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/host/sysfile.h"
#include "vmm/output/fields.h"
#include "vmm/util/names.h"

#define FACTS_MAX_PARAMS 96

struct host_param {
	char name[64]; /* "kvm_intel.ept" */
	char value[64];
};

struct host_facts {
	char kernel[128]; /* release and version, as uname prints them */
	char cpu_model[128];
	uint32_t cpus;         /* that this process may run on */
	enum known hypervisor; /* this host is itself a guest */
	char kvm_module[32];   /* kvm_intel, kvm_amd, kvm_pvm, "builtin", "none" or "unknown" */
	enum second_dimension second_dimension;
	/* Of EPT's or NPT's tables, 4 or 5; 0: there are none, or not known. */
	uint32_t second_dimension_levels;
	uint32_t param_count;
	struct host_param params[FACTS_MAX_PARAMS]; /* kvm.* and <module>.*, sorted by name */
	char thp[16];                               /* always, madvise, never, unknown */
	char shmem_thp[16];
	char ksm[16]; /* "0" off, "1" on, ... unknown */
	char nx_huge_pages[16];
	uint32_t numa_nodes;
	enum known pmu; /* a hardware cycle counter exists (sys/bus/event_source/devices/cpu) */
	uint64_t memory_bytes, memory_available_bytes;
	/* Measured against CLOCK_MONOTONIC_RAW where nothing states it; 0 until facts_tsc_khz. */
	uint64_t tsc_khz;
};

/* Read everything below `root` ("" is the real host). Never fails: what cannot be read is "unknown" or 0. */
void facts_read(const char *root, struct host_facts *f);

/* The value of a module's parameter ("kvm_intel.ept") as the kernel writes it, or NULL. Borrowed from *f. */
const char *facts_param(const struct host_facts *f, const char *name);

/*
 * Correct second_dimension_levels by the width of the guest's physical addresses (its CPUID, 0x80000008; 0: not known). KVM
 * walks EPT in four levels for a guest whose addresses fit them (kvm_mmu_get_tdp_level); where the width is not known,
 * five levels become "not known". NPT has the host kernel's levels for every guest.
 */
void facts_limit_levels(struct host_facts *f, uint32_t guest_physical_bits);

/*
 * TSC frequency for a process without a VM: CPUID leaf 0x15/0x40000010 where they state it, else a measurement of
 * about 20 ms against CLOCK_MONOTONIC_RAW.
 */
uint64_t facts_tsc_khz(void);

/*
 * Policy of anonymous (or, with shmem, of shared) memory: the word of
 * sys/kernel/mm/transparent_hugepage/{enabled,shmem_enabled}, unless hugepages-2048kB has its own (Linux 6.8,
 * Documentation/admin-guide/mm/transhuge.rst) that is not "inherit". buf of at least 16 bytes; "unknown" where
 * the kernel does not say.
 */
void thp_policy(const char *root, bool shmem, char *buf, size_t size);

/* Whether MADV_HUGEPAGE has an effect under that policy; true for "unknown", where madvise itself reports it. */
bool thp_policy_allows_madvise(const char *policy);

/*
 * The member `host` of every schema. Its fields are only written (fields_json): of a file read, which may be of another
 * host, no more than their kinds is checked.
 */
extern const struct fields host_fields;

/* Flags of an AMD CPU of 2024 take 1.6 KiB. */
#define CPUINFO_FLAGS_BYTES 6144
#define CPUINFO_VMX_FLAGS_BYTES 2048

/* The few things of /proc/cpuinfo that matter here, from its first processor. */
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
