/*
 * Which KVM module runs this host's guests, its parameters, and what the second dimension of a walk is under it.
 */
#ifndef MINIVMM_HOST_KVM_MODULE_H
#define MINIVMM_HOST_KVM_MODULE_H

#include "vmm/host/cpuinfo.h"
#include "vmm/host/facts.h"

/*
 * Fill kvm_module, second_dimension, params and nx_huge_pages of *f from sys/module below root.
 * Linux keeps sys/module/kvm_intel for a module that is built in even where its start-up failed, so a built-in
 * module counts only where the CPU has its feature (vmx, svm). Two that count: kvm_module "unknown".
 */
void kvm_module_read(const char *root, const struct cpuinfo *cpu, struct host_facts *f);

#endif
