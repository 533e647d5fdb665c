/*
 * Property: the verdict is "ok" only for memory that is what was asked for in both dimensions, and names what is
 * not. A judge that passes everything looks exactly like a good one until a reader trusts a wrong figure.
 */
#include <math.h>

#include "sample_record.h"
#include "vmm/lab/record/rows.h"

static void set_dimension(struct record *rec, const char *kind)
{
	rec->host.second_dimension = second_dimension_find(kind);
}

static void expect(struct record *rec, enum verdict v, const char *words)
{
	record_judge(rec);
	assert_string_equal(verdict_name(rec->verdict), verdict_name(v));
	if (words == NULL)
		assert_int_equal(rec->reason_count, 0);
	else
		assert_non_null(strstr(rec->reasons[0], words));
	record_free(rec);
}

static int setup(void **state)
{
	static struct record rec;

	sample_machine(&rec);
	sample_rows(&rec);
	*state = &rec;
	return 0;
}

TEST_WITH(the_sample_is_ok, setup, NULL)
{
	expect(*state, VERDICT_OK, NULL);
}

TEST_WITH(smaller_backing_pages, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.observed.page_bytes = PAGE_4K;
	expect(rec, VERDICT_MISMATCH, "asked for 2M backing pages, but smaps shows 4K");
}

TEST_WITH(mixed_backing_pages, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.observed.page_bytes = 0;
	rec->machine.observed.huge_bytes = 64 * MIB;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_MISMATCH);
	rec->verdict = VERDICT_OK;
	rec->reason_count = 0;
	rec->machine.observed.huge_bytes = 128 * MIB - PAGE_2M;
	expect(rec, VERDICT_MISMATCH, "mixed: huge pages map 126M of 128M, 98.4 %");
}

TEST_WITH(hardly_mixed_backing_pages, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.observed.page_bytes = 0;
	rec->machine.observed.huge_bytes = 128 * MIB - MIB;
	expect(rec, VERDICT_OK, "mixed: huge pages map 127M of 128M, 99.2 %");
}

TEST_WITH(nothing_resident, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.observed.page_bytes = rec->machine.observed.rss_bytes =
		rec->machine.observed.huge_bytes = 0;
	rec->spec.machine.populate = POPULATE_LAZY;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->spec.machine.populate = POPULATE_PREALLOC;
	expect(rec, VERDICT_MISMATCH, "nothing resident");
}

TEST_WITH(leaves_follow_the_backing_under_ept_and_npt, setup, NULL)
{
	static const char *const kinds[] = { "ept", "npt" };
	struct record *rec = *state;

	LOOP (int, i, 0, i < 2, i++) {
		set_dimension(rec, kinds[i]);
		rec->verdict = VERDICT_OK;
		rec->reason_count = 0;
		rec->kvm_pages_4k = 5;
		rec->kvm_pages_2m = 59;
		record_judge(rec);
		assert_int_equal(rec->verdict, VERDICT_OK);
		/* 118M touched: 59 leaves, and none of them may be missing. */
		rec->kvm_pages_2m = 58;
		record_judge(rec);
		assert_int_equal(rec->verdict, VERDICT_MISMATCH);
		assert_non_null(strstr(rec->reasons[0], "expected 2M leaves for 118M touched"));
	}
	record_free(rec);
}

/* Verdict and share of `leaves` leaves of leaf_bytes, of which KVM counts `seen`, beside so many smaller ones. */
static void expect_share(struct record *rec, uint64_t leaf_bytes, uint64_t seen, uint64_t small_4k,
			 enum verdict v, double right)
{
	struct leaf_share share;

	rec->config.page_bytes = rec->machine.observed.page_bytes = leaf_bytes;
	rec->kvm_pages_4k = small_4k;
	rec->kvm_pages_2m = leaf_bytes == PAGE_2M ? seen : 0;
	rec->kvm_pages_1g = leaf_bytes == PAGE_1G ? seen : 0;
	rec->verdict = VERDICT_OK;
	rec->reason_count = 0;
	record_judge(rec);
	assert_string_equal(verdict_name(rec->verdict), verdict_name(v));
	assert_true(record_leaf_share(rec, &share));
	assert_true(fabs(share.right - right) < 0.0005);
}

