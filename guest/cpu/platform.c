#include "guest/cpu/platform.h"

#include "guest/cpu/upcall.h"
#include "guest/io/port.h"
#include "units.h"

/*
 * Long enough that the way to ring 0 and back (some thousand cycles) is small beside it, short enough that a host
 * that interprets ring 0, a thousand times slower, needs some milliseconds.
 */
#define LOOP_TURNS 8192
#define LOOP_TRIES 3

static void leave_kernel(void)
{
	port_write32(PORT_KERNEL, 0);
}

static void leave_user(void)
{
	port_write32(PORT_USER, 0);
}

void platform_start(struct platform *platform, uint64_t *pml4, uint64_t arena_gpa, int kernel_port)
{
	platform->privileged = upcall_call;
	platform->leave = kernel_port ? leave_kernel : leave_user;
	platform->pml4 = pml4;
	platform->arena_gpa = arena_gpa;
	platform->kernel_port = kernel_port != 0;
}

static void turn(void *unused)
{
	uint64_t turns = LOOP_TURNS;

	(void)unused;
	__asm__ volatile("1:\tdec\t%0\n\tjnz\t1b" : "+r"(turns) : : "cc");
}

static void turn_here(void (*body)(void *), void *argument)
{
	body(argument);
}

/* The least of several: a host that takes the CPU away in one of them says nothing about the ring. */
static uint64_t least_cycles(void (*call)(void (*body)(void *), void *argument))
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < LOOP_TRIES; i++) {
		uint64_t start_cycles = cycles_now();

		call(turn, NULL);
		least = min_u64(least, cycles_now() - start_cycles);
	}
	return least;
}

void platform_compare_rings(struct vcpu_block *block)
{
	block->ring3_loop_cycles = least_cycles(turn_here);
	block->ring0_loop_cycles = least_cycles(upcall_call);
}
