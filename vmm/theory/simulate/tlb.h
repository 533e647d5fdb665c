/*
 * Both levels of TLB for pages of one size.
 */
#ifndef MINIVMM_THEORY_SIMULATE_TLB_H
#define MINIVMM_THEORY_SIMULATE_TLB_H

#include "vmm/theory/simulate/cpu.h"
#include "vmm/theory/simulate/lru.h"

enum tlb_result { TLB_DTLB_HIT, TLB_STLB_HIT, TLB_MISS };

struct tlb {
	struct lru dtlb, stlb;
	uint64_t leaf_bytes;       /* what an entry of the dTLB covers */
	uint64_t stlb_entry_bytes; /* of the STLB: less where it smashes 1G pages */
};

/* Empty TLBs of *cpu for pages of leaf_bytes. 0, -E2BIG or -ENOMEM; tlb_free releases them, also after an error. */
int tlb_init(struct tlb *tlb, const struct cpu_model *cpu, uint64_t leaf_bytes);
void tlb_free(struct tlb *tlb);

/* Look an address up. The entry is in both levels afterwards, as if the walk had filled it in where it missed. */
enum tlb_result tlb_look(struct tlb *tlb, uint64_t address);

#endif
