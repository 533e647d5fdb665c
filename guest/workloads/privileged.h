/*
 * Instructions that only ring 0 may execute, for bodies that platform->privileged runs there. Each is one instruction
 * of a fixed form, so that hosts which decode what they emulate have the easiest case.
 */
#ifndef MINIVMM_WORKLOADS_PRIVILEGED_H
#define MINIVMM_WORKLOADS_PRIVILEGED_H

#include <stdint.h>

static inline uint64_t cr8_read(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr8, %0" : "=a"(value));
	return value;
}

static inline void cr8_write(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr8" : : "a"(value) : "memory");
}

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* Forget the translation of one page. Serialising (Intel SDM vol. 2A, INVLPG). */
static inline void tlb_forget_page(uint64_t gva)
{
	__asm__ volatile("invlpg (%0)" : : "a"(gva) : "memory");
}

static inline uint64_t cr3_read(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=a"(value));
	return value;
}

/* Forgets all translations that are not global, also where the value is the old one. */
static inline void cr3_write(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "a"(value) : "memory");
}

#endif
