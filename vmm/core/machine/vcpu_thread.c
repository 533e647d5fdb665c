/* The thread of one vCPU: enter the guest, serve its exits, until the machine ends. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "vmm/core/memory/backing.h"
#include "vmm/core/machine/internal.h"
#include "vmm/util/process.h"

static int pin_thread(const struct vcpu_task *task, struct error *e)
{
	const struct machine_spec *r = task->machine->asked;
	cpu_set_t set;
	uint16_t cpu;

	if (r->pin_count == 0)
		return 0;
	cpu = r->pin[task->vcpu->index % r->pin_count];
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	(void)error_set(e, errno == EINVAL ? STATUS_USAGE : STATUS_FAILED, errno, "sched_setaffinity",
			"--pin: vCPU %u cannot run on CPU %u", task->vcpu->index, cpu);
	return error_hint(e, "--pin %u", first_allowed_cpu());
}

/* A guest access that the host could not back: a pool, a mount or the host itself has run dry. */
static int run_failed(struct vcpu_task *task, int err, struct error *e)
{
	if (err == EFAULT || err == ENOMEM || err == EHWPOISON)
		return machine_short(task->machine, err, UINT64_MAX, 0,
				     "no page behind a guest access (KVM_RUN)", e);
	return error_set(e, STATUS_FAILED, err, "KVM_RUN", "vCPU %u: KVM cannot run the guest: %s",
			 task->vcpu->index, strerror(err));
}

static int run_guest_loop(struct vcpu_task *task, struct error *e)
{
	struct machine *m = task->machine;
	struct lost_memory lost;

	/* A faulty page was a SIGBUS beside KVM_RUN, and would be one again. ram_check_loss tells of it. */
	while (!atomic_load(&m->stop) && !task->done && !sigbus_noted(&lost)) {
		int ret = kvm_vcpu_run(task->vcpu);

		if (ret == -EINTR || ret == -EAGAIN)
			continue;
		if (ret != 0)
			return run_failed(task, -ret, e);
		ret = exit_serve(task, e);
		if (ret != 0)
			return ret;
	}
	return 0;
}

/*
 * The signals of the user belong to the main thread, the kick belongs here: the parent process may have left it
 * blocked, and a blocked signal does not get a guest that spins out of KVM_RUN.
 */
static int set_signals(void)
{
	sigset_t kick;
	int ret = stop_block_in_thread();

	if (ret != 0)
		return ret;
	sigemptyset(&kick);
	sigaddset(&kick, KICK_SIGNAL);
	return -pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
}

/* Until all threads are there and the main thread has settled what they may do. False: the machine ends before. */
static bool pass_gate(struct machine *m)
{
	bool open;

	pthread_mutex_lock(&m->lock);
	m->arrived++;
	pthread_cond_broadcast(&m->gate);
	while (!m->open && !atomic_load(&m->stop))
		pthread_cond_wait(&m->gate, &m->lock);
	open = m->open;
	pthread_mutex_unlock(&m->lock);
	return open;
}

/* What needs rights or files comes before the gate. */
static int run_behind_gate(struct vcpu_task *task, struct error *e)
{
	struct machine *m = task->machine;
	uint32_t index = task->vcpu->index;
	int ret;

	if (e->status == STATUS_OK && pin_thread(task, e) == 0 && m->observer->vcpu_begins != NULL)
		m->observer->vcpu_begins(m->observer->self, &m->view, index);
	if (!pass_gate(m) || e->status != STATUS_OK)
		return 0;
	ret = sandbox_enter(&m->sandbox, SANDBOX_VCPU, index, e);
	if (ret == 0)
		ret = run_guest_loop(task, e);
	if (m->observer->vcpu_ends != NULL)
		m->observer->vcpu_ends(m->observer->self, &m->view, index);
	return ret;
}

void *vcpu_thread(void *argument)
{
	struct vcpu_task *task = argument;
	struct machine *m = task->machine;
	struct error e = { .status = STATUS_OK };
	int ret = set_signals();

	if (ret != 0)
		(void)error_set(&e, STATUS_FAILED, -ret, "pthread_sigmask", "cannot set the signal mask");
	ret = run_behind_gate(task, &e);
	if (e.status != STATUS_OK) {
		machine_fail(m, &e);
	} else if (ret == 1) {
		atomic_store(&m->ended, true);
	}
	atomic_fetch_sub(&m->running, 1);
	machine_wake(m);
	return NULL;
}
