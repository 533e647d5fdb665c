/*
 * The plan of an explanation touches the address asked for and no other page of the arena, and an address outside the arena
 * is explained untouched. It could break at the arena's ends, where one page more is another answer, and by a second run
 * of --before-after that changes more than was asked.
 */
#include "test.h"
#include "layout.h"
#include "twin.h"
#include "units.h"
#include "vmm/core/plan/config.h"
#include "vmm/lab/explain/spec.h"
#include "vmm/lab/spec.h"

/* What a user asks: of the machine, and of the address. */
struct asked {
	struct run_spec run;
	struct explain_spec explain;
};

static struct asked usual(void)
{
	return (struct asked){
		.run.machine.memory_bytes = 128 * MIB,
		.run.machine.vcpus = 4,
		.run.machine.guest_page_bytes = PAGE_4K,
		.run.work.workload_count = 3,
		.run.work.workloads = { WORKLOAD_touch, WORKLOAD_packed, WORKLOAD_chase },
		.run.work.accesses = 77,
		.run.repeat = 10,
		.run.work.seed = 1,
	};
}

static struct explain_address plan_of(struct asked *r, uint64_t page_bytes, struct config *c)
{
	struct error e = { 0 };

	assert_int_equal(explain_plan(&r->explain, page_bytes, &r->run, c, &e), 0);
	assert_int_equal(c->vcpus, 1);
	return explain_address_of(&r->explain, c);
}

static void check_peek(uint64_t gva, uint64_t set_bytes)
{
	struct asked r = usual();
	struct config c;
	struct explain_address address;

	r.explain = (struct explain_spec){ .gva_given = true, .gva = gva };
	address = plan_of(&r, PAGE_4K, &c);
	assert_true(address.touched);
	assert_true(address.gva == gva);
	assert_int_equal(c.step_count, 1);
	assert_int_equal(c.steps[0].workload, WORKLOAD_peek);
	assert_int_equal(c.steps[0].working_set_bytes, set_bytes);
	assert_int_equal(c.steps[0].repeat, 1);
}

static uint64_t arena_bytes(void)
{
	struct asked r = usual();
	struct config c;

	(void)plan_of(&r, PAGE_4K, &c);
	return c.map.arena_bytes;
}

TEST(the_page_of_the_address_is_the_last_of_the_set)
{
	uint64_t end = arena_bytes();

	check_peek(ARENA_GVA, PAGE_4K);
	check_peek(ARENA_GVA + 1, PAGE_4K);
	check_peek(ARENA_GVA + PAGE_4K - 1, PAGE_4K);
	check_peek(ARENA_GVA + PAGE_4K, 2 * PAGE_4K);
	check_peek(ARENA_GVA + 5 * MIB + 123, 5 * MIB + PAGE_4K);
	check_peek(ARENA_GVA + end - 1, end);
}

TEST(without_an_address_it_is_the_arenas_first)
{
	struct asked r = usual();
	struct config c;
	struct explain_address address = plan_of(&r, PAGE_4K, &c);

	assert_true(address.touched && address.gva == ARENA_GVA);
	assert_int_equal(c.steps[0].working_set_bytes, PAGE_4K);
}

TEST(addresses_elsewhere_are_left_alone)
{
	const uint64_t elsewhere[] = {
		0, IMAGE_GPA, ARENA_GVA - 1, ARENA_GVA + arena_bytes(), UINT64_C(1) << 47, UINT64_MAX
	};

	EACH (i, elsewhere) {
		struct asked r = usual();
		struct config c;
		struct explain_address address;

		r.explain = (struct explain_spec){ .gva_given = true, .gva = elsewhere[i] };
		address = plan_of(&r, PAGE_4K, &c);
		assert_false(address.touched);
		assert_true(address.gva == elsewhere[i]);
		assert_int_equal(c.step_count, 0);
	}
}

