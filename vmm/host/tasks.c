/* Why no thread or process more could be had: of the limits that clone(2) names with EAGAIN, the one that is reached. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/host/limits.h"
#include "vmm/host/sysfile.h"
#include "vmm/util/cause.h"

/* The tasks of this user, as RLIMIT_NPROC counts them; 0 where /proc cannot be read. */
static uint64_t count_tasks(const char *root)
{
	char path[512], text[4096];
	struct dirent *entry;
	uint64_t count = 0;
	struct stat st;
	DIR *proc;

	proc = sysfile_directory(root, "proc");
	if (proc == NULL)
		return 0;
	while ((entry = readdir(proc)) != NULL) {
		const char *threads;

		(void)snprintf(path, sizeof(path), "proc/%.20s/status", entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) == 0 ||
		    fstatat(dirfd(proc), entry->d_name, &st, 0) != 0 || st.st_uid != getuid() ||
		    sysfile_read(root, path, text, sizeof(text)) <= 0)
			continue;
		threads = strstr(text, "\nThreads:");
		count += threads != NULL ? strtoull(threads + strlen("\nThreads:"), NULL, 10) : 1;
	}
	(void)closedir(proc);
	return count;
}

/* All tasks of the host against what the kernel has numbers and memory for. */
static bool host_is_full(const char *root)
{
	uint64_t threads_max, pid_max, tasks;
	char text[128];
	const char *slash;

	if (sysfile_read(root, "proc/loadavg", text, sizeof(text)) <= 0 ||
	    sysfile_u64(root, "proc/sys/kernel/threads-max", &threads_max) != 0 ||
	    sysfile_u64(root, "proc/sys/kernel/pid_max", &pid_max) != 0)
		return false;
	slash = strchr(text, '/');
	tasks = slash != NULL ? strtoull(slash + 1, NULL, 10) : 0;
	return tasks >= threads_max || tasks + 1 >= pid_max;
}

int limits_explain_task(const char *root, const char *step, struct error *e)
{
	struct limits limits = { 0 };
	uint32_t found = host_is_full(root) ? AT_THREADS_MAX : 0;
	const char *path = NULL;
	int ret;

	limits_add(root, LIMIT_TASKS, 0, &limits);
	for (uint32_t i = 0; i < limits.count && path == NULL; i++) {
		bool by_user = strncmp(limits.list[i].path, "ulimit", strlen("ulimit")) == 0;
		uint64_t used = by_user ? count_tasks(root) : limits.list[i].used;

		if (used < limits.list[i].limit)
			continue;
		path = limits.list[i].path;
		found |= by_user ? AT_NPROC : AT_PIDS_MAX;
	}
	ret = error_cause(e, step, found, path);
	limits_free(&limits);
	return ret;
}
