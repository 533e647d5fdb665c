#include "vmm/core/machine/console.h"

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
