/*
 * The leaf rule: which page size KVM has to install for the arena.
 */
#ifndef MINIVMM_LAB_RECORD_LEAF_H
#define MINIVMM_LAB_RECORD_LEAF_H

#include <stdint.h>

#include "units.h"
#include "vmm/lab/record/record.h"

/*
 * Bytes of the expected leaf: under EPT and NPT the backing's page alone (Intel SDM vol. 3C, 29.3; AMD APM vol. 2,
 * 15.25), under shadow paging the smaller of guest page and backing page. 0: no rule is known.
 */
static inline uint64_t leaf_expected_bytes(const struct record *rec)
{
	if (is_two_dimensional(rec->host.second_dimension))
		return rec->config.page_bytes;
	if (rec->host.second_dimension == SECOND_SHADOW)
		return min_u64(rec->config.guest_page_bytes, rec->config.page_bytes);
	return 0;
}

#endif