TEST(an_offset_counts_from_the_arena)
{
	struct asked r = usual();
	struct error e = { 0 };
	struct config c;
	struct explain_address address;

	r.explain = (struct explain_spec){ .gva_given = true, .gva_in_arena = true, .gva = 3 * PAGE_4K };
	address = plan_of(&r, PAGE_4K, &c);
	assert_true(address.touched && address.gva == ARENA_GVA + 3 * PAGE_4K);
	/* Past its end is an address as good as any; past the end of all addresses is none. */
	r.explain.gva = 100 * GIB;
	assert_false(plan_of(&r, PAGE_4K, &c).touched);
	r.explain.gva = UINT64_MAX - ARENA_GVA + 1;
	assert_true(explain_plan(&r.explain, PAGE_4K, &r.run, &c, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
}

/* The address moves into the window; the page that is met last is the same one. */
TEST(a_window_shows_an_address_of_the_arena)
{
	struct asked r = usual();
	struct explain_address address;
	struct config c;

	r.explain = (struct explain_spec){ .gva_given = true,
					   .gva_in_arena = true,
					   .gva = 3 * PAGE_4K + 5,
					   .window_given = true,
					   .window = 3 };
	address = plan_of(&r, PAGE_2M, &c);
	assert_true(address.touched);
	assert_int_equal(c.steps[0].workload, WORKLOAD_twin);
	assert_int_equal(c.steps[0].working_set_bytes, 4 * PAGE_4K);
	/* Window 3 is 2M/4K; the view with leaves of 4K is the second of two. */
	assert_int_equal(c.map.view_count, 2);
	assert_true(address.gva == twin_window_gva(3, memmap_view_arena_gpa(&c.map, 1)) + 3 * PAGE_4K + 5);
}

TEST(a_window_that_cannot_be_is_refused)
{
	static const struct {
		struct explain_spec spec;
		uint64_t page_bytes;
		const char *where;
	} rows[] = {
		{ { .window_given = true, .window = 1 }, PAGE_4K, "--window" },
		{ { .window_given = true, .window = 2 }, PAGE_2M, "--window" },
		{ { .window_given = true, .gva_given = true, .gva = 0 }, PAGE_4K, "--gva" },
		{ { .window_given = true, .gva_given = true, .gva_in_arena = true, .gva = GIB },
		  PAGE_4K,
		  "--gva" },
	};

	EACH (i, rows) {
		struct asked r = usual();
		struct error e = { 0 };
		struct config c;

		assert_true(explain_plan(&rows[i].spec, rows[i].page_bytes, &r.run, &c, &e) < 0);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_string_equal(e.where, rows[i].where);
	}
}

/* Planning is refused as a run's is. */
TEST(memory_that_cannot_hold_the_page_is_refused)
{
	struct asked r = usual();
	struct error e = { 0 };
	struct config c;

	r.run.machine.guest_page_bytes = PAGE_1G;
	assert_true(explain_plan(&r.explain, PAGE_4K, &r.run, &c, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
}

static void two_runs(uint64_t after_bytes, enum dimensions which, struct asked *before, struct asked *after)
{
	struct asked r = usual();

	r.run.machine.guest_page_bytes = PAGE_2M;
	r.run.machine.backing = BACKING_MEMFD;
	r.explain.after_bytes = after_bytes;
	r.explain.after = which;
	explain_before_after(&r.explain, &r.run, &before->run, &after->run);
	assert_int_equal(before->run.machine.guest_page_bytes, PAGE_4K);
	assert_int_equal(before->run.machine.backing, BACKING_ANON);
	assert_int_equal(before->run.machine.page_bytes, 0);
	assert_true(before->run.machine.memory_bytes == after->run.machine.memory_bytes &&
		    after->run.machine.memory_bytes >= 2 * after_bytes);
	assert_int_equal(before->run.machine.populate >= POPULATE_PREALLOC,
			 after->run.machine.populate >= POPULATE_PREALLOC);
}

TEST(before_and_after_differ_as_asked)
{
	struct asked before, after;

	two_runs(PAGE_2M, DIMENSIONS_BOTH, &before, &after);
	assert_int_equal(after.run.machine.guest_page_bytes, PAGE_2M);
	assert_int_equal(after.run.machine.backing, BACKING_THP);
	assert_true(after.run.machine.populate >= POPULATE_PREALLOC);
	assert_int_equal(after.run.machine.memory_bytes, 128 * MIB);
	two_runs(PAGE_2M, DIMENSIONS_GUEST, &before, &after);
	assert_int_equal(after.run.machine.guest_page_bytes, PAGE_2M);
	assert_int_equal(after.run.machine.backing, BACKING_ANON);
	assert_false(after.run.machine.populate >= POPULATE_PREALLOC);
	two_runs(PAGE_1G, DIMENSIONS_HOST, &before, &after);
	assert_int_equal(after.run.machine.guest_page_bytes, PAGE_4K);
	assert_int_equal(after.run.machine.backing, BACKING_HUGETLB);
	assert_int_equal(after.run.machine.page_bytes, PAGE_1G);
	assert_int_equal(after.run.machine.memory_bytes, 2 * GIB);
}

/* A backing that the user chose is that of the larger page alone. */
TEST(the_users_own_backing_is_kept)
{
	struct asked r = usual(), before, after;

	r.run.machine.backing = BACKING_FILE;
	r.run.machine.mem_path = "/mnt/2M";
	r.explain = (struct explain_spec){ .after_bytes = PAGE_2M, .backing_given = true };
	explain_before_after(&r.explain, &r.run, &before.run, &after.run);
	assert_int_equal(before.run.machine.backing, BACKING_ANON);
	assert_null(before.run.machine.mem_path);
	assert_int_equal(after.run.machine.backing, BACKING_FILE);
	assert_string_equal(after.run.machine.mem_path, "/mnt/2M");
	assert_false(before.run.machine.populate >= POPULATE_PREALLOC ||
		     after.run.machine.populate >= POPULATE_PREALLOC);
}

/* A huge page that is read before it is written may become small ones, also where the program chose THP. */
TEST(thp_is_populated_also_by_default)
{
	struct asked r = usual(), before, after;

	r.run.machine.backing = BACKING_THP;
	r.explain = (struct explain_spec){ .after_bytes = PAGE_2M, .backing_given = true };
	explain_before_after(&r.explain, &r.run, &before.run, &after.run);
	assert_int_equal(after.run.machine.backing, BACKING_THP);
	assert_true(before.run.machine.populate >= POPULATE_PREALLOC &&
		    after.run.machine.populate >= POPULATE_PREALLOC);
}

/* Else "after" would show the pages of "before", or the backing be dropped in silence. */
TEST(a_backing_that_cannot_show_it_is_refused)
{
	static const struct {
		enum dimensions after;
		bool given;
		uint64_t page_bytes;
		bool fine;
	} rows[] = {
		{ DIMENSIONS_BOTH, true, PAGE_2M, true },   { DIMENSIONS_HOST, true, PAGE_2M, true },
		{ DIMENSIONS_BOTH, true, PAGE_4K, false },  { DIMENSIONS_HOST, true, PAGE_4K, false },
		{ DIMENSIONS_HOST, true, PAGE_1G, false },  { DIMENSIONS_GUEST, true, PAGE_2M, false },
		{ DIMENSIONS_GUEST, false, PAGE_4K, true }, { DIMENSIONS_BOTH, false, PAGE_4K, true },
	};

	EACH (i, rows) {
		struct asked r = usual();
		struct error e = { 0 };

		r.run.machine.backing = BACKING_HUGETLB;
		r.explain = (struct explain_spec){ .after_bytes = PAGE_2M,
						   .after = rows[i].after,
						   .backing_given = rows[i].given };
		assert_int_equal(
			explain_check_after(&r.explain, r.run.machine.backing, rows[i].page_bytes, &e) == 0,
			rows[i].fine);
		assert_int_equal(e.status, rows[i].fine ? STATUS_OK : STATUS_USAGE);
		/* What would be taken anyway may also be asked for. */
		r.run.machine.backing = BACKING_ANON;
		r.explain.after = DIMENSIONS_GUEST;
		assert_int_equal(explain_check_after(&r.explain, r.run.machine.backing, PAGE_4K, &e), 0);
	}
}
