/*
 * The record of one run: everything that text, CSV and JSON are made from. Schema minivmm.run/2.
 */
#ifndef MINIVMM_LAB_RECORD_RECORD_H
#define MINIVMM_LAB_RECORD_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "abi.h"
#include "vmm/lab/spec.h"
#include "vmm/lab/record/histogram.h"
#include "vmm/lab/record/stats.h"
#include "vmm/host/facts.h"
#include "vmm/core/machine/machine.h"
#include "vmm/theory/walk/tlb_probe.h"
#include "vmm/lab/pmu/counters.h"
#include "vmm/lab/pmu/plan.h"
#include "vmm/theory/simulate/closed_form.h"

#define RECORD_SCHEMA "minivmm.run/2"
#define RECORD_MAX_REASONS 16

/* In order of severity. */
enum verdict {
	VERDICT_OK,
	VERDICT_PAYLOAD,     /* a guest of someone else's: what it reports was not measured by minivmm */
	VERDICT_DISTURBED,   /* something exited inside a timed part that should not */
	VERDICT_MISMATCH,    /* requested and observed page sizes disagree */
	VERDICT_INTERRUPTED, /* a stop signal: the record is partial */
	VERDICT_FAILED,      /* panic, watchdog or error: the record is partial; see reasons */
};

/* Whether a part that claims to measure first touches saw the faults that theory has for them. */
enum first_touch {
	FIRST_TOUCH_NONE, /* it claims no such thing, or there is no guest */
	FIRST_TOUCH_SEEN,
	FIRST_TOUCH_VOID,    /* it did not, so it has no figure; the note says why */
	FIRST_TOUCH_UNKNOWN, /* KVM's faults, or its leaves, are not known */
};

/* Counted over a timed phase, warm-up included, doorbells taken off. -1: not known. */
struct phase_counts {
	int64_t exits;        /* the guest's own: host interrupts not counted */
	int64_t interrupts;   /* exits for the host's own interrupts */
	int64_t major_faults; /* of the thread: those that waited for a disk or swap */
	int64_t page_faults; /* second-dimension (or shadow) faults that KVM fixed; natively minor + major faults */
	int64_t switches;     /* involuntary context switches of the thread */
	int64_t throttled_ns; /* of a CPU, in which the quota of a control group stopped the process */
	int64_t phase_ns;     /* that it took */
};

#define COUNTS_NOT_KNOWN                            \
	((struct phase_counts){ .exits = -1,        \
				.interrupts = -1,   \
				.major_faults = -1, \
				.page_faults = -1,  \
				.switches = -1,     \
				.throttled_ns = -1, \
				.phase_ns = -1 })

/* What was counted from one reading to the next; -1 where one of them is not known. */
static inline int64_t count_between(int64_t from, int64_t to)
{
	return from < 0 || to < 0 ? -1 : to - from;
}

/* A sum is known only when every term is. */
static inline int64_t count_sum(int64_t a, int64_t b)
{
	return a < 0 || b < 0 ? -1 : a + b;
}

static inline void counts_add(struct phase_counts *sum, const struct phase_counts *term)
{
	sum->exits = count_sum(sum->exits, term->exits);
	sum->interrupts = count_sum(sum->interrupts, term->interrupts);
	sum->major_faults = count_sum(sum->major_faults, term->major_faults);
	sum->page_faults = count_sum(sum->page_faults, term->page_faults);
	sum->switches = count_sum(sum->switches, term->switches);
	sum->throttled_ns = count_sum(sum->throttled_ns, term->throttled_ns);
	sum->phase_ns = count_sum(sum->phase_ns, term->phase_ns);
}

/*
 * Into *counts: a phase of phase_ns, in which the groups of this process were stopped for stopped_ns of all CPUs together, by
 * which its `vcpus` threads may have been stopped alike; -1: not known.
 */
static inline void counts_throttled(struct phase_counts *counts, int64_t stopped_ns, int64_t phase_ns,
				    uint32_t vcpus)
{
	int64_t each_ns = stopped_ns < 0 ? -1 : stopped_ns / vcpus;

	counts->phase_ns = phase_ns;
	counts->throttled_ns = each_ns > phase_ns ? phase_ns : each_ns;
}

/* The share of the phase in which a quota stopped it; -1: not known. */
static inline double throttled_share(const struct phase_counts *counts)
{
	if (counts->throttled_ns < 0 || counts->phase_ns <= 0)
		return -1;
	return (double)counts->throttled_ns / (double)counts->phase_ns;
}

