#include "guest/io/serial.h"

#include <stdint.h>

#include "abi.h"
#include "guest/io/port.h"

/* Many times what 115200 baud needs for a byte; after that there is no UART, or a stuck one. */
#define POLLS_MAX 100000

static bool disabled;

void serial_enable(bool on)
{
	disabled = !on;
}

bool serial_enabled(void)
{
	return !disabled;
}

static void put(char c)
{
	for (uint32_t i = 0; i < POLLS_MAX; i++) {
		if (port_read8(PORT_SERIAL_LSR) & SERIAL_LSR_THR_EMPTY)
			break;
		cpu_relax();
	}
	port_write8(PORT_SERIAL, (uint8_t)c);
}

void serial_line(const char *line)
{
	if (disabled)
		return;
	for (; *line != '\0'; line++)
		put(*line);
	put('\n');
}
