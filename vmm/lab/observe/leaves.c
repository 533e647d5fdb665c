/*
 * The leaves that KVM has installed for a process's VMs, counted by KVM itself: in debugfs, or in a statistics file that the
 * process has open, or by QEMU's monitor. KVM answers an ioctl only to the process that made the VM (kvm_vm_ioctl: EIO).
 */
#include "vmm/lab/observe/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/util/array.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define DEBUGFS "sys/kernel/debug/kvm"

/* The node of the CPU that thread `tid` ran on last, as a bit; 0: not known. */
static uint64_t node_of_thread(const struct vm_source *from, uint64_t tid)
{
	uint16_t cpus[4096];
	char path[96], text[1024];
	const char *at;
	uint64_t cpu;

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/task/%" PRIu64 "/stat", from->pid, tid);
	if (sysfile_read(from->root, path, text, sizeof(text)) <= 0)
		return 0;
	/* Field 39 of proc(5), counted from field 3, which follows the name: that may hold anything. */
	at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < 39; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL)
		return 0;
	cpu = strtoul(at, NULL, 10);
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++) {
		int count;

		(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/cpulist", node);
		count = sysfile_value(from->root, path, text, sizeof(text)) > 0
				? list_parse(text, COUNT_OF(cpus) - 1, cpus, COUNT_OF(cpus))
				: 0;
		for (int i = 0; i < count; i++) {
			if (cpus[i] == cpu)
				return UINT64_C(1) << node;
		}
	}
	return 0;
}

static DIR *open_tasks(const struct vm_source *from)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/task", from->pid);
	return sysfile_directory(from->root, path);
}

/* What threads are called: where vCPUs run, whether memory is on its way to another host (QEMU's names, before 9 and since). */
static void read_threads(const struct vm_source *from, struct observed_vm *vm)
{
	char path[96], name[32];
	struct dirent *entry;
	uint64_t tid;
	DIR *dir = open_tasks(from);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/task/%.20s/comm", from->pid,
			       entry->d_name);
		if (number_parse(entry->d_name, 1, INT_MAX, &tid) != 0 ||
		    sysfile_value(from->root, path, name, sizeof(name)) <= 0)
			continue;
		if (strcmp(name, "live_migration") == 0 || strcmp(name, "mig/src/main") == 0)
			vm->migrating = true;
		if (vm->kind->vcpu_thread != NULL && fnmatch(vm->kind->vcpu_thread, name, 0) == 0)
			vm->vcpu_nodes |= node_of_thread(from, tid);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static int by_tid(const void *a, const void *b)
{
	const struct vm_thread *left = a, *right = b;

	return (left->tid > right->tid) - (left->tid < right->tid);
}

static int add_thread(struct vm_directories *d, uint64_t tid, bool vcpu)
{
	const struct vm_thread thread = { tid, d->count - 1, vcpu };

	return tid != 0 ? ARRAY_PUSH(d->threads, d->thread_count, thread) : 0;
}

/* One directory and its threads. 0 or -ENOMEM; what cannot be read goes into d->lost. */
static int read_directory(const char *root, const char *name, struct vm_directories *d)
{
	const struct vm_directory directory = { .name = strdup(name) };
	const uint32_t others = d->thread_count;
	char path[128];
	uint64_t tid;
	int ret = directory.name != NULL ? ARRAY_PUSH(d->list, d->count, directory) : -ENOMEM;

	if (ret != 0)
		free(directory.name);
	for (uint32_t vcpu = 0; ret == 0 && vcpu < VM_FILES_MAX; vcpu++) {
		(void)snprintf(path, sizeof(path), DEBUGFS "/%.40s/vcpu%" PRIu32 "/pid", name, vcpu);
		ret = sysfile_u64(root, path, &tid);
		if (ret != 0) {
			d->lost = ret != -ENOENT ? -ret : d->lost;
			ret = 0;
			break;
		}
		ret = add_thread(d, tid, true);
	}
	return ret == 0 && d->thread_count == others ? add_thread(d, strtoul(name, NULL, 10), false) : ret;
}

int vm_directories_read(const char *root, struct vm_directories *d)
{
	DIR *dir = sysfile_directory(root, DEBUGFS);
	struct dirent *entry;
	int ret = 0;

	d->err = dir != NULL ? 0 : errno;
	if (dir == NULL)
		return 0;
	while (errno = 0, ret == 0 && (entry = readdir(dir)) != NULL) {
		if (strchr(entry->d_name, '-') != NULL)
			ret = read_directory(root, entry->d_name, d);
	}
	if (ret == 0 && errno != 0)
		d->lost = errno;
	(void)closedir(dir);
	if (d->thread_count != 0)
		qsort(d->threads, d->thread_count, sizeof(*d->threads), by_tid);
	return ret;
}

