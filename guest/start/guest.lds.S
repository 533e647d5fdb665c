/*
 * The image: one segment for each kind of access, at the fixed places of guest/cpu/areas.h. The vCPU areas and
 * stacks above it belong to no segment, so that a loader which populates what it loads leaves those 3 MiB alone.
 */
#include "guest/cpu/areas.h"

OUTPUT_FORMAT(elf64-x86-64)
ENTRY(entry32)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	note PT_NOTE FLAGS(4);
	stack PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
	. = IMAGE_GPA;
	.text : {
		vectors = .;
		KEEP(*(.text.vectors))
		*(.text .text.*)
	} :text

	. = ALIGN(4096);
	.note : { KEEP(*(.note.Xen)) } :rodata :note
	.rodata : { *(.rodata .rodata.*) } :rodata
	rodata_end = .;

	.data IMAGE_DATA_GPA : {
		KEEP(*(.data.tss))
		*(.data.boot_page_tables)
		*(.data .data.*)
		*(.got .got.plt)
	} :data
	.bss : {
		*(.bss .bss.* COMMON)
	} :data
	bss_end = .;

	/DISCARD/ : { *(.comment .eh_frame .note.GNU-stack .note.gnu.property) }
}

ASSERT(vectors == VECTORS_GPA, "the stubs are where the IDT says")
ASSERT(boot_tss == TSS_GPA, "the task state segments are where the GDT says")
ASSERT(rodata_end <= IMAGE_DATA_GPA, "text and read-only data end below the data")
ASSERT(bss_end <= CPU_AREAS_GPA, "data ends below the vCPU areas")
