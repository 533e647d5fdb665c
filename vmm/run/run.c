#include "vmm/run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/boot/start.h"
#include "vmm/run/machine.h"
#include "vmm/run/phase.h"
#include "vmm/run/watch.h"
#include "vmm/util/clock.h"
#include "vmm/util/stop.h"

#define KVM_DEVICE "/dev/kvm"

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

static int open_kvm(struct machine *m, struct error *e)
{
	int ret = kvm_system_open(KVM_DEVICE, &m->sys, e);

	if (ret != 0)
		return ret;
	if (m->rec->config.vcpus <= m->sys.max_vcpus)
		return 0;
	return error_set(e, STATUS_USAGE, EINVAL, "KVM_CAP_MAX_VCPUS", "--smp %u: this KVM allows %u vCPUs",
			 m->rec->config.vcpus, m->sys.max_vcpus);
}

static int take_ram(struct machine *m, prealloc_progress progress, struct error *e)
{
	struct record *rec = m->rec;
	struct backing_spec spec;
	int ret = backing_resolve(&rec->request, &spec, e);

	if (ret != 0)
		return ret;
	spec.bytes = rec->config.ram_bytes;
	spec.align_bytes = memmap_congruence_bytes(spec.bytes);
	ret = ram_acquire(rec, &spec, &m->ram, progress, e);
	if (ret != 0)
		return ret;
	rec->gpa_hva_congruent = true;
	for (uint32_t i = 0; i < rec->config.map.range_count; i++) {
		const struct ram_range *range = &rec->config.map.ranges[i];
		uint64_t hva = (uint64_t)(uintptr_t)m->ram.backing.hva + range->offset_bytes;

		if ((hva - range->gpa) % spec.align_bytes != 0)
			rec->gpa_hva_congruent = false;
	}
	return 0;
}

static int create_vm(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	int ret = kvm_vm_create(&m->sys, &m->vm, e);

	for (uint32_t i = 0; ret == 0 && i < map->range_count; i++) {
		const struct ram_range *range = &map->ranges[i];

		ret = kvm_vm_add_slot(&m->vm, i, range->gpa, range->bytes,
				      backing_at(&m->ram.backing, range->offset_bytes, range->bytes), e);
	}
	return ret;
}

