/*
 * What the host gave a guest: the mappings that are guest RAM, in smaps and numa_maps, by the parsers that minivmm observes
 * its own guest with.
 */
#include "vmm/lab/observe/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/util/array.h"
#include "vmm/util/clock.h"

/* As observe_backing: the most mappings that a process can have. */
#define MAPS_MAX_BYTES (128 * MIB)

/* Neighbours of the same file, or of none, are one: advice and policies split what was mapped as a whole. */
struct region {
	uint64_t start_hva, end_hva;
	bool shared, asks_thp, refuses_thp;
	char file[64];  /* "" for anonymous memory; begins as proc(5) has it */
	size_t at, end; /* its lines in smaps */
};

struct regions {
	struct region *list;
	uint32_t count;
};

static uint64_t bytes_of(const struct region *r)
{
	return r->end_hva - r->start_hva;
}

static bool is_next(const struct region *before, const struct region *after)
{
	return before->end_hva == after->start_hva && before->shared == after->shared &&
	       strcmp(before->file, after->file) == 0;
}

/* A line "7f00-7f10 rw-s 00000000 00:01 1027  /memfd:ram (deleted)". False where it is no such line. */
static bool parse_header(const char *line, struct region *r, bool *writable)
{
	const char *at = observe_smaps_header(line, &r->start_hva, &r->end_hva);

	if (at == NULL)
		return false;
	*writable = strncmp(at, "rw", 2) == 0;
	/* "rw-s": only a line with four letters ends in one. */
	r->shared = *writable && at[2] != '\0' && at[3] == 's';
	/* Offset, device, inode, and blanks up to the name. */
	for (int field = 0; field < 4; field++) {
		at += strcspn(at, " \n");
		at += strspn(at, " ");
	}
	(void)snprintf(r->file, sizeof(r->file), "%.*s", (int)min_u64(strcspn(at, "\n"), sizeof(r->file) - 1),
		       at);
	*writable &= strcmp(r->file, "[heap]") != 0;
	r->asks_thp = false;
	r->refuses_thp = false;
	return true;
}

/* All writable ones but the heap. 0 or -ENOMEM. */
static int find_regions(const char *smaps, struct regions *found)
{
	bool writable = false;
	int ret = 0;

	for (const char *line = smaps; *line != '\0' && ret == 0;) {
		size_t length = strcspn(line, "\n");
		struct region *last = found->count != 0 ? &found->list[found->count - 1] : NULL, r;

		if (parse_header(line, &r, &writable)) {
			r.at = r.end = (size_t)(line - smaps);
			if (writable && last != NULL && is_next(last, &r))
				last->end_hva = r.end_hva;
			else if (writable)
				ret = ARRAY_PUSH(found->list, found->count, r);
		} else if (writable && last != NULL && strncmp(line, "VmFlags:", 8) == 0) {
			last->asks_thp |= memmem(line, length, " hg", 3) != NULL;
			last->refuses_thp |= memmem(line, length, " nh", 3) != NULL;
		}
		line += length + (line[length] == '\n');
		if (writable && ret == 0 && found->count != 0)
			found->list[found->count - 1].end = (size_t)(line - smaps);
	}
	return ret;
}

/* text[at..end) as a text of its own, for as long as it is parsed: what is large is read once, whatever stands in it. */
static int parse_part(char *text, size_t at, size_t end, const struct region *r,
		      int (*parse)(const char *text, uint64_t start, uint64_t end,
				   struct observed_memory *out),
		      struct observed_memory *out)
{
	const char behind = text[end];
	int ret;

	text[end] = '\0';
	ret = parse(text + at, r->start_hva, r->end_hva, out);
	text[end] = behind;
	return ret;
}

/* From the line of numa_maps that begins at `at` on, the first whose mapping begins at `hva` or behind it. */
static size_t skip_below(const char *numa_maps, size_t at, uint64_t hva)
{
	while (numa_maps[at] != '\0' && strtoull(numa_maps + at, NULL, 16) < hva) {
		at += strcspn(numa_maps + at, "\n");
		at += numa_maps[at] == '\n';
	}
	return at;
}

static enum ram_kind kind_of(const struct region *r, const struct observed_memory *memory)
{
	static const char *const shmem[] = { "/memfd:", "/dev/shm/", "/dev/zero", "/SYSV" };

	if (memory->kernel_page_bytes > PAGE_4K)
		return RAM_HUGETLB;
	for (size_t i = 0; i < COUNT_OF(shmem); i++) {
		if (strncmp(r->file, shmem[i], strlen(shmem[i])) == 0)
			return RAM_SHMEM;
	}
	/* The kernel writes names that a program gave in brackets. */
	return r->file[0] == '\0' || r->file[0] == '[' ? RAM_ANON : r->shared ? RAM_SHMEM : RAM_FILE;
}

