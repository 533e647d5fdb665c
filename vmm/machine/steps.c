#include "vmm/machine/steps.h"

#include <errno.h>

#include "units.h"
#include "vmm/cli/size.h"
#include "vmm/machine/note.h"

static const uint64_t series_pages[] = { 64, 128, 1024, 4096, 65536 };
#define SERIES_COUNT (sizeof(series_pages) / sizeof(series_pages[0]))
#define LARGE_SET_BYTES (256 * MIB)

static int add_step(const struct request *r, enum workload_id workload, uint64_t bytes, struct config *c,
		    struct error *e)
{
	if (c->step_count == PLAN_MAX_STEPS)
		return error_set(e, STATUS_USAGE, 0, "plan",
				 "more than %d steps: fewer workloads or working sets are needed",
				 PLAN_MAX_STEPS);
	c->steps[c->step_count++] = (struct plan_step){
		.workload = workload,
		.working_set_bytes = bytes,
		.accesses = r->accesses,
		.repeat = r->repeat,
	};
	return 0;
}

/* What is left of the arena for one vCPU if RAM had ram_bytes; 0 where there is no such machine. */
static uint64_t slice_of_ram(const struct config *c, bool native, uint64_t ram_bytes)
{
	struct error ignored = { 0 };
	struct memmap map;

	if (native)
		return driver_slice_bytes(ram_bytes, c->guest_page_bytes, c->vcpus);
	if (memmap_make(ram_bytes, c->page_bytes, c->guest_page_bytes, &map, &ignored) != 0)
		return 0;
	return driver_slice_bytes(map.arena_bytes, c->guest_page_bytes, c->vcpus);
}

/*
 * The least --memory in whole 256 MiB whose slices hold set_bytes, or 0. By trying, because holes and tables make
 * no simple formula: what RAM has beyond the arena is at most 3 GiB, the tables and a leaf for each vCPU.
 */
static uint64_t memory_for(const struct config *c, bool native, uint64_t set_bytes)
{
	uint64_t stride = max_u64(256 * MIB, c->page_bytes);
	uint64_t ram_bytes;

	if (!checked_mul(set_bytes, c->vcpus, &ram_bytes) || ram_bytes > 64 * TIB)
		return 0;
	ram_bytes = align_up(ram_bytes, stride);
	for (uint32_t i = 0; i < 1024; i++, ram_bytes += stride) {
		if (slice_of_ram(c, native, ram_bytes) >= set_bytes)
			return ram_bytes;
	}
	return 0;
}

static int refuse_set(const struct config *c, uint64_t set_bytes, uint64_t slice_bytes, struct error *e)
{
	bool native = c->map.tables_bytes == 0;
	uint64_t enough_bytes = memory_for(c, native, set_bytes);
	char set[24], slice[24], ram[24], enough[24];
	int ret;

	ret = error_set(e, STATUS_USAGE, 0, "--working-set",
			"%s is more than one %s's share of %s, which is %s with --smp %u",
			size_format(set_bytes, set), native ? "thread" : "vCPU",
			size_format(c->ram_bytes, ram), size_format(slice_bytes, slice), c->vcpus);
	if (enough_bytes != 0)
		error_hint(e, "--memory %s", size_format(enough_bytes, enough));
	return ret;
}

/* The working sets that the user named, in whole 4 KiB, the same for every workload. */
static int add_named_sets(const struct request *r, enum workload_id workload, uint64_t slice_bytes,
			  struct config *c, struct error *e)
{
	for (uint32_t i = 0; i < r->set_count && i < REQUEST_MAX_SETS; i++) {
		char asked[24], rounded[24];
		uint64_t bytes = 0;
		int ret;

		if (r->sets_bytes[i] < PAGE_4K)
			return error_set(e, STATUS_USAGE, 0, "--working-set",
					 "%s is less than one page of 4K",
					 size_format(r->sets_bytes[i], asked));
		if (!checked_align_up(r->sets_bytes[i], PAGE_4K, &bytes) || bytes > slice_bytes)
			return refuse_set(c, r->sets_bytes[i], slice_bytes, e);
		if (bytes != r->sets_bytes[i])
			note_add(c, "working set of %s rounded up to %s",
				 size_format(r->sets_bytes[i], asked), size_format(bytes, rounded));
		ret = add_step(r, workload, bytes, c, e);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/* As much of the usual series as fits; the whole slice where not even the first does. */
static int add_series(const struct request *r, enum workload_id workload, uint64_t slice_bytes,
		      struct config *c, struct error *e)
{
	char slice[24];
	int ret = 0;

	if (series_pages[0] * PAGE_4K > slice_bytes) {
		note_add(c, "working sets clipped to %s, all that each vCPU has",
			 size_format(slice_bytes, slice));
		return add_step(r, workload, slice_bytes, c, e);
	}
	for (size_t i = 0; i < SERIES_COUNT && ret == 0; i++) {
		if (series_pages[i] * PAGE_4K <= slice_bytes)
			ret = add_step(r, workload, series_pages[i] * PAGE_4K, c, e);
		else
			note_add(c, "%u pages do not fit the %s of each vCPU: left out",
				 (unsigned int)series_pages[i], size_format(slice_bytes, slice));
	}
	return ret;
}

static int add_workload(const struct request *r, enum workload_id workload, uint64_t slice_bytes,
			struct config *c, struct error *e)
{
	if (r->set_count > 0)
		return add_named_sets(r, workload, slice_bytes, c, e);
	switch (workload_table[workload].default_set) {
	case SET_SERIES:
		return add_series(r, workload, slice_bytes, c, e);
	case SET_LARGE:
		return add_step(r, workload, min_u64(LARGE_SET_BYTES, slice_bytes), c, e);
	case SET_ARENA:
	default:
		return add_step(r, workload, slice_bytes, c, e);
	}
}

int steps_make(const struct request *r, struct config *c, struct error *e)
{
	uint64_t slice_bytes =
		align_down(driver_slice_bytes(c->map.arena_bytes, c->guest_page_bytes, c->vcpus), PAGE_4K);

	if (slice_bytes == 0 && r->workload_count > 0)
		return refuse_set(c, PAGE_4K, slice_bytes, e);
	for (uint32_t i = 0; i < r->workload_count && i < REQUEST_MAX_WORKLOADS; i++) {
		int ret;

		if ((uint32_t)r->workloads[i] >= WORKLOAD_COUNT)
			return error_set(e, STATUS_FAILED, EINVAL, "plan", "no such workload");
		ret = add_workload(r, r->workloads[i], slice_bytes, c, e);
		if (ret != 0)
			return ret;
	}
	return 0;
}
