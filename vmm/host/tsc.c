#include <cpuid.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#include "vmm/host/facts.h"
#include "vmm/util/clock.h"

#define HYPERVISOR_LEAF 0x40000000u
#define HYPERVISOR_TIMING_LEAF 0x40000010u
#define CPUID1_ECX_HYPERVISOR (1u << 31)
#define MEASURE_NS 20000000L

/* A stated frequency outside 100 MHz to 10 GHz is not believed. */
static bool plausible_khz(uint64_t khz)
{
	return khz >= 100000 && khz <= 10000000;
}

/*
 * Leaf 0x15: TSC = crystal * EBX / EAX (SDM vol. 3B, 19.7.3). Leaf 0x40000010 is VMware's timing leaf, EAX in kHz;
 * it is read only under hypervisors that are known to follow VMware there.
 */
static uint64_t stated_khz(void)
{
	uint32_t a, b, c, d;
	char signature[12];

	if (__get_cpuid_count(0x15, 0, &a, &b, &c, &d) && a != 0 && b != 0 && c != 0) {
		uint64_t khz = (uint64_t)c * b / a / 1000;

		if (plausible_khz(khz))
			return khz;
	}
	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & CPUID1_ECX_HYPERVISOR) == 0)
		return 0;
	__cpuid(HYPERVISOR_LEAF, a, b, c, d);
	memcpy(signature, &b, 4);
	memcpy(signature + 4, &c, 4);
	memcpy(signature + 8, &d, 4);
	if (a < HYPERVISOR_TIMING_LEAF ||
	    (memcmp(signature, "VMwareVMware", 12) != 0 && memcmp(signature, "KVMKVMKVM\0\0\0", 12) != 0))
		return 0;
	__cpuid(HYPERVISOR_TIMING_LEAF, a, b, c, d);
	return plausible_khz(a) ? a : 0;
}

struct instant {
	uint64_t ns, tsc;
};

static uint64_t raw_ns(void)
{
	struct timespec t = { 0, 0 };

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Both clocks at one moment: of several tries the one with the least time between the two readings. */
static struct instant read_both(void)
{
	struct instant best = { 0, 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 16; i++) {
		uint64_t before = __rdtsc();
		uint64_t ns = raw_ns();
		uint64_t after = __rdtsc();

		if (after - before < least) {
			least = after - before;
			best.ns = ns;
			best.tsc = before + (after - before) / 2;
		}
	}
	return best;
}

uint64_t facts_tsc_khz(void)
{
	const struct timespec pause = { 0, MEASURE_NS };
	uint64_t khz = stated_khz();
	struct instant first, second;

	if (khz != 0)
		return khz;
	first = read_both();
	/* A signal that ends the sleep makes the interval shorter, not wrong. */
	(void)nanosleep(&pause, NULL);
	second = read_both();
	if (second.ns <= first.ns)
		return 0;
	return (uint64_t)((double)(second.tsc - first.tsc) * 1e6 / (double)(second.ns - first.ns) + 0.5);
}
