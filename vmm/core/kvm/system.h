/*
 * /dev/kvm itself: is it there, may we use it, is it the API we speak, can it do what we need.
 */
#ifndef MINIVMM_CORE_KVM_SYSTEM_H
#define MINIVMM_CORE_KVM_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

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

struct kvm_system {
	int fd;                               /* -1: not open */
	int capability[KVM_CAPABILITY_COUNT]; /* what KVM_CHECK_EXTENSION says of each; 0: KVM lacks it */
	uint32_t max_vcpus;
	size_t run_bytes; /* of the mmap of one vCPU */
	bool can_read_stats;
	bool has_tss_addr; /* KVM_SET_TSS_ADDR: Intel hosts without unrestricted guest need it */
};

/* What KVM says of one of kvm_capabilities; 0: it lacks it. */
int kvm_capability(const struct kvm_system *sys, long number);

/* The device alone: its descriptor or -errno, and whether it answers as KVM with API version 12: 0 or -errno; *version: what it answers. */
int kvm_device_open(const char *path, struct error *e);
int kvm_device_check(int fd, const char *path, int *version, struct error *e);

/*
 * Open `path` ("/dev/kvm"), check API version 12 and every required capability by name.
 * 0 or -errno; a host that cannot do it at all is STATUS_CANNOT, with the cure.
 */
int kvm_system_open(const char *path, struct kvm_system *sys, struct error *e);
void kvm_system_close(struct kvm_system *sys);

/* KVM_CHECK_EXTENSION: 0 absent, above 0 present, or -errno. On a VM's descriptor it may say more. */
int kvm_check_extension(int fd, long capability);

#endif