/* What the host holds of guest RAM, and what was counted so far. -1: not known. */
struct act_moment {
	int64_t leaves_4k, leaves_2m, leaves_1g; /* KVM's, of the whole VM */
	int64_t resident_bytes, huge_bytes;      /* of guest RAM: in all, and mapped by huge pages */
	int64_t pool_free_pages;                 /* of the backing's pool */
	int64_t minor_faults, major_faults;      /* of this process */
	int64_t merged_pages;                    /* of this process that KSM shares */
	int64_t saved_pages;                     /* of the host that KSM saves */
	int64_t split_mappings, split_pages;     /* of the host: huge pages mapped by 4K, or no longer huge */
	int64_t swapped_in_pages, swapped_out_pages; /* of the host */
};

/* What the host did to a part's memory at its begin (enum host_act). */
struct act_report {
	bool made;        /* the part has an act */
	bool unavailable; /* it could not be done here, so there is no figure: the note says why */
	struct act_moment before, after;
	char note[96]; /* ""; or why not, or to how much of it the kernel refused the act */
};

struct result {
	uint32_t step; /* of those asked for; rounds have one together */
	enum workload_id workload;
	enum workload_variant variant;
	int32_t vcpu; /* -1: all vCPUs combined */
	uint64_t working_set_bytes;
	uint64_t stride_bytes; /* 0: the workload has none */
	uint32_t chains;       /* 0: the workload has none */
	uint64_t pages;
	uint64_t guest_page_bytes; /* leaf of the first dimension; natively the backing's page */
	uint64_t accesses;         /* timed operations (or bytes) in one sample */
	uint64_t checksum;
	uint64_t touched_pages, untimed_pages; /* as the guest says them (abi.h) */
	enum first_touch first_touch;
	int64_t faults_least, faults_most; /* in theory, in the row of all vCPUs; -1: not known */
	bool may_exit;
	bool single_loads; /* with samples there is a histogram */
	/* Timed operations of the whole phase: accesses x samples; 0 where passes warm up. */
	uint64_t operations;
	/*
	 * How often the part came: the samples are those of its rounds one after the other (round_samples of rows.h), with the
	 * rounds of other parts between them.
	 */
	uint32_t rounds;
	uint32_t sample_count;   /* 0: no figure here, the note says why */
	enum workload_unit unit; /* of samples and summary */
	uint64_t tsc_khz;        /* that nanoseconds follow from; 0: not known */
	/* Owned by the record, each NULL where there are none. */
	double *samples;
	char *marks;                      /* SAMPLE_*, one a sample, NUL-terminated */
	double *tsc_per_core_cycle;       /* beside each sample; these three: not in a combined row */
	double *samples_tsc_cycles;       /* whole samples, as they were read */
	struct core_clock (*readings)[2]; /* before and after each sample */
	struct histogram *histogram;      /* of a part of single loads */
	struct summary summary;
	double median_ns; /* of an access or update; NAN: not known, or nanoseconds mean nothing in that unit */
	struct phase_counts counts;
	struct pmu_counts *pmu; /* by event of record.pmu; from malloc; NULL: not asked, or no memory */
	/* KVM's, of the whole VM, at the end of the phase; -1: not known. */
	int64_t leaves_4k, leaves_2m, leaves_1g;
	struct act_report act;
	uint64_t zero_pages;  /* that the guest found zeroed after the act */
	int64_t dirty_pages;  /* 4 KiB pages of the arena in KVM's dirty log; -1: the part logs none */
	uint32_t refs_theory; /* 0: not known */
	/* Lines and leaf entries stay in the core's own caches, so that the least sample is the stable figure; else the median. */
	bool in_core;
	char note[160];
};