void vm_directories_free(struct vm_directories *d)
{
	for (uint32_t i = 0; i < d->count; i++)
		free(d->list[i].name);
	free(d->list);
	free(d->threads);
}

/* Add what it counts. 0 or -errno; a kernel that lacks a count (-ENOENT) is no failure. */
static int add_directory(const struct vm_source *from, const char *name, struct observed_vm *vm)
{
	char path[128];
	uint64_t count;
	int ret;

	for (int leaf = 0; leaf < VM_STAT_COUNT; leaf++) {
		(void)snprintf(path, sizeof(path), DEBUGFS "/%.40s/%s", name, vm_stat_names[leaf]);
		ret = sysfile_u64(from->root, path, &count);
		if (ret != 0 && ret != -ENOENT)
			return ret;
		if (ret != 0)
			vm->leaves[leaf] = INT64_MIN; /* and stays below 0 */
		else if (vm->leaves[leaf] >= 0)
			vm->leaves[leaf] += (int64_t)count;
	}
	(void)snprintf(path, sizeof(path), DEBUGFS "/%.40s/nx_lpage_splits", name);
	if (sysfile_u64(from->root, path, &count) == 0)
		vm->nx_splits = (vm->nx_splits > 0 ? vm->nx_splits : 0) + (int64_t)count;
	return 0;
}

static bool knows_leaves(const struct observed_vm *vm)
{
	return vm->leaves[VM_PAGES_4K] >= 0 && vm->leaves[VM_PAGES_2M] >= 0 && vm->leaves[VM_PAGES_1G] >= 0;
}

static void forget_leaves(struct observed_vm *vm)
{
	for (int leaf = 0; leaf < VM_STAT_COUNT; leaf++)
		vm->leaves[leaf] = -1;
	vm->nx_splits = -1;
	vm->proof = PROOF_NONE;
}

/* Those of thread `tid`, each once for the process. 0 or -errno. */
static int add_directories_of(const struct vm_source *from, uint64_t tid, struct observed_vm *vm,
			      uint32_t *vcpus, int *count)
{
	const struct vm_directories *d = from->directories;
	uint32_t low = 0, high = d->thread_count;
	int ret = 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (d->threads[middle].tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	for (; ret == 0 && low < d->thread_count && d->threads[low].tid == tid; low++) {
		struct vm_directory *directory = &d->list[d->threads[low].directory];

		if (d->threads[low].vcpu) {
			*vcpus += 1;
			vm->vcpu_nodes |= node_of_thread(from, tid);
		}
		if (directory->counted == from->pid)
			continue;
		directory->counted = from->pid;
		ret = add_directory(from, directory->name, vm);
		*count += 1;
	}
	return ret;
}

/* The directories of the process's VMs, added up. Returns how many, or -errno. */
static int add_directories(const struct vm_source *from, struct observed_vm *vm)
{
	DIR *tasks = open_tasks(from);
	struct dirent *entry;
	uint32_t vcpus = 0;
	int count = 0, ret = 0;
	uint64_t tid;

	memset(vm->leaves, 0, sizeof(vm->leaves));
	if (tasks == NULL)
		return errno == ENOENT ? 0 : -errno;
	while (errno = 0, ret == 0 && (entry = readdir(tasks)) != NULL) {
		if (number_parse(entry->d_name, 1, INT_MAX, &tid) == 0)
			ret = add_directories_of(from, tid, vm, &vcpus, &count);
	}
	ret = ret == 0 ? -errno : ret;
	(void)closedir(tasks);
	if (vm->vcpus == 0 && ret == 0)
		vm->vcpus = vcpus;
	return ret != 0 ? ret : count;
}

static void read_debugfs(const struct vm_source *from, struct observed_vm *vm)
{
	static const char *const what = "KVM's counts in debugfs";
	char fewer[128];
	const char *why;
	const struct vm_directories *d = from->directories;
	int found;

	if (d->err != 0) {
		observe_unseen(vm, what, d->err,
			       d->err == ENOENT
				       ? "a kernel with debugfs, and: mount -t debugfs none /sys/kernel/debug"
				       : "root, or: mount -o remount,mode=755 /sys/kernel/debug");
		return;
	}
	found = d->lost != 0 ? -d->lost : add_directories(from, vm);
	if (found < 0) {
		observe_unseen(vm, what, -found,
			       found == -EACCES || found == -EPERM ? "root" : "another look");
		return;
	}
	(void)snprintf(fewer, sizeof(fewer),
		       "of %" PRIu32
		       " VMs it shows %d, since a VM gets no directory whose name another one has",
		       vm->vms, found);
	why = !sees_first_namespace(from->root)
		      ? "they go by numbers of the first PID namespace, and this is another: observe from outside the container"
	      : found == 0                ? "none of its directories is of a thread of this process"
	      : vm->vms > (uint32_t)found ? fewer
	      : !knows_leaves(vm)
		      ? "this kernel does not tell leaves by size (before 5.15), or keeps them from this user"
		      : NULL;
	if (why != NULL)
		append_remark(vm->unseen, sizeof(vm->unseen), "%s: %s", what, why);
	else
		vm->proof = PROOF_DEBUGFS;
}

#define STATS_LINK "anon_inode:kvm-vm-stats"

/* Is our copy of another process's descriptor what its link said? The process may have put in another file since. */
static bool is_stats_file(int fd)
{
	char path[64], target[64];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target));
	return length == (ssize_t)strlen(STATS_LINK) && memcmp(target, STATS_LINK, strlen(STATS_LINK)) == 0;
}

