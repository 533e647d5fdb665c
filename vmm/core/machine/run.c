#include "vmm/core/machine/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "vmm/core/machine/machine.h"
#include "vmm/lab/measure/phase.h"
#include "vmm/core/machine/watch.h"
#include "vmm/util/clock.h"
#include "vmm/util/stop.h"

void machine_wake(struct machine *m)
{
	uint64_t one = 1;

	/* It can only fail when the counter is full, and then the main thread is awake already. */
	if (write(m->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void machine_fail(struct machine *m, const struct error *e)
{
	pthread_mutex_lock(&m->lock);
	if (m->error.status == STATUS_OK)
		m->error = *e;
	pthread_mutex_unlock(&m->lock);
	machine_wake(m);
}

/* The embedded guest owes every result of the plan; another payload may do something else entirely. */
static int check_complete(struct machine *m, struct error *e)
{
	struct record *rec = m->rec;
	uint32_t expected = phase_expected_results(&rec->config) * rec->config.vcpus;

	if (rec->result_count == expected || rec->verdict == VERDICT_INTERRUPTED)
		return 0;
	if (rec->spec.machine.guest_path != NULL) {
		record_reason(rec, VERDICT_OK, "the payload reported %u of %u planned results",
			      rec->result_count, expected);
		return 0;
	}
	return error_set(e, STATUS_FAILED, EBADMSG, "guest", "it ended after %u of %u planned results",
			 rec->result_count, expected);
}

static void note_strays(struct machine *m)
{
	uint64_t untold = m->stray.total;
	char text[80];

	m->rec->stray_exits = m->stray.total;
	for (uint32_t i = 0; i < m->stray.places; i++) {
		record_reason(m->rec, VERDICT_OK, "the guest %s, which nobody serves",
			      stray_describe(&m->stray.place[i], text));
		untold -= m->stray.place[i].count;
	}
	if (untold != 0)
		record_reason(m->rec, VERDICT_OK,
			      "the guest made %" PRIu64 " accesses more at other places that nobody serves",
			      untold);
}

static int run_built(struct machine *m, struct error *e)
{
	struct timing_ns *t = &m->rec->timing;
	struct error observe_error = { .status = STATUS_OK };
	int ret = watch_start(m, e);
	uint64_t end_ns;

	if (ret == 0)
		ret = watch_wait(m, e);
	end_ns = clock_ns();
	if (m->main_ns != 0) {
		t->to_guest_main = m->main_ns - m->started_ns;
		t->workloads = end_ns - m->main_ns;
	}
	note_strays(m);
	/* Also where no phase was completed: what was installed is known all the same. */
	pthread_mutex_lock(&m->lock);
	phase_keep_peak_pages(m);
	cost_finish(m);
	pthread_mutex_unlock(&m->lock);
	if (ret == 0)
		ret = check_complete(m, e);
	/* Worth having after a failed run too, but then the first error is the one to tell. */
	if (ram_observe(m->rec, &m->ram, &observe_error) != 0 && ret == 0) {
		*e = observe_error;
		ret = -EIO;
	}
	return ret;
}

int run_guest_watched(struct record *rec, const struct run_watcher *watcher, prealloc_progress progress,
		      struct console *console, struct error *e)
{
	struct machine *m = calloc(1, sizeof(*m));
	int ret;

	if (m == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the machine");
	m->rec = rec;
	m->watcher = watcher;
	m->wake_fd = m->port_fd = m->sys.fd = m->vm.fd = m->vm.stats.fd = -1;
	m->ram.backing.fd = -1;
	ret = -pthread_mutex_init(&m->lock, NULL);
	if (ret != 0) {
		free(m);
		return error_set(e, STATUS_FAILED, -ret, "pthread_mutex_init", "cannot create a lock");
	}
	ret = machine_build(m, progress, e);
	if (ret == 0)
		ret = run_built(m, e);
	else if (stop_requested() != 0)
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d before the guest ran",
			      stop_requested());
	*console = m->console;
	machine_destroy(m);
	free(m);
	return ret;
}

int run_guest(struct record *rec, prealloc_progress progress, struct console *console, struct error *e)
{
	return run_guest_watched(rec, NULL, progress, console, e);
}
