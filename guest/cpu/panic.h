/*
 * The ring-3 half of a panic: the record is complete, say what it means.
 */
#ifndef MINIVMM_GUEST_CPU_PANIC_H
#define MINIVMM_GUEST_CPU_PANIC_H

#include "guest/cpu/cpu.h"

/* Entered by ring 0 (vectors.S) on the vCPU's panic stack. */
__attribute__((noreturn)) void panic_main(const struct cpu *cpu);

#endif
