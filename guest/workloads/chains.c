/*
 * The loops: one for each number of cursors, because a cursor that is not in a register would add loads and stores of its
 * own. In assembly, so that no compiler has a choice: `objdump -d` of this object shows CHAINS_UNROLL times as many loads
 * as cursors, a dec and a jump between two labels, and nothing else. Twelve cursors and the counter leave two of the
 * fifteen general registers.
 */
#include "chains.h"

#include "timing.h"

/* The operands and the loads of so many cursors. */
#define CURSORS_2 [c0] "+r"(c0), [c1] "+r"(c1)
#define CURSORS_3 CURSORS_2, [c2] "+r"(c2)
#define CURSORS_4 CURSORS_3, [c3] "+r"(c3)
#define CURSORS_5 CURSORS_4, [c4] "+r"(c4)
#define CURSORS_6 CURSORS_5, [c5] "+r"(c5)
#define CURSORS_7 CURSORS_6, [c6] "+r"(c6)
#define CURSORS_8 CURSORS_7, [c7] "+r"(c7)
#define CURSORS_9 CURSORS_8, [c8] "+r"(c8)
#define CURSORS_10 CURSORS_9, [c9] "+r"(c9)
#define CURSORS_11 CURSORS_10, [c10] "+r"(c10)
#define CURSORS_12 CURSORS_11, [c11] "+r"(c11)

#define LOAD(cursor) "mov\t(%[" cursor "]), %[" cursor "]\n\t"
#define LOADS_2 LOAD("c0") LOAD("c1")
#define LOADS_3 LOADS_2 LOAD("c2")
#define LOADS_4 LOADS_3 LOAD("c3")
#define LOADS_5 LOADS_4 LOAD("c4")
#define LOADS_6 LOADS_5 LOAD("c5")
#define LOADS_7 LOADS_6 LOAD("c6")
#define LOADS_8 LOADS_7 LOAD("c7")
#define LOADS_9 LOADS_8 LOAD("c8")
#define LOADS_10 LOADS_9 LOAD("c9")
#define LOADS_11 LOADS_10 LOAD("c10")
#define LOADS_12 LOADS_11 LOAD("c11")

#define WALK(n)                                                                                              \
	case n:                                                                                              \
		__asm__ volatile("1:\n\t.rept %c[unroll]\n\t" LOADS_##n ".endr\n\tdec\t%[rounds]\n\tjnz\t1b" \
				 : CURSORS_##n, [rounds] "+r"(rounds)                                        \
				 : [unroll] "i"(CHAINS_UNROLL)                                               \
				 : "cc", "memory");                                                          \
		break;

uint64_t chains_walk(uint64_t *cursors, uint32_t chains, uint64_t rounds)
{
	uint64_t c0 = cursors[0], c1 = cursors[1], c2 = cursors[2], c3 = cursors[3], c4 = cursors[4],
		 c5 = cursors[5], c6 = cursors[6], c7 = cursors[7], c8 = cursors[8], c9 = cursors[9],
		 c10 = cursors[10], c11 = cursors[11];
	uint64_t start_cycles = tsc_read(), cycles;

	switch (chains) {
		WALK(2)
		WALK(3)
		WALK(4)
		WALK(5)
		WALK(6)
		WALK(7)
		WALK(8)
		WALK(9)
		WALK(10)
		WALK(11)
		WALK(12)
	default:
		break;
	}
	cycles = tsc_read() - start_cycles;
	cursors[0] = c0, cursors[1] = c1, cursors[2] = c2, cursors[3] = c3, cursors[4] = c4, cursors[5] = c5;
	cursors[6] = c6, cursors[7] = c7, cursors[8] = c8, cursors[9] = c9, cursors[10] = c10,
	cursors[11] = c11;
	return cycles;
}