struct record {
	int argc; /* the command line, borrowed */
	char **argv;
	struct run_spec spec;
	struct config config;
	struct host_facts host;
	struct machine_report machine;
	bool have_kvm_pages;                               /* KVM's own count of installed leaves is known */
	uint64_t kvm_pages_4k, kvm_pages_2m, kvm_pages_1g; /* peak over the run */
	int64_t kvm_tables_bytes; /* KVM's page tables at their peak, by the host's SecPageTables; -1: not known */
	bool kvm_tables_late; /* the kernel was not asked to bring that count up to date: it may lack some pages a CPU */
	int64_t kvm_page_faults; /* that KVM fixed, of all vCPUs over the whole run; -1: not known */
	double ring0_slowdown;   /* the same loop, ring 0 : ring 3; 0: not measured */
	struct pmu_plan *pmu;    /* what was to be counted; owned; NULL: not asked */
	uint64_t
		in_core_bytes; /* of lines and leaf entries that stay in the core's own caches; 0: L2 is not known */
	uint32_t result_count;
	struct result *results;
	bool have_tlb; /* the rows of a tlb-probe were there and tlb says what they show (record_find_tlb) */
	struct tlb_findings tlb;
	struct cpu_model *cpu;         /* that --predict takes figures of; owned; NULL: not asked */
	struct prediction *prediction; /* owned; NULL: not asked, or there was nothing to predict */
	/* Called whenever all vCPUs have ended a new part, under the lock that guards the record; NULL: not. */
	void (*kept)(const struct record *rec, const void *argument);
	const void *kept_argument; /* borrowed */
	enum verdict verdict;
	uint32_t reason_count;
	char reasons[RECORD_MAX_REASONS][200];
};

/* Zero *rec; record_free releases what record_add took; safe on a zeroed record. */
void record_init(struct record *rec);
void record_free(struct record *rec);

/*
 * The row of what a guest or a native thread reports of one part: all that it says itself, its samples for
 * record_add; what the VMM counts beside is -1 or 0, not known. part may be NULL.
 */
struct result result_from_guest(const struct guest_result *g, uint32_t vcpu,
				const struct workload_part *part);

/*
 * Append a copy of *r with sample_count samples of g converted from TSC cycles: TSC cycles an access; bytes a second and
 * updates a second with tsc_khz. Fills summary. A row without samples is kept for its counts and its note. r->pmu goes
 * to the record, but only with 0. A row of the same step, variant and vCPU is there already: *r is its next round, whose samples
 * and counts are added to it. 0, -ENOMEM, or -EINVAL for what cannot be, such as a round unlike the one before.
 */
int record_add(struct record *rec, const struct result *r, const struct guest_result *g, uint64_t tsc_khz);

/*
 * Once all rows are in: find each vCPU's clock, mark the samples, and turn latencies from TSC cycles into core cycles.
 * Where a vCPU has no reading that counts, all latencies stay in TSC cycles, as their unit says. 0, -ENOMEM, or -EINVAL
 * for a figure that is not finite.
 */
int record_settle_clock(struct record *rec);

/* The clock over all samples of single vCPUs. */
struct clock_summary {
	uint32_t samples, moved, disturbed;
	double mean, low, high; /* core cycles a TSC cycle */
};

/* False: no clock is known. */
bool record_clock(const struct record *rec, struct clock_summary *sum);

/*
 * Once all vCPUs are in: append for every (step, variant) a row with vcpu = -1: latency units average, rate
 * units add up, sample by sample; counts add up. Nothing for one vCPU. Rows then sort by step, variant, vcpu.
 * 0 or -ENOMEM.
 */
int record_combine(struct record *rec);

/*
 * Fill have_tlb and tlb from the rows of tlb-probe, the least of all vCPUs, if there are any. 0 or -ENOMEM.
 */
int record_find_tlb(struct record *rec);

/*
 * Fill prediction from the rows of chase and packed that belong together; a note where that cannot be. 0,
 * -ENOMEM, or -EINVAL for what the model cannot take.
 */
int record_predict(struct record *rec, const struct cpu_model *cpu);

/* Add a sentence to reasons[] (dropped when the list is full), and make the verdict at least as bad as v. */
void record_reason(struct record *rec, enum verdict v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

extern const struct names verdict_names, first_touch_names;

static inline const char *verdict_name(enum verdict v)
{
	return name_of(&verdict_names, v);
}

/* Exit status that a verdict means: ok, payload and disturbed 0, mismatch 5, interrupted and failed 1. */
enum status record_status(const struct record *rec);

/*
 * The truth check: requested against observed page size, second dimension against what the leaf rules say, what a guest
 * claims against what KVM counted, pool closed against before, exits in timed parts. Sets verdict and reasons. Pure.
 */
void record_judge(struct record *rec);

/* Its part for first touches: judges the rows of first passes, and takes the figures of those that are void. */
void record_judge_first_touches(struct record *rec);

/* Write it: one screen, at most 100 columns, with colour where `out` is a terminal; CSV; JSON. 0 or -errno. */
int record_text(const struct record *rec, FILE *out);
int record_csv(const struct record *rec, FILE *out);
int record_json(const struct record *rec, FILE *out);

#endif
