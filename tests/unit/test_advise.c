/*
 * Property: advice says yes or no only where the interval of a gain lies on one side of what is worth it, and counts pages for
 * the VMs that lack them, on the nodes where they are. It could break by taking a median for an answer, and by counting what is
 * huge already.
 */
#include "golden.h"
#include "test.h"
#include "vmm/lab/advise/advise.h"

#define FLEET TESTS_DIR "/fixtures/observe/fleet"

static struct advice a;

static int fresh(void **state)
{
	(void)state;
	observation_free(&a.running);
	memset(&a, 0, sizeof(a));
	return 0;
}

static void gain(json_t *list, const char *to, double least, double most)
{
	assert_int_equal(json_array_append_new(list, json_pack("{s:s, s:s, s:f, s:[f,f], s:[f,f]}", "from",
							       "guest-page=4K,backing=anon,prealloc=on", "to",
							       to, "speed_up", (least + most) / 2, "interval",
							       least, most, "ci95", least, most)),
			 0);
}

static enum advise_answer answer(double least, double most, double other_least, double other_most)
{
	json_t *record = json_object(), *list = json_array();

	(void)fresh(NULL);
	gain(list, "guest-page=4K,backing=thp,prealloc=on", least, most);
	gain(list, "guest-page=4K,backing=hugetlb:2M,prealloc=on", other_least, other_most);
	gain(list, "guest-page=2M,backing=thp,prealloc=on", 3, 4);
	assert_int_equal(json_object_set_new(record, "speed_ups", list), 0);
	assert_int_equal(advise_gains(record, &a), 0);
	assert_int_equal(a.gain_count, 3);
	json_decref(record);
	return a.answer;
}

TEST_WITH(answers, fresh, fresh)
{
	assert_int_equal(answer(1.2, 1.4, 0.9, 1.3), ADVISE_YES);
	assert_int_equal(answer(0.9, 1.3, 1.2, 1.4), ADVISE_YES);
	assert_int_equal(answer(0.9, 1.3, 0.9, 1.3), ADVISE_NOT_SURE);
	assert_int_equal(answer(0.9, 1.01, 0.9, 1.02), ADVISE_NO);
	assert_int_equal(a.gains[2].answer, ADVISE_YES);
	assert_string_equal(a.gains[2].guest_page, "2M");
	assert_string_equal(a.gains[2].backing, "thp");
}

/* Too few allocations for 95 %: the interval lies above, and still that is not sure. */
TEST_WITH(too_few_are_not_sure, fresh, fresh)
{
	json_t *record = json_pack("{s:[{s:s, s:s, s:f, s:[f,f], s:n}]}", "speed_ups", "from",
				   "guest-page=4K,backing=anon,prealloc=on", "to",
				   "guest-page=4K,backing=thp,prealloc=on", "speed_up", 1.5, "interval", 1.4,
				   1.6, "ci95");

	assert_non_null(record);
	assert_int_equal(advise_gains(record, &a), 0);
	assert_int_equal(a.answer, ADVISE_NOT_SURE);
	assert_float_equal(a.gains[0].to, 1.6, 1e-9);
	json_decref(record);
}

/* A record that is none; and one of a host that could run no cell. */
TEST_WITH(no_gains, fresh, fresh)
{
	json_t *record = json_object();

	assert_true(advise_gains(record, &a) < 0);
	assert_int_equal(json_object_set_new(record, "speed_ups", json_array()), 0);
	assert_int_equal(advise_gains(record, &a), 0);
	assert_int_equal(a.answer, ADVISE_NOT_SURE);
	json_decref(record);
}

static void run_of_twin(const char *verdict, json_t *cost)
{
	json_t *record = json_pack("{s:s, s:[{s:[{s:i, s:i, s:n}, {s:i, s:i, s:o}]}]}", "verdict", verdict,
				   "twin", "windows", "guest_leaf_bytes", 4096, "host_leaf_bytes", 2097152,
				   "cost", "guest_leaf_bytes", 4096, "host_leaf_bytes", 4096, "cost", cost);

	(void)fresh(NULL);
	assert_non_null(record);
	advise_translation(record, &a);
	json_decref(record);
}

/* Only the window of 4K in both dimensions counts, and only of a run that nothing disturbed. */
TEST_WITH(translation_alone, fresh, fresh)
{
	run_of_twin("ok", json_pack("{s:f, s:f, s:f}", "value", 12.5, "low", 11.0, "high", 14.0));
	assert_true(a.translation.known && a.translation.cycles == 12.5 && a.translation.from == 11.0 &&
		    a.translation.to == 14.0);
	run_of_twin("disturbed", json_pack("{s:f, s:f, s:f}", "value", 12.5, "low", 11.0, "high", 14.0));
	assert_false(a.translation.known);
	assert_string_equal(a.translation.instead, "twin: disturbed");
	run_of_twin("ok", json_null());
	assert_false(a.translation.known);
}

static void emits(int (*fn)(const struct advice *, FILE *), const char *path)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(fn(&a, out), 0);
	assert_int_equal(fclose(out), 0);
	test_wrote(text);
	golden_compare(text, path);
	if (fn == advise_text)
		assert_fits_screen(text);
	free(text);
}

TEST_WITH(what_lacks_pages, fresh, fresh)
{
	const struct observe_spec all = { .all = true };
	struct error e = { .status = STATUS_OK };
	uint64_t small = 256 * MIB + GIB, mapped_pages = 32256 + 32768;

	assert_int_equal(observe_read(FLEET, &all, &a.running, &e), 0);
	advise_needs(FLEET, GIB, &a);
	/*
	 * On node 0 cloud-hypervisor, tmpfs and reused; on node 1 firecracker and db-01; of the domain of libvirt, 256M, the
	 * rest as what it has touched. Rounded up to pages.
	 */
	assert_int_equal(a.need_count, 2);
	small += 256 * MIB * 32768 / mapped_pages;
	assert_in_range(a.needs[0].bytes, small + 256 * MIB, small + 256 * MIB + PAGE_2M);
	small = 256 * MIB * 32256 / mapped_pages;
	assert_in_range(a.needs[1].bytes, small + 64 * GIB + 512 * MIB,
			small + 64 * GIB + 512 * MIB + PAGE_2M);
	assert_int_equal(a.needs[1].node, 1);
	a.host = a.running.host;
	a.translation = (struct advise_translation){ .known = true, .cycles = 12.5, .from = 11, .to = 14 };
	/* One that may not be looked at is not one that has huge pages. */
	a.running.vms[0].memory.rss_bytes = 0;
	emits(advise_text, TESTS_DIR "/golden/advise.txt");
	emits(advise_json, TESTS_DIR "/golden/advise-running.json");
	assert_int_equal(answer(1.2, 1.4, 0.9, 1.3), ADVISE_YES);
	(void)snprintf(a.translation.instead, sizeof(a.translation.instead), "twin: disturbed");
	advise_needs(TESTS_DIR "/fixtures/host/intel-ept", 68 * MIB, &a);
	emits(advise_json, TESTS_DIR "/golden/advise.json");
	assert_int_equal(a.need_count, 1);
	assert_true(a.needs[0].has_pool && a.needs[0].plan.missing_pages == 2);
}

TEST_WRITES()
