/*
 * The state in which a PVH guest is entered: start info in memory, registers of a 32-bit flat machine. No ioctl.
 */
#ifndef MINIVMM_CORE_BOOT_START_H
#define MINIVMM_CORE_BOOT_START_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/core/machine/memmap.h"

/*
 * hvm_start_info, one module (the FDT at FDT_GPA, fdt_bytes long) and the memory map into buf, which stands for
 * guest memory at START_INFO_GPA. Returns 0, or -ENOSPC.
 */
int start_info_write(const struct memmap *map, size_t fdt_bytes, void *buf, size_t capacity);

/*
 * Registers as the PVH boot protocol asks (docs/misc/pvh.pandoc of Xen): protected mode, paging off, flat
 * segments, a busy 32-bit TSS, EBX = start info. `sregs` holds what KVM_GET_SREGS gave and is changed in place.
 */
void start_registers(uint32_t entry_gpa, struct kvm_regs *regs, struct kvm_sregs *sregs);

#endif
