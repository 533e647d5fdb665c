/*
 * Which processes have a VM, and what each tells of itself: its kind by its command line, VMs and vCPUs by the files that
 * it has open (their links in /proc/PID/fd say what they are).
 */
#include "vmm/lab/observe/internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/util/array.h"
#include "vmm/util/file.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

static const struct vmm_kind kinds[] = {
#define VMM(...) { __VA_ARGS__ },
#include "vmm/lab/observe/kinds.def"
#undef VMM
	{ .name = "unknown VMM", .program = "*" },
};

#define CMDLINE_MAX_BYTES (4 * MIB)

/* The argument that begins at `argument`, of text[bytes], or NULL behind the last. */
static const char *next_argument(const char *argument, const char *text, size_t bytes)
{
	argument += strlen(argument) + 1;
	return argument < text + bytes ? argument : NULL;
}

/* The value of "OPTION VALUE" or "OPTION=VALUE", or NULL. QEMU takes its options with two dashes, too. */
static const char *option_value(const char *option, const char *text, size_t bytes)
{
	size_t length = option != NULL ? strlen(option) : 0;

	for (const char *at = text; length != 0 && at != NULL; at = next_argument(at, text, bytes)) {
		const char *word = at + (strncmp(at, "--", 2) == 0 && option[1] != '-');

		if (strcmp(word, option) == 0)
			return next_argument(at, text, bytes);
		if (strncmp(word, option, length) == 0 && word[length] == '=')
			return word + length + 1;
	}
	return NULL;
}

/*
 * QEMU's list of parameters: that of `name`, which may be left out of the first, into buf; in values ",," is a comma. False
 * where it is not there, then buf is "".
 */
static bool qemu_parameter(const char *list, const char *name, char *buf, size_t size)
{
	const size_t length = strlen(name);
	bool found = false;

	buf[0] = '\0';
	for (bool first = true; list != NULL && !found && list[0] != '\0'; first = false) {
		if (strncmp(list, name, length) == 0 && list[length] == '=') {
			found = true;
			list += length + 1;
		} else {
			found = first && list[strcspn(list, "=,")] != '=';
		}
		for (; list[0] != '\0' && (list[0] != ',' || list[1] == ','); list++) {
			list += list[0] == ',';
			if (found)
				append(buf, size, "%c", list[0]);
		}
		list += list[0] == ',';
	}
	return found;
}

static bool has_word(const char *word, const char *text, size_t bytes)
{
	return word == NULL || memmem(text, bytes, word, strlen(word)) != NULL;
}

static void identify(const char *text, size_t bytes, struct observed_vm *vm)
{
	const char *slash = strrchr(text, '/'), *name, *memory;
	char value[NAME_MAX + 1];

	(void)printable(slash != NULL ? slash + 1 : text, vm->program, sizeof(vm->program));
	vm->kind = kinds;
	while (fnmatch(vm->kind->program, vm->program, FNM_EXTMATCH) != 0 ||
	       !has_word(vm->kind->word, text, bytes))
		vm->kind++;
	name = option_value(vm->kind->name_option, text, bytes);
	if (vm->kind->memory_option != NULL) {
		memory = option_value(vm->kind->memory_option, text, bytes);
		/* What may be plugged in later is no part of its first size. */
		if (qemu_parameter(memory, "size", value, sizeof(value)) &&
		    strstr(memory, "maxmem=") == NULL && size_parse(value, MIB, &vm->said_bytes) != 0)
			vm->said_bytes = 0;
		name = qemu_parameter(name, "guest", value, sizeof(value)) ? value : NULL;
	}
	(void)printable(name != NULL ? name : vm->program, vm->name, sizeof(vm->name));
}

/* The last row fits any process. */
static bool is_known(const struct observed_vm *vm)
{
	return vm->kind != &kinds[COUNT_OF(kinds) - 1];
}

