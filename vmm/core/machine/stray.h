/*
 * Accesses to ports and MMIO addresses that nobody serves: answered like an empty bus, counted, reported.
 */
#ifndef MINIVMM_CORE_MACHINE_STRAY_H
#define MINIVMM_CORE_MACHINE_STRAY_H

#include <stdbool.h>
#include <stdint.h>

#define STRAY_MAX_PLACES 6

struct stray_place {
	bool mmio, write;
	uint64_t address; /* port number or GPA */
	uint64_t count;
};

struct stray_log {
	uint64_t total;
	uint32_t places;
	struct stray_place place[STRAY_MAX_PLACES]; /* the first distinct ones */
};

void stray_note(struct stray_log *log, bool mmio, bool write, uint64_t address);

/* "wrote port 0x1234 (3 times)"; buf of at least 80 bytes. */
const char *stray_describe(const struct stray_place *place, char *buf);

#endif
