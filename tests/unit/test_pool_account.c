/*
 * Property: what a mapping can have is what the kernel's rules give, and no plan is beyond it. It could break where pages
 * are counted as others' that are its own, where nodes are left out or counted in, and where what is not known
 * counts as none. The rules are worked out by hand here; test_pool_kernel asks the kernel itself.
 */
#include "test.h"

#include "pool_root.h"
#include "units.h"
#include "vmm/host/pool/pool.h"

/* A host of two nodes, 4 and 6 pages free, 3 of them promised to others, 5 more on demand, 8 and 2 MiB to spare. */
static void two_nodes(struct pool_report *report, struct pool_size *size)
{
	*size = (struct pool_size){ .page_bytes = PAGE_2M,
				    .counts = { .total = 10, .free = 10, .reserved = 3 },
				    .overcommit = 5,
				    .on_demand_pages = 5,
				    .node_count = 2,
				    .nodes = {
					    { .node = 0, .total = 4, .free = 4, .spare_bytes = 8 * MIB },
					    { .node = 1, .total = 6, .free = 6, .spare_bytes = 2 * MIB } } };
	*report = (struct pool_report){
		.size_count = 1,
		.sizes = size,
		.spare_bytes = UINT64_MAX,
		.allowed = { .with_memory = 3, .cpuset = 3, .policy = ~UINT64_C(0), .usable = 3 }
	};
}

/* What the kernel's rules give, by hand (pool.h names its functions). */
TEST(account_of_a_mapping)
{
	static const struct {
		struct pool_use use;
		uint64_t free, on_demand, grow;
	} rows[] = {
		{ { .page_bytes = PAGE_2M }, 7, 5, 5 },
		/* A reservation makes pages where the whole pool is short only, and node 0 is short before that. */
		{ { .nodes = 1 }, 4, 0, 4 },
		{ { .nodes = 1, .unreserved = true }, 4, 5, 4 },
		{ { .nodes = 2 }, 6, 0, 1 },
		{ { .nodes = 3 }, 7, 5, 5 },
		{ { .refused = true }, 7, 0, 5 },
		/* Its own: promised to it, or kept for its mount, but never more than is reserved. */
		{ { .promised_bytes = 2 * PAGE_2M }, 9, 5, 5 },
		{ { .held_bytes = 100 * PAGE_2M }, 10, 5, 5 },
		{ { .held_bytes = 100 * PAGE_2M, .nodes = 2 }, 6, 0, 1 },
	};
	char use_limit[] = "/a.max", promise_limit[] = "/a.rsvd.max";
	struct pool_account account;
	struct pool_report report;
	struct pool_size size;
	struct limit limit;

	two_nodes(&report, &size);
	LOOP (size_t, i, 0, i < COUNT_OF(rows), i++) {
		pool_account(&report, &size, &rows[i].use, &account);
		assert_int_equal(account.free, rows[i].free);
		assert_int_equal(account.on_demand, rows[i].on_demand);
		assert_int_equal(account.grow, rows[i].grow);
		assert_true(account.limit == UINT64_MAX);
	}
	/* The host as a whole can spare less than its nodes seem to. */
	report.spare_bytes = 3 * PAGE_2M + 1;
	pool_account(&report, &size, &rows[0].use, &account);
	assert_int_equal(account.grow, 3);
	/* A count below zero is none. */
	size.counts.reserved = UINT64_MAX - 3;
	pool_account(&report, &size, &rows[0].use, &account);
	assert_int_equal(account.free, 10);
	/* A limit on promises has counted what is promised. */
	size.limits = (struct limits){ .list = &limit, .count = 1 };
	limit = (struct limit){ .path = use_limit, .limit = 9 * PAGE_2M, .used = 4 * PAGE_2M };
	pool_account(&report, &size, &(struct pool_use){ .promised_bytes = 4 * PAGE_2M }, &account);
	assert_int_equal(account.limit, 5);
	limit.path = promise_limit;
	pool_account(&report, &size, &(struct pool_use){ .promised_bytes = 4 * PAGE_2M }, &account);
	assert_int_equal(account.limit, 9);
}