/* Add what a statistics file of the process counts, by a copy of its descriptor. 0 or -errno. */
static int add_stats_file(int pidfd, unsigned int fd, struct observed_vm *vm)
{
	struct error ignored = { .status = STATUS_OK };
	int64_t leaves[VM_STAT_COUNT];
	struct kvm_stats stats;
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0), ret;

	if (copy < 0)
		return -errno;
	if (!is_stats_file(copy)) {
		(void)close(copy);
		return -ESTALE;
	}
	ret = vm_stats_adopt(copy, &stats, &ignored);
	if (ret != 0)
		return ret;
	stats_read(&stats, leaves);
	stats_close(&stats);
	for (int leaf = 0; leaf < VM_STAT_COUNT; leaf++)
		vm->leaves[leaf] = leaves[leaf] < 0 ? INT64_MIN : vm->leaves[leaf] + leaves[leaf];
	return knows_leaves(vm) ? 0 : -ENODATA;
}

static void read_stats_files(const struct vm_source *from, struct observed_vm *vm)
{
	static const char *const what = "a statistics file of the process";
	unsigned int fds[VM_FILES_MAX];
	int count = from->root[0] == '\0' ? vm_files(from, STATS_LINK, fds, VM_FILES_MAX) : 0;
	int pidfd, ret = 0;

	/* One each, or it is not known whose they are. */
	if (count <= 0 || (uint32_t)count != vm->vms) {
		if (count == 0)
			append_remark(vm->unseen, sizeof(vm->unseen), "%s: it has none open", what);
		return;
	}
	pidfd = (int)syscall(SYS_pidfd_open, from->pid, 0);
	if (pidfd < 0)
		ret = -errno;
	memset(vm->leaves, 0, sizeof(vm->leaves));
	for (int i = 0; i < count && ret == 0; i++)
		ret = add_stats_file(pidfd, fds[i], vm);
	if (pidfd >= 0)
		(void)close(pidfd);
	if (ret == 0)
		vm->proof = PROOF_STATS_FILE;
	else
		observe_unseen(vm, what, -ret,
			       "root, or the user that runs it and kernel.yama.ptrace_scope=0");
}

static void read_qmp(const struct vm_source *from, const char *qmp, struct observed_vm *vm)
{
	int ret = qmp != NULL ? qmp_leaves(qmp, from->pid, vm->leaves) : 0;

	if (ret != 0)
		observe_unseen(vm, qmp, -ret,
			       ret == -EPERM ? "the socket of this process, and it is another's"
					     : "a QEMU from 7.1 on, of which nobody else is the client");
	else if (qmp != NULL)
		vm->proof = PROOF_QMP;
	else if (vm->kind->otherwise != NULL)
		append_remark(vm->unseen, sizeof(vm->unseen), "%s tells by itself: %s", vm->kind->name,
			      vm->kind->otherwise);
}

void observe_leaf_counts(const struct vm_source *from, const char *qmp, struct observed_vm *vm)
{
	const size_t remarks = strlen(vm->unseen);

	read_threads(from, vm);
	forget_leaves(vm);
	read_debugfs(from, vm);
	if (vm->proof == PROOF_NONE) {
		forget_leaves(vm);
		read_stats_files(from, vm);
	}
	if (vm->proof == PROOF_NONE) {
		forget_leaves(vm);
		read_qmp(from, qmp, vm);
	}
	/* How else it might have been seen is of no interest then. */
	if (vm->proof != PROOF_NONE)
		vm->unseen[remarks] = '\0';
}
