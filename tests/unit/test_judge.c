/*
 * Property: the verdict is "ok" only for memory that is what was asked for in both dimensions, and names what is
 * not. A judge that passes everything looks exactly like a good one until a reader trusts a wrong figure.
 */
#include "sample_record.h"

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

static void the_sample_is_ok(void **state)
{
	expect(*state, VERDICT_OK, NULL);
}

static void smaller_backing_pages(void **state)
{
	struct record *rec = *state;

	rec->machine.observed.page_bytes = PAGE_4K;
	expect(rec, VERDICT_MISMATCH, "asked for 2M backing pages, but smaps shows 4K");
}

static void mixed_backing_pages(void **state)
{
	struct record *rec = *state;

	rec->machine.observed.page_bytes = 0;
	rec->machine.observed.huge_bytes = 64 * MIB;
	expect(rec, VERDICT_MISMATCH, "mixed: huge pages map 64M of 128M");
}

static void nothing_resident(void **state)
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

static void leaves_follow_the_backing_under_ept_and_npt(void **state)
{
	static const char *const kinds[] = { "ept", "npt" };
	struct record *rec = *state;

	for (int i = 0; i < 2; i++) {
		set_dimension(rec, kinds[i]);
		rec->verdict = VERDICT_OK;
		rec->reason_count = 0;
		rec->kvm_pages_4k = 5;
		rec->kvm_pages_2m = 59;
		record_judge(rec);
		assert_int_equal(rec->verdict, VERDICT_OK);
		/* 118M touched: 59 leaves; nine tenths are 53. */
		rec->kvm_pages_2m = 52;
		record_judge(rec);
		assert_int_equal(rec->verdict, VERDICT_MISMATCH);
		assert_non_null(strstr(rec->reasons[0], "expected 2M leaves for 118M touched"));
	}
	record_free(rec);
}

static void a_missing_1g_leaf(void **state)
{
	struct record *rec = *state;

	set_dimension(rec, "ept");
	rec->config.page_bytes = rec->machine.observed.page_bytes = PAGE_1G;
	rec->kvm_pages_1g = 1;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->kvm_pages_1g = 0;
	rec->host.nx_huge_pages[0] = 'Y';
	expect(rec, VERDICT_MISMATCH,
	       "nx_huge_pages=Y splits the page, as it holds code too: twice -m gives");
}

static void shadow_leaves_are_the_smaller_page(void **state)
{
	struct record *rec = *state;

	/* The image's 2M leaves are fine, an arena of them is not. */
	rec->kvm_pages_2m = 10;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->kvm_pages_2m = 11;
	expect(rec, VERDICT_MISMATCH, "larger than 4K");
}

static void large_leaves_on_4k_backing(void **state)
{
	struct record *rec = *state;

	rec->config.page_bytes = rec->machine.observed.page_bytes = PAGE_4K;
	rec->config.guest_page_bytes = PAGE_2M;
	rec->kvm_pages_2m = 1;
	expect(rec, VERDICT_MISMATCH, "larger than 4K");
}

static void congruence(void **state)
{
	struct record *rec = *state;

	rec->machine.gpa_hva_congruent = false;
	expect(rec, VERDICT_MISMATCH, "cannot install large leaves");
}

static void pages_lost(void **state)
{
	struct record *rec = *state;

	rec->machine.pool[POOL_CLOSED].free = 60;
	expect(rec, VERDICT_FAILED, "free 64 -> 60");
}

static void a_pool_that_others_use_proves_nothing(void **state)
{
	struct record *rec = *state;

	rec->machine.pool[POOL_BEFORE].free = 63;
	rec->machine.pool[POOL_CLOSED].free = 60;
	expect(rec, VERDICT_OK, "others use or resize it");
}

static void exits_in_a_timed_part(void **state)
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
static void aliases_have_leaves_of_their_own(void **state)
{
	struct record *rec = *state;

	set_dimension(rec, "ept");
	rec->config.map.alias_bytes = PAGE_1G;
	rec->config.map.arena_bytes = 8 * PAGE_1G;
	sample_touch(rec, 8 * PAGE_1G);
	rec->results[8].step = rec->results[9].step = 8;
	rec->kvm_pages_2m = 4097;
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->kvm_pages_2m = 512;
	expect(rec, VERDICT_MISMATCH,
	       "expected 2M leaves for 8G touched, but KVM counts 30300 of 4K, 512 of 2M");
}

/* A part that logs dirty pages has 4K leaves by design; only what touch left behind in its own time counts. */
static void logged_parts_split_leaves(void **state)
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
	record_judge(rec);
	assert_int_equal(rec->verdict, VERDICT_OK);
	rec->results[0].leaves_2m = 2;
	rec->results[1].leaves_2m = 2;
	expect(rec, VERDICT_MISMATCH, "30300 of 4K, 2 of 2M, 0 of 1G; to log dirty pages splits leaves");
}

/* Exits are what some parts are about, with a figure or without; a part without one is not excused for that. */
static void parts_without_a_figure(void **state)
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

static void worse_verdicts_win(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_sample_is_ok, setup),
		cmocka_unit_test_setup(smaller_backing_pages, setup),
		cmocka_unit_test_setup(mixed_backing_pages, setup),
		cmocka_unit_test_setup(nothing_resident, setup),
		cmocka_unit_test_setup(leaves_follow_the_backing_under_ept_and_npt, setup),
		cmocka_unit_test_setup(a_missing_1g_leaf, setup),
		cmocka_unit_test_setup(shadow_leaves_are_the_smaller_page, setup),
		cmocka_unit_test_setup(large_leaves_on_4k_backing, setup),
		cmocka_unit_test_setup(congruence, setup),
		cmocka_unit_test_setup(pages_lost, setup),
		cmocka_unit_test_setup(a_pool_that_others_use_proves_nothing, setup),
		cmocka_unit_test_setup(exits_in_a_timed_part, setup),
		cmocka_unit_test_setup(aliases_have_leaves_of_their_own, setup),
		cmocka_unit_test_setup(logged_parts_split_leaves, setup),
		cmocka_unit_test_setup(parts_without_a_figure, setup),
		cmocka_unit_test_setup(worse_verdicts_win, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
