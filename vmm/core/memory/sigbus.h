/*
 * Guest RAM that goes while it is in use: a SIGBUS as a value. Another process may cut its file short, a pool may run dry, the
 * hardware may report a page as faulty; the access that meets it ends here rather than the process.
 */
#ifndef MINIVMM_CORE_MEMORY_SIGBUS_H
#define MINIVMM_CORE_MEMORY_SIGBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/core/memory/backing.h"
#include "vmm/util/error.h"

/* What a SIGBUS said (sigaction(2)). */
struct lost_memory {
	int code;     /* si_code: BUS_ADRERR, BUS_MCEERR_AR, ...; 0: nothing is known to be lost */
	uint64_t hva; /* 0: not told */
};

/*
 * Catch SIGBUS from now on, and forget what was noted. One that a process sends, and an access that no guard expects, still
 * end the process. 0 or -errno.
 */
int sigbus_catch(struct error *e);

/*
 * Call body(argument). Where it touches a page of [start, start + bytes) that cannot be had, it is left at once, and *lost is
 * filled. True: it came to its end. It must hold no lock and own no memory while it touches that range.
 */
bool sigbus_guard(void (*body)(void *), void *argument, const void *start, uint64_t bytes,
		  struct lost_memory *lost);

/*
 * True, with *lost filled: there was a SIGBUS that belongs to no access of this process. KVM sends one to the thread whose
 * guest touches a faulty page (kvm_send_hwpoison_signal in arch/x86/kvm/mmu/mmu.c, Linux 6.18), and KVM_RUN returns -EINTR; the
 * kernel may send one to the main thread (kill_proc in mm/memory-failure.c). From any thread.
 */
bool sigbus_noted(struct lost_memory *lost);

/*
 * Fill *e with why memory of the backing cannot be had: faulty, cut off with its file, unmapped, or never there
 * (shortage_explain). lost: what a SIGBUS said, or NULL; gpa: the guest's address of it, or UINT64_MAX; err: the errno of the
 * access or call that met it, which `where` names. Returns -errno.
 */
int loss_explain(const struct backing *b, const struct lost_memory *lost, uint64_t gpa, int err,
		 const char *where, struct error *e);

/*
 * Whether memory of the backing is gone for good: its file is shorter than it, or a page is not mapped any more. The offset of
 * the first byte lost goes to *offset_bytes.
 */
bool loss_find(const struct backing *b, uint64_t *offset_bytes);

#endif
