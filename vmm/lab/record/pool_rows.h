/*
 * The moments at which the hugetlb pool was read, for the files of report/ alone.
 */
#ifndef MINIVMM_LAB_RECORD_POOL_ROWS_H
#define MINIVMM_LAB_RECORD_POOL_ROWS_H

#include <stdbool.h>

#include "vmm/lab/record/record.h"

static inline const char *pool_moment_name(int moment)
{
	static const char *const names[POOL_MOMENTS] = { "before", "mapped", "populated", "ran", "closed" };

	return moment >= 0 && moment < POOL_MOMENTS ? names[moment] : "unknown";
}

/* A run that stopped early leaves later moments at zero: they were never read. */
static inline bool pool_moment_known(const struct record *rec, int moment)
{
	const struct pool_counts *c = &rec->machine.pool[moment], *before = &rec->machine.pool[POOL_BEFORE];

	return (c->total | c->free | c->reserved | c->surplus) != 0 || before->total == 0;
}

#endif
