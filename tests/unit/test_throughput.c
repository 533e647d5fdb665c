/*
 * The text says that throughput stops only where more chains were measured and none was better, and it names a reason only
 * where packed at the same numbers of chains shows it: else a noisy curve would become a number of page walkers.
 */
#include "render.h"

#define SET_PAGES UINT64_C(16384)
#define ACCESSES UINT64_C(120000)

static struct record rec;
static char *text;

static int fresh(void **state)
{
	(void)state;
	sample_machine(&rec);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	record_free(&rec);
	return 0;
}

/* The core of sample_result() makes two cycles in each of the TSC. */
static void add(enum workload_id workload, uint32_t chains, uint64_t core_cycles)
{
	const uint64_t samples[] = { core_cycles * ACCESSES / 2, core_cycles * ACCESSES };
	struct result r = { .step = rec.result_count,
			    .workload = workload,
			    .working_set_bytes = SET_PAGES * PAGE_4K,
			    .chains = chains,
			    .pages = SET_PAGES,
			    .accesses = ACCESSES };

	sample_row(&rec, &r, samples, 2);
}

static void add_curve(enum workload_id workload, const uint64_t *core_cycles)
{
	static const uint32_t chains[] = { 1, 2, 4, 8, 12 };

	EACH (i, chains)
		add(workload, chains[i], core_cycles[i]);
}

/* What the text says, in one line; "" without the paragraph. */
static const char *said(void)
{
	static char line[2000];
	const char *at;
	size_t used = 0;

	if (rec.results[0].marks == NULL)
		assert_int_equal(record_settle_clock(&rec), 0);
	free(text);
	text = render(&rec, text_plain);
	at = strstr(text, "\nthroughput ");
	for (at = at != NULL ? at + 1 : ""; *at != '\0' && strncmp(at, "\ntime ", 6) != 0; at++) {
		if (used > 0 && line[used - 1] == ' ' && (*at == ' ' || *at == '\n'))
			continue;
		line[used++] = *at == '\n' ? ' ' : *at;
		assert_true(used < sizeof(line));
	}
	line[used] = '\0';
	return line;
}

static void says(const char *words)
{
	if (strstr(said(), words) == NULL)
		fail_msg("'%s' does not say '%s'", said(), words);
}

static void keeps_silent_about(const char *words)
{
	if (strstr(said(), words) != NULL)
		fail_msg("'%s' says '%s'", said(), words);
}

static const uint64_t halves[] = { 240, 120, 60, 30, 20 }, stops_at_4[] = { 240, 120, 60, 60, 59 },
		      short_halves[] = { 30, 15, 7, 4, 3 }, short_stops_at_4[] = { 30, 15, 7, 7, 7 },
		      hits_stop_at_4[] = { 4, 2, 1, 1, 1 };

TEST_WITH(walks_are_the_limit_where_packed_goes_on, fresh, drop)
{
	add_curve(WORKLOAD_packed, short_halves);
	add_curve(WORKLOAD_chase, stops_at_4);
	says("chase 64M: 240.0 with 1 chain, 59.00 with 12, 4.07 times (4.07 to 4.07, 50 %) the throughput; it stops growing at 4; packed, "
	     "with as many loads");
	says("page walks are the limit");
	says("packed 64M: 30.00 with 1 chain, 3.00 with 12, 10.00 times (10.00 to 10.00, 50 %) the throughput; it still grows at 12");
	keeps_silent_about("fill buffers");
}

TEST_WITH(misses_are_the_limit_where_packed_stops_as_well, fresh, drop)
{
	add_curve(WORKLOAD_packed, short_stops_at_4);
	add_curve(WORKLOAD_chase, stops_at_4);
	says("fill buffers");
	keeps_silent_about("page walks are");
}

TEST_WITH(no_reason_where_nothing_shows_it, fresh, drop)
{
	add_curve(WORKLOAD_chase, stops_at_4);
	says("it stops growing at 4");
	keeps_silent_about("limit");
	/* Hits in the L1 cache take no fill buffer. */
	add_curve(WORKLOAD_packed, hits_stop_at_4);
	keeps_silent_about("limit");
}

TEST_WITH(what_still_grows_has_not_stopped, fresh, drop)
{
	add_curve(WORKLOAD_packed, short_halves);
	add_curve(WORKLOAD_chase, halves);
	says("chase 64M: 240.0 with 1 chain, 20.00 with 12, 12.00 times (12.00 to 12.00, 50 %) the throughput; it still grows at 12");
	keeps_silent_about("limit");
}

/* Twelve chains are not thirty times as fast, nor is a plateau one that rises: that is noise, and no reason. */
TEST_WITH(noise_is_called_noise, fresh, drop)
{
	static const uint64_t alone_too_slow[] = { 900, 120, 60, 60, 59 },
			      rises[] = { 240, 120, 60, 50, 100 };

	add_curve(WORKLOAD_packed, short_halves);
	add_curve(WORKLOAD_chase, alone_too_slow);
	says("chase 64M: 900.0 with 1 chain, 59.00 with 12; it stops growing at 4; packed");
	keeps_silent_about("59.00 with 12, ");
	(void)drop(NULL);
	(void)fresh(NULL);
	add_curve(WORKLOAD_packed, short_halves);
	add_curve(WORKLOAD_chase, rises);
	says("chase 64M: 240.0 with 1 chain, 50.00 with 8; disturbed: figures differ by more than");
	keeps_silent_about("limit");
}

TEST_WITH(one_chain_is_no_curve, fresh, drop)
{
	add(WORKLOAD_packed, 1, 30);
	add(WORKLOAD_chase, 1, 240);
	assert_string_equal(said(), "");
	assert_null(strstr(text, "chains"));
	assert_non_null(strstr(text, "tlb cost"));
}

TEST_WITH(without_one_chain_there_is_no_factor, fresh, drop)
{
	add(WORKLOAD_chase, 4, 60);
	says("chase 64M: 60.00 with 4; it still grows at 4");
	assert_null(strstr(text, "tlb cost"));
}

TEST_WRITES()
