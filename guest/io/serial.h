/*
 * A 16550 to talk to other VMMs with: transmit only, polled, outside every timed part.
 */
#ifndef MINIVMM_GUEST_IO_SERIAL_H
#define MINIVMM_GUEST_IO_SERIAL_H

#include <stdbool.h>

/*
 * Whether anything is printed at all: /chosen's minivmm,serial-report. On until the tree has been read, because
 * a missing tree cannot be reported in any other way.
 */
void serial_enable(bool on);
bool serial_enabled(void);

/* A line, with its line end; nothing when disabled. */
void serial_line(const char *line);

#endif
