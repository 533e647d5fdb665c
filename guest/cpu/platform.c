#include "guest/cpu/platform.h"

#include "guest/cpu/upcall.h"
#include "guest/io/port.h"

/*
 * Long enough that the way to ring 0 and back (some thousand cycles) is small beside it, short enough that a host
 * that interprets ring 0, a thousand times slower, needs some milliseconds.
 */
#define LOOP_TURNS 8192

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

void platform_compare_rings(struct vcpu_block *block)
{
	uint64_t start_cycles = cycles_now();

	turn(NULL);
	block->ring3_loop_cycles = cycles_now() - start_cycles;
	start_cycles = cycles_now();
	upcall_call(turn, NULL);
	block->ring0_loop_cycles = cycles_now() - start_cycles;
}
