/*
 * The page-table pool: a piece of RAM set aside by the VMM, handed out page by page, never given back.
 */
#ifndef MINIVMM_GUEST_MM_POOL_H
#define MINIVMM_GUEST_MM_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "units.h"

#define TABLE_ENTRIES 512

struct table_pool {
	uint64_t next_gpa;
	uint64_t end_gpa;
};

/* Identity-mapped pool [gpa, gpa + bytes), both multiples of 4 KiB. */
static inline void pool_start(struct table_pool *pool, uint64_t gpa, uint64_t bytes)
{
	pool->next_gpa = gpa;
	pool->end_gpa = gpa + bytes;
}

/* A table whose contents are undefined, at GVA = GPA; NULL when the pool is exhausted. */
static inline uint64_t *pool_alloc(struct table_pool *pool)
{
	uint64_t gpa = pool->next_gpa;

	if (pool->end_gpa - gpa < PAGE_4K)
		return NULL;
	pool->next_gpa = gpa + PAGE_4K;
	return (uint64_t *)(uintptr_t)gpa;
}

#endif
