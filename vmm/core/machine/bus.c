/* What the guest finds on its bus: a serial port that only transmits, and nothing else. */
#include <inttypes.h>
#include <stdio.h>

#include "vmm/core/machine/internal.h"

void console_put(struct console *c, unsigned char byte)
{
	if (byte == '\r')
		return;
	if (c->used >= CONSOLE_MAX_BYTES) {
		c->dropped_bytes++;
		return;
	}
	if (byte != '\n' && byte != '\t' && (byte < 0x20 || byte > 0x7e))
		byte = '?';
	c->text[c->used++] = (char)byte;
	c->text[c->used] = '\0';
}

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
