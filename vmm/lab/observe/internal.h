/*
 * What the readers of one process share.
 */
#ifndef MINIVMM_LAB_OBSERVE_INTERNAL_H
#define MINIVMM_LAB_OBSERVE_INTERNAL_H

#include <inttypes.h>

#include "units.h"
#include "vmm/lab/observe/observation.h"

/*
 * debugfs' directory of a VM, "TID-FD". TID made the VM and may have ended since, and its number may be another thread's now:
 * vCPUs know better, where the kernel tells theirs (Linux 6.1).
 */
struct vm_directory {
	char *name;       /* owned */
	uint32_t counted; /* the process that it was last counted for */
};

/* A thread that a directory is of: its vCPUs', or where the kernel does not tell them, who made it. */
struct vm_thread {
	uint64_t tid;
	uint32_t directory;
	bool vcpu;
};

/* All of them, read once for all processes; owned. */
struct vm_directories {
	int err;  /* errno of debugfs itself */
	int lost; /* errno of one in it that cannot be read: it may be of any process */
	uint32_t count, thread_count;
	struct vm_directory *list;
	struct vm_thread *threads; /* by tid */
};

/* 0 or -ENOMEM; the caller frees it also then. */
int vm_directories_read(const char *root, struct vm_directories *d);
void vm_directories_free(struct vm_directories *d);

/* Below `root` all is recorded; "" is this host. */
struct vm_source {
	const char *root;
	uint32_t pid;
	struct vm_directories *directories;
};

/* More open files of one kind than any VMM has vCPUs (KVM_MAX_VCPUS of x86-64). */
#define VM_FILES_MAX 4096

/*
 * The process's descriptors whose links match `link` (fnmatch(3)), each open file once where the kernel tells (kcmp(2)), into
 * fds[0..max). Returns how many, or -errno, also where no link can be read.
 */
int vm_files(const struct vm_source *from, const char *link, unsigned int *fds, uint32_t max);

/* Is this the first PID namespace, whose numbers debugfs has and in which all processes are seen, or not known to be another? */
bool sees_first_namespace(const char *root);

/* Kind, name, VMs and vCPUs. 0; -ESRCH: no such process; -ENOENT: it has no VM open. */
int observe_process(const struct vm_source *from, struct observed_vm *vm);

/* Guest RAM; then what KVM's leaves of it are, by debugfs, else by a file of the process, else by `qmp`. */
void observe_memory(const struct vm_source *from, struct observed_vm *vm);
void observe_leaf_counts(const struct vm_source *from, const char *qmp, struct observed_vm *vm);

/* Shares, verdict and causes. Pure. */
void observe_derive(const struct host_facts *host, struct observed_vm *vm);

/* QEMU's own count, by its monitor: 0, or -errno: -EPERM, the socket is another process's. */
int qmp_leaves(const char *path, uint32_t pid, int64_t leaves[VM_STAT_COUNT]);

/* Add to vm->unseen that `what` cannot be seen, why, and what it takes. */
void observe_unseen(struct observed_vm *vm, const char *what, int err, const char *takes);

#endif