/* *at: where the kernel's order has come to in numa_maps. */
static void add_region(const struct region *r, char *smaps, char *numa_maps, size_t *at,
		       struct observed_vm *vm)
{
	struct observed_memory m = { .kernel_page_bytes = 0 }, *sum = &vm->memory;
	bool first = vm->ram_bytes == 0;
	enum ram_kind kind;
	size_t end;

	if (parse_part(smaps, r->at, r->end, r, observe_parse_smaps, &m) != 0)
		return;
	kind = kind_of(r, &m);
	vm->ram = first || vm->ram == kind ? kind : RAM_MIXED;
	vm->ram_bytes += bytes_of(r);
	sum->kernel_page_bytes =
		first || sum->kernel_page_bytes == m.kernel_page_bytes ? m.kernel_page_bytes : 0;
	sum->page_bytes = first || sum->page_bytes == m.page_bytes ? m.page_bytes : 0;
	sum->rss_bytes += m.rss_bytes;
	sum->huge_bytes += m.huge_bytes;
	vm->asks_thp |= r->asks_thp;
	vm->refuses_thp |= r->refuses_thp;
	if (numa_maps == NULL)
		return;
	*at = skip_below(numa_maps, *at, r->start_hva);
	end = skip_below(numa_maps, *at, r->end_hva);
	if (parse_part(numa_maps, *at, end, r, observe_parse_numa_maps, &m) != 0)
		return;
	for (unsigned int node = 0; node < HOST_MAX_NODES; node++)
		vm->node_bytes[node] += m.node_pages[node] * m.kernel_page_bytes;
}

/* Of 16M and more, so that no thread's stack is taken for RAM, unless nothing is. */
#define RAM_LEAST_BYTES (16 * MIB)

static int largest_first(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left < right) - (left > right);
}

/* The largest size from `least` on so that all mappings of that size and larger make `said_bytes`; `least` where none do. */
static uint64_t least_of_said(const struct regions *found, uint64_t least, uint64_t said_bytes)
{
	uint64_t *sizes = said_bytes != 0 ? calloc(found->count + (size_t)1, sizeof(*sizes)) : NULL, sum = 0;

	for (uint32_t i = 0; sizes != NULL && i < found->count; i++)
		sizes[i] = bytes_of(&found->list[i]);
	if (sizes != NULL)
		qsort(sizes, found->count, sizeof(*sizes), largest_first);
	for (uint32_t i = 0; sizes != NULL && i < found->count && sizes[i] > least; i++) {
		sum += sizes[i];
		if (sum >= said_bytes)
			least = sizes[i];
	}
	free(sizes);
	return least;
}

static void add_regions(const struct regions *found, char *smaps, char *numa_maps, struct observed_vm *vm)
{
	uint64_t largest = 0, least;
	size_t at = 0;

	for (uint32_t i = 0; i < found->count; i++) {
		const struct region *r = &found->list[i];

		if (bytes_of(r) <= largest)
			continue;
		largest = bytes_of(r);
		vm->hva_offset_bytes = (int64_t)(r->start_hva % PAGE_2M);
	}
	least = min_u64(largest, max_u64(largest / 8, RAM_LEAST_BYTES));
	least = least_of_said(found, least, vm->said_bytes);
	for (uint32_t i = 0; i < found->count; i++) {
		if (bytes_of(&found->list[i]) >= least)
			add_region(&found->list[i], smaps, numa_maps, &at, vm);
	}
}

void observe_memory(const struct vm_source *from, struct observed_vm *vm)
{
	struct regions found = { .count = 0 };
	char *smaps = NULL, *numa_maps = NULL, path[64];
	uint64_t begin_ns = clock_ns();
	int ret;

	vm->hva_offset_bytes = -1;
	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/smaps", from->pid);
	ret = sysfile_slurp(from->root, path, MAPS_MAX_BYTES, &smaps);
	vm->smaps_ms = (double)(clock_ns() - begin_ns) / 1e6;
	if (ret == 0)
		ret = find_regions(smaps, &found);
	if (ret != 0) {
		observe_unseen(vm, "its memory (smaps)", -ret, "root, or the user that runs it");
	} else {
		(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/numa_maps", from->pid);
		(void)sysfile_slurp(from->root, path, MAPS_MAX_BYTES, &numa_maps);
		add_regions(&found, smaps, numa_maps, vm);
	}
	free(found.list);
	free(numa_maps);
	free(smaps);
}
