/*
 * Page tables of both dimensions, really built, in a sparse physical memory: what walk_list.c walks. Pure.
 *
 * There is one memory, the host's. The guest's tables are in it too, where the host's tables map their guest-physical
 * addresses. Both have entries in the format of ordinary x86-64 paging, as NPT
 * has it (AMD APM vol. 2, 15.25); EPT has other bits in the same shape (Intel SDM vol. 3C, 28.3).
 */
#ifndef MINIVMM_THEORY_WALK_WALK_TABLES_H
#define MINIVMM_THEORY_WALK_WALK_TABLES_H

#include "vmm/theory/walk/page_walk.h"
#include "vmm/theory/walk/walk_list.h"

#define FRAME_ENTRIES 512

/* 5 tables of the guest; below the host's root 4 for each of them and for the data, no two with one in common. */
#define WALK_MAX_FRAMES (5 + 1 + 6 * 4)

struct physical_frame {
	uint64_t pa; /* a multiple of 4 KiB */
	uint64_t entries[FRAME_ENTRIES];
};

struct walk_tables {
	struct page_walk_mode guest; /* its root is a GPA; natively and for shadow tables an HPA */
	struct page_walk_mode host;  /* levels = 0: there is none */
	uint64_t gva;                /* the one address that is mapped; with paging off it is gpa */
	uint64_t gpa;                /* where the guest's tables put it */
	uint64_t gpa_step;           /* from one page of the guest's to the next */
	uint64_t next_gpa, next_table_hpa, next_leaf_hpa; /* not in use yet */
	uint64_t host_leaf_bytes;
	uint32_t frame_count;
	struct physical_frame frames[WALK_MAX_FRAMES];
};

/*
 * Build the tables of a valid plan into *tables, which need not be initialised. 0, or -ENOMEM where they do not fit.
 */
int walk_tables_build(const struct walk_plan *plan, struct walk_tables *tables);

/* A page_walk_read: eight bytes at a host-physical address; -ENOENT where there is no memory. self: a walk_tables. */
int walk_tables_read(void *self, uint64_t hpa, uint64_t *entry);

/* Translate gpa by the host's tables; the walk is in *walk, and a hole in them is a fault there. */
void walk_tables_host(struct walk_tables *tables, uint64_t gpa, struct page_walk *walk);

#endif
