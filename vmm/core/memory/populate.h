/*
 * Populate a range by a call that can fail, never by a touch that can SIGBUS.
 */
#ifndef MINIVMM_CORE_MEMORY_POPULATE_H
#define MINIVMM_CORE_MEMORY_POPULATE_H

#include <stdint.h>

/*
 * Populate [hva, hva + bytes), writable. 0 or -errno: -ENOMEM, -EFAULT (a touch would have been a SIGBUS: no page
 * in the pool, or no room on the mount), -EHWPOISON. Restarted where a signal interrupts it.
 */
int populate_range(void *hva, uint64_t bytes);

#endif
