/*
 * What every negative guest is made of: the 32-bit PVH entry, port instructions, the exit. One property a guest.
 *
 * They run in ring 0 with paging off, as PVH enters them: a host that interprets ring 0 takes a few microseconds
 * for each instruction, so they are short. The entry note comes from the linker script.
 */
#ifndef TESTS_GUESTS_GUEST_H
#define TESTS_GUESTS_GUEST_H

#include <stdint.h>

#include "abi.h"

#define STACK_BYTES 4096

void guest_main(void);
void _start(void);

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void outsb(uint16_t port, const void *from, uint32_t bytes)
{
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(bytes) : "d"(port) : "memory");
}

static inline void outsl(uint16_t port, const void *from, uint32_t words)
{
	__asm__ volatile("rep outsl" : "+S"(from), "+c"(words) : "d"(port) : "memory");
}

/* A VMM that goes on after an exit would spin here until its watchdog ends it: another exit status. */
static inline __attribute__((noreturn)) void guest_exit(uint8_t value)
{
	outb(PORT_EXIT, value);
	for (;;)
		__asm__ volatile("pause");
}

static inline struct vcpu_block *guest_block(void)
{
	return (struct vcpu_block *)VCPU_BLOCKS_GPA;
}

static inline void guest_message(const char *text)
{
	volatile char *to = guest_block()->message;

	while ((*to++ = *text++) != '\0')
		;
}

/* End with a reason: the VMM did not do what this guest expects of it. */
static inline __attribute__((noreturn)) void guest_fail(const char *why)
{
	guest_block()->magic = VCPU_BLOCK_MAGIC;
	guest_block()->abi_version = MINIVMM_ABI_VERSION;
	guest_message(why);
	guest_exit(GUEST_EXIT_FAILED);
}

#endif
