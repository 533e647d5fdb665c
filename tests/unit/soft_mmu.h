/*
 * A guest's paging in a process: four levels of tables, a TLB, invlpg and CR3, so that workloads that change page
 * tables run as they are.
 *
 * The arena is a memory file, and what of it is mapped where is the TLB: a page that is not accessible is one that the
 * TLB does not know. A touch of it walks the tables, sets A and D as a CPU does, and maps what the entry says. The
 * privileged instructions fault in a process (#GP); the handler carries out the three that the workloads use. One TLB
 * for all threads.
 */
#ifndef MINIVMM_TESTS_SOFT_MMU_H
#define MINIVMM_TESTS_SOFT_MMU_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "guest/workloads/tables.h"

#define SOFT_MMU_GPA UINT64_C(0x140000000)
#define SOFT_MMU_MOST_TABLES 16

struct soft_mmu {
	unsigned char *arena;
	uint64_t bytes, leaf_bytes;
	void *reserved;
	uint64_t reserved_bytes;
	int fd;
	uint64_t *tables[SOFT_MMU_MOST_TABLES]; /* the first is the PML4 */
	uint32_t table_count;
	struct platform platform;
	/* what the CPU is, so that workloads can be seen to notice */
	bool deaf;                          /* nothing makes it forget a translation */
	bool never_dirty;                   /* it sets no D */
	bool always_dirty;                  /* it sets D for reads too */
	uint32_t page_forgets, all_forgets; /* atomic */
};

/* The handler has no argument. */
static struct soft_mmu *soft_mmu_now;

static void soft_mmu_forget(struct soft_mmu *m, uint64_t gva, uint64_t bytes)
{
	uint64_t offset =
		align_down(gva, bytes < m->bytes ? m->leaf_bytes : 1) - (uint64_t)(uintptr_t)m->arena;

	if (!m->deaf && offset < m->bytes)
		(void)mprotect(m->arena + offset, bytes, PROT_NONE);
}

/* 0x0f 0x01 /7 with (%rax), 0x0f 0x20 and 0x22 with %cr3 and %rax: three bytes each. */
static bool soft_mmu_privileged(struct soft_mmu *m, greg_t *registers)
{
	const unsigned char *code = (const unsigned char *)registers[REG_RIP];

	if (memcmp(code, "\x0f\x01\x38", 3) == 0) {
		(void)__atomic_add_fetch(&m->page_forgets, 1, __ATOMIC_SEQ_CST);
		soft_mmu_forget(m, (uint64_t)registers[REG_RAX], m->leaf_bytes);
	} else if (memcmp(code, "\x0f\x20\xd8", 3) == 0) {
		registers[REG_RAX] = (greg_t)(uintptr_t)m->tables[0];
	} else if (memcmp(code, "\x0f\x22\xd8", 3) == 0 &&
		   registers[REG_RAX] == (greg_t)(uintptr_t)m->tables[0]) {
		(void)__atomic_add_fetch(&m->all_forgets, 1, __ATOMIC_SEQ_CST);
		soft_mmu_forget(m, (uint64_t)(uintptr_t)m->arena, m->bytes);
	} else {
		return false;
	}
	registers[REG_RIP] += 3;
	return true;
}

/* The page walk of a touch, with its bits, and what it leaves in the TLB. */
static bool soft_mmu_touch(struct soft_mmu *m, uint64_t gva, bool write)
{
	uint64_t page_gva = align_down(gva, PAGE_4K), leaf_bytes, gpa, bits = PTE_ACCESSED;
	uint64_t *entry = tables_leaf(m->tables[0], gva, &leaf_bytes);
	int access = PROT_READ;

	if (gva - (uint64_t)(uintptr_t)m->arena >= m->bytes || entry == NULL || leaf_bytes != m->leaf_bytes)
		return false;
	if ((write && !m->never_dirty) || m->always_dirty)
		bits |= PTE_DIRTY;
	bits |= __atomic_fetch_or(entry, bits, __ATOMIC_SEQ_CST);
	if ((bits & PTE_DIRTY) != 0 || write)
		access |= PROT_WRITE;
	gpa = (*entry & TABLES_ADDRESS) + page_gva % leaf_bytes;
	return mmap((void *)(uintptr_t)page_gva, PAGE_4K, access, MAP_SHARED | MAP_FIXED, m->fd,
		    (off_t)(gpa - SOFT_MMU_GPA)) != MAP_FAILED;
}

