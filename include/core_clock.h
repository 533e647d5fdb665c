/*
 * How many TSC cycles a core cycle takes, read beside a sample. The TSC counts at a fixed rate; the core's clock follows
 * turbo, temperature and neighbours, and CPU vendors state latencies in core cycles.
 *
 * A chain of dependent register-register adds takes one core cycle an add on every x86-64 core: caches do not slow it, a
 * busy SMT sibling only its beginning. An add of a constant would not do: Golden Cove and later cores fold a chain of them at
 * rename (A. Ertl, "Dependent additions", complang.tuwien.ac.at; uops.info, ADD_R64_I8 on Alder Lake P: 0.2 cycles). The
 * chain is timed at two lengths: fences, loop entry and the TSC itself cost the same both times and cancel.
 */
#ifndef MINIVMM_CORE_CLOCK_H
#define MINIVMM_CORE_CLOCK_H

#include <stdint.h>

#include "timing.h"

/* The shorter chain; the longer one has twice as many. Both are multiples of CORE_CLOCK_UNROLL. */
#define CORE_CLOCK_ADDS 4096
#define CORE_CLOCK_UNROLL 16

/* TSC cycles of the chain of CORE_CLOCK_ADDS adds and of the one twice as long. UINT32_MAX: that many, or more. */
struct core_clock {
	uint32_t once_cycles, twice_cycles;
};

/* The TSC cycles of `adds` dependent adds, with what it costs to time them. */
static inline uint32_t core_clock_chain(uint32_t adds)
{
	uint64_t sum = 1, term = 3, start_cycles, cycles;
	uint32_t rounds = adds / CORE_CLOCK_UNROLL;

	start_cycles = tsc_read();
	__asm__ volatile(
		"1:\n\t.rept %c[unroll]\n\tadd\t%[term], %[sum]\n\t.endr\n\tdec\t%[rounds]\n\tjnz\t1b"
		: [sum] "+&r"(sum), [rounds] "+&r"(rounds)
		: [term] "r"(term), [unroll] "i"(CORE_CLOCK_UNROLL)
		: "cc");
	cycles = tsc_read() - start_cycles;
	return cycles < UINT32_MAX ? (uint32_t)cycles : UINT32_MAX;
}

/* Of two readings the shorter chain of each length: nothing makes one shorter than the core's clock does. */
static inline void core_clock_shorten(struct core_clock *least, const struct core_clock *other)
{
	if (other->once_cycles < least->once_cycles)
		least->once_cycles = other->once_cycles;
	if (other->twice_cycles < least->twice_cycles)
		least->twice_cycles = other->twice_cycles;
}

/*
 * Each chain twice, because a busy SMT sibling delays the beginning of some. Neither memory nor a call: what is in caches
 * and TLBs stays there. About 24,000 core cycles.
 */
static inline struct core_clock core_clock_read(void)
{
	struct core_clock least = { UINT32_MAX, UINT32_MAX };

	for (int i = 0; i < 2; i++) {
		struct core_clock clock = { .once_cycles = core_clock_chain(CORE_CLOCK_ADDS) };

		clock.twice_cycles = core_clock_chain(2 * CORE_CLOCK_ADDS);
		core_clock_shorten(&least, &clock);
	}
	return least;
}

#endif
