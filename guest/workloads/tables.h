/*
 * The guest's page tables as the workloads that change them see them: from an address to its leaf entry. Four levels,
 * as the guest has them (Intel SDM vol. 3A, 4.5; AMD APM vol. 2, 5.3).
 *
 * Tables lie at GVA = GPA (struct platform), so the address of a table in an entry is a pointer.
 */
#ifndef MINIVMM_WORKLOADS_TABLES_H
#define MINIVMM_WORKLOADS_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "privileged.h"
#include "random.h"
#include "units.h"
#include "workload.h"
#include "x86.h"

#define TABLES_ENTRIES UINT64_C(512)
#define TABLES_LEVELS 4

/* Bits 12 to 51: the address in an entry, and in CR3. A large leaf keeps its PAT bit in bit 12, which is 0 here. */
#define TABLES_ADDRESS UINT64_C(0x000ffffffffff000)

/* Bytes that an entry of a table of that level spans: 4 KiB at level 1, the page table; 512 GiB at 4, the PML4. */
static inline uint64_t tables_span_bytes(uint32_t level)
{
	return PAGE_4K << (9 * (level - 1));
}

/* Which entry of its table of that level translates the address. */
static inline uint64_t tables_index(uint64_t gva, uint32_t level)
{
	return gva / tables_span_bytes(level) % TABLES_ENTRIES;
}

/*
 * The leaf entry that translates gva, and in *leaf_bytes (unless NULL) what it maps. NULL where nothing is mapped.
 * An entry is followed by its neighbours: those of the next leaves, as far as tables_index() stays in the table.
 */
static inline uint64_t *tables_leaf(uint64_t *pml4, uint64_t gva, uint64_t *leaf_bytes)
{
	uint64_t *table = pml4;

	for (uint32_t level = TABLES_LEVELS; level >= 1; level--) {
		uint64_t *entry = &table[tables_index(gva, level)];

		if ((*entry & PTE_PRESENT) == 0)
			return NULL;
		if (level == 1 || (level < TABLES_LEVELS && (*entry & PTE_LEAF) != 0)) {
			if (leaf_bytes != NULL)
				*leaf_bytes = tables_span_bytes(level);
			return entry;
		}
		table = (uint64_t *)(uintptr_t)(*entry & TABLES_ADDRESS);
	}
	return NULL;
}

/* The entry that differs from `entry` only in where it leads; flags gain A and D, so that no walk has to set them. */
static inline uint64_t tables_redirect(uint64_t entry, uint64_t leaf_gpa)
{
	return (entry & ~TABLES_ADDRESS) | leaf_gpa | PTE_ACCESSED | PTE_DIRTY;
}

/* The stamp of the first leaf, by which a touch tells what memory it sees; each further leaf has one more. */
static inline uint64_t tables_first_stamp(const struct workload_ctx *ctx)
{
	return random_mix(ctx->seed ^ RANDOM_GAMMA);
}

/* Whether there are page tables here that a workload can change. */
static inline bool tables_changeable(const struct platform *platform)
{
	return platform != NULL && platform->privileged != NULL && platform->pml4 != NULL;
}

static inline void tables_flush_body(void *unused)
{
	(void)unused;
	cr3_write(cr3_read());
}

/* From ring 3: this vCPU forgets all translations. */
static inline void tables_flush(const struct platform *platform)
{
	platform->privileged(tables_flush_body, NULL);
}

#endif
