/*
 * One cell: is it possible, with which memory, by which command line, which is also what one types to run it alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/meminfo.h"
#include "vmm/host/pool/pool.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/output/json.h"
#include "vmm/util/text.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"

#define LIST_BYTES 8192

static void word(json_t **words, const char *text)
{
	json_push(words, json_words(text));
}

static void option(json_t **words, const char *name, const char *value)
{
	word(words, name);
	word(words, value);
}

static void size_option(json_t **words, const char *name, uint64_t bytes)
{
	char text[24];

	option(words, name, size_format(bytes, text));
}

static void number_option(json_t **words, const char *name, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	option(words, name, text);
}

static void choice_option(json_t **words, const char *name, enum choice choice)
{
	if (choice != CHOICE_DEFAULT)
		option(words, name, choice_name(choice));
}

static void memory_words(json_t **words, const struct run_spec *r)
{
	size_option(words, "--memory", r->machine.memory_bytes);
	if (r->machine.alias_bytes != 0)
		size_option(words, "--alias-memory", r->machine.alias_bytes);
	if (r->machine.mem_path != NULL)
		option(words, "--mem-path", r->machine.mem_path);
	else
		option(words, "--backing", backing_name(r->machine.backing));
	if (r->machine.page_bytes != 0 && r->machine.mem_path == NULL)
		size_option(words, "--page-size", r->machine.page_bytes);
	if (r->machine.populate == POPULATE_PREFAULT)
		word(words, "--prefault");
	else if (r->machine.populate >= POPULATE_NEAR)
		option(words, "--prealloc-node", populate_name(r->machine.populate));
	else if (r->machine.populate == POPULATE_PREALLOC)
		word(words, "--prealloc");
	if (r->machine.populate >= POPULATE_PREALLOC && r->machine.prealloc_threads != 0)
		number_option(words, "--prealloc-threads", r->machine.prealloc_threads);
	choice_option(words, "--share", r->machine.share);
	choice_option(words, "--reserve", r->machine.reserve);
}

static void placement_words(json_t **words, const struct run_spec *r)
{
	char list[LIST_BYTES] = "";

	if (r->machine.host_nodes != 0)
		option(words, "--host-nodes", bits_format(r->machine.host_nodes, list, sizeof(list)));
	if (r->machine.host_nodes != 0 && r->machine.policy != NUMA_POLICY_DEFAULT)
		option(words, "--policy", policy_name(r->machine.policy));
	number_option(words, "--smp", r->machine.vcpus);
	list[0] = '\0';
	for (uint32_t i = 0; i < r->machine.pin_count && i < SPEC_MAX_CPUS; i++)
		append(list, sizeof(list), "%s%u", i != 0 ? "," : "", r->machine.pin[i]);
	if (r->machine.pin_count != 0)
		option(words, "--pin", list);
}

static json_t *cell_command(const struct run_spec *r)
{
	bool guest = !r->native;
	json_t *words = json_array();

	option(&words, "minivmm", guest ? "run" : "native");
	memory_words(&words, r);
	placement_words(&words, r);
	if (guest) {
		choice_option(&words, "--kernel-irqchip", r->machine.apic);
		size_option(&words, "--guest-page", r->machine.guest_page_bytes);
		if (r->machine.guest_ad)
			option(&words, "--guest-ad", "on");
	}
	option(&words, "--workload", workload_table[r->work.workloads[0]].name);
	if (r->work.set_count != 0)
		size_option(&words, "--working-set", r->work.sets_bytes[0]);
	if (r->work.accesses != 0)
		number_option(&words, "--accesses", r->work.accesses);
	if (r->repeat != 0)
		number_option(&words, "--repeat", r->repeat);
	number_option(&words, "--seed", r->work.seed);
	number_option(&words, "--timeout", r->machine.timeout_s);
	choice_option(&words, "--sandbox", r->machine.sandbox.wanted);
	if (r->machine.sandbox.user != NULL)
		option(&words, "--user", r->machine.sandbox.user);
	return words;
}

/* Memory of a workload that uses the whole arena, where the user names neither memory nor working set. */
#define ARENA_MEMORY_BYTES (256 * MIB)

