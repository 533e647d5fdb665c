/*
 * One running machine: what its vCPU threads and the main thread share. Private to core/machine.
 */
#ifndef MINIVMM_CORE_MACHINE_INTERNAL_H
#define MINIVMM_CORE_MACHINE_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "vmm/core/kvm/system.h"
#include "vmm/core/machine/machine.h"
#include "vmm/core/memory/sigbus.h"
#include "vmm/core/sandbox/sandbox.h"

struct vcpu_task {
	struct machine *machine;
	struct kvm_vcpu *vcpu; /* of machine.vcpus */
	pthread_t thread;
	bool started;
	/* Only the task's own thread touches what follows. */
	bool done;
	struct vcpu_block
		copy; /* of the guest's block at its end, so that checks and use see the same bytes */
};

struct machine {
	const struct machine_spec *asked;
	struct config *config;
	struct host_facts *host;
	const struct machine_observer *observer;
	struct machine_report *report;
	struct backing backing;
	struct kvm_system sys;
	struct kvm_cpuid2 *cpuid; /* what guests here may have, then that of the last vCPU created; owned */
	struct kvm_vm vm;
	int port_fd;            /* the eventfd behind PORT_KERNEL; -1: none */
	struct kvm_vcpu *vcpus; /* config.vcpus of them */
	struct vcpu_task *tasks;
	struct machine_view view;
	struct sandbox sandbox;
	uint64_t started_ns; /* threads started */
	int wake_fd;         /* eventfd: something the main thread waits for happened */
	atomic_bool stop;    /* vCPU threads leave their loop */
	atomic_uint running; /* vCPU threads that have not left their loop */
	atomic_bool ended;   /* the guest ended itself cleanly */
	/* Of everything below, and of the report's console and strays, while the threads run. */
	pthread_mutex_t lock;
	uint64_t main_ns; /* DOORBELL_MAIN, 0 before */
	uint32_t arrived; /* vCPU threads at the gate, or ended before it */
	bool open;        /* the gate: all threads are there, and what they may do is settled */
	pthread_cond_t gate;
	struct error error;      /* the first error of any thread */
	struct lost_memory lost; /* of guest RAM, the first that an access met */
	/* A shortage of memory, which a vCPU thread cannot explain because it opens no file: its step; NULL: there was none. */
	const char *short_step;
	int short_err;
	uint64_t short_gpa, short_hva; /* as machine_short() has them */
};

/* build.c: open KVM, take RAM, load it, create VM and vCPUs. 0 or -errno; machine_destroy is due in either case. */
int machine_build(struct machine *m, struct error *e);
void machine_destroy(struct machine *m);

/* load.c: ELF, FDT and start info into RAM; claim the vCPU blocks. Gives the PVH entry. 0 or -errno. */
int machine_load(struct machine *m, uint32_t *entry_gpa, struct error *e);

/* ram.c: guest memory present by a call that can fail, for machine_touch. NULL with *e set. */
void *ram_claim(struct machine *m, uint64_t gpa, uint64_t bytes, struct error *e);

/*
 * Call body(argument), which touches claimed guest memory, holds no lock and owns nothing (sigbus_guard). 0, or -EFAULT with *e
 * set where the memory was lost meanwhile.
 */
int machine_touch(struct machine *m, void (*body)(void *), void *argument, struct error *e);

/*
 * `ret` is what building or running came to, with *e. Where guest RAM was lost that is the true error, whatever it looked like to
 * who met it: a refusal, a guest that panics, a guest that hangs. Returns ret, or -errno with *e anew.
 */
int ram_check_loss(struct machine *m, int ret, struct error *e);

/* wait.c: start a thread for each vCPU. 0, or -errno with *e set and no thread left. */
int machine_start(struct machine *m, struct error *e);

/*
 * Wait until the guest ends, the user stops it or the watchdog does; stop and join all threads. 0 (report->stop_signal
 * says whether it was the user), or -errno with *e set.
 */
