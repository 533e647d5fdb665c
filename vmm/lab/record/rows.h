/*
 * What judges and writers ask of a record and its rows.
 */
#ifndef MINIVMM_LAB_RECORD_ROWS_H
#define MINIVMM_LAB_RECORD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "units.h"
#include "vmm/lab/record/estimate.h"
#include "vmm/lab/record/record.h"
#include "vmm/output/table.h"

/*
 * Room for one more row behind the last: the caller fills it and then increments result_count. NULL: no
 * memory. Pointers to other rows are no longer valid afterwards.
 */
struct result *rows_new(struct record *rec);

/*
 * Summary and median_ns of a row of one vCPU from its samples, as read and in its unit, by those that `marks` lets count
 * (stats.h; NULL: all). 0, -ENOMEM, or -EINVAL for a figure that is not finite.
 */
int row_summarize(struct result *r, const char *marks);

/* A row of one vCPU, not a combined one. */
static inline bool row_is_single(const struct result *r)
{
	return r->vcpu >= 0;
}

/* Rows of the same part of the same step, of whatever vCPU. */
static inline bool same_part(const struct result *a, const struct result *b)
{
	return a->step == b->step && a->variant == b->variant;
}

/* A row of a workload that has a working set. */
static inline bool row_has_working_set(const struct result *r)
{
	return workload_table[r->workload].default_set != SET_NONE;
}

static inline bool row_has_stride(const struct result *r)
{
	return r->stride_bytes != 0;
}

/* A row of several cursors at once. */
static inline bool row_has_chains(const struct result *r)
{
	return r->chains > 1;
}

/* A row that measures exits or faults, so that their number an operation is worth showing. */
static inline bool row_may_exit(const struct result *r)
{
	return r->may_exit && r->operations != 0;
}

static inline bool row_logs_dirty(const struct result *r)
{
	return r->dirty_pages >= 0;
}

/* "touch first": the workload and, where it has several, its variant, into buf[0..size). Returns buf. */
const char *row_name(const struct result *r, char *buf, size_t size);

/* Whether any row is so. */
bool rows_any(const struct record *rec, bool (*is_so)(const struct result *r));

/* The vCPU of the row that stands for all rows of a part: -1, the combined one, or the only vCPU. */
static inline int32_t text_vcpu(const struct record *rec)
{
	return rec->config.vcpus > 1 ? -1 : 0;
}

/* Whether the row has a figure and stands for all vCPUs (text_vcpu). */
bool row_has_figure(const struct record *rec, const struct result *r);

/* The packed row of the working set and the number of chains of `chase`, or NULL. */
const struct result *packed_partner(const struct record *rec, const struct result *chase);

/* What latencies of this record are in: "core cycles", or "TSC cycles" where the core's clock is not known. */
const char *latency_words(const struct record *rec);

/*
 * Whether a row's lines, and those of the leaf entries of the dimensions that its walks go through, take no more than
 * rec->in_core_bytes.
 */
bool row_fits_core(const struct record *rec, const struct result *r);

/* rec->in_core_bytes, or what it is on the CPU with the smallest L2 where this one's is not known. */
uint64_t in_core_bytes(const struct record *rec);

/*
 * a - b or a / b of two rows with samples: the median over rounds of that of each round, and its interval within this
 * allocation (estimate.h). 0 or -ENOMEM.
 */
int rows_pair(const struct result *a, const struct result *b, enum pairing how, struct estimate *out);

/* chase - packed of a chase row, as text_vcpu() has it. count 0: nothing to subtract. 0 or -ENOMEM. */
int record_translation(const struct record *rec, const struct result *chase, struct estimate *cost);

/* The figure to compare by: the minimum in the core's caches, else the median. */
double row_stable_figure(const struct result *r);

/*
 * Bytes of the expected leaf: under EPT and NPT the backing's page alone (Intel SDM vol. 3C, 29.3; AMD APM
 * vol. 2, 15.25), under shadow paging the smaller of guest page and backing page. 0: no rule is known.
 */
static inline uint64_t leaf_expected_bytes(const struct record *rec)
{
	if (is_two_dimensional(rec->host.second_dimension))
		return rec->config.page_bytes;
	if (rec->host.second_dimension == SECOND_SHADOW)
		return min_u64(rec->config.guest_page_bytes, rec->config.page_bytes);
	return 0;
}

/* Pages of 4 KiB of the guest's own (code, stack, APIC) that may show among those of a part. */
#define OWN_PAGES 16

/* How much of what was certainly touched has leaves of the size that it has to have in the second dimension. */
struct leaf_share {
	uint64_t leaf_bytes, touched_bytes;
	int64_t seen[3]; /* KVM's count of leaves of 4K, 2M, 1G */
	double right;    /* of touched_bytes, from 0 to 1 */
	uint32_t rim;    /* leaves at the ends of the arena that other memory shares, and may have split */
	bool is_enough;  /* for the verdict: all but one in a hundred, and the rim */
};

/* False: nothing says (no part touches all of its set, or KVM does not count, or no rule is known). Pure. */
bool record_leaf_share(const struct record *rec, struct leaf_share *share);

/* Samples of round `round` of `rounds`, of `repeat` samples in all: what is left over goes to the first ones. */
static inline uint32_t round_samples(uint32_t repeat, uint32_t rounds, uint32_t round)
{
	return repeat / rounds + (round < repeat % rounds);
}

static inline const char *pool_moment_name(int moment)
{
	static const char *const names[POOL_MOMENTS] = { "before", "mapped", "populated", "ran", "closed" };

	return moment >= 0 && moment < POOL_MOMENTS ? names[moment] : "unknown";
}

/* A run that stopped early leaves later moments at zero: they were never read. Others could not be. */
static inline bool pool_moment_known(const struct record *rec, int moment)
{
	const struct pool_counts *c = &rec->machine.pool[moment], *before = &rec->machine.pool[POOL_BEFORE];

	return (rec->machine.pool_hidden >> moment & 1) == 0 &&
	       ((c->total | c->free | c->reserved | c->surplus) != 0 || before->total == 0);
}

/* The columns of a result (columns.def): rows are of struct result, `all` is their struct record. */
extern const struct columns result_columns;

/* Print the results: a row each, or a matrix for a workload of many strides; and a legend. 0 or -ENOMEM. */
int put_results(const struct record *rec, FILE *out);

/*
 * Whether a workload's results are a matrix, pages down and strides across, because rows would be too many:
 * in_grid[] by enum workload_id.
 */
void grid_choose(const struct record *rec, bool in_grid[WORKLOAD_COUNT]);

/* Print what differences between rows mean, if there are any: translation, refill after an exit, lost levels. */
void put_findings(const struct record *rec, FILE *out);

/* Print where throughput stops growing with more chains, and why where rows show it. Nothing without such rows. */
void put_throughput(const struct record *rec, FILE *out);

/* Print how single loads are distributed: bars, modes and tail of each row that has a histogram. */
void put_histograms(const struct record *rec, FILE *out);

/* Print what was counted: for each row the counts an operation. Nothing where nothing was asked for. */
void put_pmu(const struct record *rec, FILE *out);

#endif
