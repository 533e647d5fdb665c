/*
 * Plan the guest: the smallest one that touches the address. Boot it, have it touch the address, and write down what its
 * tables and the host say at each moment.
 */
#include "vmm/lab/explain/explanation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "twin.h"
#include "units.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/lab/explain/place.h"
#include "vmm/lab/explain/spec.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/measure/run.h"
#include "vmm/util/size.h"
#include "x86.h"

struct explain_address explain_address_of(const struct explain_spec *x, const struct config *c)
{
	uint64_t gva = !x->gva_given ? ARENA_GVA : x->gva_in_arena ? ARENA_GVA + x->gva : x->gva;
	bool in_arena = gva >= ARENA_GVA && gva - ARENA_GVA < c->map.arena_bytes;

	for (uint32_t i = 0; x->window_given && in_arena && i < c->map.view_count; i++) {
		if (c->map.views[i].leaf_bytes == twin_host_leaf(x->window))
			gva = twin_window_gva(x->window, memmap_view_arena_gpa(&c->map, i)) + gva - ARENA_GVA;
	}
	return (struct explain_address){ gva, in_arena };
}

/* A backing has views with leaves of its own pages at most. */
static int check_window(uint32_t window, uint64_t page_bytes, struct error *e)
{
	char page[24], leaf[24];

	if (twin_host_leaf(window) <= page_bytes)
		return 0;
	(void)error_set(e, STATUS_USAGE, 0, "--window", "memory in pages of %s has no view with leaves of %s",
			size_format(page_bytes, page), size_format(twin_host_leaf(window), leaf));
	return error_hint(e, "--window 4K/%s", page);
}

int explain_plan(const struct explain_spec *x, uint64_t page_bytes, struct run_spec *r, struct config *c,
		 struct error *e)
{
	struct explain_address address;
	char size[24];
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
	ret = x->window_given ? check_window(x->window, page_bytes, e) : 0;
	/* First without steps: the size of the arena decides whether there is one. No views are there yet, nor windows. */
	if (ret == 0)
		ret = plan_make(r, page_bytes, c, e);
	if (ret != 0)
		return ret;
	address = explain_address_of(x, c);
	if (!address.touched && x->window_given)
		return error_set(e, STATUS_USAGE, 0, "--gva",
				 "a window shows the arena alone, up to arena+%s",
				 size_format(c->map.arena_bytes - PAGE_4K, size));
	if (!address.touched)
		return 0;
	r->work.workload_count = 1;
	r->work.workloads[0] = x->window_given ? WORKLOAD_twin : WORKLOAD_peek;
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

	if (x->window_given)
		return error_set(e, STATUS_USAGE, 0, "--before-after",
				 "a window shows pages of several sizes in one guest: without --window");
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

/* The state of a capture, for the observer of the run. */
struct capture {
	struct explanation *x;
	struct place_finder finder;
	uint32_t next;           /* enum explain_moment that comes next */
	struct vcpu_block block; /* a copy of the vCPU's */
};

static uint64_t low_bits(uint32_t count)
{
	return (UINT64_C(1) << count) - 1;
}

/* The vCPU's registers and its CPUID decide how its tables are walked (SDM vol. 3A, 4.5). */
static int read_mode(const struct machine_view *view, struct explanation *x, struct error *e)
{
	struct kvm_paging paging;
	int ret = kvm_vcpu_paging(&view->vcpus[0], &paging, e);

	if (ret != 0)
		return ret;
	if ((paging.cr0 & CR0_PG) == 0 || (paging.efer & EFER_LMA) == 0)
		return error_set(e, STATUS_FAILED, EPROTO, "explain",
				 "the guest is not in long mode when it should show its page tables");
	x->cr0 = paging.cr0;
	x->cr3 = paging.cr3;
	x->cr4 = paging.cr4;
	x->efer = paging.efer;
	x->mode = (struct page_walk_mode){
		.levels = (paging.cr4 & CR4_LA57) != 0 ? 5 : 4,
		.physical_bits = kvm_cpuid_physical_bits(view->cpuid),
		.nx = (paging.efer & EFER_NXE) != 0,
		.pages_1g = kvm_cpuid_has_1g_pages(view->cpuid) == 1,
	};
	x->mode.root_pa = paging.cr3 & low_bits(x->mode.physical_bits) & ~low_bits(12);
	return 0;
}

static int walk_now(struct capture *c, struct explain_walk *walk, struct error *e)
{
	struct explanation *x = c->x;

	place_next_moment(&c->finder);
	page_walk(&x->mode, x->gva, place_read_entry, &c->finder, &walk->walk);
	/* Without this check the walk would take memory that this process may not read for absent memory. */
	if (c->finder.copy_err != 0)
		return error_set(e, STATUS_FAILED, c->finder.copy_err, "process_vm_readv",
				 "the guest's page tables cannot be read");
	for (uint32_t i = 0; i < walk->walk.step_count; i++)
		place_find(&c->finder, walk->walk.steps[i].entry_pa, &walk->places[i]);
	if (walk->walk.fault == PAGE_FAULT_NONE)
		place_find(&c->finder, walk->walk.pa, &walk->data);
	walk->taken = true;
	return 0;
}

/* KVM is asked last: its walker sets accessed bits itself. It does not check that an address is canonical. */
static void ask_kvm(const struct machine_view *view, struct explanation *x)
{
	const struct page_walk *ours = &explanation_last(x)->walk;
	struct explain_translate *t = &x->translate;

	if (ours->fault == PAGE_FAULT_NOT_CANONICAL)
		return;
	t->err = -kvm_vcpu_translate(&view->vcpus[0], x->gva, &t->valid, &t->gpa);
	t->asked = t->err == 0;
	if (!t->asked)
		return;
	if (ours->fault == PAGE_FAULT_NONE)
		t->agrees = t->valid && t->gpa == ours->pa;
	else
		t->agrees = !t->valid;
}

static void read_at_end(struct capture *c, const struct machine_view *view)
{
	struct explanation *x = c->x;
	int64_t leaves[VM_STAT_COUNT];

	stats_read(&view->vm->stats, leaves);
	x->leaves_4k = leaves[VM_PAGES_4K];
	x->leaves_2m = leaves[VM_PAGES_2M];
	x->leaves_1g = leaves[VM_PAGES_1G];
	ask_kvm(view, x);
	c->next = EXPLAIN_MOMENTS;
}

/* The last moment: no address is written through a window. */
static enum explain_moment last_moment(const struct explanation *x)
{
	return !x->touched ? EXPLAIN_BEFORE : x->in_window ? EXPLAIN_AFTER_READ : EXPLAIN_AFTER_WRITE;
}

/* Whether this doorbell, of that part of the workload, is the moment that comes next. */
static bool is_due(const struct capture *c, uint32_t doorbell, uint32_t variant)
{
	if (c->next == EXPLAIN_MOMENTS)
		return false;
	if (!c->x->touched)
		return doorbell == DOORBELL_MAIN;
	if (c->x->in_window && variant != VARIANT_FIRST_4K_4K + c->x->window)
		return false;
	return doorbell == (c->next == EXPLAIN_BEFORE ? DOORBELL_BEGIN : DOORBELL_END);
}

static int at_doorbell(void *self, const struct machine_view *view, uint32_t vcpu, uint32_t doorbell,
		       struct error *e)
{
	struct capture *c = self;
	const struct guest_result *part = &c->block.result;
	int ret = machine_read_block(view->machine, vcpu, &c->block, e);

