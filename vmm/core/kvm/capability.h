/*
 * What minivmm uses of KVM, as one table: it decides whether a run can start, and the host check shows it.
 */
#ifndef MINIVMM_CORE_KVM_CAPABILITY_H
#define MINIVMM_CORE_KVM_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

/* KVM_CAP_PRE_FAULT_MEMORY came with Linux 6.10, after the headers of Debian 12. */
#define MINIVMM_CAP_PRE_FAULT_MEMORY 236

#define KVM_CAPABILITY_COUNT 17

struct kvm_capability {
	long number;         /* KVM_CAP_* (Documentation/virt/kvm/api.rst) */
	const char *name;    /* "KVM_CAP_USER_MEMORY" */
	const char *purpose; /* completes "needed for ..." */
	bool required;       /* no run without it */
};

/* The required ones first. */
extern const struct kvm_capability kvm_capabilities[KVM_CAPABILITY_COUNT];

#endif
