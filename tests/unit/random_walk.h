/*
 * Random page tables, and a second walk of them that shares nothing with vmm/theory/walk/page_walk.c: masks are numbers
 * from the SDM's figures of entries, and every level is written out.
 */
#ifndef MINIVMM_TESTS_UNIT_RANDOM_WALK_H
#define MINIVMM_TESTS_UNIT_RANDOM_WALK_H

#include "test.h"

#include <errno.h>

#include "vmm/theory/walk/page_walk.h"

#define RANDOM_FRAMES 24

/* Frames from physical address 0 on: few, so that tables share each other and loop. */
struct random_memory {
	struct page_walk_mode mode;
	uint64_t entries[RANDOM_FRAMES * 512];
};

static inline uint64_t random_u64(uint64_t *rng)
{
	uint64_t z = *rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t random_below(uint64_t *rng, uint64_t n)
{
	return random_u64(rng) % n;
}

/* Mostly a table or a leaf as an operating system would write it, now and then anything. */
static inline uint64_t random_entry(uint64_t *rng)
{
	uint64_t kind = random_below(rng, 100), flags = random_u64(rng) & 0x066;

	if (kind < 3)
		return random_u64(rng) & ~UINT64_C(1);
	if (kind < 8)
		return random_u64(rng) | 1;
	if (kind < 11)
		return random_below(rng, UINT64_C(1) << 36) << 12 | flags | 1;
	if (kind < 15)
		flags |= UINT64_C(1) << 63;
	if (kind < 30)
		return random_below(rng, 16) << 30 | flags | 0x81;
	if (kind < 33)
		return random_below(rng, 64) << 21 | flags | 0x81;
	return random_below(rng, RANDOM_FRAMES) << 12 | flags | 1;
}

/* The caller frees it. */
static inline struct random_memory *random_memory_make(uint64_t *rng)
{
	static const uint32_t widths[] = { 36, 39, 46, 52 };
	struct random_memory *m = malloc(sizeof(*m));

	assert_non_null(m);
	m->mode.levels = 4 + (uint32_t)random_below(rng, 2);
	m->mode.physical_bits = widths[random_below(rng, 4)];
	m->mode.nx = random_below(rng, 4) != 0;
	m->mode.pages_1g = random_below(rng, 4) != 0;
	m->mode.root_pa = random_below(rng, RANDOM_FRAMES) * 4096;
	for (uint32_t i = 0; i < RANDOM_FRAMES * 512; i++)
		m->entries[i] = random_entry(rng);
	return m;
}

static inline int random_memory_read(void *self, uint64_t pa, uint64_t *entry)
{
	const struct random_memory *m = self;

	assert_int_equal(pa % 8, 0);
	if (pa / 8 >= RANDOM_FRAMES * 512)
		return -ENOENT;
	*entry = m->entries[pa / 8];
	return 0;
}

/* Mostly canonical, in both halves. */
static inline uint64_t random_va(uint64_t *rng, uint32_t levels)
{
	uint64_t va = random_u64(rng);

	if (random_below(rng, 16) == 0)
		return va;
	va &= levels == 5 ? UINT64_C(0x00ffffffffffffff) : UINT64_C(0x00007fffffffffff);
	return random_below(rng, 2) == 0 ? va : ~va;
}

struct outcome {
	enum page_fault fault;
	uint32_t level; /* of the fault, or of the leaf */
	uint32_t entries;
	uint64_t pa, bytes, reserved;
	int writable, user, executable;
};

static inline int second_canonical(uint64_t va, uint32_t levels)
{
	if (levels == 4)
		return va < UINT64_C(0x0000800000000000) || va >= UINT64_C(0xffff800000000000);
	return va < UINT64_C(0x0100000000000000) || va >= UINT64_C(0xff00000000000000);
}

/* What must be 0 in a present entry there, and is not. */
static inline uint64_t second_reserved(const struct page_walk_mode *mode, uint64_t entry, uint32_t level)
{
	uint64_t bad = 0;

	for (uint32_t bit = mode->physical_bits; bit < 52; bit++)
		bad |= entry & (UINT64_C(1) << bit);
	if (!mode->nx)
		bad |= entry & UINT64_C(0x8000000000000000);
	switch (level) {
	case 5:
	case 4:
		bad |= entry & 0x80;
		break;
	case 3:
		if ((entry & 0x80) != 0)
			bad |= entry & (mode->pages_1g ? 0x3fffe000 : 0x3fffe080);
		break;
	case 2:
		if ((entry & 0x80) != 0)
			bad |= entry & 0x1fe000;
		break;
	default:
		break;
	}
	return bad;
}

static inline struct outcome second_walk(struct random_memory *m, uint64_t va)
{
	static const uint64_t offsets[] = { 0, 0xfff, 0x1fffff, 0x3fffffff };
	struct outcome o = { PAGE_FAULT_NOT_CANONICAL, 0, 0, 0, 0, 0, 1, 1, 1 };
	uint64_t table = m->mode.root_pa;

	if (!second_canonical(va, m->mode.levels))
		return o;
	for (o.level = m->mode.levels;; o.level--) {
		uint64_t number = table / 8 + ((va >> (9 * o.level + 3)) & 0x1ff), entry;

		o.fault = PAGE_FAULT_NO_MEMORY;
		if (number >= RANDOM_FRAMES * 512)
			return o;
		entry = m->entries[number];
		o.entries++;
		o.fault = PAGE_FAULT_NOT_PRESENT;
		if (entry % 2 == 0)
			return o;
		o.fault = PAGE_FAULT_RESERVED;
		o.reserved = second_reserved(&m->mode, entry, o.level);
		if (o.reserved != 0)
			return o;
		o.writable &= (int)(entry >> 1 & 1);
		o.user &= (int)(entry >> 2 & 1);
		o.executable &= (int)(~entry >> 63 & 1);
		table = entry & UINT64_C(0x000ffffffffff000);
		if (o.level == 1 || (o.level <= 3 && (entry & 0x80) != 0))
			break;
	}
	o.fault = PAGE_FAULT_NONE;
	o.bytes = offsets[o.level] + 1;
	o.pa = (table & ~offsets[o.level]) | (va & offsets[o.level]);
	return o;
}

static inline void assert_same_outcome(const struct page_walk *walk, const struct outcome *o)
{
	assert_int_equal(walk->fault, o->fault);
	assert_int_equal(walk->step_count, o->entries);
	assert_int_equal(walk->reserved, o->reserved);
	if (o->fault != PAGE_FAULT_NONE) {
		assert_int_equal(walk->fault_level, o->level);
		return;
	}
	assert_int_equal(walk->pa, o->pa);
	assert_int_equal(walk->leaf_bytes, o->bytes);
	assert_int_equal(walk->steps[walk->step_count - 1].level, o->level);
	assert_true(walk->steps[walk->step_count - 1].leaf);
	assert_int_equal(walk->writable, o->writable);
	assert_int_equal(walk->user, o->user);
	assert_int_equal(walk->executable, o->executable);
}

#endif
