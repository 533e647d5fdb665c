#include "vmm/lab/calibrate/host_cpu.h"

#include <errno.h>
#include <stdlib.h>

#include "units.h"
#include "vmm/host/facts.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/measure/run.h"
#include "vmm/lab/record/record.h"
#include "vmm/theory/simulate/cpu_cpuid.h"
#include "vmm/util/stop.h"

/* Enough for the timer to be lost in; with the warm-up passes some 10 ms where each load goes to L3. */
#define ACCESSES 131072
#define REPEAT 5

/* Lines beyond that take seconds to be put in order: memory behind a larger L3 is not measured. */
#define LINES_MOST (UINT64_C(1) << 20)

/* Addresses for them, of which packed touches a 64th; and enough for what lies within L3. */
#define MEMORY_MOST_BYTES (5 * GIB)
#define MEMORY_CACHES_BYTES GIB
#define MEMORY_CURVE_BYTES (128 * MIB)
#define MEMORY_FEW_BYTES (64 * MIB)
#define CACHES_LINES_MOST (UINT64_C(1) << 18)

/* The workloads take a line for every 4 KiB that are asked. 0 lines: none. */
static void add_set(struct work_spec *work, uint64_t lines)
{
	if (lines != 0)
		work->sets_bytes[work->set_count++] = lines * PAGE_4K;
}

static void add_workload(struct work_spec *work, enum workload_id id)
{
	work->workloads[work->workload_count++] = id;
}

/* One `minivmm native` with what *work says of workloads and working sets. */
static int run_native(struct record *rec, const struct work_spec *work, uint64_t memory_bytes,
		      enum backing_kind backing, struct error *e)
{
	struct run_spec *asked = &rec->spec;
	struct backing_spec spec;
	int ret;

	record_init(rec);
	run_spec_init(asked);
	asked->native = true;
	asked->machine.memory_bytes = memory_bytes;
	asked->machine.backing = backing;
	asked->machine.reserve = CHOICE_OFF;
	asked->work = *work;
	asked->work.accesses = ACCESSES;
	asked->work.seed = 1;
	asked->workloads_given = true;
	asked->repeat = REPEAT;
	ret = backing_resolve(&asked->machine, &spec, e);
	if (ret == 0)
		ret = plan_make(asked, spec.page_bytes, &rec->config, e);
	if (ret != 0)
		return ret;
	facts_read("", &rec->host);
	return measure_native(rec, NULL, e);
}

/* The least of all samples for so many lines: what nothing disturbed. 0: there is none. */
static double least(const struct record *rec, enum workload_id workload, uint64_t lines)
{
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == workload && r->pages == lines && r->sample_count != 0)
			return r->summary.min;
	}
	return 0;
}

/* Lines that fill half of L1 and of L2; twice L2, where L3 has twice that; twice L3, where that is not too much. */
struct sizes {
	uint64_t l1, l2, l3, memory;
};

static struct sizes choose_sizes(const struct cpu_model *cpu)
{
	uint64_t l1 = cpu->parameter[CPU_L1D_BYTES] / CACHE_LINE_BYTES,
		 l2 = cpu->parameter[CPU_L2_BYTES] / CACHE_LINE_BYTES;
	uint64_t l3 = cpu->parameter[CPU_L3_BYTES] / CACHE_LINE_BYTES;
	struct sizes s = { .l1 = l1 / 2 };

	if (l2 >= 4 * l1 && l2 / 2 <= CACHES_LINES_MOST)
		s.l2 = l2 / 2;
	if (l3 >= 4 * l2 && 2 * l2 <= CACHES_LINES_MOST)
		s.l3 = 2 * l2;
	if (l3 != 0 && 2 * l3 <= LINES_MOST)
		s.memory = 2 * l3;
	return s;
}

static int measure_caches(struct record *rec, const struct cpu_model *cpu, struct host_figures *out,
			  struct error *e)
{
	struct sizes s = choose_sizes(cpu);
	struct work_spec work = { 0 };
	int ret;

	add_set(&work, s.l1);
	add_set(&work, s.l2);
	add_set(&work, s.l3);
	/* Large pages, so that translation costs next to nothing. */
	add_workload(&work, WORKLOAD_packed);
	ret = run_native(rec, &work, MEMORY_CACHES_BYTES, BACKING_THP, e);
	out->l1_cycles = least(rec, WORKLOAD_packed, s.l1);
	out->l2_cycles = s.l2 != 0 ? least(rec, WORKLOAD_packed, s.l2) : 0;
	out->l3_cycles = s.l3 != 0 ? least(rec, WORKLOAD_packed, s.l3) : 0;
	record_free(rec);
	return ret;
}

/* Beyond L3, apart from the others: a host with little memory to give away refuses it. */
static int measure_memory(struct record *rec, const struct cpu_model *cpu, struct host_figures *out,
			  struct error *e)
{
	uint64_t lines = choose_sizes(cpu).memory;
	struct work_spec work = { 0 };
	int ret;

	if (lines == 0)
		return 0;
	add_set(&work, lines);
	add_workload(&work, WORKLOAD_packed);
	ret = run_native(rec, &work, MEMORY_MOST_BYTES, BACKING_THP, e);
	out->memory_cycles = least(rec, WORKLOAD_packed, lines);
	record_free(rec);
	return ret;
}

