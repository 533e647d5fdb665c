/*
 * Short native runs of the workloads measure those parameters of this CPU that CPUID does not have.
 */
#include "vmm/lab/calibrate/host_cpu.h"

#include <errno.h>
#include <stdlib.h>

#include "units.h"
#include "vmm/host/facts.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/core/memory/backing.h"
#include "vmm/lab/measure/run.h"
#include "vmm/lab/record/rows.h"
#include "vmm/theory/simulate/cpu.h"
#include "vmm/util/process.h"

/* Enough that the cost of reading the clock vanishes; with the warm-up some 10 ms where each load goes to L3. */
#define ACCESSES 131072
#define REPEAT 5

/* To shuffle more lines would take seconds, so memory behind a larger L3 is not measured. */
#define LINES_MOST (UINT64_C(1) << 20)

/* The memory of the runs, by what they measure: a page for each line, of which packed touches a 64th. */
#define MEMORY_MOST_BYTES (5 * GIB)
#define MEMORY_CACHES_BYTES GIB
#define MEMORY_CURVE_BYTES (128 * MIB)
#define MEMORY_FEW_BYTES (64 * MIB)
#define MEMORY_LARGE_PAGES_BYTES (256 * MIB)

/* The lines for which MEMORY_CACHES_BYTES has pages. */
#define CACHES_LINES_MOST (UINT64_C(1) << 18)

/* The runs of a calibration, one after the other. */
struct calibration {
	struct record *record; /* of the current run */
	struct host_measurements measured;
	bool stuck; /* a thread of some run did not end: it may still write to the record */
};

/*
 * One `minivmm native` with the workloads and working sets of *work. False where it failed (no memory, no huge page) or the
 * user has stopped the program: the other runs measure all the same.
 */
static bool run_native(struct calibration *c, const struct work_spec *work, uint64_t memory_bytes,
		       enum backing_kind backing)
{
	struct error e = { .status = STATUS_OK };
	struct record *rec = c->record;
	struct run_spec *asked = &rec->spec;
	struct backing_spec spec;
	int ret;

	record_init(rec);
	if (stop_requested() != 0)
		return false;
	run_spec_init(asked);
	/* It is one of several in this process, and no guest's. */
	asked->machine.sandbox.wanted = CHOICE_OFF;
	asked->native = true;
	asked->machine.memory_bytes = memory_bytes;
	asked->machine.backing = backing;
	asked->machine.reserve = CHOICE_OFF;
	asked->work = *work;
	asked->work.accesses = ACCESSES;
	asked->work.seed = 1;
	asked->workloads_given = true;
	asked->repeat = REPEAT;
	ret = backing_resolve(&asked->machine, &spec, &e);
	if (ret == 0)
		ret = plan_make(asked, spec.page_bytes, &rec->config, &e);
	if (ret == 0) {
		facts_read("", &rec->host);
		ret = measure_native(rec, NULL, &e);
	}
	if (ret == 0) {
		ret = record_settle_clock(rec);
		c->measured.unit = latency_words(rec);
	}
	c->stuck = c->stuck || e.status == STATUS_WATCHDOG;
	return ret == 0;
}

/*
 * The same for packed, and chase where it is asked for, over working sets of lines[0..count): the workloads take one line
 * for every 4 KiB that are asked for. A working set of 0 lines is left out.
 */
static bool run_sets(struct calibration *c, bool chase, const uint64_t *lines, uint32_t count,
		     uint64_t memory_bytes, enum backing_kind backing)
{
	struct work_spec work = { .workload_count = chase ? 2 : 1,
				  .workloads = { WORKLOAD_packed, WORKLOAD_chase } };

	for (uint32_t i = 0; i < count; i++) {
		if (lines[i] != 0)
			work.sets_bytes[work.set_count++] = lines[i] * PAGE_4K;
	}
	return run_native(c, &work, memory_bytes, backing);
}

/* The least of all samples for so many lines, the one that was disturbed least. 0: there is none. */
static double min_cycles(const struct record *rec, enum workload_id workload, uint64_t lines)
{
	for (uint32_t i = 0; i < rec->result_count && lines != 0; i++) {
		const struct result *r = &rec->results[i];

		if (r->workload == workload && r->pages == lines && r->sample_count != 0)
			return r->summary.min;
	}
	return 0;
}

/* In lines: half of L1, half of L2, twice L2, twice L3. 0 where a size would not lie inside its level, or take too long. */
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

