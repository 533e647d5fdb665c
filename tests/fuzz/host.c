/*
 * What a host says of itself and of other processes: /proc and /sys of a recorded one, smaps and numa_maps, QEMU's monitor.
 * Other users write a part of that: names of threads and files, control groups, mounts. It could break on any of it, or
 * hand it on to a terminal.
 */
#include "tests/fuzz/fuzz.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/limits.h"
#include "vmm/host/pool/pool.h"
#include "vmm/lab/advise/advise.h"
#include "vmm/lab/check/report.h"
#include "vmm/lab/observe/internal.h"

static void plan_pool(const struct pool_report *report, uint64_t bytes, uint64_t page_bytes, uint64_t nodes)
{
	const struct pool_use use = { .page_bytes = page_bytes, .bytes = bytes, .nodes = nodes };
	struct error e = { .status = STATUS_OK };
	static struct pool_plan plan;

	if (pool_plan_make(report, &use, &plan, &e) != 0) {
		FUZZ_CHECK(e.what[0] != '\0');
		return;
	}
	FUZZ_TEXT(pool_plan_text(report, &use, &plan, out));
	FUZZ_JSON(pool_plan_json(report, &use, &plan, out));
}

static void show_pools(const char *root)
{
	struct pool_report report = { .size_count = 0 };
	struct error e = { .status = STATUS_OK };
	const struct pool_use use = { .page_bytes = PAGE_2M, .bytes = GIB };

	pool_report_read(root, &report);
	FUZZ_TEXT(pool_show_text(&report, out));
	FUZZ_JSON(pool_show_json(&report, out));
	plan_pool(&report, GIB, PAGE_2M, 0);
	plan_pool(&report, 8 * GIB, PAGE_2M, 3);
	plan_pool(&report, UINT64_MAX / 2, PAGE_1G, 0);
	pool_report_free(&report);
	(void)pool_explain(root, &use, 0, 12, "mmap", &e);
}

static void show_limits(const char *root)
{
	struct error e = { .status = STATUS_OK };
	struct limits limits = { .count = 0 };

	limits_add_memory(root, &limits);
	for (enum limit_kind kind = LIMIT_MEMORY; kind <= LIMIT_COMMIT; kind++)
		limits_add(root, kind, PAGE_2M, &limits);
	for (uint32_t i = 0; i + 1 < limits.count; i++)
		FUZZ_CHECK(limit_room(&limits.list[i]) <= limit_room(&limits.list[i + 1]));
	(void)limits_throttled_ns(root, &limits);
	limits_free(&limits);
	(void)limits_explain_task(root, "fork", &e);
	(void)limits_oom_kills(root);
	(void)limits_swap_room(root);
}

FUZZ(root)
{
	static struct check_report report;
	static struct requirement requirements[REQUIRE_MAX];
	struct error e = { .status = STATUS_OK };
	char *list;
	const char *root = fuzz_root(data, size, &list);
	int count;

	show_pools(root);
	show_limits(root);
	memset(&report, 0, sizeof(report));
	report.kvm.api_version = -1;
	check_build(root, &report);
	count = require_evaluate(&check_rules, list != NULL ? list : "", root, &report, requirements, &e);
	if (count < 0)
		count = 0;
	FUZZ_TEXT(check_text(&report, requirements, (uint32_t)count, out));
	FUZZ_TEXT(check_tap(&report, requirements, (uint32_t)count, out));
	FUZZ_JSON(check_json(&report, requirements, (uint32_t)count, out));
	free(list);
}

FUZZ(observe)
{
	static struct advice advice;
	struct error e = { .status = STATUS_OK };
	struct observe_spec spec = { .all = true };
	struct observation o = { .count = 0 };
	char *list;
	const char *root = fuzz_root(data, size, &list);

	if (observe_read(root, &spec, &o, &e) == 0) {
		(void)observe_require(list, &o, &e);
		FUZZ_TEXT(observe_text(&o, out));
		FUZZ_TEXT(observe_tap(&o, out));
		FUZZ_JSON(observe_json(&o, out));
		memset(&advice, 0, sizeof(advice));
		advice.host = o.host;
		advice.running = o;
		advise_needs(root, GIB, &advice);
		FUZZ_TEXT(advise_text(&advice, out));
		FUZZ_JSON(advise_json(&advice, out));
	} else {
		FUZZ_CHECK(e.what[0] != '\0');
	}
	observation_free(&o);
	free(list);
}

FUZZ(smaps)
{
	static struct observed_memory o;
	char *text = fuzz_text(data, size);

	if (observe_parse_smaps(text, 0x7f0000000000, 0x7f0040000000, &o) == 0)
		FUZZ_CHECK(o.page_bytes == 0 || o.rss_bytes != 0);
	(void)observe_parse_numa_maps(text, 0x7f0000000000, 0x7f0040000000, &o);
	free(text);
}

struct monitor {
	int fd;
	const uint8_t *said;
	size_t bytes;
};

/* A monitor that says all of it at once, to one client. */
static void *serve(void *argument)
{
	const struct monitor *m = argument;
	int client = accept(m->fd, NULL, NULL);

	if (client >= 0) {
		(void)send(client, m->said, m->bytes, MSG_NOSIGNAL);
		(void)shutdown(client, SHUT_WR);
		(void)close(client);
	}
	return NULL;
}

FUZZ(qmp)
{
	static struct sockaddr_un address = { .sun_family = AF_UNIX };
	static int listener = -1;
	struct monitor m = { .said = data, .bytes = size };
	int64_t leaves[VM_STAT_COUNT];
	pthread_t server;

	if (listener < 0) {
		const char *dir = getenv("TMPDIR");

		(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.60s/qmp.%d",
			       dir != NULL ? dir : "/tmp", (int)getpid());
		listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		    listen(listener, 1) != 0)
			abort();
	}
	m.fd = listener;
	if (pthread_create(&server, NULL, serve, &m) != 0)
		abort();
	(void)qmp_leaves(address.sun_path, (uint32_t)getpid(), leaves);
	(void)pthread_join(server, NULL);
}
