/*
 * Property: a plan says "enough" exactly where the kernel would grant the pages, and its lines, obeyed on a host of
 * files, make it enough with the fewest pages and the smallest limits. It could break where a page counts twice: free on
 * a node but promised, missing on a node and in the pool, surplus, or behind more than one limit.
 */
#include "test.h"

#include <errno.h>

#include "pool_root.h"
#include "units.h"
#include "vmm/host/pool/lines.h"
#include "vmm/host/pool/pool.h"

#define NODES 3
#define LIMITS 4
#define ROUNDS 400

/* A host as the kernel sees it; written into files for the code under test. */
struct host {
	uint64_t page_bytes;
	uint64_t total[NODES], free[NODES], surplus[NODES];
	uint64_t reserved;
	uint64_t allowed; /* mask */
	uint64_t limit[LIMITS], used[LIMITS];
};

static const char *const limit_files[LIMITS] = {
	"sys/fs/cgroup/a/hugetlb.%s.max",
	"sys/fs/cgroup/a/hugetlb.%s.rsvd.max",
	"sys/fs/cgroup/a/b\\x2dc.slice/hugetlb.%s.max",
	"sys/fs/cgroup/a/b\\x2dc.slice/hugetlb.%s.rsvd.max",
};
static const char *const used_files[LIMITS] = {
	"sys/fs/cgroup/a/hugetlb.%s.current",
	"sys/fs/cgroup/a/hugetlb.%s.rsvd.current",
	"sys/fs/cgroup/a/b\\x2dc.slice/hugetlb.%s.current",
	"sys/fs/cgroup/a/b\\x2dc.slice/hugetlb.%s.rsvd.current",
};

static uint64_t seed = 1;

/* xorshift64*: the same hosts in every run. */
static uint64_t below(uint64_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * UINT64_C(0x2545f4914f6cdd1d) % n;
}

static uint64_t sum(const uint64_t *values, uint64_t mask)
{
	uint64_t s = 0;

	for (int i = 0; i < NODES; i++)
		s += (mask >> i & 1) != 0 ? values[i] : 0;
	return s;
}

static void random_host(struct host *h)
{
	memset(h, 0, sizeof(*h));
	h->page_bytes = below(2) != 0 ? PAGE_2M : PAGE_1G;
	for (int i = 0; i < NODES; i++) {
		h->total[i] = below(3) != 0 ? below(40) : 0;
		h->free[i] = below(h->total[i] + 1);
		h->surplus[i] = below(h->total[i] - h->free[i] + 1);
	}
	h->reserved = below(2) != 0 ? below(sum(h->free, 7) + 1) : 0;
	h->allowed = below(4) != 0 ? 7 : 1 + below(7);
	for (int i = 0; i < LIMITS; i++) {
		h->used[i] = below(30) * h->page_bytes;
		h->limit[i] = below(2) != 0 ? UINT64_MAX : below(60) * h->page_bytes;
	}
}

static const char *page_word(const struct host *h)
{
	return h->page_bytes == PAGE_2M ? "2MB" : "1GB";
}

static void put_limit(const struct pool_root *r, const struct host *h, const char *pattern, uint64_t bytes)
{
	char path[128];
	const char *rest = strstr(pattern, "%s");

	(void)snprintf(path, sizeof(path), "%.*s%s%s", (int)(rest - pattern), pattern, page_word(h),
		       rest + 2);
	if (bytes == UINT64_MAX)
		root_put(r, path, "max\n");
	else
		root_put(r, path, "%" PRIu64 "\n", bytes);
}

