/*
 * The truth check: is the memory what was asked for, in both dimensions, and was the timed part left alone?
 */
#include "vmm/lab/record/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/lab/record/rows.h"

static bool is_partial(const struct record *rec)
{
	return rec->verdict == VERDICT_INTERRUPTED || rec->verdict == VERDICT_FAILED;
}

/*
 * What may be of the wrong page, of a hundred, without a word of it in the verdict: 2M pages of which a tenth are 4K would
 * take fifty times the entries of a TLB.
 */
#define WRONG_PERCENT 1

/* First the host's own page tables: what smaps says of guest RAM. */
static void judge_backing(struct record *rec)
{
	const struct observed_memory *seen = &rec->machine.observed;
	uint64_t wrong_bytes =
		rec->config.page_bytes == PAGE_4K ? seen->huge_bytes : seen->rss_bytes - seen->huge_bytes;
	char asked[24], got[24], huge[24], resident[24];

	if (seen->page_bytes == rec->config.page_bytes)
		return;
	(void)size_format(rec->config.page_bytes, asked);
	(void)size_format(seen->huge_bytes, huge);
	(void)size_format(seen->rss_bytes, resident);
	if (seen->page_bytes != 0)
		record_reason(rec, VERDICT_MISMATCH, "asked for %s backing pages, but smaps shows %s pages",
			      asked, size_format(seen->page_bytes, got));
	else if (seen->rss_bytes != 0)
		record_reason(
			rec,
			wrong_bytes <= seen->rss_bytes / 100 * WRONG_PERCENT ? VERDICT_OK : VERDICT_MISMATCH,
			"asked for %s backing pages, but page sizes are mixed: huge pages map %s of %s, %.1f %%",
			asked, huge, resident, 100.0 * (double)seen->huge_bytes / (double)seen->rss_bytes);
	else if (rec->spec.machine.populate >= POPULATE_PREALLOC && !is_partial(rec))
		record_reason(rec, VERDICT_MISMATCH,
			      "asked for preallocated memory, but smaps shows nothing resident");
}

/* A part that certainly touched all of its working set, so that leaves for it have to be there. */
struct touched {
	uint64_t bytes; /* guest-physical, on all vCPUs together: aliases of one page each have a leaf */
	int64_t leaves_4k, leaves_2m, leaves_1g;
};

/*
 * The largest such part. Its leaves are those of the whole run at their peak; but where a part logged dirty
 * pages, which splits leaves, those that were there when the touching part ended.
 */
static struct touched most_touched(const struct record *rec)
{
	struct touched most = { 0 };
	bool split = rows_any(rec, row_logs_dirty);

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];
		uint64_t bytes = 0;

		if (!row_is_single(r) || (workload_table[r->workload].needs & PROVES_LEAVES) == 0)
			continue;
		for (uint32_t j = 0; j < rec->result_count; j++) {
			if (row_is_single(&rec->results[j]) && same_part(&rec->results[j], r))
				bytes += rec->results[j].working_set_bytes;
		}
		if (bytes > most.bytes)
			most = (struct touched){ bytes, r->leaves_4k, r->leaves_2m, r->leaves_1g };
	}
	if (!split || most.leaves_4k < 0 || most.leaves_2m < 0 || most.leaves_1g < 0) {
		most.leaves_4k = (int64_t)rec->kvm_pages_4k;
		most.leaves_2m = (int64_t)rec->kvm_pages_2m;
		most.leaves_1g = (int64_t)rec->kvm_pages_1g;
	}
	return most;
}

static uint64_t leaves_of(const struct touched *part, uint64_t leaf_bytes)
{
	if (leaf_bytes == PAGE_4K)
		return (uint64_t)part->leaves_4k;
	return (uint64_t)(leaf_bytes == PAGE_2M ? part->leaves_2m : part->leaves_1g);
}

/* Image, low structures and the arena's tables end there. */
static uint64_t low_bytes(const struct record *rec)
{
	return align_up(rec->config.map.tables_gpa + rec->config.map.tables_bytes, PAGE_2M);
}

/*
 * Leaves larger than the rule allows. Under shadow paging the image and low structures, which the guest maps
 * by 2M leaves whatever the arena has, may show as 2M, once for each of the guest's two paging modes.
 */
static bool leaves_too_large(const struct record *rec, uint64_t expected_bytes)
{
	uint64_t allowed_2m = 0;

	if (rec->host.second_dimension == SECOND_SHADOW && rec->config.page_bytes > PAGE_4K)
		allowed_2m = 2 * low_bytes(rec) / PAGE_2M;
	return (expected_bytes < PAGE_1G && rec->kvm_pages_1g != 0) ||
	       (expected_bytes < PAGE_2M && rec->kvm_pages_2m > allowed_2m);
}

