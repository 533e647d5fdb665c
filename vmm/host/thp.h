/*
 * The host's transparent huge page policy, as it holds for 2 MiB pages.
 */
#ifndef MINIVMM_HOST_THP_H
#define MINIVMM_HOST_THP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Policy of anonymous (or, with shmem, of shared) memory: the word of
 * sys/kernel/mm/transparent_hugepage/{enabled,shmem_enabled}, unless hugepages-2048kB has its own (Linux 6.8,
 * Documentation/admin-guide/mm/transhuge.rst) that is not "inherit". buf of at least 16 bytes; "unknown" where
 * the kernel does not say.
 */
void thp_policy(const char *root, bool shmem, char *buf, size_t size);

/* Whether MADV_HUGEPAGE has an effect under that policy; true for "unknown": then madvise itself will tell. */
bool thp_policy_allows_madvise(const char *policy);

#endif