	if (ret != 0)
		return ret;
	if (!is_due(c, doorbell, part->variant))
		return 0;
	if (c->x->in_window && part->unavailable != AVAILABLE)
		return error_set(e, STATUS_CANNOT, 0, "--window", "%s", unavailable_text(part->unavailable));
	c->finder.map = &view->config->map;
	c->finder.backing = view->backing;
	ret = read_mode(view, c->x, e);
	if (ret == 0)
		ret = walk_now(c, &c->x->walks[c->next], e);
	if (ret != 0)
		return ret;
	if (c->next++ == last_moment(c->x))
		read_at_end(c, view);
	return 0;
}

/* smaps, which is read at each moment, is read while it may be opened, and kept open. */
static void at_loading(void *self, const struct machine_view *view)
{
	const struct capture *c = self;
	char *text = NULL;

	(void)view;
	(void)c->finder.pages.smaps(c->finder.pages.self, &text);
	free(text);
}

static void fill_in_plan(const struct explain_spec *spec, const struct record *rec, struct explanation *x)
{
	struct explain_address address = explain_address_of(spec, &rec->config);

	*x = (struct explanation){
		.gva = address.gva,
		.touched = address.touched,
		.in_window = spec->window_given,
		.window = spec->window,
		.guest_page_bytes =
			spec->window_given ? twin_guest_leaf(spec->window) : rec->config.guest_page_bytes,
		.backing_page_bytes = rec->config.page_bytes,
		.memory_bytes = rec->config.ram_bytes,
		.hypervisor = rec->host.hypervisor == KNOWN_YES,
		.leaves_4k = -1,
		.leaves_2m = -1,
		.leaves_1g = -1,
	};
	(void)snprintf(x->backing, sizeof(x->backing), "%s", backing_name(rec->spec.machine.backing));
}

/* Facts that only the run found out: the host's, and how much of it could be read. */
static void fill_in_host(const struct record *rec, const struct place_finder *f, struct explanation *x)
{
	x->second_dimension = rec->host.second_dimension;
	(void)snprintf(x->kvm_module, sizeof(x->kvm_module), "%s", rec->host.kvm_module);
	x->host_levels = rec->host.second_dimension_levels;
	x->frames_refused = f->frames_hidden != 0 && f->frames_known == 0;
	if (f->pagemap_err != 0)
		explain_note(
			x, "/proc/self/pagemap cannot be read (%s): whether the host has a page is not known",
			strerror(f->pagemap_err));
	if (f->smaps_err != 0)
		explain_note(x, "/proc/self/smaps cannot be read (%s): the host's page sizes are not known",
			     strerror(f->smaps_err));
}

int explain_capture(const struct explain_spec *spec, struct record *rec, struct explanation *x,
		    struct error *e)
{
	struct capture c = { .x = x };
	const struct machine_observer observer = {
		.self = &c, .needs = SANDBOX_NEEDS_EXPLAIN, .loaded = at_loading, .doorbell = at_doorbell
	};
	int fd, ret;

	fill_in_plan(spec, rec, x);
	host_pages_open(&c.finder.pages, &fd);
	ret = measure_guest(rec, &observer, NULL, e);
	host_pages_close(&fd);
	if (ret != 0)
		return ret;
	if (rec->verdict == VERDICT_INTERRUPTED)
		return error_set(e, STATUS_FAILED, EINTR, "explain", "%s",
				 rec->reason_count != 0 ? rec->reasons[0] : "interrupted");
	if (c.next != EXPLAIN_MOMENTS)
		return error_set(e, STATUS_FAILED, EPROTO, "explain",
				 "the guest ended before it had shown everything");
	fill_in_host(rec, &c.finder, x);
	explain_derive(&rec->config.map, rec->host.nx_huge_pages, x);
	return 0;
}
