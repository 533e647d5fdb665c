/*
 * One cell: is it possible, with which memory, by which command?
 */
#include "vmm/lab/sweep/plan.h"

#include <errno.h>
#include <string.h>

#include "layout.h"
#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/core/memory/backing.h"
#include "vmm/util/append.h"

/* Of a workload that takes all there is, where the user names neither memory nor working set. */
#define ARENA_MEMORY_BYTES (256 * MIB)

static void explain(struct matrix_cell *cell, enum cell_state state, const struct error *e)
{
	cell->state = state;
	cell->reason[0] = '\0';
	append(cell->reason, sizeof(cell->reason), "%s: %s", e->where, e->what);
}

static int try_config(const struct run_spec *r, uint64_t page_bytes, struct error *e)
{
	struct config c;

	return plan_make(r, page_bytes, &c, e);
}

static uint64_t first_memory_bytes(const struct run_spec *r, uint64_t page_bytes)
{
	uint64_t least_bytes = RAM_MIN_BYTES;

	if (r->work.set_count == 0 && workload_table[r->work.workloads[0]].default_set == SET_ARENA)
		least_bytes = ARENA_MEMORY_BYTES;
	return max_u64(max_u64(least_bytes, page_bytes), r->machine.alias_bytes);
}

/* More than any cell needs for its working set, tables and alignment: where even that is refused, memory is not why. */
static uint64_t ample_memory_bytes(const struct run_spec *r)
{
	uint64_t set_bytes = r->work.set_count > 0 ? r->work.sets_bytes[0] : 256 * MIB;
	uint64_t ample_bytes;

	if (!checked_mul(set_bytes, UINT64_C(4) * r->machine.vcpus, &ample_bytes))
		ample_bytes = UINT64_MAX / 8;
	return max_u64(ample_bytes, 16 * GIB);
}

/*
 * The least of m, 1.5 m, 2 m, 3 m ... that the planner takes, so that a cell populates little more than it uses. Where none
 * will do the error is that of ample memory. 0 or -errno.
 */
static int choose_memory(struct run_spec *r, uint64_t page_bytes, struct error *e)
{
	uint64_t ample_bytes = ample_memory_bytes(r);

	for (uint64_t m = first_memory_bytes(r, page_bytes); m < ample_bytes; m *= 2) {
		for (uint64_t bytes = m; bytes <= m + m / 2; bytes += m / 2) {
			struct error ignored = { .status = STATUS_OK };

			r->machine.memory_bytes = bytes;
			if (is_aligned(bytes, page_bytes) && try_config(r, page_bytes, &ignored) == 0)
				return 0;
		}
	}
	r->machine.memory_bytes = align_down(ample_bytes, max_u64(page_bytes, PAGE_1G));
	return try_config(r, page_bytes, e);
}

/* The cell's values in place of the sweep's. */
static void request_of(const struct run_spec *sweep, const struct matrix_cell *cell, struct run_spec *r)
{
	int id = workload_find(cell->workload);

	*r = *sweep;
	r->native = cell->native;
	r->machine.guest_page_bytes = cell->guest_page_bytes;
	r->machine.backing = (enum backing_kind)name_find(&backing_names, cell->backing);
	r->machine.page_bytes = cell->page_bytes;
	r->machine.mem_path = cell->path[0] != '\0' ? cell->path : NULL;
	r->machine.populate = cell->populate;
	r->machine.vcpus = cell->vcpus;
	r->machine.apic = cell->irqchip;
	if (cell->native) {
		r->machine.alias_bytes = 0;
		r->machine.guest_ad = false;
	}
	r->workloads_given = true;
	r->work.workload_count = 1;
	r->work.workloads[0] = (enum workload_id)id;
	r->work.set_count = cell->working_set_bytes != 0;
	r->work.sets_bytes[0] = cell->working_set_bytes;
}

/* What only a guest has. */
static int check_native(const struct run_spec *sweep, const struct matrix_cell *cell, struct error *e)
{
	if (!cell->native)
		return 0;
	if (cell->populate == POPULATE_PREFAULT)
		return error_set(e, STATUS_USAGE, 0, "--prealloc prefault",
				 "natively there is no second dimension to fill");
	if (cell->irqchip != CHOICE_DEFAULT)
		return error_set(e, STATUS_USAGE, 0, "--kernel-irqchip", "natively there is no APIC of KVM");
	if (sweep->machine.alias_bytes != 0)
		return error_set(e, STATUS_USAGE, 0, "--alias-memory",
				 "natively there are no memory slots that could repeat");
	return 0;
}

int plan_cell(const struct run_spec *sweep, bool memory_given, struct matrix_cell *cell)
{
	struct error e = { .status = STATUS_OK };
	struct backing_spec spec;
	struct run_spec r;
	int ret;

	request_of(sweep, cell, &r);
	ret = backing_resolve(&r.machine, &spec, &e);
	if (ret == 0) {
		cell->page_bytes = r.machine.page_bytes = spec.page_bytes;
		ret = check_native(sweep, cell, &e);
	}
	if (ret == 0)
		ret = memory_given ? try_config(&r, spec.page_bytes, &e)
				   : choose_memory(&r, spec.page_bytes, &e);
	if (ret != 0)
		explain(cell, e.status == STATUS_CANNOT ? STATE_UNAVAILABLE : STATE_REFUSED, &e);
	matrix_cell_name(cell);
	cell->memory_bytes = ret == 0 || memory_given ? r.machine.memory_bytes : 0;
	cell->command = cell_command(&r);
	return cell->command != NULL ? 0 : -ENOMEM;
}
