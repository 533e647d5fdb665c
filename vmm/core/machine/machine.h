/*
 * One machine from /dev/kvm to the last page given back: what it is asked, what it tells, and who may look at it.
 */
#ifndef MINIVMM_CORE_MACHINE_MACHINE_H
#define MINIVMM_CORE_MACHINE_MACHINE_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "vmm/core/kvm/vcpu.h"
#include "vmm/core/kvm/vm.h"
#include "vmm/core/plan/config.h"
#include "vmm/core/memory/backing.h"
#include "vmm/core/sandbox/sandbox.h"
#include "vmm/host/facts.h"
#include "vmm/host/pool/pool.h"
#include "vmm/util/error.h"

#define CONSOLE_MAX_BYTES 16384

/* What the guest wrote on its serial port. */
struct console {
	uint32_t used;
	uint64_t dropped_bytes;
	char text[CONSOLE_MAX_BYTES + 1]; /* NUL-terminated */
};

#define STRAY_MAX_PLACES 6

struct stray_place {
	bool mmio, write;
	uint64_t address; /* port number or GPA */
	uint64_t count;
};

/* Accesses to ports and MMIO addresses that no device serves: answered like an empty bus, and counted. */
struct stray_log {
	uint64_t total;
	uint32_t places;
	struct stray_place place[STRAY_MAX_PLACES]; /* the first distinct ones */
};

/* "wrote port 0x1234 (3 times)"; buf of at least 80 bytes. */
const char *stray_describe(const struct stray_place *place, char *buf);

enum pool_moment { POOL_BEFORE, POOL_MAPPED, POOL_POPULATED, POOL_RAN, POOL_CLOSED, POOL_MOMENTS };

struct timing_ns {
	uint64_t open, map, populate, load, to_guest_main, workloads, total;
};

/* The ELF file that was run. */
struct guest_image {
	bool is_foreign; /* not the one inside this program: what it reports is its own word */
	uint64_t bytes;  /* 0: none was read */
	char sha256[65]; /* in hexadecimal */
};

/* What a machine tells of itself, whatever it was used for. */
struct machine_report {
	bool share, reserve;      /* resolved */
	uint64_t pool_page_bytes; /* 0: the backing has no pool */
	struct pool_counts pool[POOL_MOMENTS];
	uint32_t pool_hidden; /* the moments, as bits, at which it could not be read: all zero there */
	uint32_t prealloc_threads;
	struct guest_image guest;
	struct observed_memory observed;
	bool gpa_hva_congruent; /* modulo the leaf that KVM may install */
	uint32_t memory_slots;  /* that the VM was given */
	uint64_t minor_faults, major_faults, voluntary_switches, involuntary_switches;
	uint64_t vmm_rss_bytes; /* resident memory of this process less guest RAM, at the end of the run */
	struct timing_ns timing;
	struct stray_log strays;
	struct console console;
	int exit_code;   /* the byte that the guest wrote to PORT_EXIT; -1: none */
	int stop_signal; /* that stopped it before its end; 0: none did */
	bool ran;        /* it was built, and its vCPUs were started */
	struct sandbox_report sandbox;
};

/* The machine as an observer sees it. All of it is lent for the call. */
struct machine_view {
	const struct config *config;
	const struct kvm_vm *vm;
	const struct kvm_vcpu *vcpus; /* config->vcpus of them */
	const struct backing *backing;
	const struct kvm_cpuid2 *cpuid; /* the guest's */
	uint64_t tsc_khz;
	struct machine *machine; /* for machine_read */
};

/*
 * The one way to reach a running machine. Each call may be NULL. What returns int returns 0 to go on; -errno with *e set
 * ends the run with that error.
 */
struct machine_observer {
	void *self;
	uint32_t needs; /* SANDBOX_NEEDS_...: what it does on the thread of a vCPU, beyond reading counts */
	/* While RAM is populated, a few times a second. */
	prealloc_progress progress;
	/* RAM is there and loaded; the VM is created next. */
	void (*loaded)(void *self, const struct machine_view *view);
	/* On the thread of a vCPU, before it enters the guest, and after it has left it for good. */
	void (*vcpu_begins)(void *self, const struct machine_view *view, uint32_t vcpu);
	void (*vcpu_ends)(void *self, const struct machine_view *view, uint32_t vcpu);
	/*
	 * The guest rang DOORBELL_MAIN, _BEGIN, _END or _EMPTY: on the thread of its vCPU, which is stopped. With more than one
	 * vCPU the calls may overlap. What is done here at _BEGIN and _END lies inside of no timed sample, but the exits of the
	 * guest's own count: see enum doorbell in abi.h.
	 */
	int (*doorbell)(void *self, const struct machine_view *view, uint32_t vcpu, uint32_t number,
			struct error *e);
	/* No vCPU runs any more, and the VM is still there. `ret` is what the run came to, 0 or -errno. */
	int (*ended)(void *self, const struct machine_view *view, int ret, struct error *e);
};

/*
 * Build the machine of *c (config_make of *asked, and its steps), run it until the guest ends, tear it down. *c gets what
 * is known only once KVM is open, and remarks; *host the TSC's rate and the levels of the second dimension.
 *
 * 0: the guest ended cleanly, or the user stopped it (report->stop_signal). -errno with *e set otherwise; the report holds
 * what is known after an error too. Nothing of the machine is left in either case.
 */
int machine_run(const struct machine_spec *asked, struct config *c, struct host_facts *host,
		const struct machine_observer *observer, struct machine_report *report, struct error *e);

/*
 * Copy guest memory out and in. It is made present before, by a call that can fail, and what is lost meanwhile is an error, too:
 * no touch ends the process. 0, or -errno with *e set where it is not RAM or cannot be had. On any thread.
 */
int machine_read(struct machine *m, uint64_t gpa, void *to, uint64_t bytes, struct error *e);
int machine_write(struct machine *m, uint64_t gpa, const void *from, uint64_t bytes, struct error *e);

/* A copy of the block of a vCPU, so that checks and use see the same bytes: the guest may write to it meanwhile. */
static inline int machine_read_block(struct machine *m, uint32_t vcpu, struct vcpu_block *copy,
				     struct error *e)
{
	return machine_read(m, VCPU_BLOCKS_GPA + (uint64_t)vcpu * VCPU_BLOCK_BYTES, copy, sizeof(*copy), e);
}

/* The header of a vCPU's block, before anything in it is believed. 0, or -EINVAL with the reason in why[0..why_bytes). */
int block_check(const struct vcpu_block *block, uint32_t vcpu, char *why, size_t why_bytes);

/*
 * RAM alone, as a machine and the native runner take it.
 *
 * ram_acquire: map *spec and, where *asked wants it, populate it; progress may be NULL. Fills share, reserve, the pool's
 * first three moments (a lazy run has the same counts mapped and populated), prealloc_threads, timing.map and .populate of
 * the report. 0, or -errno with *e set: then nothing stays mapped, and pool[POOL_CLOSED] is taken too.
 */
int ram_acquire(const struct machine_spec *asked, const struct backing_spec *spec, prealloc_progress progress,
		struct backing *b, struct machine_report *report, struct error *e);

/*
 * Once the guest has run and while RAM is still mapped: fill observed, pool[POOL_RAN], vmm_rss_bytes and the process's
 * faults and context switches. 0 or -errno with *e set.
 */
int ram_observe(const struct backing *b, struct machine_report *report, struct error *e);

/* Give RAM back and fill pool[POOL_CLOSED]; safe where nothing is mapped, and safe twice. */
void ram_release(struct backing *b, struct machine_report *report);

#endif
