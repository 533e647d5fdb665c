/* Why a vCPU left the guest, and what is done about it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "units.h"
#include "vmm/core/machine/internal.h"
#include "vmm/util/clock.h"

typedef int (*exit_handler)(struct vcpu_task *task, struct error *e);

/* What the guest finds on its bus: a serial port that only transmits, and nothing else. */
void console_put(struct console *c, unsigned char byte)
{
	if (byte == '\r')
		return;
	if (c->used >= CONSOLE_MAX_BYTES) {
		c->dropped_bytes++;
		return;
	}
	if (byte != '\n' && byte != '\t' && (byte < 0x20 || byte > 0x7e))
		byte = '?';
	c->text[c->used++] = (char)byte;
	c->text[c->used] = '\0';
}

void stray_note(struct stray_log *log, bool mmio, bool write, uint64_t address)
{
	log->total++;
	for (uint32_t i = 0; i < log->places; i++) {
		struct stray_place *p = &log->place[i];

		if (p->mmio == mmio && p->write == write && p->address == address) {
			p->count++;
			return;
		}
	}
	if (log->places < STRAY_MAX_PLACES)
		log->place[log->places++] =
			(struct stray_place){ .mmio = mmio, .write = write, .address = address, .count = 1 };
}

const char *stray_describe(const struct stray_place *place, char *buf)
{
	(void)snprintf(buf, 80, "%s %s 0x%" PRIx64 " (%" PRIu64 " time%s)", place->write ? "wrote" : "read",
		       place->mmio ? "MMIO address" : "port", place->address, place->count,
		       place->count == 1 ? "" : "s");
	return buf;
}

static int serve_doorbell(struct vcpu_task *task, uint32_t number, struct error *e)
{
	struct machine *m = task->machine;

	switch (number) {
	case DOORBELL_MAIN:
		pthread_mutex_lock(&m->lock);
		if (m->main_ns == 0)
			m->main_ns = clock_ns();
		pthread_mutex_unlock(&m->lock);
		break;
	case DOORBELL_BEGIN:
	case DOORBELL_END:
	case DOORBELL_EMPTY:
		break;
	case DOORBELL_VCPU_DONE:
		task->done = true;
		return 0;
	default:
		return error_set(e, STATUS_FAILED, EPROTO, "doorbell", "vCPU %u rang the unknown doorbell %u",
				 task->vcpu->index, number);
	}
	if (m->observer->doorbell == NULL)
		return 0;
	return m->observer->doorbell(m->observer->self, &m->view, task->vcpu->index, number, e);
}

static int serve_port_write(struct vcpu_task *task, uint16_t port, uint32_t value, uint32_t bytes,
			    struct error *e)
{
	struct machine *m = task->machine;

