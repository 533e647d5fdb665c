#include "vmm/host/thp.h"

#include <stdio.h>
#include <string.h>

#include "vmm/host/sysfile.h"

#define THP_DIR "sys/kernel/mm/transparent_hugepage/"

void thp_policy(const char *root, bool shmem, char *buf, size_t size)
{
	const char *own =
		shmem ? THP_DIR "hugepages-2048kB/shmem_enabled" : THP_DIR "hugepages-2048kB/enabled";
	const char *all = shmem ? THP_DIR "shmem_enabled" : THP_DIR "enabled";

	if (sysfile_choice(root, own, buf, size) >= 0 && strcmp(buf, "inherit") != 0)
		return;
	if (sysfile_choice(root, all, buf, size) < 0)
		(void)snprintf(buf, size, "unknown");
}

bool thp_policy_allows_madvise(const char *policy)
{
	return strcmp(policy, "never") != 0 && strcmp(policy, "deny") != 0;
}
