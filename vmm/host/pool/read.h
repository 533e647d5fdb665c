/*
 * The parts that the picture of the pools is read in: used by pool_report_read only.
 */
#ifndef MINIVMM_HOST_POOL_READ_H
#define MINIVMM_HOST_POOL_READ_H

#include "vmm/host/pool/report.h"

/* hugetlbfs mounts of this process, from proc/self/mounts below root, into mounts[] and mount_count. */
void pool_read_mounts(const char *root, struct pool_report *report);

/* Limits of control groups on the pages of size->page_bytes: limits[], limit_count and the cgroup_ members. */
void pool_read_limits(const char *root, struct pool_size *size);

#endif
