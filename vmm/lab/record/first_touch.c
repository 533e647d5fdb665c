/*
 * Did rows that claim to measure first touches see them? Theory has a fault for each leaf of the second dimension that
 * the part met first, so KVM's count is held against that.
 */
#include <inttypes.h>
#include <stdio.h>

#include "driver.h"
#include "units.h"
#include "vmm/lab/record/record.h"
#include "vmm/lab/record/rows.h"
#include "vmm/util/size.h"

const struct names first_touch_names = NAMES_OF("none", "seen", "void", "unknown");

/*
 * A fault on a leaf of 4K may install up to so many at once, where their pages are there (PTE_PREFETCH_NUM of
 * arch/x86/kvm/mmu/mmu.c). The TDP MMU does not, and a shadow table only where the guest's entry is of a larger page or
 * has its A bit.
 */
#define PREFETCH_LEAVES 8

static bool may_prefetch(const struct record *rec, uint64_t leaf_bytes)
{
	if (leaf_bytes != PAGE_4K)
		return false;
	if (is_two_dimensional(rec->host.second_dimension))
		return known_boolean(facts_param(&rec->host, "kvm.tdp_mmu")) != KNOWN_YES;
	return rec->config.guest_page_bytes > PAGE_4K || rec->config.guest_ad;
}

/* Leaves under what these rows, in the order of their vCPUs, touched; a leaf that two vCPUs share is one. */
static uint64_t leaves_met(const struct record *rec, const struct result *rows, uint32_t count,
			   uint64_t leaf_bytes)
{
	const struct config *c = &rec->config;
	uint64_t slice_bytes = driver_slice_bytes(c->map.arena_bytes,
						  max_u64(c->guest_page_bytes, c->map.alias_bytes), c->vcpus);
	uint64_t met = 0, next = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t gpa, first, end;

		if (!row_is_single(&rows[i]))
			continue;
		gpa = c->map.arena_gpa + (uint64_t)rows[i].vcpu * slice_bytes;
		first = max_u64(gpa / leaf_bytes, next);
		end = divide_up(gpa + rows[i].touched_pages * PAGE_4K, leaf_bytes);
		if (end <= first)
			continue;
		met += end - first;
		next = end;
	}
	return met;
}

/* What theory has for the faults of a part, in the first of its rows: the one of all vCPUs where there are several. */
static void expect_faults(const struct record *rec, struct result *rows, uint32_t count, uint64_t leaf_bytes)
{
	uint64_t met = leaves_met(rec, rows, count, leaf_bytes), untimed = 0;
	uint64_t least;

	for (uint32_t i = 0; i < count; i++)
		untimed += row_is_single(&rows[i]) ? rows[i].untimed_pages : 0;
	if (rec->spec.machine.populate == POPULATE_PREFAULT)
		met = 0;
	rows->faults_most = (int64_t)(met - min_u64(met, divide_up(untimed, leaf_bytes / PAGE_4K)));
	/* Where the arena begins inside a leaf, image and tables have touched that one. */
	untimed += !is_aligned(rec->config.map.arena_gpa, leaf_bytes);
	least = may_prefetch(rec, leaf_bytes) ? divide_up(met, PREFETCH_LEAVES) : met;
	rows->faults_least = (int64_t)(least - min_u64(least, untimed));
}

/* One in a hundred may differ: what the host took back meanwhile, or vCPUs met at once. */
static bool is_void(const struct record *rec, const struct result *r, uint64_t leaf_bytes)
{
	int64_t own = leaf_bytes == PAGE_4K ? OWN_PAGES : rec->config.vcpus;
	int64_t faults = r->counts.page_faults;

	return faults < r->faults_least - r->faults_least / 100 ||
	       faults > r->faults_most + r->faults_most / 100 + own ||
	       (faults == 0 && rec->spec.machine.populate != POPULATE_PREFAULT);
}

/* A row without a figure, and why. */
static void make_void(struct result *r, const struct result *all, uint64_t leaf_bytes)
{
	char set[24], leaf[24], range[32] = "";

	if (all->faults_least != all->faults_most)
		(void)snprintf(range, sizeof(range), "%" PRId64 " to ", all->faults_least);
	(void)snprintf(r->note, sizeof(r->note),
		       "void, no first touches of %s: KVM fixed %" PRId64
		       " faults where theory has %s%" PRId64 " with leaves of %s%s",
		       size_format(all->working_set_bytes, set), all->counts.page_faults, range,
		       all->faults_most, size_format(leaf_bytes, leaf),
		       all->step > 0 && all->counts.page_faults < all->faults_least
			       ? ": an earlier step touched it"
			       : "");
	r->sample_count = 0;
}

/* rows[0..count): a part of all vCPUs. */
static void judge_part(const struct record *rec, struct result *rows, uint32_t count)
{
	uint64_t leaf_bytes = leaf_expected_bytes(rec);
	enum first_touch found = FIRST_TOUCH_UNKNOWN;

	if (leaf_bytes != 0)
		expect_faults(rec, rows, count, leaf_bytes);
	if (leaf_bytes != 0 && rows->counts.page_faults >= 0)
		found = is_void(rec, rows, leaf_bytes) ? FIRST_TOUCH_VOID : FIRST_TOUCH_SEEN;
	for (uint32_t i = 0; i < count; i++) {
		rows[i].first_touch = found;
		if (found == FIRST_TOUCH_VOID)
			make_void(&rows[i], &rows[0], leaf_bytes);
	}
}

void record_judge_first_touches(struct record *rec)
{
	for (uint32_t first = 0, next; first < rec->result_count && !rec->spec.native; first = next) {
		struct result *rows = &rec->results[first];

		next = first + 1;
		while (next < rec->result_count && same_part(rows, &rec->results[next]))
			next++;
		if (rows->variant == VARIANT_FIRST)
			judge_part(rec, rows, next - first);
	}
}
