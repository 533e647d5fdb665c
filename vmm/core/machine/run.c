/* One run of a machine, from /dev/kvm to the last page given back. */
#include <errno.h>
#include <stdlib.h>

#include "vmm/core/machine/internal.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

static int run_built(struct machine *m, struct error *e)
{
	struct timing_ns *t = &m->report->timing;
	struct error observe_error = { .status = STATUS_OK };
	int ret;
	uint64_t end_ns;

	m->report->ran = true;
	ret = machine_start(m, e);
	if (ret == 0)
		ret = machine_wait(m, e);
	ret = ram_check_loss(m, ret, e);
	end_ns = clock_ns();
	if (m->main_ns != 0) {
		t->to_guest_main = m->main_ns - m->started_ns;
		t->workloads = end_ns - m->main_ns;
	}
	if (m->observer->ended != NULL)
		ret = m->observer->ended(m->observer->self, &m->view, ret, e);
	/* Worth having after a failed run too, but then the first error is the one to tell. */
	if (ram_observe(&m->backing, m->report, &observe_error) != 0 && ret == 0) {
		*e = observe_error;
		ret = -EIO;
	}
	return ret;
}

int machine_run(const struct machine_spec *asked, struct config *c, struct host_facts *host,
		const struct machine_observer *observer, struct machine_report *report, struct error *e)
{
	struct machine *m = calloc(1, sizeof(*m));
	int ret;

	if (m == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the machine");
	*m = (struct machine){
		.asked = asked,
		.config = c,
		.host = host,
		.observer = observer,
		.report = report,
		.backing.fd = -1,
		.wake_fd = -1,
		.port_fd = -1,
		.sys.fd = -1,
		.vm = { .fd = -1, .stats.fd = -1 },
	};
	report->exit_code = -1;
	ret = -pthread_mutex_init(&m->lock, NULL);
	if (ret == 0)
		ret = -pthread_cond_init(&m->gate, NULL);
	if (ret != 0) {
		free(m);
		return error_set(e, STATUS_FAILED, -ret, "pthread_mutex_init", "cannot create a lock");
	}
	ret = sigbus_catch(e);
	if (ret == 0)
		ret = machine_build(m, e);
	if (ret == 0) {
		ret = run_built(m, e);
	} else {
		report->stop_signal = stop_requested();
		ret = ram_check_loss(m, ret, e);
	}
	machine_destroy(m);
	free(m);
	return ret;
}
