#include "vmm/lab/sweep/key.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/lab/sweep/versus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/workloads.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/core/memory/backing.h"
#include "vmm/output/json.h"
#include "vmm/util/array.h"

/* Memory that fits every list of working sets of measure/sets.c. */
#define LISTED_MEMORY_BYTES (4 * GIB)

struct planner {
	const struct run_spec *run;
	const struct sweep_spec *sweep;
	struct matrix *m;
	struct matrix_cell *cell; /* the next one; what is not of an axis */
	int ret;
};

/*
 * The working sets of one workload: those named, or its own, as a run with ample memory has them; 0 stands for "all of it"
 * and "none to speak of". Returns their number or -errno.
 */
static int sets_of(const struct run_spec *run, enum workload_id id, uint64_t *sets_bytes, struct error *e)
{
	enum default_set kind = workload_table[id].default_set;
	struct run_spec one = *run;
	struct config c;
	int count = 0, ret;

	sets_bytes[0] = 0;
	if (kind == SET_NONE || (kind == SET_ARENA && run->work.set_count == 0))
		return 1;
	if (run->work.set_count != 0) {
		memcpy(sets_bytes, run->work.sets_bytes, run->work.set_count * sizeof(sets_bytes[0]));
		return (int)run->work.set_count;
	}
	one.machine.memory_bytes = LISTED_MEMORY_BYTES;
	one.machine.alias_bytes = 0;
	one.machine.vcpus = 2; /* so that one that needs peers has them */
	one.machine.guest_page_bytes = PAGE_4K;
	one.machine.apic = CHOICE_DEFAULT;
	one.work.workloads[0] = id;
	one.work.workload_count = 1;
	ret = plan_make(&one, PAGE_4K, &c, e);
	for (uint32_t i = 0; ret == 0 && i < c.step_count && count < SPEC_MAX_SETS; i++) {
		if (count == 0 || sets_bytes[count - 1] != c.steps[i].working_set_bytes)
			sets_bytes[count++] = c.steps[i].working_set_bytes;
	}
	return ret != 0 ? ret : count;
}

/* Sets that were raised to the same size are one cell. */
static void drop_twice_raised(struct matrix *m)
{
	struct matrix_cell *last = &m->cells[m->datum_count - 1];

	for (uint32_t i = 0; last->asked_set_bytes != 0 && i + 1 < m->datum_count; i++) {
		if (strcmp(m->cells[i].key, last->key) != 0)
			continue;
		json_decref(last->command);
		m->datum_count--;
		return;
	}
}

static void add_cell(struct planner *p, const struct matrix_cell *cell)
{
	struct matrix *m = p->m;

	if (m->datum_count == SWEEP_MAX_CELLS)
		p->ret = -E2BIG;
	else
		p->ret = ARRAY_PUSH(m->cells, m->datum_count, *cell);
	if (p->ret == 0)
		p->ret = plan_cell(p->run, p->sweep, &m->cells[m->datum_count - 1]);
	if (p->ret == 0)
		drop_twice_raised(m);
}

/* A cell A, and its B behind it where there are two sides. */
static void add_sides(struct planner *p, const struct matrix_cell *cell)
{
	struct matrix *m = p->m;
	uint32_t before = m->datum_count;
	struct matrix_cell b;

	add_cell(p, cell);
	if (p->ret != 0 || m->versus == NULL || m->datum_count == before)
		return;
	b = m->cells[m->datum_count - 1];
	p->ret = versus_cell(m, &b);
	if (p->ret == 0)
		p->ret = m->datum_count < SWEEP_MAX_CELLS ? ARRAY_PUSH(m->cells, m->datum_count, b) : -E2BIG;
	if (p->ret != 0)
		json_decref(b.command);
}