static int set_registers(struct vcpu_task *task, uint32_t entry_gpa, struct error *e)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	if (ioctl(task->vcpu.fd, KVM_GET_SREGS, &sregs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_GET_SREGS", "vCPU %u", task->vcpu.index);
	start_registers(entry_gpa, &regs, &sregs);
	if (ioctl(task->vcpu.fd, KVM_SET_SREGS, &sregs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_SREGS", "vCPU %u", task->vcpu.index);
	if (ioctl(task->vcpu.fd, KVM_SET_REGS, &regs) != 0)
		return error_set(e, STATUS_FAILED, errno, "KVM_SET_REGS", "vCPU %u", task->vcpu.index);
	return 0;
}

static int create_vcpus(struct machine *m, uint32_t entry_gpa, struct error *e)
{
	uint32_t count = m->rec->config.vcpus;
	struct kvm_cpuid2 *cpuid = kvm_supported_cpuid(&m->sys, e);
	int ret = cpuid == NULL ? -EIO : 0;

	for (uint32_t i = 0; ret == 0 && i < count; i++) {
		struct vcpu_task *task = &m->tasks[i];

		ret = kvm_vcpu_create(&m->sys, &m->vm, i, count, cpuid, &task->vcpu, e);
		if (ret == 0)
			ret = set_registers(task, entry_gpa, e);
	}
	free(cpuid);
	if (ret == 0) {
		m->tsc_khz = kvm_vcpu_tsc_khz(&m->tasks[0].vcpu);
		if (m->tsc_khz == 0)
			m->tsc_khz = facts_tsc_khz();
		m->rec->host.tsc_khz = m->tsc_khz;
	}
	return ret;
}

static int prefault(struct machine *m, struct error *e)
{
	const struct memmap *map = &m->rec->config.map;
	int ret = 0;

	if (!m->rec->request.prefault)
		return 0;
	for (uint32_t i = 0; ret == 0 && i < map->range_count; i++)
		ret = kvm_vcpu_prefault(&m->vm, &m->tasks[0].vcpu, map->ranges[i].gpa, map->ranges[i].bytes,
					e);
	return ret;
}

static int prepare_tasks(struct machine *m, struct error *e)
{
	uint32_t count = m->rec->config.vcpus;

	m->tasks = calloc(count, sizeof(*m->tasks));
	if (m->tasks == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for %u vCPU threads", count);
	for (uint32_t i = 0; i < count; i++) {
		m->tasks[i].machine = m;
		m->tasks[i].vcpu.fd = -1;
		m->tasks[i].vcpu.stats.fd = -1;
		m->tasks[i].doorbell_exits = -1;
		m->tasks[i].last_result = -1;
	}
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->wake_fd < 0)
		return error_set(e, STATUS_FAILED, errno, "eventfd", "cannot create the wake-up descriptor");
	return 0;
}

static int build(struct machine *m, prealloc_progress progress, struct error *e)
{
	struct timing_ns *t = &m->rec->timing;
	uint64_t start_ns = clock_ns();
	uint32_t entry_gpa = 0;
	int ret = open_kvm(m, e);

	t->open = clock_ns() - start_ns;
	if (ret == 0)
		ret = take_ram(m, progress, e);
	start_ns = clock_ns();
	if (ret == 0)
		ret = machine_load(m, &entry_gpa, e);
	t->load = clock_ns() - start_ns;
	start_ns = clock_ns();
	if (ret == 0)
		ret = prepare_tasks(m, e);
	if (ret == 0)
		ret = create_vm(m, e);
	if (ret == 0)
		ret = create_vcpus(m, entry_gpa, e);
	if (ret == 0)
		ret = prefault(m, e);
	t->open += clock_ns() - start_ns;
	return ret;
}

/* The embedded guest owes every result of the plan; another payload may do something else entirely. */
static int check_complete(struct machine *m, struct error *e)
{
	struct record *rec = m->rec;
	uint32_t expected = phase_expected_results(&rec->config) * rec->config.vcpus;

	if (rec->result_count == expected || rec->verdict == VERDICT_INTERRUPTED)
		return 0;
	if (rec->request.guest_path != NULL) {
		record_reason(rec, VERDICT_OK, "the payload reported %u of %u planned results",
			      rec->result_count, expected);
		return 0;
	}
	return error_set(e, STATUS_FAILED, EBADMSG, "guest", "it ended after %u of %u planned results",
			 rec->result_count, expected);
}

static void note_strays(struct machine *m)
{
	char text[80];

	m->rec->stray_exits = m->stray.total;
	for (uint32_t i = 0; i < m->stray.places; i++)
		record_reason(m->rec, VERDICT_OK, "the guest %s, which nobody serves",
			      stray_describe(&m->stray.place[i], text));
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
	if (ret == 0)
		ret = check_complete(m, e);
	/* Worth having after a failed run too, but then the first error is the one to tell. */
	if (ram_observe(m->rec, &m->ram, &observe_error) != 0 && ret == 0) {
		*e = observe_error;
		ret = -EIO;
	}
	return ret;
}

static void destroy(struct machine *m)
{
	for (uint32_t i = 0; m->tasks != NULL && i < m->rec->config.vcpus; i++)
		kvm_vcpu_destroy(&m->tasks[i].vcpu);
	kvm_vm_destroy(&m->vm);
	kvm_system_close(&m->sys);
	ram_release(m->rec, &m->ram);
	if (m->wake_fd >= 0)
		(void)close(m->wake_fd);
	free(m->tasks);
	(void)pthread_mutex_destroy(&m->lock);
}

int run_guest(struct record *rec, prealloc_progress progress, struct console *console, struct error *e)
{
	struct machine *m = calloc(1, sizeof(*m));
	int ret;

	if (m == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "calloc", "no memory for the machine");
	m->rec = rec;
	m->wake_fd = m->sys.fd = m->vm.fd = m->vm.stats.fd = -1;
	m->ram.backing.fd = -1;
	ret = -pthread_mutex_init(&m->lock, NULL);
	if (ret != 0) {
		free(m);
		return error_set(e, STATUS_FAILED, -ret, "pthread_mutex_init", "cannot create a lock");
	}
	ret = build(m, progress, e);
	if (ret == 0)
		ret = run_built(m, e);
	else if (stop_requested() != 0)
		record_reason(rec, VERDICT_INTERRUPTED, "stopped by signal %d before the guest ran",
			      stop_requested());
	*console = m->console;
	destroy(m);
	free(m);
	return ret;
}