static void measure_caches(struct calibration *c, const struct cpu_model *cpu)
{
	struct sizes s = choose_sizes(cpu);
	const uint64_t lines[] = { s.l1, s.l2, s.l3 };

	/* Large pages, so that translation costs next to nothing. */
	(void)run_sets(c, false, lines, COUNT_OF(lines), MEMORY_CACHES_BYTES, BACKING_THP);
	c->measured.l1_cycles = min_cycles(c->record, WORKLOAD_packed, s.l1);
	c->measured.l2_cycles = min_cycles(c->record, WORKLOAD_packed, s.l2);
	c->measured.l3_cycles = min_cycles(c->record, WORKLOAD_packed, s.l3);
	record_free(c->record);
	if (s.memory == 0)
		return;
	/* Beyond L3 in a run of its own, because a host with little free memory refuses it. */
	(void)run_sets(c, false, &s.memory, 1, MEMORY_MOST_BYTES, BACKING_THP);
	c->measured.memory_cycles = min_cycles(c->record, WORKLOAD_packed, s.memory);
	record_free(c->record);
}

/* Twice the dTLB's entries, as far as L1 holds a line of each and the STLB all: each load misses the dTLB alone. */
static void measure_stlb(struct calibration *c, const struct cpu_model *cpu)
{
	struct cpu_tlb dtlb = cpu_tlb(cpu, false, PAGE_4K), stlb = cpu_tlb(cpu, true, PAGE_4K);
	uint64_t lines = max_u64(2 * (uint64_t)dtlb.sets * dtlb.ways, 256);
	double chase, packed;

	if (lines > cpu->parameter[CPU_L1D_BYTES] / CACHE_LINE_BYTES / 2 ||
	    lines > (uint64_t)stlb.sets * stlb.ways / 2)
		return;
	(void)run_sets(c, true, &lines, 1, MEMORY_FEW_BYTES, BACKING_ANON);
	chase = min_cycles(c->record, WORKLOAD_chase, lines);
	packed = min_cycles(c->record, WORKLOAD_packed, lines);
	c->measured.stlb_cycles = packed > 0 && chase > packed ? chase - packed : 0;
	record_free(c->record);
}

/* Working sets around the end of any STLB, each packed and one line a page. */
static void measure_curve(struct calibration *c)
{
	static const uint64_t pages[HOST_STLB_POINTS] = { 512,  1024, 1536, 2048,  3072,
							  4096, 6144, 8192, 12288, 16384 };
	bool measured = run_sets(c, true, pages, HOST_STLB_POINTS, MEMORY_CURVE_BYTES, BACKING_ANON);

	for (int i = 0; i < HOST_STLB_POINTS && measured; i++) {
		struct stlb_point point = {
			.pages = pages[i],
			.packed_cycles = min_cycles(c->record, WORKLOAD_packed, pages[i]),
			.chase_cycles = min_cycles(c->record, WORKLOAD_chase, pages[i]),
		};

		if (point.packed_cycles > 0 && point.chase_cycles > 0)
			c->measured.curve[c->measured.stlb_points++] = point;
	}
	record_free(c->record);
}

/*
 * tlb-probe, on 4K pages for the TLBs, and on large pages for whether such a page is one entry: in a virtual machine the
 * hypervisor may map it by smaller ones.
 */
static void measure_tlbs(struct calibration *c, uint64_t memory_bytes, enum backing_kind backing)
{
	const struct work_spec probe = { .workload_count = 1, .workloads = { WORKLOAD_tlb_probe } };
	struct record *rec = c->record;

	if (run_native(c, &probe, memory_bytes, backing) && record_find_tlb(rec) == 0 && rec->have_tlb) {
		if (backing == BACKING_THP) {
			c->measured.fracture = rec->tlb.fracture;
		} else {
			c->measured.tlb = rec->tlb;
			c->measured.have_tlb = true;
		}
	}
	record_free(rec);
}

static void measure(struct calibration *c, const struct cpu_model *told)
{
	struct cpu_model probed = *told;

	measure_tlbs(c, MEMORY_FEW_BYTES, BACKING_ANON);
	measure_curve(c);
	/* CPUID may report too few entries, so what was measured decides the working set of the next run. */
	host_cpu_apply(&probed, &c->measured);
	measure_stlb(c, &probed);
	measure_caches(c, told);
	measure_tlbs(c, MEMORY_LARGE_PAGES_BYTES, BACKING_THP);
}

int host_cpu_make(struct cpu_model *cpu, struct error *e)
{
	struct calibration c = { .measured.unit = "core cycles" };
	struct cpu_model base;
	int ret = cpu_load(cpu_base_name(cpuid_of_host, NULL), &base, e);

	if (ret != 0)
		return ret;
	cpu_from_cpuid(cpuid_of_host, NULL, &base, cpu);
	c.record = calloc(1, sizeof(*c.record));
	if (c.record == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--cpu host", "no memory for the measurement");
	measure(&c, cpu);
	/* A stuck thread may still write to the record; the process is about to end. */
	if (!c.stuck)
		free(c.record);
	if (stop_requested() != 0)
		return error_set(e, STATUS_FAILED, EINTR, "--cpu host", "stopped by signal %d",
				 stop_requested());
	host_cpu_apply(cpu, &c.measured);
	return 0;
}