static void set_touched(struct record *rec, uint64_t gpa, uint64_t bytes)
{
	rec->config.map.arena_gpa = gpa;
	rec->config.map.arena_bytes = bytes;
	for (uint32_t i = 0; i < 2; i++) {
		rec->results[i].working_set_bytes = bytes;
		rec->results[i].touched_pages = bytes / PAGE_4K;
	}
}

TEST_WITH(one_wrong_leaf_in_a_hundred_is_tolerated, setup, NULL)
{
	struct record *rec = *state;

	set_dimension(rec, "ept");
	set_touched(rec, 10 * MIB, 400 * MIB);
	expect_share(rec, PAGE_2M, 200, 16, VERDICT_OK, 1);
	expect_share(rec, PAGE_2M, 198, 0, VERDICT_OK, 0.99);
	expect_share(rec, PAGE_2M, 197, 0, VERDICT_MISMATCH, 0.985);
	expect_share(rec, PAGE_2M, 4, 0, VERDICT_MISMATCH, 0.02);
	/* Five 2M pages of the image hide as many of the set that fell to 4K; the small ones tell. */
	expect_share(rec, PAGE_2M, 200, 16 + 2 * 512, VERDICT_OK, 0.99);
	expect_share(rec, PAGE_2M, 200, 16 + 5 * 512, VERDICT_MISMATCH, 0.975);
	/* Code that is split from its page is not the set's. */
	rec->host.nx_huge_pages[0] = 'Y';
	expect_share(rec, PAGE_2M, 200, 512, VERDICT_OK, 1);
	set_touched(rec, 10 * MIB, 8 * MIB);
	expect_share(rec, PAGE_2M, 1, 0, VERDICT_MISMATCH, 0.25);
	expect_share(rec, PAGE_2M, 3, 0, VERDICT_MISMATCH, 0.75);
	record_free(rec);
}

/* Where the arena begins or ends inside a leaf, that one is shared with other memory and may be split for its sake. */
TEST_WITH(leaves_at_the_rim_of_the_arena, setup, NULL)
{
	struct record *rec = *state;

	set_dimension(rec, "npt");
	set_touched(rec, PAGE_1G, 4 * PAGE_1G);
	expect_share(rec, PAGE_1G, 4, 0, VERDICT_OK, 1);
	expect_share(rec, PAGE_1G, 3, 0, VERDICT_MISMATCH, 0.75);
	set_touched(rec, 10 * MIB, 4 * PAGE_1G);
	expect_share(rec, PAGE_1G, 2, 0, VERDICT_OK, 0.5);
	expect_share(rec, PAGE_1G, 1, 0, VERDICT_MISMATCH, 0.25);
	record_free(rec);
}

TEST_WITH(a_missing_1g_leaf, setup, NULL)
{
	struct record *rec = *state;

	set_dimension(rec, "ept");
	rec->config.page_bytes = rec->machine.observed.page_bytes = PAGE_1G;
	rec->kvm_pages_1g = 1;
	rec->kvm_pages_4k = 5;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->kvm_pages_1g = 0;
	rec->host.nx_huge_pages[0] = 'Y';
	expect(rec, VERDICT_MISMATCH,
	       "nx_huge_pages=Y splits the page, as it holds code too: twice -m gives");
}

TEST_WITH(shadow_leaves_are_the_smaller_page, setup, NULL)
{
	struct record *rec = *state;

	/* The image's 2M leaves are fine, an arena of them is not. */
	rec->kvm_pages_2m = 10;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->kvm_pages_2m = 11;
	expect(rec, VERDICT_MISMATCH, "larger than 4K");
}

TEST_WITH(large_leaves_on_4k_backing, setup, NULL)
{
	struct record *rec = *state;

	rec->config.page_bytes = rec->machine.observed.page_bytes = PAGE_4K;
	rec->config.guest_page_bytes = PAGE_2M;
	rec->kvm_pages_2m = 1;
	expect(rec, VERDICT_MISMATCH, "larger than 4K");
}

TEST_WITH(congruence, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.gpa_hva_congruent = false;
	expect(rec, VERDICT_MISMATCH, "cannot install large leaves");
}