static void refuse(struct matrix_cell *cell, const struct error *e)
{
	char reason[sizeof(cell->reason)] = "";

	append(reason, sizeof(reason), "%s: %s", e->where, e->what);
	cell_set_state(cell, e->status == STATUS_CANNOT ? STATE_UNAVAILABLE : STATE_REFUSED, reason);
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

/* More than any cell needs for its working set, tables and alignment: if that is refused, too, memory is not the reason. */
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
			struct error refused = { .status = STATUS_OK };
			int ret = -EINVAL;

			r->machine.memory_bytes = bytes;
			if (is_aligned(bytes, page_bytes))
				ret = try_config(r, page_bytes, &refused);
			/* Without memory to plan in, nothing is known of this size, nor of the next. */
			if (ret == -ENOMEM)
				*e = refused;
			if (ret == 0 || ret == -ENOMEM)
				return ret;
		}
	}
	r->machine.memory_bytes = align_down(ample_bytes, max_u64(page_bytes, PAGE_1G));
	return try_config(r, page_bytes, e);
}

/* The cell's values in place of the sweep's. */
static void run_of(const struct run_spec *sweep, const struct matrix_cell *cell, struct run_spec *r)
{
	int id = workload_find(cell->workload);

	*r = *sweep;
	r->native = cell->native;
	r->machine.guest_page_bytes = cell->guest_page_bytes;
	r->machine.backing = cell->backing;
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

/* Refuse natively what only a guest has. */
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

static int fit_memory(struct run_spec *r, const struct sweep_spec *sweep, struct error *e)
{
	return sweep->memory_given ? try_config(r, r->machine.page_bytes, e)
				   : choose_memory(r, r->machine.page_bytes, e);
}

/* All that a cell of that backing can have; another sweep may hold some of it for now. */
static uint64_t most_memory_bytes(const struct run_spec *r)
{
	struct host_memory memory;
	struct pool_counts pool;

	if (r->machine.page_bytes == PAGE_4K || r->machine.backing == BACKING_THP)
		return meminfo_read("", &memory) == 0 && memory.total_bytes != 0 ? memory.total_bytes
										 : UINT64_MAX;
	return pool_read("", r->machine.page_bytes, &pool) == 0 ? pool.total * r->machine.page_bytes : 0;
}

/*
 * Sets of a few pages of the backing have hardly a first touch to measure. Raise the cell's to sweep->set_pages of them,
 * or to as many as the memory for it has; where that has not one of 1G more, of 2M, which are the leaves of its own that a
 * shadow table may have there. It stays as asked where that is not more. Then the memory. 0 or -errno.
 */
static int fit_set(struct run_spec *r, const struct sweep_spec *sweep, struct matrix_cell *cell,
		   struct error *e)
{
	uint64_t asked_bytes = cell->working_set_bytes, page_bytes = r->machine.page_bytes;
	uint64_t most_bytes = sweep->set_pages != 0 ? most_memory_bytes(r) : 0;

	for (uint64_t pages = sweep->set_pages; asked_bytes != 0 && pages * page_bytes > asked_bytes;) {
		struct error ignored = { .status = STATUS_OK };

		r->work.sets_bytes[0] = pages * page_bytes;
		if (--pages == 0 && page_bytes == PAGE_1G) {
			page_bytes = PAGE_2M;
			pages = sweep->set_pages;
		}
		if (fit_memory(r, sweep, &ignored) != 0 || r->machine.memory_bytes > most_bytes)
			continue;
		cell->asked_set_bytes = asked_bytes;
		cell->working_set_bytes = r->work.sets_bytes[0];
		return 0;
	}
	r->work.sets_bytes[0] = asked_bytes;
	return fit_memory(r, sweep, e);
}

int plan_cell(const struct run_spec *run, const struct sweep_spec *sweep, struct matrix_cell *cell)
{
	struct error e = { .status = STATUS_OK };
	struct backing_spec spec;
	struct run_spec r;
	int ret;

	run_of(run, cell, &r);
	ret = backing_resolve(&r.machine, &spec, &e);
	if (ret == 0) {
		cell->page_bytes = r.machine.page_bytes = spec.page_bytes;
		ret = check_native(run, cell, &e);
	}
	if (ret == 0)
		ret = fit_set(&r, sweep, cell, &e);
	if (ret != 0)
		refuse(cell, &e);
	matrix_cell_name(cell);
	cell->memory_bytes = ret == 0 || sweep->memory_given ? r.machine.memory_bytes : 0;
	cell->command = cell_command(&r);
	return cell->command != NULL ? 0 : -ENOMEM;
}