/* A known reason why KVM did not install large leaves, or "". */
static const char *why_too_few(const struct record *rec, uint64_t expected_bytes)
{
	if (expected_bytes == PAGE_4K)
		return "";
	if (rows_any(rec, row_logs_dirty))
		return "; to log dirty pages splits leaves: let touch run before, or alone";
	if (rec->host.nx_huge_pages[0] != 'Y')
		return "";
	return rec->config.map.arena_gpa < expected_bytes ? "; nx_huge_pages=Y splits the page, as it holds "
							    "code too: twice -m gives the arena its own"
							  : "; nx_huge_pages=Y splits pages that hold code";
}

/*
 * Bytes under smaller leaves, less those that may be of other memory than the arena: where code is split from its page, and
 * under shadow paging, which maps tables by 4K, all that is low; else next to nothing.
 */
static uint64_t small_leaves_bytes(const struct record *rec, const struct touched *most, uint64_t leaf_bytes)
{
	bool low_is_small = rec->host.second_dimension == SECOND_SHADOW || rec->host.nx_huge_pages[0] == 'Y';
	uint64_t others_bytes = OWN_PAGES * PAGE_4K, small_bytes = 0;

	/* The views of twin, and a log in another part, have smaller leaves of their own. */
	if (leaf_bytes == PAGE_4K || rec->config.map.view_count != 0)
		return 0;
	if (low_is_small)
		others_bytes = PAGE_2M + (leaf_bytes == PAGE_1G ? 2 * low_bytes(rec) : 0);
	small_bytes = (uint64_t)most->leaves_4k * PAGE_4K;
	if (leaf_bytes == PAGE_1G)
		small_bytes += (uint64_t)most->leaves_2m * PAGE_2M;
	return small_bytes - min_u64(small_bytes, others_bytes);
}

/*
 * Leaves that are missing, or bytes under smaller ones where others of the right size hide what is missing. The first and
 * the last leaf of the arena may be shared with other memory: where they are, they need not be there.
 */
bool record_leaf_share(const struct record *rec, struct leaf_share *share)
{
	const struct memmap *map = &rec->config.map;
	uint64_t leaf_bytes = leaf_expected_bytes(rec), leaves, wrong_bytes;
	struct touched most;

	if (rec->spec.native || !rec->have_kvm_pages || leaf_bytes == 0)
		return false;
	most = most_touched(rec);
	*share = (struct leaf_share){ .leaf_bytes = leaf_bytes, .touched_bytes = most.bytes, .right = 1 };
	share->seen[0] = most.leaves_4k;
	share->seen[1] = most.leaves_2m;
	share->seen[2] = most.leaves_1g;
	if (most.bytes == 0)
		return false;
	leaves = max_u64(1, most.bytes / leaf_bytes);
	share->rim = !is_aligned(map->arena_gpa, leaf_bytes) +
		     !is_aligned(map->arena_gpa + map->arena_bytes, leaf_bytes);
	wrong_bytes = (leaves - min_u64(leaves, leaves_of(&most, leaf_bytes))) * leaf_bytes;
	wrong_bytes = max_u64(wrong_bytes, small_leaves_bytes(rec, &most, leaf_bytes));
	wrong_bytes = min_u64(wrong_bytes, leaves * leaf_bytes);
	share->right = 1 - (double)wrong_bytes / (double)(leaves * leaf_bytes);
	share->is_enough = wrong_bytes <= leaves * leaf_bytes / 100 * WRONG_PERCENT +
						  min_u64(share->rim, leaves - 1) * leaf_bytes;
	return true;
}

/* Then the second dimension: KVM's own count of the leaves that it installed. */
static void judge_leaves(struct record *rec)
{
	uint64_t expected_bytes = leaf_expected_bytes(rec);
	struct leaf_share share;
	char size[24], touched[24];

	if (rec->spec.native || !rec->have_kvm_pages || expected_bytes == 0)
		return;
	(void)size_format(expected_bytes, size);
	/* twin has windows with larger guest pages than the arena has, and judges its leaves itself. */
	if (rec->config.map.view_count == 0 && leaves_too_large(rec, expected_bytes))
		record_reason(rec, VERDICT_MISMATCH,
			      "KVM installed leaves larger than %s: %" PRIu64 " of 2M, %" PRIu64 " of 1G",
			      size, rec->kvm_pages_2m, rec->kvm_pages_1g);
	if (!record_leaf_share(rec, &share) || share.is_enough)
		return;
	record_reason(rec, VERDICT_MISMATCH,
		      "expected %s leaves for %s touched, but KVM counts %" PRId64 " of 4K, %" PRId64
		      " of 2M, %" PRId64 " of 1G: %.1f %%%s",
		      size, size_format(share.touched_bytes, touched), share.seen[0], share.seen[1],
		      share.seen[2], 100 * share.right, why_too_few(rec, expected_bytes));
}