/* -ESRCH: there is no such process. -ENOENT: it has none, as a kernel thread, or as what ended and is not waited for yet. */
static int read_cmdline(const struct vm_source *from, struct observed_vm *vm)
{
	char path[64], *text = NULL;
	size_t bytes = 0;
	int fd, ret;

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/cmdline", from->pid);
	fd = sysfile_open(from->root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	ret = file_read(fd, FILE_ANY, CMDLINE_MAX_BYTES, &text, &bytes);
	(void)close(fd);
	if (ret == 0 && bytes != 0)
		identify(text, bytes, vm);
	free(text);
	return ret == 0 && bytes == 0 ? -ENOENT : ret;
}

/*
 * Below 0, 0 or above: the open file of descriptor a in the kernel's order of those of the process, beside that of b; 0 is the
 * same one. Where the kernel cannot tell, all are different.
 */
static int compare_files(const struct vm_source *from, unsigned int a, unsigned int b)
{
	long order = from->root[0] == '\0' ? syscall(SYS_kcmp, from->pid, from->pid, KCMP_FILE, a, b) : 2;

	return order == 0 ? 0 : order == 1 ? -1 : 1;
}

/* Where the file of `fd` belongs in fds[0..count), which are in that order; *known: it is there already. */
static uint32_t place_of_file(const struct vm_source *from, unsigned int fd, const unsigned int *fds,
			      uint32_t count, bool *known)
{
	uint32_t low = 0, high = count;

	*known = false;
	while (low < high && !*known) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_files(from, fd, fds[middle]);

		*known = order == 0;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int vm_files(const struct vm_source *from, const char *link, unsigned int *fds, uint32_t max)
{
	char path[64], target[64];
	struct dirent *entry;
	uint64_t fd;
	uint32_t count = 0, place;
	bool known;
	ssize_t length;
	int err = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/fd", from->pid);
	dir = sysfile_directory(from->root, path);
	if (dir == NULL)
		return -errno;
	while (errno = 0, (entry = readdir(dir)) != NULL && count < max) {
		length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		/*
		 * The directory is its user's, what the links say is not to all who may list them (EACCES). "." is no link, and
		 * what was closed meanwhile is none any more.
		 */
		if (length < 0 && errno != ENOENT && errno != EINVAL)
			err = errno;
		if (length < 0 || number_parse(entry->d_name, 0, INT_MAX, &fd) != 0)
			continue;
		target[length] = '\0';
		if (fnmatch(link, target, 0) != 0)
			continue;
		place = place_of_file(from, (unsigned int)fd, fds, count, &known);
		if (known)
			continue;
		memmove(&fds[place + 1], &fds[place], (count++ - place) * sizeof(fds[0]));
		fds[place] = (unsigned int)fd;
	}
	err = entry == NULL && errno != 0 ? errno : err;
	(void)closedir(dir);
	return err == 0 ? (int)count : -err;
}

bool sees_first_namespace(const char *root)
{
	char target[64];

	/* PROC_PID_INIT_INO of the kernel's proc_ns.h. */
	return sysfile_link(root, "proc/self/ns/pid", target, sizeof(target)) < 0 ||
	       strcmp(target, "pid:[4026531836]") == 0;
}

/* Of another user's process, or of one that has ended. */
static bool is_refusal(int err)
{
	return err == -EACCES || err == -EPERM || err == -ENOENT || err == -ESRCH;
}

int observe_process(const struct vm_source *from, struct observed_vm *vm)
{
	unsigned int fds[VM_FILES_MAX];
	int found, ret = read_cmdline(from, vm);

	vm->pid = from->pid;
	if (ret != 0)
		return ret;
	found = vm_files(from, "anon_inode:kvm-vm", fds, VM_FILES_MAX);
	if (found == 0)
		return -ENOENT;
	if (found < 0 && !is_known(vm))
		return is_refusal(found) ? -ENOENT : found;
	if (found < 0) {
		observe_unseen(vm, "what it has open", -found, "root, or the user that runs it");
		return 0;
	}
	vm->vms = (uint32_t)found;
	found = vm_files(from, "anon_inode:kvm-vcpu:*", fds, VM_FILES_MAX);
	vm->vcpus = found > 0 ? (uint32_t)found : 0;
	return 0;
}

void observe_unseen(struct observed_vm *vm, const char *what, int err, const char *takes)
{
	append_remark(vm->unseen, sizeof(vm->unseen), "%s: %s; it takes %s", what, strerror(err), takes);
}

static int by_pid(const void *a, const void *b)
{
	const struct observed_vm *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

static bool is_asked_for(const struct observe_spec *spec, const struct observed_vm *vm)
{
	char pattern[NAME_MAX + 3];

	(void)snprintf(pattern, sizeof(pattern), "*%s*", spec->pattern != NULL ? spec->pattern : "");
	return fnmatch(pattern, vm->name, 0) == 0 || fnmatch(pattern, vm->program, 0) == 0;
}

/* All of one process, which is in *o only where it is a VM and was there to the end. */
static int look(const char *root, uint32_t pid, const struct observe_spec *spec,
		struct vm_directories *directories, struct observation *o)
{
	const struct vm_source from = { root, pid, directories };
	struct observed_vm *vm = array_grow(o->vms, o->count, sizeof(*o->vms));
	int ret;

	if (vm == NULL)
		return -ENOMEM;
	o->vms = vm;
	vm += o->count;
	memset(vm, 0, sizeof(*vm));
	ret = observe_process(&from, vm);
	if (ret != 0 || !is_asked_for(spec, vm))
		return ret != 0 ? ret : -ENOENT;
	observe_memory(&from, vm);
	observe_leaf_counts(&from, spec->qmp, vm);
	/* Leaves go with the process's memory, and so does its command line. */
	if (read_cmdline(&from, vm) != 0)
		return -ESRCH;
	observe_derive(&o->host, vm);
	o->count++;
	return 0;
}

static int look_at_all(const char *root, const struct observe_spec *spec, struct vm_directories *directories,
		       struct observation *o)
{
	struct dirent *entry;
	uint64_t pid;
	int ret = 0;
	DIR *dir = sysfile_directory(root, "proc");

	if (dir == NULL)
		return -errno;
	while (errno = 0, ret == 0 && (entry = readdir(dir)) != NULL) {
		if (number_parse(entry->d_name, 1, UINT32_MAX, &pid) != 0)
			continue;
		ret = look(root, (uint32_t)pid, spec, directories, o);
		o->hidden += ret == -EACCES || ret == -EPERM;
		/* The others are there all the same. */
		ret = is_refusal(ret) ? 0 : ret;
	}
	ret = ret == 0 ? -errno : ret;
	(void)closedir(dir);
	if (ret != 0 || o->count == 0)
		return ret != 0 ? ret : -ENOENT;
	qsort(o->vms, o->count, sizeof(*o->vms), by_pid);
	return 0;
}

int observe_read(const char *root, const struct observe_spec *spec, struct observation *o, struct error *e)
{
	struct vm_directories directories = { .count = 0 };
	char where[48] = "observe";
	int ret;

	facts_read(root, &o->host);
	o->count = 0;
	o->hidden = 0;
	if (spec->pid != 0)
		(void)snprintf(where, sizeof(where), "observe --pid %" PRIu32, spec->pid);
	ret = vm_directories_read(root, &directories);
	if (ret == 0)
		ret = spec->pid != 0 ? look(root, spec->pid, spec, &directories, o)
				     : look_at_all(root, spec, &directories, o);
	vm_directories_free(&directories);
	if (ret == 0)
		return 0;
	if (ret != -ESRCH && ret != -ENOENT)
		return error_set(e, STATUS_FAILED, -ret, where, "cannot read the processes");
	(void)error_set(e, STATUS_CANNOT, 0, where, "%s",
			ret == -ESRCH    ? "there is no such process"
			: spec->pid != 0 ? "this process has no VM open"
			: spec->pattern != NULL
				? "no process of that name has a VM open that this user can see"
				: "no process has a VM open that this user can see");
	(void)error_hint(
		e,
		sees_first_namespace(root)
			? "minivmm observe --all, as root"
			: "observe from outside the container: in its PID namespace others' processes are not seen");
	return ret;
}

void observation_free(struct observation *o)
{
	free(o->vms);
	free(o->requirements);
}