	if (port == PORT_DOORBELL && bytes == 4)
		return serve_doorbell(task, value, e);
	if (port == PORT_EXIT)
		return guest_ended(task, value & 0xff, e);
	pthread_mutex_lock(&m->lock);
	if (port == PORT_SERIAL)
		console_put(&m->report->console, (unsigned char)value);
	else if (port < PORT_SERIAL || port > PORT_SERIAL + 7)
		stray_note(&m->report->strays, false, true, port);
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static uint32_t serve_port_read(struct machine *m, uint16_t port)
{
	if (port == PORT_SERIAL_LSR)
		return SERIAL_LSR_THR_EMPTY;
	if (port >= PORT_SERIAL && port <= PORT_SERIAL + 7)
		return 0;
	pthread_mutex_lock(&m->lock);
	stray_note(&m->report->strays, false, false, port);
	pthread_mutex_unlock(&m->lock);
	return UINT32_MAX; /* an empty bus reads as ones */
}

/* Ports that exist only to cause an exit. PORT_KERNEL is one of them where KVM does not serve it. */
static bool is_exit_port(const struct kvm_run *run)
{
	return (run->io.port == PORT_USER || run->io.port == PORT_KERNEL) && run->io.size == 4;
}

static int exit_io(struct vcpu_task *task, struct error *e)
{
	struct kvm_run *run = task->vcpu->run;
	uint32_t bytes = run->io.size;
	unsigned char *data = (unsigned char *)run + run->io.data_offset;
	int ret = 0;

	/* First, and with nothing else done: what it costs to come here and go back is measured. */
	if (is_exit_port(run)) {
		if (run->io.direction == KVM_EXIT_IO_IN)
			memset(data, 0, (size_t)bytes * run->io.count);
		return 0;
	}
	for (uint32_t i = 0; i < run->io.count && ret == 0; i++, data += bytes) {
		uint32_t value = 0;

		if (run->io.direction == KVM_EXIT_IO_OUT) {
			memcpy(&value, data, bytes);
			ret = serve_port_write(task, run->io.port, value, bytes, e);
		} else {
			value = serve_port_read(task->machine, run->io.port);
			memcpy(data, &value, bytes);
		}
	}
	return ret;
}

static int exit_mmio(struct vcpu_task *task, struct error *e)
{
	struct kvm_run *run = task->vcpu->run;

	(void)e;
	pthread_mutex_lock(&task->machine->lock);
	stray_note(&task->machine->report->strays, true, run->mmio.is_write != 0, run->mmio.phys_addr);
	pthread_mutex_unlock(&task->machine->lock);
	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
	return 0;
}

static int exit_interrupted(struct vcpu_task *task, struct error *e)
{
	(void)task;
	(void)e;
	return 0;
}

static int exit_hlt(struct vcpu_task *task, struct error *e)
{
	(void)error_set(e, STATUS_FAILED, 0, "guest",
			"vCPU %u halted; nothing could ever wake it (no interrupts here)", task->vcpu->index);

	return error_hint(e, "a guest ends by a byte to port 0x%x", PORT_EXIT);
}

static int exit_shutdown(struct vcpu_task *task, struct error *e)
{
	struct kvm_regs regs;
	struct kvm_sregs sregs;

	if (ioctl(task->vcpu->fd, KVM_GET_REGS, &regs) != 0 ||
	    ioctl(task->vcpu->fd, KVM_GET_SREGS, &sregs) != 0)
		return error_set(e, STATUS_GUEST_PANIC, 0, "guest", "vCPU %u: triple fault",
				 task->vcpu->index);
	return error_set(
		e, STATUS_GUEST_PANIC, 0, "guest",
		"vCPU %u: triple fault at rip 0x%llx (cr0 0x%llx cr2 0x%llx cr3 0x%llx cr4 0x%llx rsp "
		"0x%llx; on AMD these may be the state after reset)",
		task->vcpu->index, regs.rip, sregs.cr0, sregs.cr2, sregs.cr3, sregs.cr4, regs.rsp);
}

static int exit_fail_entry(struct vcpu_task *task, struct error *e)
{
	return error_set(e, STATUS_FAILED, 0, "KVM_RUN",
			 "vCPU %u: the CPU refused to enter the guest, hardware reason 0x%llx",
			 task->vcpu->index, task->vcpu->run->fail_entry.hardware_entry_failure_reason);
}

static int exit_internal_error(struct vcpu_task *task, struct error *e)
{
	static const char *const suberrors[] = { "unknown", "KVM_INTERNAL_ERROR_EMULATION",
						 "KVM_INTERNAL_ERROR_SIMUL_EX",
						 "KVM_INTERNAL_ERROR_DELIVERY_EV",
						 "KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON" };
	uint32_t suberror = task->vcpu->run->internal.suberror;
	struct kvm_regs regs = { .rip = 0 };

	(void)ioctl(task->vcpu->fd, KVM_GET_REGS, &regs);
	return error_set(
		e, STATUS_FAILED, 0, "KVM_RUN",
		"vCPU %u: KVM gave up at rip 0x%llx: %s (%u): an instruction that this host cannot run",
		task->vcpu->index, regs.rip, suberrors[suberror < COUNT_OF(suberrors) ? suberror : 0],
		suberror);
}

static const struct {
	const char *name;
	exit_handler serve; /* NULL: not served, the machine ends with an error */
} exits[] = {
	[KVM_EXIT_UNKNOWN] = { "KVM_EXIT_UNKNOWN", NULL },
	[KVM_EXIT_EXCEPTION] = { "KVM_EXIT_EXCEPTION", NULL },
	[KVM_EXIT_IO] = { "KVM_EXIT_IO", exit_io },
	[KVM_EXIT_HYPERCALL] = { "KVM_EXIT_HYPERCALL", NULL },
	[KVM_EXIT_DEBUG] = { "KVM_EXIT_DEBUG", NULL },
	[KVM_EXIT_HLT] = { "KVM_EXIT_HLT", exit_hlt },
	[KVM_EXIT_MMIO] = { "KVM_EXIT_MMIO", exit_mmio },
	[KVM_EXIT_IRQ_WINDOW_OPEN] = { "KVM_EXIT_IRQ_WINDOW_OPEN", exit_interrupted },
	/* A guest that lowers its task priority (CR8): without an interrupt controller nothing follows from it. */
	[KVM_EXIT_SET_TPR] = { "KVM_EXIT_SET_TPR", exit_interrupted },
	[KVM_EXIT_SHUTDOWN] = { "KVM_EXIT_SHUTDOWN", exit_shutdown },
	[KVM_EXIT_FAIL_ENTRY] = { "KVM_EXIT_FAIL_ENTRY", exit_fail_entry },
	[KVM_EXIT_INTR] = { "KVM_EXIT_INTR", exit_interrupted },
	[KVM_EXIT_INTERNAL_ERROR] = { "KVM_EXIT_INTERNAL_ERROR", exit_internal_error },
	[KVM_EXIT_SYSTEM_EVENT] = { "KVM_EXIT_SYSTEM_EVENT", NULL },
};

const char *exit_name(uint32_t reason)
{
	if (reason >= COUNT_OF(exits) || exits[reason].name == NULL)
		return "unknown";
	return exits[reason].name;
}

int exit_serve(struct vcpu_task *task, struct error *e)
{
	uint32_t reason = task->vcpu->run->exit_reason;

	if (reason < COUNT_OF(exits) && exits[reason].serve != NULL)
		return exits[reason].serve(task, e);
	return error_set(e, STATUS_FAILED, 0, "KVM_RUN", "vCPU %u: exit %u (%s) that minivmm does not serve",
			 task->vcpu->index, reason, exit_name(reason));
}
