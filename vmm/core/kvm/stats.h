/*
 * KVM's binary statistics (Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD): find counters by name, read them.
 */
#ifndef MINIVMM_CORE_KVM_STATS_H
#define MINIVMM_CORE_KVM_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

enum vm_stat { VM_PAGES_4K, VM_PAGES_2M, VM_PAGES_1G, VM_STAT_COUNT };

/* As KVM calls them, in debugfs too. */
extern const char *const vm_stat_names[VM_STAT_COUNT];

enum vcpu_stat {
	VCPU_EXITS,
	VCPU_IRQ_EXITS, /* exits for the host's own interrupts */
	VCPU_PF_FIXED,  /* page faults that installed a second-dimension or shadow leaf */
	VCPU_STAT_COUNT
};

#define STATS_MAX 4
#define STATS_ABSENT UINT32_MAX

struct kvm_stats {
	int fd; /* -1: not available */
	uint32_t count;
	const char *const *names; /* what was looked for */
	/* From the file's start; STATS_ABSENT: this KVM has no such counter. */
	uint32_t offsets_bytes[STATS_MAX];
};

/*
 * Pure: find `names` in a statistics file's header and descriptors, blob[0..bytes). Offsets are those of the
 * first value. 0, or -EINVAL for a blob that is truncated or contradicts itself.
 */
int stats_find(const void *blob, size_t bytes, const char *const *names, uint32_t count,
	       uint32_t *offsets_bytes);

/* Open the statistics of a VM or a vCPU. 0 or -errno; afterwards stats->fd is valid. */
int vm_stats_open(int vm_fd, struct kvm_stats *stats, struct error *e);
int vcpu_stats_open(int vcpu_fd, struct kvm_stats *stats, struct error *e);
/* The same of a VM's statistics file that is open already, which is closed with them, or where it is none. */
int vm_stats_adopt(int stats_fd, struct kvm_stats *stats, struct error *e);
void stats_close(struct kvm_stats *stats);

/*
 * Append the names that this KVM does not have, "pages_2m, pages_1g", to the text in buf[0..bytes); nothing where it has
 * all, and where there are no statistics at all (fd -1). A later kernel may have renamed one: what it proves is then not known.
 */
void stats_missing(const struct kvm_stats *stats, char *buf, size_t bytes);

/* values[i] of each counter asked for, -1 where absent or unreadable (fd -1 included). */
void stats_read(const struct kvm_stats *stats, int64_t *values);

#endif