TEST_WITH(pages_lost, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.pool[POOL_CLOSED].free = 60;
	expect(rec, VERDICT_FAILED, "free 64 -> 60");
}

TEST_WITH(a_pool_that_others_use_proves_nothing, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.pool[POOL_BEFORE].free = 63;
	rec->machine.pool[POOL_CLOSED].free = 60;
	expect(rec, VERDICT_OK, "others use or resize it");
}

TEST_WITH(exits_in_a_timed_part, setup, NULL)
{
	struct record *rec = *state;

	for (uint32_t i = 0; i < rec->result_count; i++)
		rec->results[i].counts.interrupts = 9;
	rec->results[0].counts.exits = 1000; /* touch first may */
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->results[4].counts.exits = 2;
	expect(rec, VERDICT_DISTURBED, "1 of 7 timed parts");
}

/* The same gigabyte eight times over has leaves eight times over: a judge that thinks of host memory asks too few. */
TEST_WITH(aliases_have_leaves_of_their_own, setup, NULL)
{
	struct record *rec = *state;

	set_dimension(rec, "ept");
	rec->config.map.alias_bytes = PAGE_1G;
	rec->config.map.arena_bytes = 8 * PAGE_1G;
	sample_touch(rec, 8 * PAGE_1G);
	rec->kvm_pages_4k = 5;
	rec->results[8].step = rec->results[9].step = 8;
	rec->kvm_pages_2m = 4097;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->kvm_pages_2m = 512;
	expect(rec, VERDICT_MISMATCH,
	       "expected 2M leaves for 8G touched, but KVM counts 5 of 4K, 512 of 2M, 0 of 1G: 12.5 %");
}

/* A part that logs dirty pages has 4K leaves by design; only what touch left behind in its own time counts. */
TEST_WITH(logged_parts_split_leaves, setup, NULL)
{
	const uint64_t cycles[] = { 100000 };
	struct result r = { .step = 7, .workload = WORKLOAD_seq, .variant = VARIANT_WRITE_LOGGED };
	struct record *rec = *state;

	set_dimension(rec, "npt");
	r.working_set_bytes = r.accesses = 64 * MIB;
	r.may_exit = true;
	r.counts.exits = r.counts.page_faults = 16384;
	sample_row(rec, &r, cycles, 1);
	rec->results[rec->result_count - 1].dirty_pages = 16384;
	rec->kvm_pages_4k = 30300;
	rec->kvm_pages_2m = 60;
	rec->results[0].leaves_2m = 59;
	rec->results[0].leaves_4k = rec->results[1].leaves_4k = 5;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->results[0].leaves_2m = 2;
	rec->results[1].leaves_2m = 2;
	expect(rec, VERDICT_MISMATCH, "5 of 4K, 2 of 2M, 0 of 1G: 3.4 %; to log dirty pages splits leaves");
}

/* Exits are what some parts are about, with a figure or without; a part without one is not excused for that. */
TEST_WITH(parts_without_a_figure, setup, NULL)
{
	struct result r = {
		.step = 7, .workload = WORKLOAD_exit, .variant = VARIANT_PORT_USER, .may_exit = true
	};
	struct record *rec = *state;

	r.accesses = r.operations = 1000;
	r.counts.exits = 1000;
	sample_row(rec, &r, NULL, 0);
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	r.may_exit = false;
	sample_row(rec, &r, NULL, 0);
	expect(rec, VERDICT_DISTURBED, "1 of 8 timed parts that may not exit; first exit");
}

/* The first touch of the sample, 118M from 10M on, with so many faults. */
static void expect_first(struct record *rec, int64_t faults, enum first_touch found)
{
	struct result *r = &rec->results[0];

	r->counts.page_faults = faults;
	r->sample_count = 1;
	record_judge_first_touches(rec);
	assert_string_equal(name_of(&first_touch_names, r->first_touch), name_of(&first_touch_names, found));
	assert_int_equal(r->sample_count, found == FIRST_TOUCH_VOID ? 0 : 1);
	assert_int_equal(rec->results[1].first_touch, FIRST_TOUCH_NONE);
}

