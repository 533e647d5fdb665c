/*
 * `minivmm model`: what theory says, without KVM. Each part that was asked for is made, then all are written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/lab/calibrate/host_cpu.h"
#include "vmm/output/output.h"
#include "vmm/theory/simulate/closed_form.h"
#include "vmm/theory/show/show.h"

/* The CPU whose TLBs and caches are simulated by default: the best described one. */
#define DEFAULT_CPU "skylake"

/* Room for the parts that a struct theory borrows. */
struct parts {
	struct theory_table table;
	struct walk_list list;
	struct scale scale;
	struct simulation_series simulation;
};

/* The cell that was asked for; what was not is 4K, 4 levels, nested. */
static struct walk_plan plan_of(const struct request *r)
{
	const struct model_spec *m = &r->model;

	return (struct walk_plan){
		.kind = m->kind_given ? m->kind : WALK_NESTED,
		.guest_levels = m->guest_levels != 0 ? m->guest_levels : 4,
		.host_levels = m->host_levels != 0 ? m->host_levels : 4,
		.guest_leaf_bytes = m->guest_page_given ? r->run.machine.guest_page_bytes : PAGE_4K,
		.host_leaf_bytes = m->host_page_bytes != 0 ? m->host_page_bytes : PAGE_4K,
	};
}

static bool cell_given(const struct model_spec *m)
{
	return m->guest_page_given || m->host_page_bytes != 0 || m->kind_given || m->guest_levels != 0 ||
	       m->host_levels != 0;
}

/* What the CPU makes of a random access to so much memory. */
static void predict_scale(const struct cpu_model *cpu, const struct random_access *access,
			  struct scale *scale)
{
	scale->data_cycles = access->data_cycles;
	scale->walk_cycles = access->terms.walk_cycles;
	scale->access_cycles = access->terms.total_cycles;
	(void)snprintf(scale->cpu, sizeof(scale->cpu), "%s", cpu->name);
	(void)snprintf(scale->unit, sizeof(scale->unit), "%s", cpu->unit);
}

static int make_scale(const struct request *r, const struct cpu_model *cpu, struct scale *scale,
		      struct error *e)
{
	struct random_access access;
	struct scale_input input = {
		.walk = plan_of(r),
		.memory_bytes = r->run.machine.memory_bytes,
		.fault_ns = r->model.fault_ns > 0 ? r->model.fault_ns : SCALE_FAULT_NS,
		.zeroing_bytes_per_s = SCALE_ZEROING_BYTES_PER_S,
	};
	int ret;

	random_access_predict(cpu, &input.walk, walk_leaf_bytes(&input.walk),
			      max_u64(r->run.machine.memory_bytes, PAGE_4K), &access);
	input.tlb_l1_entries = access.dtlb_entries;
	input.tlb_l2_entries = access.stlb_entries;
	input.tlb_l1_entry_bytes = access.dtlb_entry_bytes;
	input.tlb_l2_entry_bytes = access.stlb_entry_bytes;
	ret = scale_make(&input, scale);
	if (ret == 0)
		predict_scale(cpu, &access, scale);
	if (ret == -ERANGE)
		return error_set(e, STATUS_USAGE, ERANGE, "--memory",
				 "in whole pages it is more bytes than 64 bits count");
	return ret == 0 ? 0 : error_set(e, STATUS_FAILED, -ret, "model", "cannot count tables");
}

static int make_table(struct theory_table *table, struct error *e)
{
	int ret = theory_table_make(table);

	return ret == 0 ? 0 : error_set(e, STATUS_FAILED, -ret, "model", "cannot walk tables");
}

static int make_list(const struct request *r, struct walk_list *list, struct error *e)
{
	const struct walk_plan plan = plan_of(r);
	int ret = walk_list_make(&plan, list);

	return ret == 0 ? 0 : error_set(e, STATUS_FAILED, -ret, "model", "cannot walk tables");
}

/*
 * The one place where parts are chosen: a size's costs, a simulation, or both; else one cell's references, else the table
 * of all.
 */
static int make_parts(const struct request *r, const struct cpu_model *cpu, struct parts *parts,
		      struct theory *t, struct error *e)
{
	const struct walk_plan plan = plan_of(r);

	if (r->model.memory_given && make_scale(r, cpu, &parts->scale, e) != 0)
		return -EINVAL;
	if (r->model.work_given &&
	    simulation_series_make(&r->run.work, &plan, cpu, &parts->simulation, e) != 0)
		return -EINVAL;
	t->scale = r->model.memory_given ? &parts->scale : NULL;
	t->simulation = r->model.work_given ? &parts->simulation : NULL;
	if (t->scale != NULL || t->simulation != NULL)
		return 0;
	if (cell_given(&r->model)) {
		t->list = &parts->list;
		return make_list(r, &parts->list, e);
	}
	t->table = &parts->table;
	return make_table(&parts->table, e);
}

int command_cpu(const struct request *r, const char *otherwise, struct cpu_model **cpu, struct error *e)
{
	const char *name = r->model.cpu != NULL ? r->model.cpu : otherwise;
	struct cpu_model *made = calloc(1, sizeof(*made));
	int ret;

	if (made == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--cpu", "no memory for a description");
	ret = strcmp(name, "host") == 0 ? host_cpu_make(made, e) : cpu_load(name, made, e);
	if (ret == 0)
		*cpu = made;
	else
		free(made);
	return ret;
}

OUTPUT_WRITER(text, const struct theory *t, theory_text(t, out))
OUTPUT_WRITER(json, const struct theory *t, theory_json(t, out))

enum status command_cpu_help(const struct request *r, struct error *e)
{
	int ret = cpu_list_text(outputs_text_stream(&r->output));

	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "--cpu help", "cannot write");
	return e->status;
}

enum status command_model(const struct request *r, struct error *e)
{
	static const struct output_writers writers = { .text = text, .json = json };
	struct theory t = { .argc = r->argc, .argv = r->argv };
	struct cpu_model *cpu = NULL;
	struct parts parts = { .simulation = { .rows = NULL } };

	if (outputs_check(&r->output, e) != 0)
		return e->status;
	if ((r->model.memory_given || r->model.work_given) && command_cpu(r, DEFAULT_CPU, &cpu, e) != 0)
		return e->status;
	if (make_parts(r, cpu, &parts, &t, e) == 0)
		(void)outputs_write(&r->output, &writers, &t, "model", e);
	simulation_series_free(&parts.simulation);
	free(cpu);
	return e->status;
}
