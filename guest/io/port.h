/*
 * Port output and input (ring 3 may, by IOPL 3), and the two ports that are only ever written: doorbell, exit.
 */
#ifndef MINIVMM_GUEST_IO_PORT_H
#define MINIVMM_GUEST_IO_PORT_H

#include <stdint.h>

#include "abi.h"

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

/* The TSC, unordered: good for milliseconds. */
static inline uint64_t cycles_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void doorbell_ring(enum doorbell what)
{
	port_write32(PORT_DOORBELL, (uint32_t)what);
}

/* The end of the machine; the loop is for a VMM that takes a moment, without HLT because ring 3 may not. */
__attribute__((noreturn)) static inline void machine_exit(enum guest_exit code)
{
	port_write8(PORT_EXIT, (uint8_t)code);
	for (;;)
		cpu_relax();
}

#endif
