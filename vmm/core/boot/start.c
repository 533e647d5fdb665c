#include "vmm/core/boot/boot.h"

#include <errno.h>
#include <string.h>

#include "layout.h"
#include "x86.h"

#define MEMMAP_TYPE_RAM 1

struct start_area {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_entry memory[2];
};

_Static_assert(sizeof(struct start_area) <= START_INFO_BYTES, "the start info fits its page");

int start_info_write(const struct memmap *map, size_t fdt_bytes, void *buf, size_t capacity)
{
	struct start_area area;

	if (capacity < sizeof(area))
		return -ENOSPC;
	memset(&area, 0, sizeof(area));
	area.info = (struct hvm_start_info){
		.magic = HVM_START_MAGIC,
		.version = 1,
		.nr_modules = 1,
		.modlist_gpa = START_INFO_GPA + offsetof(struct start_area, module),
		.memmap_gpa = START_INFO_GPA + offsetof(struct start_area, memory),
		.memmap_entries = map->range_count,
	};
	area.module = (struct hvm_modlist_entry){ .module_gpa = FDT_GPA, .bytes = fdt_bytes };
	for (uint32_t i = 0; i < map->range_count; i++) {
		area.memory[i] = (struct hvm_memmap_entry){
			.start_gpa = map->ranges[i].gpa,
			.bytes = map->ranges[i].bytes,
			.type = MEMMAP_TYPE_RAM,
		};
	}
	memcpy(buf, &area, sizeof(area));
	return 0;
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.selector = selector,
		.limit = 0xffffffff,
		.type = type,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
	};
}

void start_registers(uint32_t entry_gpa, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
	/* Segment types of SDM vol. 3A, tables 3-1 and 3-2: 11 code, read; 3 data, write; 11 as system: busy TSS. */
	const struct kvm_segment code = flat_segment(SEL_KERNEL_CS32, 11);
	const struct kvm_segment data = flat_segment(SEL_KERNEL_DS, 3);

	sregs->cs = code;
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->tr = (struct kvm_segment){ .selector = 0, .limit = 0x67, .type = 11, .present = 1 };
	sregs->cr0 = CR0_PE | CR0_ET;
	sregs->cr3 = 0;
	sregs->cr4 = 0;
	sregs->efer = 0;
	*regs = (struct kvm_regs){
		.rip = entry_gpa,
		.rbx = START_INFO_GPA,
		.rflags = RFLAGS_FIXED,
	};
}
