/*
 * Every look-up fills both levels. The STLB is asked, and so refreshed, where the dTLB misses alone.
 */
#include "vmm/theory/simulate/tlb.h"

int tlb_init(struct tlb *tlb, const struct cpu_model *cpu, uint64_t leaf_bytes)
{
	struct cpu_tlb first = cpu_tlb(cpu, false, leaf_bytes);
	struct cpu_tlb second = cpu_tlb(cpu, true, leaf_bytes);
	int ret;

	*tlb = (struct tlb){ .leaf_bytes = leaf_bytes, .stlb_entry_bytes = second.entry_bytes };
	ret = lru_init(&tlb->dtlb, first.sets, first.ways, first.hashed);
	return ret != 0 ? ret : lru_init(&tlb->stlb, second.sets, second.ways, second.hashed);
}

void tlb_free(struct tlb *tlb)
{
	lru_free(&tlb->dtlb);
	lru_free(&tlb->stlb);
}

enum tlb_result tlb_look(struct tlb *tlb, uint64_t address)
{
	if (lru_touch(&tlb->dtlb, address / tlb->leaf_bytes))
		return TLB_DTLB_HIT;
	return lru_touch(&tlb->stlb, address / tlb->stlb_entry_bytes) ? TLB_STLB_HIT : TLB_MISS;
}