TEST_WITH(first_touches_are_a_fault_for_each_leaf, setup, NULL)
{
	struct record *rec = *state;

	set_dimension(rec, "npt");
	expect_first(rec, 59, FIRST_TOUCH_SEEN);
	expect_first(rec, 60, FIRST_TOUCH_SEEN);
	expect_first(rec, 61, FIRST_TOUCH_VOID);
	expect_first(rec, 58, FIRST_TOUCH_VOID);
	expect_first(rec, 0, FIRST_TOUCH_VOID);
	assert_string_equal(rec->results[0].note,
			    "void, no first touches of 118M: KVM fixed 0 faults where theory "
			    "has 59 with leaves of 2M");
	rec->results[0].step = 1;
	expect_first(rec, 0, FIRST_TOUCH_VOID);
	assert_non_null(strstr(rec->results[0].note, "leaves of 2M: an earlier step touched it"));
	/* Where the arena begins inside a leaf, that one is not the set's alone; but no fault is no first touch. */
	rec->config.page_bytes = PAGE_1G;
	expect_first(rec, 1, FIRST_TOUCH_SEEN);
	expect_first(rec, 0, FIRST_TOUCH_VOID);
	assert_int_equal(rec->results[0].faults_least, 0);
	/* Leaves that are there beforehand have none. */
	rec->config.page_bytes = PAGE_2M;
	rec->spec.machine.populate = POPULATE_PREFAULT;
	expect_first(rec, 0, FIRST_TOUCH_SEEN);
	expect_first(rec, 59, FIRST_TOUCH_VOID);
	record_free(rec);
}

TEST_WITH(first_touches_on_leaves_of_4k, setup, NULL)
{
	struct record *rec = *state;

	/* One in a hundred less, or that and what the guest itself meets more. */
	expect_first(rec, 30208, FIRST_TOUCH_SEEN);
	expect_first(rec, 30208 - 302, FIRST_TOUCH_SEEN);
	expect_first(rec, 30208 - 303, FIRST_TOUCH_VOID);
	expect_first(rec, 30208 + 318, FIRST_TOUCH_SEEN);
	expect_first(rec, 30208 + 319, FIRST_TOUCH_VOID);
	/* Eight leaves a fault where a guest page is larger than its leaf, or old. */
	rec->config.guest_ad = true;
	expect_first(rec, 3776, FIRST_TOUCH_SEEN);
	expect_first(rec, 3700, FIRST_TOUCH_VOID);
	rec->config.page_bytes = PAGE_4K;
	set_dimension(rec, "ept");
	expect_first(rec, 3776, FIRST_TOUCH_SEEN);
	rec->host.params[0].value[0] = 'Y';
	expect_first(rec, 3776, FIRST_TOUCH_VOID);
	record_free(rec);
}

TEST_WITH(first_touches_that_cannot_be_known, setup, NULL)
{
	struct record *rec = *state;

	expect_first(rec, -1, FIRST_TOUCH_UNKNOWN);
	rec->host.second_dimension = SECOND_UNKNOWN;
	expect_first(rec, 0, FIRST_TOUCH_UNKNOWN);
	rec->spec.native = true;
	rec->results[0].first_touch = FIRST_TOUCH_NONE;
	expect_first(rec, 0, FIRST_TOUCH_NONE);
	record_free(rec);
}

/* Two vCPUs with halves of an odd number of 2M: the leaf in the middle is one, and what set-up touched is none. */
TEST_WITH(first_touches_of_two_vcpus, setup, NULL)
{
	struct record *rec = *state;
	struct result *rows = rec->results;
	uint32_t all = rec->result_count;

	set_dimension(rec, "ept");
	rec->config.vcpus = 2;
	rows[1].variant = VARIANT_FIRST;
	rows[1].vcpu = 1;
	rows[0].touched_pages = rows[1].touched_pages = 59 * MIB / PAGE_4K;
	rows[0].untimed_pages = 3;
	rec->result_count = 2;
	rows[0].counts.page_faults = 58;
	record_judge_first_touches(rec);
	assert_int_equal(rows[0].faults_least, 56);
	assert_int_equal(rows[0].faults_most, 58);
	assert_int_equal(rows[1].first_touch, FIRST_TOUCH_SEEN);
	rows[0].counts.page_faults = 10;
	record_judge_first_touches(rec);
	assert_int_equal(rows[1].first_touch, FIRST_TOUCH_VOID);
	assert_int_equal(rows[1].sample_count, 0);
	rec->result_count = all;
	record_free(rec);
}