/* Which nodes count where none was asked for, and why. */
TEST(nodes_that_this_process_may_use)
{
	static const struct {
		uint64_t with_memory, cpuset, policy;
		enum pool_bound bound;
		uint64_t available;
	} rows[] = {
		{ 3, 3, ~UINT64_C(0), BOUND_NONE, 7 },
		/* Nobody gets memory of a node that has none; a cpuset names it or does not. */
		{ 1, 1, ~UINT64_C(0), BOUND_NONE, 7 },
		{ 2, 3, ~UINT64_C(0), BOUND_NONE, 7 },
		{ 3, 1, ~UINT64_C(0), BOUND_CPUSET, 4 },
		{ 3, 3, 2, BOUND_POLICY, 6 },
		{ 3, 3, 3, BOUND_NONE, 7 },
		{ 0, 0, 0, BOUND_NONE, 7 },
	};
	struct error e = { 0 };
	struct pool_report report;
	struct pool_size size;
	struct pool_plan plan;

	two_nodes(&report, &size);
	LOOP (size_t, i, 0, i < COUNT_OF(rows), i++) {
		struct usable_nodes *a = &report.allowed;

		*a = (struct usable_nodes){ rows[i].with_memory, rows[i].cpuset, rows[i].policy, 0 };
		a->usable = (a->with_memory != 0 ? a->with_memory : 3) & (a->cpuset != 0 ? a->cpuset : 3) &
			    (a->policy != 0 ? a->policy : 3);
		assert_int_equal(plan_make(&report, PAGE_2M, PAGE_2M, 0, &plan, &e), 0);
		assert_int_equal(plan.bound, rows[i].bound);
		assert_int_equal(plan.node_count, rows[i].bound != BOUND_NONE);
		assert_int_equal(plan.available_pages, rows[i].available);
		assert_int_equal(pool_bound_words(&plan)[0] != '\0', rows[i].bound != BOUND_NONE);
	}
	/* An inherited policy does not bind a run that has one of its own; a cpuset does. */
	report.allowed = (struct usable_nodes){ 3, 3, 2, 2 };
	assert_int_equal(plan_make(&report, PAGE_2M, PAGE_2M, 1, &plan, &e), 0);
	assert_int_equal(plan.bound, BOUND_ASKED);
	assert_int_equal(plan.available_pages, 4);
}

/* The lines of a plan, or of what is had in its place, provide what they say; and none is beyond memory. */
static void largest_is(const struct pool_report *report, uint64_t pages, uint64_t nodes, bool fits,
		       uint64_t largest)
{
	const struct pool_use use = use_of(pages * PAGE_2M, PAGE_2M, nodes);
	struct pool_plan plan, smaller;
	const struct pool_plan *best;
	struct error e = { 0 };

	assert_int_equal(pool_plan_make(report, &use, &plan, &e), 0);
	assert_int_equal(plan.largest_bytes, largest * PAGE_2M);
	assert_int_equal(pool_plan_fits(&plan), fits);
	best = pool_plan_best(report, &use, &plan, &smaller);
	assert_int_equal(best == &plan, plan.memory_fits);
	if (best != NULL && best != &plan) {
		assert_int_equal(best->needed_pages, largest);
		assert_true(pool_plan_fits(best));
	}
	for (uint32_t i = 0; best != NULL && i < best->node_count; i++)
		assert_true(best->nodes[i].missing * PAGE_2M <= best->nodes[i].spare_bytes);
	if (largest == 0)
		assert_null(best);
}

TEST(memory_that_is_not_there)
{
	char path[] = "/a.max";
	struct limit limit = { .path = path, .limit = 5 * PAGE_2M, .used = 2 * PAGE_2M };
	struct pool_report report;
	struct pool_size size;

	two_nodes(&report, &size);
	largest_is(&report, 12, 0, true, 12);
	largest_is(&report, 13, 0, false, 12);
	/* Node 1 gives the one page that it can, node 0 the other four. */
	largest_is(&report, 12, 3, true, 12);
	largest_is(&report, 13, 3, false, 12);
	largest_is(&report, 8, 1, true, 8);
	largest_is(&report, 9, 1, false, 8);
	largest_is(&report, 7, 2, true, 7);
	largest_is(&report, 32768, 2, false, 7);
	report.spare_bytes = 2 * PAGE_2M;
	largest_is(&report, 13, 0, false, 12); /* by overcommit, for which the kernel does not ask us */
	largest_is(&report, 8, 1, false, 6);
	/* A limit is not raised for it. */
	size.limits = (struct limits){ .list = &limit, .count = 1 };
	largest_is(&report, 3, 0, true, 3);
	largest_is(&report, 4, 0, false, 3);
	limit.used = 5 * PAGE_2M;
	largest_is(&report, 32768, 0, false, 0);
}

/* What is not known bounds nothing, and is said to be unknown. */
TEST(memory_that_is_not_known)
{
	static struct pool_report report;
	struct pool_root root = { 0 };
	struct error e = { 0 };
	struct pool_plan plan;

	root_make(&root);
	root_put_pool(&root, -1, PAGE_2M, 0, 0, 0, 0);
	root_put_pool(&root, 0, PAGE_2M, 0, 0, 0, 0);
	pool_report_read(root.path, &report);
	assert_int_equal(plan_make(&report, GIB, PAGE_2M, 0, &plan, &e), 0);
	assert_true(plan.memory_fits);
	assert_true(plan.largest_bytes == UINT64_MAX);
	/* Of 64 MiB a sixteenth is left to others; of the 56 available that leaves 26 pages. */
	root_put(&root, "proc/meminfo", "MemTotal: 65536 kB\nMemAvailable: 57344 kB\n");
	pool_report_read(root.path, &report);
	assert_int_equal(plan_make(&report, GIB, PAGE_2M, 0, &plan, &e), 0);
	assert_int_equal(plan.largest_bytes, 26 * PAGE_2M);
	root_put(&root, "sys/devices/system/node/node0/meminfo", "Node 0 MemFree: 8192 kB\n");
	pool_report_read(root.path, &report);
	assert_int_equal(plan_make(&report, GIB, PAGE_2M, 0, &plan, &e), 0);
	assert_int_equal(plan.largest_bytes, 4 * PAGE_2M);
	root_remove(&root);
}
