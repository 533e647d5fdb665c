/*
 * What the guest wrote on its serial port: bounded, printable, handed out at the end.
 */
#ifndef MINIVMM_CORE_MACHINE_CONSOLE_H
#define MINIVMM_CORE_MACHINE_CONSOLE_H

#include <stdint.h>

#define CONSOLE_MAX_BYTES 16384

struct console {
	uint32_t used;
	uint64_t dropped_bytes;
	char text[CONSOLE_MAX_BYTES + 1]; /* NUL-terminated */
};

/* Add one byte. Control characters but newline and tab become '?': a guest must not drive the user's terminal. */
void console_put(struct console *c, unsigned char byte);

#endif
