#include "vmm/core/machine/stray.h"

#include <inttypes.h>
#include <stdio.h>

void stray_note(struct stray_log *log, bool mmio, bool write, uint64_t address)
{
	log->total++;
	for (uint32_t i = 0; i < log->places; i++) {
		struct stray_place *p = &log->place[i];

		if (p->mmio == mmio && p->write == write && p->address == address) {
			p->count++;
			return;
		}
	}
	if (log->places < STRAY_MAX_PLACES)
		log->place[log->places++] =
			(struct stray_place){ .mmio = mmio, .write = write, .address = address, .count = 1 };
}

const char *stray_describe(const struct stray_place *place, char *buf)
{
	(void)snprintf(buf, 80, "%s %s 0x%" PRIx64 " (%" PRIu64 " time%s)", place->write ? "wrote" : "read",
		       place->mmio ? "MMIO address" : "port", place->address, place->count,
		       place->count == 1 ? "" : "s");
	return buf;
}