/* What it cannot serve is a fault of the test: the default action tells. */
static void soft_mmu_fault(int signal_number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	bool served = info->si_code == SI_KERNEL
			      ? soft_mmu_privileged(soft_mmu_now, registers)
			      : soft_mmu_touch(soft_mmu_now, (uint64_t)(uintptr_t)info->si_addr,
					       (registers[REG_ERR] & 2) != 0);

	if (!served)
		(void)signal(signal_number, SIG_DFL);
}

static void soft_mmu_call(void (*body)(void *), void *argument)
{
	body(argument);
}

/* The table below entry `index` of `table`, made where there is none. */
static uint64_t *soft_mmu_below(struct soft_mmu *m, uint64_t *table, uint64_t index)
{
	if (table[index] == 0) {
		uint64_t *next = aligned_alloc(PAGE_4K, PAGE_4K);

		if (next == NULL || m->table_count == SOFT_MMU_MOST_TABLES)
			abort();
		memset(next, 0, PAGE_4K);
		m->tables[m->table_count++] = next;
		table[index] = (uint64_t)(uintptr_t)next | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
	}
	return (uint64_t *)(uintptr_t)(table[index] & TABLES_ADDRESS);
}

static void soft_mmu_map(struct soft_mmu *m)
{
	uint32_t leaf_level = m->leaf_bytes == PAGE_4K ? 1 : 2;
	uint64_t leaf = leaf_level > 1 ? PTE_LEAF : 0;

	for (uint64_t at = 0; at < m->bytes; at += m->leaf_bytes) {
		uint64_t gva = (uint64_t)(uintptr_t)m->arena + at;
		uint64_t *table = m->tables[0];

		for (uint32_t level = TABLES_LEVELS; level > leaf_level; level--)
			table = soft_mmu_below(m, table, tables_index(gva, level));
		table[tables_index(gva, leaf_level)] =
			(SOFT_MMU_GPA + at) | PTE_PRESENT | PTE_WRITE | PTE_USER | leaf;
	}
}

/*
 * An arena of so many leaves (4 KiB or 2 MiB) whose first leaf has entry number `first_index` of its table. Aborts
 * where memory is short.
 */
static struct soft_mmu *soft_mmu_start(uint64_t leaf_bytes, uint64_t leaves, uint64_t first_index)
{
	uint64_t table_bytes = leaf_bytes * TABLES_ENTRIES, bytes = leaves * leaf_bytes;
	struct sigaction action = { .sa_sigaction = soft_mmu_fault, .sa_flags = SA_SIGINFO };
	struct soft_mmu *m = calloc(1, sizeof(*m));
	uint64_t base;

	if (m == NULL)
		abort();
	m->fd = memfd_create("arena", MFD_CLOEXEC);
	m->reserved_bytes = 2 * table_bytes + bytes;
	m->reserved =
		mmap(NULL, m->reserved_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	m->tables[m->table_count++] = aligned_alloc(PAGE_4K, PAGE_4K);
	if (m->fd < 0 || ftruncate(m->fd, (off_t)bytes) != 0 || m->reserved == MAP_FAILED ||
	    m->tables[0] == NULL)
		abort();
	memset(m->tables[0], 0, PAGE_4K);
	base = align_up((uint64_t)(uintptr_t)m->reserved, table_bytes) + first_index * leaf_bytes;
	m->arena = (unsigned char *)(uintptr_t)base;
	m->bytes = bytes;
	m->leaf_bytes = leaf_bytes;
	m->platform = (struct platform){ .privileged = soft_mmu_call,
					 .pml4 = m->tables[0],
					 .arena_gpa = SOFT_MMU_GPA };
	soft_mmu_map(m);
	soft_mmu_now = m;
	if (sigemptyset(&action.sa_mask) != 0 || sigaction(SIGSEGV, &action, NULL) != 0)
		abort();
	return m;
}

static void soft_mmu_end(struct soft_mmu *m)
{
	(void)signal(SIGSEGV, SIG_DFL);
	(void)munmap(m->reserved, m->reserved_bytes);
	(void)close(m->fd);
	for (uint32_t i = 0; i < m->table_count; i++)
		free(m->tables[i]);
	free(m);
}

#endif
