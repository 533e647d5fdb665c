/*
 * Property: what two vCPU threads do at the same moment is all there afterwards: each access that nobody serves is counted,
 * each byte of the console kept, each reason told. It could break by a lock that is gone: rarely seen, and never by one thread.
 * ThreadSanitizer (tests/e2e/test_threads.sh) sees it each time.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>

#include "test.h"
#include "vmm/core/machine/internal.h"
#include "vmm/lab/measure/phases.h"

#define TIMES 2000

struct pmu_counters *__wrap_pmu_counters_open(const struct pmu_plan *plan, int *err, uint32_t *event);

struct pmu_counters *__wrap_pmu_counters_open(const struct pmu_plan *plan, int *err, uint32_t *event)
{
	(void)plan;
	*err = EMFILE;
	*event = 0;
	return NULL;
}

static pthread_barrier_t together;
static const struct machine_observer nobody;
static struct config config;
static struct machine m;
static struct machine_report report;

static void serve(struct vcpu_task *task, uint32_t reason, uint16_t port, uint8_t direction)
{
	/* With room for what KVM puts behind the structure. */
	struct {
		struct kvm_run run;
		uint32_t data;
	} area = { .run = { .exit_reason = reason }, .data = port == PORT_DOORBELL ? DOORBELL_MAIN : 'x' };
	struct kvm_vcpu vcpu = { .run = &area.run, .index = task->vcpu->index };
	struct vcpu_task here = { .machine = task->machine, .vcpu = &vcpu };
	struct error e = { .status = STATUS_OK };

	if (reason == KVM_EXIT_IO) {
		area.run.io.port = port;
		area.run.io.direction = direction;
		area.run.io.size = port == PORT_DOORBELL ? 4 : 1;
		area.run.io.count = 1;
		area.run.io.data_offset = (unsigned char *)&area.data - (unsigned char *)&area.run;
	} else {
		area.run.mmio.phys_addr = port;
		area.run.mmio.is_write = direction;
	}
	(void)exit_serve(&here, &e);
}

static void *write_all(void *task)
{
	(void)pthread_barrier_wait(&together);
	serve(task, KVM_EXIT_IO, PORT_DOORBELL, KVM_EXIT_IO_OUT);
	for (int i = 0; i < TIMES; i++) {
		serve(task, KVM_EXIT_IO, PORT_SERIAL, KVM_EXIT_IO_OUT);
		serve(task, KVM_EXIT_IO, 0x5a0, KVM_EXIT_IO_OUT);
		serve(task, KVM_EXIT_IO, 0x5a0, KVM_EXIT_IO_IN);
		serve(task, KVM_EXIT_MMIO, 0x5a0, 1);
	}
	/* A code that no guest has: what its block says is not asked for. */
	serve(task, KVM_EXIT_IO, PORT_EXIT, KVM_EXIT_IO_OUT);
	return NULL;
}

static void run_two(void *(*body)(void *), void *first, void *second)
{
	pthread_t threads[2];

	assert_int_equal(pthread_barrier_init(&together, NULL, 2), 0);
	assert_int_equal(pthread_create(&threads[0], NULL, body, first), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, body, second), 0);
	assert_int_equal(pthread_join(threads[0], NULL), 0);
	assert_int_equal(pthread_join(threads[1], NULL), 0);
	assert_int_equal(pthread_barrier_destroy(&together), 0);
}

TEST(what_two_vcpus_write_is_all_there)
{
	struct kvm_vcpu vcpus[2] = { { .index = 0 }, { .index = 1 } };
	struct vcpu_task tasks[2] = { { .machine = &m, .vcpu = &vcpus[0] },
				      { .machine = &m, .vcpu = &vcpus[1] } };

	m.report = &report;
	m.config = &config;
	m.observer = &nobody;
	assert_int_equal(pthread_mutex_init(&m.lock, NULL), 0);
	run_two(write_all, &tasks[0], &tasks[1]);
	assert_int_equal(report.strays.total, 6 * TIMES);
	assert_int_equal(report.exit_code, 'x');
	assert_true(m.main_ns != 0);
	assert_int_equal(report.console.used + report.console.dropped_bytes, 2 * TIMES);
	assert_int_equal(pthread_mutex_destroy(&m.lock), 0);
}

static struct phases phases;

static void *begin_thread(void *vcpu)
{
	(void)pthread_barrier_wait(&together);
	phases.observer.vcpu_begins(phases.observer.self, NULL, *(uint32_t *)vcpu);
	return NULL;
}

TEST(each_vcpu_says_what_it_cannot_count)
{
	static struct record rec;
	static struct pmu_plan plan;
	uint32_t first = 0, second = 1;
	struct error e = { .status = STATUS_OK };

	record_init(&rec);
	rec.config.vcpus = 2;
	plan.event_count = 1;
	rec.pmu = &plan;
	assert_int_equal(phases_init(&phases, &rec, &e), 0);
	run_two(begin_thread, &first, &second);
	assert_int_equal(rec.reason_count, 2);
	phases_free(&phases);
	rec.pmu = NULL;
	record_free(&rec);
}