/* Twice the dTLB's entries, as far as L1 holds a line of each and the STLB all: each load misses the dTLB alone. */
static int measure_stlb(struct record *rec, const struct cpu_model *cpu, struct host_figures *out,
			struct error *e)
{
	struct cpu_tlb dtlb = cpu_tlb(cpu, false, PAGE_4K), stlb = cpu_tlb(cpu, true, PAGE_4K);
	uint64_t lines = max_u64(2 * (uint64_t)dtlb.sets * dtlb.ways, 256);
	struct work_spec work = { 0 };
	double chase, packed;
	int ret;

	if (lines > cpu->parameter[CPU_L1D_BYTES] / CACHE_LINE_BYTES / 2 ||
	    lines > (uint64_t)stlb.sets * stlb.ways / 2)
		return 0;
	add_set(&work, lines);
	add_workload(&work, WORKLOAD_packed);
	add_workload(&work, WORKLOAD_chase);
	ret = run_native(rec, &work, MEMORY_FEW_BYTES, BACKING_ANON, e);
	chase = least(rec, WORKLOAD_chase, lines);
	packed = least(rec, WORKLOAD_packed, lines);
	out->stlb_cycles = packed > 0 && chase > packed ? chase - packed : 0;
	record_free(rec);
	return ret;
}

/* Working sets around the end of any STLB, each packed and one line a page. */
static int measure_curve(struct record *rec, struct host_figures *out, struct error *e)
{
	static const uint64_t pages[HOST_STLB_POINTS] = { 512,  1024, 1536, 2048,  3072,
							  4096, 6144, 8192, 12288, 16384 };
	struct work_spec work = { 0 };
	int ret;

	for (int i = 0; i < HOST_STLB_POINTS; i++)
		add_set(&work, pages[i]);
	add_workload(&work, WORKLOAD_packed);
	add_workload(&work, WORKLOAD_chase);
	ret = run_native(rec, &work, MEMORY_CURVE_BYTES, BACKING_ANON, e);
	for (int i = 0; i < HOST_STLB_POINTS && ret == 0; i++) {
		struct stlb_point point = {
			.pages = pages[i],
			.packed_cycles = least(rec, WORKLOAD_packed, pages[i]),
			.chase_cycles = least(rec, WORKLOAD_chase, pages[i]),
		};

		if (point.packed_cycles > 0 && point.chase_cycles > 0)
			out->curve[out->stlb_points++] = point;
	}
	record_free(rec);
	return ret;
}

static int measure_tlbs(struct record *rec, struct host_figures *out, struct error *e)
{
	const struct work_spec probe = { .workload_count = 1, .workloads = { WORKLOAD_tlb_probe } };
	int ret = run_native(rec, &probe, MEMORY_FEW_BYTES, BACKING_ANON, e);

	if (ret == 0 && record_find_tlb(rec) == 0 && rec->have_tlb) {
		out->tlb = rec->tlb;
		out->have_tlb = true;
	}
	record_free(rec);
	return ret;
}

/* Whether a large page is one entry: in a virtual machine its hypervisor may map it in smaller ones. */
static int measure_fracture(struct record *rec, struct host_figures *out, struct error *e)
{
	const struct work_spec probe = { .workload_count = 1, .workloads = { WORKLOAD_tlb_probe } };
	int ret = run_native(rec, &probe, 256 * MIB, BACKING_THP, e);

	if (ret == 0 && record_find_tlb(rec) == 0 && rec->have_tlb)
		out->fracture = rec->tlb.fracture;
	record_free(rec);
	return ret;
}

/* Each run for itself: what one cannot do (no memory, no huge page) is no reason to give up the others. */
static bool measure(struct record *rec, const struct cpu_model *told, struct host_figures *figures)
{
	struct error ignored[6] = { { .status = STATUS_OK } };
	struct cpu_model probed = *told;
	bool idle = true;

	(void)measure_tlbs(rec, figures, &ignored[0]);
	if (stop_requested() == 0)
		(void)measure_curve(rec, figures, &ignored[5]);
	/* CPUID is known to have too few entries: what was seen decides how far the next run goes. */
	host_cpu_apply(&probed, figures);
	if (stop_requested() == 0)
		(void)measure_stlb(rec, &probed, figures, &ignored[1]);
	if (stop_requested() == 0)
		(void)measure_caches(rec, told, figures, &ignored[2]);
	if (stop_requested() == 0)
		(void)measure_memory(rec, told, figures, &ignored[3]);
	if (stop_requested() == 0)
		(void)measure_fracture(rec, figures, &ignored[4]);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		idle = idle && ignored[i].status != STATUS_WATCHDOG;
	return idle;
}

int host_cpu_make(struct cpu_model *cpu, struct error *e)
{
	struct host_figures figures = { 0 };
	struct cpu_model base;
	struct record *rec;
	int ret = cpu_load(cpu_base_name(cpuid_of_host, NULL), &base, e);

	if (ret != 0)
		return ret;
	cpu_from_cpuid(cpuid_of_host, NULL, &base, cpu);
	rec = calloc(1, sizeof(*rec));
	if (rec == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--cpu host", "no memory for the measurement");
	/* A thread that did not end may still write to the record: the process is about to end then. */
	if (measure(rec, cpu, &figures))
		free(rec);
	if (stop_requested() != 0)
		return error_set(e, STATUS_FAILED, EINTR, "--cpu host", "stopped by signal %d",
				 stop_requested());
	host_cpu_apply(cpu, &figures);
	return 0;
}
