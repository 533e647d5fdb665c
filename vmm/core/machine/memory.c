/* Guest-physical addresses into host pointers, and making them present. */
#include <errno.h>
#include <inttypes.h>

#include "units.h"
#include "vmm/core/memory/populate.h"
#include "vmm/host/pool/explain.h"
#include "vmm/core/machine/machine.h"

static void *gpa_to_host(const struct machine *m, uint64_t gpa, uint64_t bytes)
{
	uint64_t offset_bytes = memmap_offset(&m->rec->config.map, gpa, bytes);

	return offset_bytes != UINT64_MAX ? backing_at(&m->ram.backing, offset_bytes, bytes) : NULL;
}

void *machine_claim(struct machine *m, uint64_t gpa, uint64_t bytes, struct error *e)
{
	const struct backing_spec *spec = &m->ram.backing.spec;
	void *at = gpa_to_host(m, gpa, bytes);
	uintptr_t start;
	int ret;

	if (at == NULL) {
		(void)error_set(e, STATUS_FAILED, EFAULT, "guest memory",
				"GPA 0x%" PRIx64 " with %" PRIu64 " bytes is not RAM", gpa, bytes);
		return NULL;
	}
	start = align_down((uintptr_t)at, PAGE_4K);
	ret = populate_range((void *)start, align_up((uintptr_t)at + bytes, PAGE_4K) - start);
	if (ret == 0)
		return at;
	if (backing_has_pool(spec))
		(void)pool_explain("", spec->page_bytes, spec->page_bytes,
				   spec->reserve ? spec->page_bytes : 0, spec->host_nodes, -ret,
				   "populating the guest's low memory", e);
	else
		(void)error_set(e, STATUS_FAILED, -ret, "populate",
				"no memory for %" PRIu64 " bytes of guest RAM at GPA 0x%" PRIx64, bytes, gpa);
	return NULL;
}
