/*
 * Property: the guest is entered as the PVH protocol asks. It could break silently: a wrong segment bit works on one
 * kind of host and ends in a triple fault on another.
 */
#include <errno.h>

#include "test.h"
#include "layout.h"
#include "units.h"
#include "vmm/core/boot/boot.h"
#include "x86.h"

static const struct memmap map = {
	.range_count = 2,
	.ranges = { { .gpa = 0, .bytes = 3 * GIB },
		    { .gpa = 4 * GIB, .offset_bytes = 3 * GIB, .bytes = 9 * GIB } },
};

TEST(registers_are_those_of_pvh)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	memset(&regs, 0xff, sizeof(regs));
	memset(&sregs, 0xff, sizeof(sregs));
	start_registers(0x200040, &regs, &sregs);
	assert_int_equal(regs.rip, 0x200040);
	assert_int_equal(regs.rbx, START_INFO_GPA);
	assert_int_equal(regs.rflags, RFLAGS_FIXED);
	assert_int_equal(sregs.cr0 & (CR0_PE | CR0_PG), CR0_PE);
	assert_int_equal(sregs.cr4, 0);
	assert_int_equal(sregs.efer, 0);
	assert_int_equal(sregs.cs.limit, 0xffffffff);
	assert_int_equal(sregs.cs.db, 1);
	assert_int_equal(sregs.cs.l, 0);
	assert_int_equal(sregs.cs.type & 8, 8);
	assert_int_equal(sregs.ss.type & 8, 0);
	assert_int_equal(sregs.ss.type & 2, 2);
	/* VMX refuses to enter with any other TSS type (SDM vol. 3C, 27.3.1.2). */
	assert_int_equal(sregs.tr.type, 11);
	assert_int_equal(sregs.tr.s, 0);
	assert_int_equal(sregs.tr.present, 1);
}

TEST(start_info_leads_to_module_and_memory)
{
	unsigned char page[START_INFO_BYTES];
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_entry memory[2];

	assert_int_equal(start_info_write(&map, 1234, page, sizeof(page)), 0);
	memcpy(&info, page, sizeof(info));
	assert_int_equal(info.magic, HVM_START_MAGIC);
	assert_int_equal(info.nr_modules, 1);
	assert_int_equal(info.memmap_entries, 2);
	memcpy(&module, page + (info.modlist_gpa - START_INFO_GPA), sizeof(module));
	assert_int_equal(module.module_gpa, FDT_GPA);
	assert_int_equal(module.bytes, 1234);
	memcpy(memory, page + (info.memmap_gpa - START_INFO_GPA), sizeof(memory));
	assert_int_equal(memory[0].bytes, 3 * GIB);
	assert_int_equal(memory[1].start_gpa, 4 * GIB);
	assert_int_equal(memory[1].type, 1);
}

TEST(a_page_too_small_is_refused)
{
	unsigned char page[64];

	assert_int_equal(start_info_write(&map, 1, page, sizeof(page)), -ENOSPC);
}