/* Whatever its exits: the group was stopped in the middle of it. */
TEST_WITH(a_quota_stopped_a_part, setup, NULL)
{
	struct record *rec = *state;

	rec->results[0].counts.throttled_ns = 0;
	rec->results[0].counts.phase_ns = 1000;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->results[0].counts.throttled_ns = 125;
	rec->results[4].counts.throttled_ns = 750;
	rec->results[4].counts.phase_ns = 1000;
	expect(rec, VERDICT_DISTURBED, "CPU quota of a control group stopped 2 of");
	assert_non_null(strstr(rec->reasons[rec->reason_count - 1], "75.0 % of its time"));
}

TEST(a_share_is_of_each_thread)
{
	struct phase_counts counts = COUNTS_NOT_KNOWN;

	assert_true(throttled_share(&counts) < 0);
	counts_throttled(&counts, 400, 1000, 4);
	assert_true(throttled_share(&counts) == 0.1);
	/* Of other processes in the group as well: no more than all of it. */
	counts_throttled(&counts, 4000, 1000, 1);
	assert_true(throttled_share(&counts) == 1.0);
	counts_throttled(&counts, -1, 1000, 1);
	assert_true(throttled_share(&counts) < 0);
}

/* What someone else's guest reports cannot be checked, so it is never "ok", and no worse than that where nothing contradicts it. */
TEST_WITH(a_payload_is_not_ok, setup, NULL)
{
	struct record *rec = *state;

	rec->machine.guest.is_foreign = true;
	rec->spec.machine.guest_path = "theirs.elf";
	assert_int_equal(record_status(rec), STATUS_OK);
	expect(rec, VERDICT_PAYLOAD, "theirs.elf is not minivmm's own guest");
}

/* A page that was touched is mapped. Where KVM mapped less than half of what a guest says it touched, the guest is wrong. */
TEST_WITH(pages_without_leaves, setup, NULL)
{
	struct record *rec = *state;

	record_free(rec);
	sample_machine(rec);
	sample_chase(rec, WORKLOAD_chase, 0, 0, 4096, 5400000);
	rec->kvm_pages_2m = 0;
	rec->kvm_pages_4k = 2048;
	expect(rec, VERDICT_OK, NULL);
	sample_machine(rec);
	sample_chase(rec, WORKLOAD_chase, 0, 0, 4096, 5400000);
	rec->kvm_pages_2m = 0;
	rec->kvm_pages_4k = 2047;
	expect(rec, VERDICT_MISMATCH,
	       "chase of 16M says that it touched 4096 pages, but KVM's leaves hold 8188K in all");
	/* Lines that are packed have fewer pages than their workload says nothing of; without counts nothing is known. */
	sample_machine(rec);
	sample_chase(rec, WORKLOAD_packed, 0, 0, 4096, 5400000);
	rec->kvm_pages_4k = rec->kvm_pages_2m = 0;
	expect(rec, VERDICT_OK, NULL);
	sample_machine(rec);
	sample_chase(rec, WORKLOAD_chase, 0, 0, 4096, 5400000);
	rec->have_kvm_pages = false;
	rec->kvm_pages_4k = rec->kvm_pages_2m = 0;
	expect(rec, VERDICT_OK, NULL);
}

TEST_WITH(worse_verdicts_win, setup, NULL)
{
	struct record *rec = *state;

	record_reason(rec, VERDICT_MISMATCH, "first");
	record_reason(rec, VERDICT_DISTURBED, "second");
	assert_int_equal(rec->verdict, VERDICT_MISMATCH);
	assert_int_equal(record_status(rec), STATUS_MISMATCH);
	record_reason(rec, VERDICT_INTERRUPTED, "third");
	assert_int_equal(record_status(rec), STATUS_FAILED);
	for (int i = 0; i < 2 * RECORD_MAX_REASONS; i++)
		record_reason(rec, VERDICT_FAILED, "%0300d", i);
	assert_int_equal(rec->reason_count, RECORD_MAX_REASONS);
	assert_int_equal(rec->verdict, VERDICT_FAILED);
	record_free(rec);
}