int machine_wait(struct machine *m, struct error *e);

/* Keep the error if it is the first and wake the main thread; from any thread. Takes the lock. */
void machine_fail(struct machine *m, const struct error *e);

/*
 * The host had no memory at that step, a string that lives on, for that GPA and HVA (UINT64_MAX and 0: not known); explained at
 * once, or in machine_wait. -errno.
 */
int machine_short(struct machine *m, int err, uint64_t gpa, uint64_t hva, const char *step, struct error *e);

/* Tell the main thread to look; from any thread. */
void machine_wake(struct machine *m);

/* vcpu_thread.c: body of a vCPU thread; argument struct vcpu_task. */
void *vcpu_thread(void *task);

/* The kick that gets a thread out of KVM_RUN. */
#define KICK_SIGNAL SIGUSR1

/* exits.c: "KVM_EXIT_IO", or "unknown": bounds-checked, never NULL. */
const char *exit_name(uint32_t reason);

/*
 * Serve the exit in task->vcpu->run. 0: enter the guest again. -errno with *e set: the machine has to end.
 * 1: it ended itself cleanly.
 */
int exit_serve(struct vcpu_task *task, struct error *e);

/* One byte of the serial port. Control characters but newline and tab become '?', for the user's terminal. */
void console_put(struct console *c, unsigned char byte);
void stray_note(struct stray_log *log, bool mmio, bool write, uint64_t address);

/* panic.c: "#PF page fault" and the like (SDM vol. 3A, table 6-1); "reserved" for a vector without a name. Never NULL. */
const char *vector_name(uint64_t vector);

/* One readable message of a panic record; always NUL-terminated. Pure. */
void panic_format(const struct panic_record *p, char *buf, size_t bytes);

/* A byte on PORT_EXIT: 1 for a clean end, else -errno with *e set. */
int guest_ended(struct vcpu_task *task, uint32_t code, struct error *e);

/*
 * limits.c: what of a plan this KVM and the guest's CPU cannot have, told before any memory is taken. Pure.
 *
 * limits_check_slots: whether the map's memory slots are no more than `slots`, KVM's limit (KVM_CAP_NR_MEMSLOTS; 0: not
 * told, then 32 as api.rst has it). 0, or -errno with STATUS_USAGE and the least --alias-memory that is enough.
 */
int limits_check_slots(const struct config *c, uint32_t slots, struct error *e);

/*
 * Whether guest-physical addresses of physical_bits reach the end of RAM. 0, or -errno with STATUS_CANNOT and the
 * largest -m that they reach.
 */
int limits_check_width(const struct config *c, uint32_t physical_bits, struct error *e);

/*
 * Whether the guest's CPU has the leaf that its tables are planned with; has_1g_pages as kvm_cpuid_has_1g_pages says it.
 * 0, or -errno with STATUS_CANNOT. What KVM does not tell is left to the guest, which asks its CPU itself.
 */
int limits_check_leaf(const struct config *c, int has_1g_pages, struct error *e);

/*
 * The most that KVM itself allocates, beside its page tables, for slots of so many bytes of guest-physical memory. That
 * much where it keeps reverse maps (shadow paging, or tdp_mmu=N); with EPT or NPT by the tdp_mmu a fifth, or nothing to
 * speak of.
 */
uint64_t limits_slots_cost(uint64_t guest_bytes);

/*
 * Whether room_bytes of host memory are enough for KVM to take next_bytes more of guest-physical memory beside the
 * done_bytes that it has. KVM's memory belongs to no process, so a host that runs out of it kills other processes first.
 * 0, or -ENOMEM with the largest -m that fits.
 */
int limits_check_slots_cost(const struct config *c, uint64_t done_bytes, uint64_t next_bytes,
			    uint64_t room_bytes, struct error *e);

/* The option because of which the machine has an APIC, into buf; "--kernel-irqchip on" where no workload needs one. */
const char *limits_apic_asker(const struct config *c, char *buf, size_t bytes);

#endif
