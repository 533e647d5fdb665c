/*
 * dirty_storm: begins phases that make KVM log dirty pages, without an end, then ends in the middle of one. The VMM
 * has to leave the log as it was, each time.
 */
#include "result.h"

void guest_main(void)
{
	struct vcpu_block *block = guest_block();

	result_begin(block);
	for (uint32_t i = 0; i < 20; i++) {
		block->result.workload = i % 5 == 4 ? UINT32_MAX : WORKLOAD_dirty;
		block->result.variant = i % 2 == 0 ? VARIANT_WRITE_LOGGED : VARIANT_READ_LOGGED;
		outl(PORT_DOORBELL, DOORBELL_BEGIN);
	}
}
