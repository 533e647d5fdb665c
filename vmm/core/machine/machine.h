/*
 * One running machine: what the vCPU threads and the main thread share. Internal to run/.
 */
#ifndef MINIVMM_CORE_MACHINE_MACHINE_H
#define MINIVMM_CORE_MACHINE_MACHINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/core/kvm/system.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"
#include "vmm/core/machine/ram.h"
#include "vmm/lab/record/record.h"
#include "vmm/core/machine/console.h"
#include "vmm/lab/measure/cost.h"
#include "vmm/lab/measure/dirty.h"
#include "vmm/core/machine/stray.h"
#include "vmm/core/machine/watcher.h"

/* Counters of one vCPU at one moment. -1: this KVM does not count it. */
struct phase_snapshot {
	uint64_t tsc_cycles;
	int64_t stats[VCPU_STAT_COUNT];
	int64_t switches; /* involuntary, of the thread */
};

struct machine;

struct vcpu_task {
	struct machine *machine;
	struct kvm_vcpu vcpu;
	pthread_t thread;
	bool started;
	/* Only the task's own thread touches what follows. */
	bool in_phase, seen_empty, done;
	bool logs_dirty; /* in a phase for which KVM logs dirty pages */
	struct phase_snapshot begin, last_empty;
	int64_t doorbell_exits;   /* what one doorbell costs in exits; -1: not known yet */
	int64_t last_result;      /* step * VARIANT_COUNT + variant of the last result, -1: none */
	struct pmu_counters *pmu; /* of the thread; NULL: not asked */
	struct vcpu_block copy;   /* of the guest's block, so that checks and use see the same bytes */
};

struct machine {
	struct record *rec;
	const struct run_watcher *watcher; /* NULL: nobody */
	struct ram ram;
	struct kvm_system sys;
	struct kvm_cpuid2 *cpuid; /* what KVM supports, then that of the last vCPU created; owned */
	struct kvm_vm vm;
	int port_fd;             /* the eventfd behind PORT_KERNEL; -1: none */
	struct vcpu_task *tasks; /* rec->config.vcpus of them */
	uint64_t tsc_khz;
	uint64_t started_ns, main_ns; /* threads started; DOORBELL_MAIN, 0 before */
	int wake_fd;                  /* eventfd: something the main thread waits for happened */
	atomic_bool stop;             /* vCPU threads leave their loop */
	atomic_uint running;          /* vCPU threads that have not left their loop */
	pthread_mutex_t lock;         /* of everything below and of rec while the threads run */
	bool ended;                   /* the guest ended itself cleanly */
	struct error error;           /* the first error of any thread */
	struct console console;
	struct stray_log stray;
	struct dirty_log dirty;
	struct vm_cost cost;
};

/* Tell the main thread to look; from any thread. */
void machine_wake(struct machine *m);

/* Keep the error if it is the first and wake the main thread. Takes the lock. */
void machine_fail(struct machine *m, const struct error *e);

/*
 * Guest memory [gpa, gpa + bytes) for the VMM itself, made present by a call that can fail rather than a touch
 * that can SIGBUS. NULL with *e set when it is not RAM or cannot be had.
 */
void *machine_claim(struct machine *m, uint64_t gpa, uint64_t bytes, struct error *e);

/* Open KVM, take RAM, load it, create VM and vCPUs. 0 or -errno; machine_destroy is due in either case. */
int machine_build(struct machine *m, prealloc_progress progress, struct error *e);

/* Its steps. Open KVM and refuse what it cannot do, before RAM is taken; set config.kernel_port. 0 or -errno. */
int machine_open(struct machine *m, struct error *e);

/* Create the VM with its slots, its port and, where the plan says so, its APIC. 0 or -errno. */
int machine_create_vm(struct machine *m, struct error *e);

/* Create all vCPUs at their first instruction; learn the TSC's rate. 0 or -errno. */
int machine_create_vcpus(struct machine *m, uint32_t entry_gpa, struct error *e);

/* Give everything back, as far as it was taken; no vCPU thread runs any more. */
void machine_destroy(struct machine *m);

/* Load ELF, FDT and start info; claim the vCPU blocks. Gives the PVH entry. 0 or -errno. */
int machine_load(struct machine *m, uint32_t *entry_gpa, struct error *e);

/* Body of a vCPU thread; argument struct vcpu_task. */
void *vcpu_thread(void *task);

/* The kick that gets a thread out of KVM_RUN. */
#define KICK_SIGNAL SIGUSR1

#endif