/* A page that was touched has a leaf, of whatever size. Half of what is claimed may have been zapped again since it was seen. */
static void judge_claims(struct record *rec)
{
	uint64_t seen_bytes =
		rec->kvm_pages_4k * PAGE_4K + rec->kvm_pages_2m * PAGE_2M + rec->kvm_pages_1g * PAGE_1G;
	char size[24], seen[24];

	if (rec->spec.native || !rec->have_kvm_pages)
		return;
	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (!row_is_single(r) || (workload_table[r->workload].needs & FILLS_SET) == 0 ||
		    r->sample_count == 0 || seen_bytes >= r->pages / 2 * PAGE_4K)
			continue;
		record_reason(rec, VERDICT_MISMATCH,
			      "%s of %s says that it touched %" PRIu64
			      " pages, but KVM's leaves hold %s in all",
			      workload_table[r->workload].name, size_format(r->working_set_bytes, size),
			      r->pages, size_format(seen_bytes, seen));
		return;
	}
}

static void judge_payload(struct record *rec)
{
	if (rec->machine.guest.is_foreign)
		record_reason(
			rec, VERDICT_PAYLOAD,
			"%.80s is not minivmm's own guest: times, pages and accesses are its word alone; page "
			"sizes, exits and faults were counted outside of it",
			rec->spec.machine.guest_path);
}

static void judge_congruence(struct record *rec)
{
	if (!rec->spec.native && !is_partial(rec) && !rec->machine.gpa_hva_congruent &&
	    rec->config.page_bytes > PAGE_4K)
		record_reason(rec, VERDICT_MISMATCH,
			      "guest-physical and host-virtual addresses differ modulo the backing page: KVM "
			      "cannot install large leaves");
}

/* All pages have to be back. A pool that others use or resize proves nothing: its numbers are reported. */
static void judge_pool(struct record *rec)
{
	const struct pool_counts *was = &rec->machine.pool[POOL_BEFORE],
				 *is = &rec->machine.pool[POOL_CLOSED];
	bool shared = was->free != was->total || was->reserved != 0 ||
		      was->total - was->surplus != is->total - is->surplus;
	char size[24];

	if (rec->machine.pool_page_bytes == 0 || memcmp(was, is, sizeof(*was)) == 0)
		return;
	if (is_partial(rec) && is->total == 0)
		return;
	(void)size_format(rec->machine.pool_page_bytes, size);
	record_reason(rec, shared ? VERDICT_OK : VERDICT_FAILED,
		      "%s pool: free %" PRIu64 " -> %" PRIu64 ", reserved %" PRIu64 " -> %" PRIu64
		      ", surplus %" PRIu64 " -> %" PRIu64 ", total %" PRIu64 " -> %" PRIu64 ": %s",
		      size, was->free, is->free, was->reserved, is->reserved, was->surplus, is->surplus,
		      was->total, is->total,
		      shared ? "others use or resize it" : "pages lost, unless others use it");
}

/* A timed part runs the workload alone: the guest has no exits of its own. Host interrupts do not count. */
static void judge_exits(struct record *rec)
{
	const struct result *first = NULL;
	uint32_t parts = 0, disturbed = 0;
	char size[24];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (!row_is_single(r) || r->may_exit)
			continue;
		/* The windows of twin share the phase of their blocks. */
		if (r->workload == WORKLOAD_twin && r->variant != VARIANT_BLOCKS)
			continue;
		parts++;
		if (r->counts.exits <= 0)
			continue;
		disturbed++;
		if (first == NULL)
			first = r;
	}
	if (first == NULL || rec->spec.native)
		return;
	record_reason(
		rec, VERDICT_DISTURBED,
		"the guest exited inside %u of %u timed parts that may not exit; first %s of %s on vCPU "
		"%d: %" PRId64 " exits",
		disturbed, parts, workload_table[first->workload].name,
		size_format(first->working_set_bytes, size), first->vcpu, first->counts.exits);
}

/* A control group that has used up its CPU quota is stopped for the rest of the period, whatever it is in the middle of. */
static void judge_quota(struct record *rec)
{
	const struct result *worst = NULL;
	uint32_t parts = 0, throttled = 0;
	char size[24];

	for (uint32_t i = 0; i < rec->result_count; i++) {
		const struct result *r = &rec->results[i];

		if (!row_is_single(r))
			continue;
		parts++;
		throttled += r->counts.throttled_ns > 0;
		if (r->counts.throttled_ns > 0 &&
		    (worst == NULL || throttled_share(&r->counts) > throttled_share(&worst->counts)))
			worst = r;
	}
	if (worst == NULL)
		return;
	record_reason(rec, VERDICT_DISTURBED,
		      "the CPU quota of a control group stopped %u of %u timed parts; most of all %s of %s: "
		      "%.1f %% of its time",
		      throttled, parts, workload_table[worst->workload].name,
		      size_format(worst->working_set_bytes, size), 100 * throttled_share(&worst->counts));
}

void record_judge(struct record *rec)
{
	judge_backing(rec);
	judge_leaves(rec);
	judge_claims(rec);
	judge_payload(rec);
	judge_congruence(rec);
	judge_pool(rec);
	judge_exits(rec);
	judge_quota(rec);
	record_judge_first_touches(rec);
}
