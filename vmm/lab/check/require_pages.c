/*
 * Requirements about huge pages, answered by the plan that a run of that size would get.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/lab/check/question.h"
#include "vmm/util/size.h"
#include "vmm/host/sysfile.h"
#include "vmm/host/pool/report.h"

/* As many bytes as a plan counts: 2^60. */
#define MAX_PAGES (UINT64_C(1) << 30)

/* "2M:512@1". */
struct pages {
	uint64_t page_bytes, count;
	uint64_t nodes; /* mask; 0: any */
};

static int parse_pages(const char *value, struct pages *out)
{
	const char *colon = strchr(value, ':'), *at = strchr(value, '@');
	char size[8], count[24];
	uint64_t node;
	size_t digits;

	out->nodes = 0;
	if (colon == NULL || (size_t)(colon - value) >= sizeof(size) || (at != NULL && at < colon))
		return -EINVAL;
	digits = at != NULL ? (size_t)(at - colon) - 1 : strlen(colon + 1);
	if (digits >= sizeof(count))
		return -EINVAL;
	(void)snprintf(size, sizeof(size), "%.*s", (int)(colon - value), value);
	(void)snprintf(count, sizeof(count), "%.*s", (int)digits, colon + 1);
	if (at != NULL && number_parse(at + 1, 0, HOST_MAX_NODES - 1, &node) != 0)
		return -EINVAL;
	if (at != NULL)
		out->nodes = UINT64_C(1) << node;
	if (page_size_parse(size, &out->page_bytes) != 0 || out->page_bytes == PAGE_4K)
		return -EINVAL;
	return number_parse(count, 1, MAX_PAGES, &out->count) == 0 ? 0 : -EINVAL;
}

/* Where the kernel shows no pool of that size: because it has none, or because nothing can be read at all. */
static int no_pool(struct question *q, uint64_t page_bytes)
{
	enum known answer = sysfile_exists(q->root, "sys/kernel/mm") ? KNOWN_NO : KNOWN_UNKNOWN;
	char size[24];

	return settle(q, answer, "the kernel shows no pool of %s pages", size_format(page_bytes, size));
}

/* Pages that would be made on demand (overcommit) are a hope, not a promise: they do not count. */
static int weigh(struct question *q, const struct pool_size *pool, const struct pages *asked,
		 const struct pool_plan *plan)
{
	bool met = plan->enough && plan->on_demand_pages == 0;

	if (plan->available_pages >= asked->count && !met)
		return settle(q, KNOWN_NO,
			      "%" PRIu64 " wanted, %" PRIu64 " available, but %.70s is too tight",
			      asked->count, plan->available_pages,
			      pool->limit_count > 0 ? pool->limits[0].path : "a limit");
	if (asked->nodes != 0)
		return settle(q, met ? KNOWN_YES : KNOWN_NO,
			      "%" PRIu64 " wanted, %" PRIu64 " available on that node (%" PRIu64
			      " free there; of %" PRIu64 " free on all %" PRIu64 " reserved)",
			      asked->count, plan->available_pages, plan->nodes[0].free, pool->counts.free,
			      pool->counts.reserved);
	return settle(q, met ? KNOWN_YES : KNOWN_NO,
		      "%" PRIu64 " wanted, %" PRIu64 " available (%" PRIu64 " free, %" PRIu64
		      " of them reserved)",
		      asked->count, plan->available_pages, pool->counts.free, pool->counts.reserved);
}

static int answer_from(struct question *q, struct pool_report *report, const struct pages *asked)
{
	struct error e = { .status = STATUS_OK };
	struct pool_plan plan;
	int ret;

	pool_report_read(q->root, report);
	ret = pool_plan_make(report, asked->count * asked->page_bytes, asked->page_bytes, asked->nodes, &plan,
			     &e);
	if (ret == -ENOENT)
		return no_pool(q, asked->page_bytes);
	if (ret != 0)
		return settle(q, KNOWN_NO, "%.140s", e.what);
	return weigh(q, pool_report_size(report, asked->page_bytes), asked, &plan);
}

int answer_hugepages(struct question *q)
{
	struct pool_report *report;
	struct pages asked;
	int ret;

	if (parse_pages(q->value, &asked) != 0)
		return -EINVAL;
	report = calloc(1, sizeof(*report));
	if (report == NULL)
		return settle(q, KNOWN_UNKNOWN, "no memory for the picture of the pools");
	ret = answer_from(q, report, &asked);
	free(report);
	return ret;
}

int answer_1g_backing(struct question *q)
{
	struct pool_counts pool;

	if (pool_read(q->root, PAGE_1G, &pool) == 0)
		return settle(q, KNOWN_YES,
			      "the kernel has a pool of 1G pages: %" PRIu64 " in all, %" PRIu64 " free",
			      pool.total, pool.free);
	return no_pool(q, PAGE_1G);
}