/* All combinations of the axes, the last one of `order` changing fastest. */
static void each_combination(struct planner *p)
{
	static const enum axis_id order[AXES] = { AXIS_SMP, AXIS_IRQCHIP, AXIS_PREALLOC, AXIS_GUEST_PAGE,
						  AXIS_BACKING };
	struct matrix_cell cell = *p->cell;
	uint32_t total = 1;

	for (int id = 0; id < AXES; id++)
		total *= p->sweep->axes[id].count;
	for (uint32_t i = 0; i < total && p->ret == 0; i++) {
		uint32_t rest = i;

		for (int k = AXES - 1; k >= 0; k--) {
			const struct axis_values *values = &p->sweep->axes[order[k]];

			cell_set_axis(&cell, order[k], &values->list[rest % values->count]);
			rest /= values->count;
		}
		add_sides(p, &cell);
	}
}

/*
 * Refuse a path that is not UTF-8, which a key in JSON has to be, and two names of one value ("hugetlb" and
 * "hugetlb:2M"), which would make one cell twice. 0 or -errno with *e set.
 */
static int check_keys(const struct matrix *m, struct error *e)
{
	json_t *seen = json_object();
	int ret = seen != NULL ? 0 : error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for its cells");

	for (uint32_t i = 0; i < m->datum_count && ret == 0; i++) {
		const char *key = m->cells[i].key;

		if (json_object_get(seen, key) != NULL)
			ret = error_set(e, STATUS_USAGE, 0, "sweep",
					"two values of an axis mean the same: %s", key);
		else if (json_object_set_new(seen, key, json_true()) != 0)
			ret = error_set(e, STATUS_USAGE, 0, "sweep",
					"a path that is not UTF-8 cannot be recorded: %s", m->cells[i].path);
	}
	json_decref(seen);
	return ret;
}

/* Refuse a sweep of which no cell can run. */
static int check_cells(const struct matrix *m, struct error *e)
{
	for (uint32_t i = 0; i < m->datum_count; i++) {
		if (m->cells[i].state == STATE_PENDING)
			return 0;
	}
	return error_set(e, STATUS_USAGE, 0, "sweep", "none of its %u cells can run; the first: %s: %s",
			 m->datum_count, m->datum_count != 0 ? m->cells[0].key : "none",
			 m->datum_count != 0 ? m->cells[0].reason : "");
}

static int each_workload(struct planner *p, struct error *e)
{
	uint64_t sets_bytes[SPEC_MAX_SETS] = { 0 };

	for (uint32_t w = 0; w < p->run->work.workload_count && p->ret == 0; w++) {
		enum workload_id id = p->run->work.workloads[w];
		int count = sets_of(p->run, id, sets_bytes, e);

		if (count < 0)
			return count;
		cell_set_workload(p->cell, id);
		for (int s = 0; s < count; s++) {
			p->cell->working_set_bytes = sets_bytes[s];
			each_combination(p);
		}
	}
	if (p->ret == -E2BIG)
		return error_set(e, STATUS_USAGE, 0, "sweep", "it has more than %d cells", SWEEP_MAX_CELLS);
	return p->ret == 0 ? 0 : error_set(e, STATUS_FAILED, -p->ret, "sweep", "no memory for its cells");
}

int sweep_plan(const struct run_spec *run, const struct sweep_spec *sweep, struct matrix *m, struct error *e)
{
	struct matrix_cell next = { .state = STATE_PENDING };
	struct planner p = { .run = run, .sweep = sweep, .m = m, .cell = &next };
	int ret = each_workload(&p, e);

	if (ret == 0 && m->datum_count == 0)
		ret = error_set(e, STATUS_USAGE, 0, "sweep", "an axis is empty, so there is no cell");
	if (ret == 0)
		ret = check_keys(m, e);
	return ret == 0 ? check_cells(m, e) : ret;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t h, const char *text)
{
	/* The NUL too, so that two words are not one. */
	for (size_t i = 0; i <= strlen(text); i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return h;
}

uint64_t sweep_plan_digest(const struct matrix *m)
{
	const char *print = json_string_value(json_object_get(m->versus, "fingerprint"));
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	if (print != NULL)
		h = hash(h, print);
	for (uint32_t i = 0; i < m->datum_count; i++) {
		size_t index;
		json_t *word;

		h = hash(h, m->cells[i].key);
		json_array_foreach(m->cells[i].command, index, word) h = hash(h, json_string_value(word));
	}
	return h;
}