static void write_host(const struct pool_root *r, const struct host *h)
{
	char list[32] = "";

	root_put_pool(r, -1, PAGE_2M, 0, 0, 0, 0);
	root_put_pool(r, -1, PAGE_1G, 0, 0, 0, 0);
	root_put_pool(r, -1, h->page_bytes, sum(h->total, 7), sum(h->free, 7), h->reserved,
		      sum(h->surplus, 7));
	for (int i = 0; i < NODES; i++)
		root_put_pool(r, i, h->page_bytes, h->total[i], h->free[i], 0, h->surplus[i]);
	for (int i = 0; i < LIMITS; i++) {
		put_limit(r, h, limit_files[i], h->limit[i]);
		put_limit(r, h, used_files[i], h->used[i]);
	}
	root_put(r, "proc/meminfo", "MemAvailable: 999999999 kB\nHugepagesize: 2048 kB\n");
	root_put(r, "proc/self/cgroup", "0::/a/b\\x2dc.slice\n");
	root_put(r, "proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
	for (int i = 0; i < NODES; i++) {
		if ((h->allowed >> i & 1) != 0)
			(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%d",
				       list[0] == '\0' ? "" : ",", i);
	}
	root_put(r, "proc/self/status", "Name:\tx\nMems_allowed:\t%" PRIx64 "\nMems_allowed_list:\t%s\n",
		 h->allowed, list);
}

/* Would a reserving mapping, bound to `nodes` (0: where the cpuset allows), get its pages and all limits' consent? */
static bool granted(const struct host *h, uint64_t pages, uint64_t nodes)
{
	uint64_t near = sum(h->free, nodes != 0 ? nodes : h->allowed);

	if (sum(h->free, 7) - h->reserved < pages || near < pages)
		return false;
	for (int i = 0; i < LIMITS; i++) {
		if (h->limit[i] != UINT64_MAX && h->used[i] + pages * h->page_bytes > h->limit[i])
			return false;
	}
	return true;
}

/* What the kernel does with a larger total: surplus pages turn persistent, then new free ones are made. */
static uint64_t grow(struct host *h, int node, uint64_t total)
{
	uint64_t have = node < 0 ? sum(h->total, 7) : h->total[node];
	int at = node < 0 ? (int)below(NODES) : node;

	assert_true(total > have);
	h->total[at] += total - have;
	h->free[at] += total - have;
	return total - have;
}

/* Obey one line; returns the pages it made. */
static uint64_t obey(struct host *h, const char *line)
{
	const char *path = strstr(line, " > ");
	char *end;
	uint64_t value = strtoull(line + (strncmp(line, "echo ", 5) == 0 ? 5 : 23), &end, 10);
	char want[128];

	if (strncmp(line, "sysctl vm.nr_hugepages=", 23) == 0) {
		assert_int_equal(h->page_bytes, PAGE_2M);
		return grow(h, -1, value);
	}
	assert_non_null(path);
	assert_ptr_equal(end, path);
	path += 3;
	LOOP (int, i, 0, i < LIMITS, i++) {
		const char *rest = strstr(limit_files[i], "%s");
		const char *quote = strchr(limit_files[i], '\\') != NULL ? "'" : "";

		(void)snprintf(want, sizeof(want), "%s/%.*s%s%s%s", quote, (int)(rest - limit_files[i]),
			       limit_files[i], page_word(h), rest + 2, quote);
		if (strcmp(path, want) == 0) {
			assert_true(value > h->limit[i]);
			h->limit[i] = value;
			return 0;
		}
	}
	LOOP (int, node, 0, node < NODES, node++) {
		(void)snprintf(want, sizeof(want),
			       "/sys/devices/system/node/node%d/hugepages/hugepages-%" PRIu64
			       "kB/nr_hugepages",
			       node, h->page_bytes / KIB);
		if (strcmp(path, want) == 0)
			return grow(h, node, value);
	}
	(void)snprintf(want, sizeof(want), "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
		       h->page_bytes / KIB);
	assert_string_equal(path, want);
	return grow(h, -1, value);
}

static void plan_of(const struct pool_root *r, const struct host *h, uint64_t pages, uint64_t nodes,
		    struct pool_report *report, struct pool_plan *plan)
{
	struct error e = { 0 };

	write_host(r, h);
	pool_report_read(r->path, report);
	assert_int_equal(report->allowed.cpuset, h->allowed);
	assert_int_equal(plan_make(report, pages * h->page_bytes, h->page_bytes, nodes, plan, &e), 0);
	assert_int_equal(e.status, STATUS_OK);
}

/* Nodes give what is needed, none more than it has. */
static void shares_add_up(const struct pool_plan *plan)
{
	uint64_t needed = 0, missing = 0;

	LOOP (uint32_t, i, 0, i < plan->node_count, i++) {
		needed += plan->nodes[i].needed;
		missing += plan->nodes[i].missing;
		assert_true(plan->nodes[i].needed <= plan->nodes[i].free + plan->nodes[i].missing);
	}
	if (plan->node_count > 0) {
		assert_int_equal(needed, plan->needed_pages);
		assert_int_equal(missing, plan->missing_pages);
	}
}

/* One page less anywhere, or a limit one page lower, and the kernel would refuse. */
static void is_least(const struct host *before, const struct host *after, uint64_t pages, uint64_t nodes)
{
	struct host less;

	LOOP (int, i, 0, i < NODES, i++) {
		less = *after;
		if (after->total[i] == before->total[i])
			continue;
		less.total[i]--;
		less.free[i]--;
		assert_false(granted(&less, pages, nodes));
	}
	LOOP (int, i, 0, i < LIMITS, i++) {
		less = *after;
		if (after->limit[i] == before->limit[i])
			continue;
		less.limit[i] -= less.page_bytes;
		assert_false(granted(&less, pages, nodes));
	}
}

TEST(obeyed_it_is_enough)
{
	static struct pool_report report;
	static struct pool_lines lines;
	struct pool_root root = { 0 };
	struct host before, after;
	struct pool_plan plan;

	root_make(&root);
	LOOP (int, round, 0, round < ROUNDS, round++) {
		uint64_t pages = 1 + below(70), made = 0;
		uint64_t nodes, bound;

		random_host(&before);
		nodes = below(2) != 0 ? (1 + below(7)) & before.allowed : 0;
		plan_of(&root, &before, pages, nodes, &report, &plan);
		assert_int_equal(plan.needed_pages, pages);
		assert_int_equal(plan.enough, granted(&before, pages, nodes));
		shares_add_up(&plan);
		pool_lines_free(&lines);
		pool_lines_provide(&report, &plan, &lines);
		assert_int_equal(lines.count == 0, plan.enough);
		after = before;
		bound = 0;
		LOOP (uint32_t, i, 0, i < lines.count, i++) {
			/* For the pool of the default size the second line is the first in other words. */
			if (lines.line[i].kind == LINE_SYSFS && bound != 0)
				continue;
			bound += lines.line[i].kind == LINE_SYSCTL;
			made += obey(&after, lines.line[i].text);
		}
		assert_int_equal(made, plan.missing_pages);
		assert_true(granted(&after, pages, nodes));
		is_least(&before, &after, pages, nodes);
		plan_of(&root, &after, pages, nodes, &report, &plan);
		assert_true(plan.enough);
		assert_int_equal(plan.missing_pages, 0);
	}
	root_remove(&root);
}

TEST(rounded_up)
{
	static struct pool_report report;
	struct error e = { 0 };
	struct pool_plan plan;

	pool_report_read(TESTS_DIR "/fixtures/host/intel-ept", &report);
	assert_int_equal(plan_make(&report, GIB + 1, PAGE_1G, 0, &plan, &e), 0);
	assert_int_equal(plan.needed_pages, 2);
	assert_int_equal(plan.missing_pages, 1);
	assert_int_equal(plan_make(&report, 1, PAGE_2M, 0, &plan, &e), 0);
	assert_int_equal(plan.needed_pages, 1);
	assert_true(plan.enough);
}

TEST(overcommit_is_enough_but_said)
{
	static struct pool_report report;
	struct error e = { 0 };
	struct pool_plan plan;
	struct pool_root root = { 0 };

	root_make(&root);
	root_put_pool(&root, -1, PAGE_2M, 10, 4, 0, 0);
	root_put_pool(&root, 0, PAGE_2M, 10, 4, 0, 0);
	root_put(&root, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages", "6\n");
	pool_report_read(root.path, &report);
	assert_int_equal(plan_make(&report, 10 * PAGE_2M, PAGE_2M, 0, &plan, &e), 0);
	assert_true(plan.enough);
	assert_int_equal(plan.on_demand_pages, 6);
	/* Not all: then the pool itself is to have them. */
	assert_int_equal(plan_make(&report, 11 * PAGE_2M, PAGE_2M, 0, &plan, &e), 0);
	assert_false(plan.enough);
	assert_int_equal(plan.on_demand_pages, 0);
	assert_int_equal(plan.missing_pages, 7);
	root_remove(&root);
}

static void refused(uint64_t bytes, uint64_t page_bytes, uint64_t nodes, int ret, enum status status)
{
	static struct pool_report report;
	struct error e = { 0 };
	struct pool_plan plan;

	pool_report_read(TESTS_DIR "/fixtures/host/intel-ept", &report);
	report.allowed.cpuset = 1;
	assert_int_equal(plan_make(&report, bytes, page_bytes, nodes, &plan, &e), ret);
	assert_int_equal(e.status, status);
	assert_true(strlen(e.what) > 0);
}

TEST(what_cannot_be_planned)
{
	refused(GIB, PAGE_4K, 0, -ENOENT, STATUS_CANNOT);
	refused(GIB, 0, 0, -ENOENT, STATUS_CANNOT);
	refused(GIB, PAGE_2M, 1 << 5, -EINVAL, STATUS_USAGE);
	refused(GIB, PAGE_2M, 1 << 1, -EINVAL, STATUS_USAGE);
	refused(UINT64_MAX, PAGE_2M, 0, -ERANGE, STATUS_USAGE);
}
