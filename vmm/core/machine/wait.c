/* The main thread: start the vCPUs, wait for the end, the user or the watchdog, stop them all. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "vmm/core/machine/internal.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/limits.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

#define NS_PER_MS UINT64_C(1000000)

void machine_wake(struct machine *m)
{
	uint64_t one = 1;

	/* The write fails only when the counter is full, and then the main thread is awake already. */
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

static int explain_short(const struct machine *m, int err, uint64_t gpa, uint64_t hva, const char *step,
			 struct error *e)
{
	const struct lost_memory there = { .hva = hva };

	return loss_explain(&m->backing, hva != 0 ? &there : NULL, gpa, err, step, e);
}

int machine_short(struct machine *m, int err, uint64_t gpa, uint64_t hva, const char *step, struct error *e)
{
	if (!m->open)
		return explain_short(m, err, gpa, hva, step, e);
	pthread_mutex_lock(&m->lock);
	if (m->short_step == NULL) {
		m->short_step = step;
		m->short_err = err;
		m->short_gpa = gpa;
		m->short_hva = hva;
	}
	pthread_mutex_unlock(&m->lock);
	return error_set(e, STATUS_FAILED, err, step, "there was no memory");
}

static void on_kick(int signum)
{
	/* Its only work is to interrupt KVM_RUN. */
	(void)signum;
}

static int install_kick(struct error *e)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_kick;
	sigemptyset(&action.sa_mask);
	if (sigaction(KICK_SIGNAL, &action, NULL) != 0)
		return error_set(e, STATUS_FAILED, errno, "sigaction", "cannot install the kick signal");
	return 0;
}

static void stop_all(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	atomic_store(&m->stop, true);
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
	for (uint32_t i = 0; i < m->config->vcpus; i++) {
		struct vcpu_task *task = &m->tasks[i];

		if (!task->started)
			continue;
		/* immediate_exit before the signal: one that arrives just before KVM_RUN is then not lost (api.rst). */
		__atomic_store_n(&task->vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		(void)pthread_kill(task->thread, KICK_SIGNAL);
	}
	for (uint32_t i = 0; i < m->config->vcpus; i++) {
		if (m->tasks[i].started)
			(void)pthread_join(m->tasks[i].thread, NULL);
		m->tasks[i].started = false;
	}
}

/* Once all vCPU threads wait at the gate: confine this one, and open it. */
static int open_gate(struct machine *m, struct error *e)
{
	int ret;

	pthread_mutex_lock(&m->lock);
	while (m->arrived < m->config->vcpus)
		pthread_cond_wait(&m->gate, &m->lock);
	pthread_mutex_unlock(&m->lock);
	ret = sandbox_give_up_root(&m->sandbox, e);
	if (ret == 0)
		ret = sandbox_enter(&m->sandbox, SANDBOX_MAIN, 0, e);
	if (ret != 0)
		return ret;
	pthread_mutex_lock(&m->lock);
	m->open = true;
	pthread_cond_broadcast(&m->gate);
	pthread_mutex_unlock(&m->lock);
	return 0;
}

int machine_start(struct machine *m, struct error *e)
{
	int ret = install_kick(e);

	if (ret == 0)
		ret = sandbox_prepare(&m->asked->sandbox, m->observer->needs, &m->report->sandbox,
				      &m->sandbox, e);
	m->started_ns = clock_ns();
	for (uint32_t i = 0; ret == 0 && i < m->config->vcpus; i++) {
		atomic_fetch_add(&m->running, 1);
		ret = -pthread_create(&m->tasks[i].thread, NULL, vcpu_thread, &m->tasks[i]);
		if (ret != 0) {
			atomic_fetch_sub(&m->running, 1);
			(void)error_set(e, STATUS_FAILED, -ret, "pthread_create", "no thread for vCPU %u", i);
			(void)limits_explain_task("", "pthread_create", e);
			break;
		}
		m->tasks[i].started = true;
	}
	if (ret == 0)
		ret = open_gate(m, e);
	if (ret != 0)
		stop_all(m);
	return ret;
}

static bool over(struct machine *m)
{
	bool yes;

	pthread_mutex_lock(&m->lock);
	yes = m->error.status != STATUS_OK;
	pthread_mutex_unlock(&m->lock);
	return yes || atomic_load(&m->ended) || atomic_load(&m->running) == 0;
}

static int fail_watchdog(struct machine *m, struct error *e)
{
	(void)error_set(e, STATUS_WATCHDOG, ETIMEDOUT, "watchdog",
			"the guest did not end within %u s and was stopped%s", m->asked->timeout_s,
			m->main_ns == 0 ? "; it never reached its main program" : "");

	return error_hint(e, "--timeout SEC allows more");
}

int machine_wait(struct machine *m, struct error *e)
{
	uint64_t deadline_ns = m->started_ns + m->asked->timeout_s * NS_PER_S;
	uint64_t now_ns = clock_ns();
	struct lost_memory lost;
	int ret = 0;

	while (!over(m) && stop_requested() == 0 && !sigbus_noted(&lost) && now_ns < deadline_ns) {
		struct pollfd wake = { .fd = m->wake_fd, .events = POLLIN };
		uint64_t left_ms = (deadline_ns - now_ns) / NS_PER_MS + 1;
		uint64_t drained;

		/* A second at most: a signal that comes between the check and poll() is then seen all the same. */
		if (poll(&wake, 1, (int)(left_ms < 1000 ? left_ms : 1000)) > 0 &&
		    read(m->wake_fd, &drained, sizeof(drained)) < 0 && errno != EAGAIN)
			break;
		now_ns = clock_ns();
	}
	stop_all(m);
	if (m->short_step != NULL && strcmp(m->error.where, m->short_step) == 0) {
		m->error = (struct error){ .status = STATUS_OK };
		(void)explain_short(m, m->short_err, m->short_gpa, m->short_hva, m->short_step, &m->error);
	}
	if (m->error.status != STATUS_OK) {
		*e = m->error;
		return e->err > 0 ? -e->err : -EINVAL;
	}
	if (atomic_load(&m->ended))
		return 0;
	if (stop_requested() != 0)
		m->report->stop_signal = stop_requested();
	else if (now_ns >= deadline_ns)
		ret = fail_watchdog(m, e);
	else
		ret = error_set(e, STATUS_FAILED, 0, "guest",
				"every vCPU stopped, but the guest never ended");
	return ret;
}
