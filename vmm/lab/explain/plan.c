#include "vmm/lab/explain/plan.h"

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"

static uint64_t address_asked(const struct request *r)
{
	if (!r->explain.gva_given)
		return ARENA_GVA;
	return r->explain.gva_in_arena ? ARENA_GVA + r->explain.gva : r->explain.gva;
}

struct explain_address explain_address_of(const struct request *r, const struct config *c)
{
	struct explain_address address = { .gva = address_asked(r) };

	address.touched = address.gva >= ARENA_GVA && address.gva - ARENA_GVA < c->map.arena_bytes;
	return address;
}

int explain_plan(struct request *r, uint64_t page_bytes, struct config *c, struct error *e)
{
	struct explain_address address;
	uint64_t unused;
	int ret;

	if (r->explain.gva_in_arena && !checked_add(ARENA_GVA, r->explain.gva, &unused))
		return error_set(e, STATUS_USAGE, 0, "--gva", "arena+0x%llx is more than 64 bits can address",
				 (unsigned long long)r->explain.gva);
	r->vcpus = 1;
	r->workload_count = 0;
	r->workloads_given = true;
	r->set_count = 0;
	r->accesses = 0;
	r->repeat = 1;
	/* Without steps first: where the arena lies decides what they are. */
	ret = config_make(r, page_bytes, c, e);
	if (ret != 0)
		return ret;
	address = explain_address_of(r, c);
	if (!address.touched)
		return 0;
	r->workload_count = 1;
	r->workloads[0] = WORKLOAD_peek;
	r->set_count = 1;
	r->sets_bytes[0] = align_down(address.gva - ARENA_GVA, PAGE_4K) + PAGE_4K;
	return config_make(r, page_bytes, c, e);
}

static void take_backing(struct request *r, enum backing_kind kind, uint64_t page_bytes)
{
	r->backing = kind;
	r->mem_path = NULL;
	r->page_bytes = page_bytes;
}

/*
 * On Linux 6.1, and not there alone, a huge page that is first read, then written, becomes a small one: the read maps zeros
 * that all share, and only a small page of them is copied. Populating writes first.
 */
static bool wants_populating(const struct request *after)
{
	return after->backing == BACKING_THP;
}

void explain_before_after(const struct request *r, struct request *before, struct request *after)
{
	bool guest = r->explain.after != DIMENSIONS_HOST, host = r->explain.after != DIMENSIONS_GUEST;

	*before = *r;
	/* The same for both runs, so that the address is one of the arena in both or in neither. */
	before->memory_bytes = max_u64(r->memory_bytes, 2 * r->explain.after_bytes);
	*after = *before;
	before->guest_page_bytes = PAGE_4K;
	take_backing(before, BACKING_ANON, 0);
	after->guest_page_bytes = guest ? r->explain.after_bytes : PAGE_4K;
	if (!host) {
		take_backing(after, BACKING_ANON, 0);
	} else if (!r->explain.backing_given && r->explain.after_bytes == PAGE_2M) {
		take_backing(after, BACKING_THP, PAGE_2M);
	} else if (!r->explain.backing_given) {
		take_backing(after, BACKING_HUGETLB, r->explain.after_bytes);
	}
	if (wants_populating(after))
		before->prealloc = after->prealloc = true;
}

int explain_check_after(const struct request *r, uint64_t page_bytes, struct error *e)
{
	char asked[24], has[24];

	if (r->explain.after_bytes == 0 || !r->explain.backing_given)
		return 0;
	(void)size_format(r->explain.after_bytes, asked);
	if (r->explain.after == DIMENSIONS_GUEST && r->backing == BACKING_ANON)
		return 0;
	if (r->explain.after == DIMENSIONS_GUEST)
		return error_set(e, STATUS_USAGE, 0, "--before-after",
				 "guest:%s compares two guests on anonymous memory in 4K pages, so no other "
				 "backing can be chosen",
				 asked);
	if (page_bytes != r->explain.after_bytes)
		return error_set(e, STATUS_USAGE, 0, "--before-after",
				 "%s pages of the host are asked for, but the backing chosen has pages of %s",
				 asked, size_format(page_bytes, has));
	return 0;
}
