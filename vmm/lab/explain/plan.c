#include "vmm/lab/explain/spec.h"

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "vmm/lab/measure/plan.h"

struct explain_address explain_address_of(const struct explain_spec *x, const struct config *c)
{
	uint64_t gva = !x->gva_given ? ARENA_GVA : x->gva_in_arena ? ARENA_GVA + x->gva : x->gva;

	return (struct explain_address){ gva, gva >= ARENA_GVA && gva - ARENA_GVA < c->map.arena_bytes };
}

int explain_plan(const struct explain_spec *x, uint64_t page_bytes, struct run_spec *r, struct config *c,
		 struct error *e)
{
	struct explain_address address;
	uint64_t unused;
	int ret;

	if (x->gva_in_arena && !checked_add(ARENA_GVA, x->gva, &unused))
		return error_set(e, STATUS_USAGE, 0, "--gva", "arena+0x%llx is more than 64 bits can address",
				 (unsigned long long)x->gva);
	r->machine.vcpus = 1;
	r->work.workload_count = 0;
	r->workloads_given = true;
	r->work.set_count = 0;
	r->work.accesses = 0;
	r->repeat = 1;
	/* First without steps: the size of the arena decides whether there is one. */
	ret = plan_make(r, page_bytes, c, e);
	if (ret != 0)
		return ret;
	address = explain_address_of(x, c);
	if (!address.touched)
		return 0;
	r->work.workload_count = 1;
	r->work.workloads[0] = WORKLOAD_peek;
	r->work.set_count = 1;
	r->work.sets_bytes[0] = align_down(address.gva - ARENA_GVA, PAGE_4K) + PAGE_4K;
	return plan_make(r, page_bytes, c, e);
}

static void set_backing(struct run_spec *r, enum backing_kind kind, uint64_t page_bytes)
{
	r->machine.backing = kind;
	r->machine.mem_path = NULL;
	r->machine.page_bytes = page_bytes;
}

/*
 * On Linux 6.1 and others, a huge page that is first read and then written becomes a small one: the read maps
 * the shared huge page of zeros, and the write copies only 4K of it. Populating writes first.
 */
static bool wants_populating(const struct run_spec *after)
{
	return after->machine.backing == BACKING_THP;
}

void explain_before_after(const struct explain_spec *x, const struct run_spec *r, struct run_spec *before,
			  struct run_spec *after)
{
	bool guest = x->after != DIMENSIONS_HOST, host = x->after != DIMENSIONS_GUEST;

	*before = *r;
	/* Both runs have the same memory, so that the address lies in the arena in both or in neither. */
	before->machine.memory_bytes = max_u64(r->machine.memory_bytes, 2 * x->after_bytes);
	*after = *before;
	before->machine.guest_page_bytes = PAGE_4K;
	set_backing(before, BACKING_ANON, 0);
	after->machine.guest_page_bytes = guest ? x->after_bytes : PAGE_4K;
	if (!host) {
		set_backing(after, BACKING_ANON, 0);
	} else if (!x->backing_given && x->after_bytes == PAGE_2M) {
		set_backing(after, BACKING_THP, PAGE_2M);
	} else if (!x->backing_given) {
		set_backing(after, BACKING_HUGETLB, x->after_bytes);
	}
	if (wants_populating(after))
		before->machine.populate = after->machine.populate = POPULATE_PREALLOC;
}

int explain_check_after(const struct explain_spec *x, enum backing_kind backing, uint64_t page_bytes,
			struct error *e)
{
	char asked[24], has[24];

	if (x->after_bytes == 0 || !x->backing_given)
		return 0;
	(void)size_format(x->after_bytes, asked);
	if (x->after == DIMENSIONS_GUEST && backing == BACKING_ANON)
		return 0;
	if (x->after == DIMENSIONS_GUEST)
		return error_set(e, STATUS_USAGE, 0, "--before-after",
				 "guest:%s compares two guests on anonymous memory in 4K pages, so no other "
				 "backing can be chosen",
				 asked);
	if (page_bytes != x->after_bytes)
		return error_set(e, STATUS_USAGE, 0, "--before-after",
				 "%s pages of the host are asked for, but the backing chosen has pages of %s",
				 asked, size_format(page_bytes, has));
	return 0;
}
