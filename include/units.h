/*
 * Page sizes, alignment and checked arithmetic, for both sides of the ABI.
 *
 * Freestanding: no libc, no allocation, no I/O.
 */
#ifndef MINIVMM_UNITS_H
#define MINIVMM_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

/* The three leaf sizes of x86-64 paging (Intel SDM vol. 3A, 4.5; AMD APM vol. 2, 5.3). */
#define PAGE_4K (4 * KIB)
#define PAGE_2M (2 * MIB)
#define PAGE_1G (1 * GIB)

#define CACHE_LINE_BYTES UINT64_C(64)

/* Elements of an array; not for a pointer. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static inline bool is_pow2(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* Largest multiple of `align` (a power of two) not above `value`. */
static inline uint64_t align_down(uint64_t value, uint64_t align)
{
	return value & ~(align - 1);
}

/* Smallest multiple of `align` (a power of two) not below `value`; the caller keeps it below 2^64 - align. */
static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return align_down(value + align - 1, align);
}

/* a / b, rounded up. */
static inline uint64_t divide_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static inline bool is_aligned(uint64_t value, uint64_t align)
{
	return (value & (align - 1)) == 0;
}

/* The checked forms return false and leave *out unspecified when the exact result does not fit 64 bits. */
static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

static inline bool checked_mul(uint64_t a, uint64_t b, uint64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline bool checked_align_up(uint64_t value, uint64_t align, uint64_t *out)
{
	if (!checked_add(value, align - 1, out))
		return false;
	*out = align_down(*out, align);
	return true;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
