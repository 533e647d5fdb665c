#include "guest/start/startinfo.h"

#include "layout.h"
#include "units.h"
#include "x86.h"

#define MEMMAP_RAM 1
#define MEMMAP_MAX_ENTRIES 128

/* Whether ring 3 may read [gpa, gpa + bytes): page 0 is unmapped, and the boot tables end at BOOT_MAP_BYTES. */
static int reachable(uint64_t gpa, uint64_t bytes)
{
	uint64_t end;

	return gpa >= PAGE_4K && checked_add(gpa, bytes, &end) && end <= BOOT_MAP_BYTES;
}

static int refuse(struct text *why, const char *what, uint64_t value)
{
	text_add(why, "hvm_start_info: ");
	text_add(why, what);
	text_add_hex(why, value);
	return -1;
}

int startinfo_read(uint64_t start_info_gpa, struct handover *h, struct text *why)
{
	const struct hvm_start_info *info = (const void *)(uintptr_t)start_info_gpa;
	const struct hvm_modlist_entry *module;

	if (!reachable(start_info_gpa, sizeof(*info)))
		return refuse(why, "out of reach at ", start_info_gpa);
	if (info->magic != HVM_START_MAGIC)
		return refuse(why, "wrong magic ", info->magic);
	if (info->version < 1)
		return refuse(why, "no memory map in version ", info->version);
	if (info->nr_modules < 1)
		return refuse(why, "no module: give the device tree as the initrd; nr_modules is ",
			      info->nr_modules);
	if (!reachable(info->modlist_gpa, sizeof(*module)))
		return refuse(why, "module list out of reach at ", info->modlist_gpa);
	module = (const void *)(uintptr_t)info->modlist_gpa;
	if (!reachable(module->module_gpa, module->bytes))
		return refuse(why, "device tree out of reach at ", module->module_gpa);
	if (info->memmap_entries < 1 || info->memmap_entries > MEMMAP_MAX_ENTRIES)
		return refuse(why, "odd count of memory map entries ", info->memmap_entries);
	if (!reachable(info->memmap_gpa, info->memmap_entries * sizeof(struct hvm_memmap_entry)))
		return refuse(why, "memory map out of reach at ", info->memmap_gpa);
	h->fdt = (const void *)(uintptr_t)module->module_gpa;
	h->fdt_bytes = module->bytes;
	h->memmap = (const void *)(uintptr_t)info->memmap_gpa;
	h->memmap_entries = info->memmap_entries;
	return 0;
}

int startinfo_is_ram(const struct handover *h, uint64_t gpa, uint64_t bytes)
{
	uint64_t end = gpa + bytes;

	/* Each round moves gpa to the end of the entry it is in; a round that does not is a hole. */
	for (uint32_t round = 0; round < h->memmap_entries && gpa < end; round++) {
		uint64_t before = gpa;

		for (uint32_t i = 0; i < h->memmap_entries; i++) {
			const struct hvm_memmap_entry *m = &h->memmap[i];

			if (m->type == MEMMAP_RAM && m->start_gpa <= gpa && gpa - m->start_gpa < m->bytes)
				gpa = m->start_gpa + m->bytes;
		}
		if (gpa == before)
			break;
	}
	return gpa >= end;
}
