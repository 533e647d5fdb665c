/* Guest RAM on the host: the table of backings, what a request means, one mapping taken and given back whole. */
#include <errno.h>
#include <inttypes.h>
#include <linux/mman.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/pool/pool.h"
#include "vmm/host/sysfile.h"
#include "vmm/host/facts.h"

static const struct backing_type types[] = {
	{ BACKING_ANON, PAGE_4K, .page_4k = true },
	{ BACKING_THP, PAGE_2M, .page_2m = true, .thp = true },
	{ BACKING_HUGETLB, PAGE_2M, .page_2m = true, .page_1g = true },
	{ BACKING_MEMFD, PAGE_4K, .page_4k = true, .page_2m = true, .page_1g = true, .share_default = true,
	  .has_file = true },
	{ BACKING_FILE, 0, .page_4k = true, .page_2m = true, .page_1g = true, .share_default = true,
	  .has_file = true },
};

_Static_assert(COUNT_OF(types) == BACKING_FILE + 1, "one row a kind");

const struct backing_type *backing_type(enum backing_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		if (types[i].kind == kind)
			return &types[i];
	}
	return NULL;
}

bool backing_type_has_page(const struct backing_type *type, uint64_t page_bytes)
{
	return (page_bytes == PAGE_4K && type->page_4k) || (page_bytes == PAGE_2M && type->page_2m) ||
	       (page_bytes == PAGE_1G && type->page_1g);
}

const char *backing_page_name(uint64_t page_bytes)
{
	return page_bytes == PAGE_4K   ? "4K"
	       : page_bytes == PAGE_2M ? "2M"
	       : page_bytes == PAGE_1G ? "1G"
				       : "other";
}

static int resolve_page(const struct machine_spec *asked, const struct backing_type *type,
			uint64_t *page_bytes, struct error *e)
{

	*page_bytes = asked->page_bytes != 0 ? asked->page_bytes : type->default_page_bytes;
	if (type->kind == BACKING_FILE) {
		int ret = backing_file_page_bytes(asked->mem_path, page_bytes, e);

		if (ret != 0)
			return ret;
		if (asked->page_bytes != 0 && asked->page_bytes != *page_bytes) {
			(void)error_set(e, STATUS_USAGE, EINVAL, "--page-size",
					"--page-size %s contradicts --mem-path %s, whose pages are %s",
					backing_page_name(asked->page_bytes), asked->mem_path,
					backing_page_name(*page_bytes));
			if (asked->page_bytes == PAGE_4K)
				return error_hint(
					e,
					"leave --page-size out, or name a tmpfs, as in --mem-path /dev/shm");
			return error_hint(e,
					  "leave --page-size out, or mount one with that size: mount -t "
					  "hugetlbfs -o pagesize=%s none DIR",
					  backing_page_name(asked->page_bytes));
		}
	}
	if (backing_type_has_page(type, *page_bytes))
		return 0;
	return error_set(e, STATUS_USAGE, EINVAL, "--page-size",
			 "backing %s has no pages of %" PRIu64 " KiB; it has%s%s%s", backing_name(type->kind),
			 *page_bytes / KIB, type->page_4k ? " 4K" : "", type->page_2m ? " 2M" : "",
			 type->page_1g ? " 1G" : "");
}

int backing_resolve(const struct machine_spec *asked, struct backing_spec *spec, struct error *e)
{
	const struct backing_type *type = backing_type(asked->backing);
	struct pool_counts pool;
	int ret;

	memset(spec, 0, sizeof(*spec));
	if (type == NULL)
		return error_set(e, STATUS_USAGE, EINVAL, "--backing", "no such backing: %d",
				 (int)asked->backing);
	spec->kind = type->kind;
	spec->path = asked->mem_path;
	spec->share = asked->share == CHOICE_DEFAULT ? type->share_default : asked->share == CHOICE_ON;
	spec->reserve = asked->reserve != CHOICE_OFF;
	spec->host_nodes = asked->host_nodes;
	spec->policy = asked->policy;
	ret = resolve_page(asked, type, &spec->page_bytes, e);
	if (ret != 0)
		return ret;
	if (!type->thp && spec->page_bytes > PAGE_4K && pool_read("", spec->page_bytes, &pool) == -ENOENT) {
		(void)error_set(e, STATUS_CANNOT, ENOENT, "/sys/kernel/mm/hugepages",
				"this kernel and CPU have no hugetlb pages of %s",
				backing_page_name(spec->page_bytes));
		return error_hint(e, "choose another --page-size; ls /sys/kernel/mm/hugepages lists them");
	}
	ret = memory_policy_check(spec, e);
	return ret == 0 ? memory_policy_prealloc_nodes(asked, spec, e) : ret;
}

/*
 * One unmapped-to-all page on either side: the kernel never merges guest RAM with a neighbour (smaps then shows
 * guest RAM alone), and a stray pointer of the VMM faults instead of reading something else.
 */
#define GUARD_BYTES PAGE_4K

/* Address space for bytes at a multiple of align, between two guards; nothing more is kept. */
static void *reserve_aligned(uint64_t bytes, uint64_t align, struct error *e)
{
	uint64_t span, start, hva, end;
	void *p = MAP_FAILED;

	if (checked_add(bytes, align, &span) && checked_add(span, 2 * GUARD_BYTES, &span)) {
		p = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	} else {
		errno = ENOMEM;
	}
	if (p == MAP_FAILED) {
		int err = errno;

		(void)error_set(e, STATUS_FAILED, err, "mmap",
				"no address space for %" PRIu64 " MiB of guest RAM: %s", bytes / MIB,
				strerror(err));
		error_hint(e, "ulimit -v $(ulimit -Hv)  # or less with --memory");
		return NULL;
	}
	start = (uint64_t)(uintptr_t)p;
	hva = align_up(start + GUARD_BYTES, align);
	end = hva + bytes + GUARD_BYTES;
	/* If munmap of the edges failed, nothing would be lost: they hold no memory. */
	if (hva - GUARD_BYTES > start)
		(void)munmap(p, hva - GUARD_BYTES - start);
	if (start + span > end)
		(void)munmap((char *)p + (end - start), start + span - end);
	return (char *)p + (hva - start);
}

static int map_flags(const struct backing_spec *spec)
{
	int flags = MAP_FIXED | (spec->share ? MAP_SHARED : MAP_PRIVATE);

	if (!spec->reserve)
		flags |= MAP_NORESERVE;
	if (spec->kind == BACKING_MEMFD || spec->kind == BACKING_FILE)
		return flags;
	flags |= MAP_ANONYMOUS;
	if (spec->kind == BACKING_HUGETLB)
		flags |= MAP_HUGETLB |
			 (int)((unsigned int)__builtin_ctzll(spec->page_bytes) << MAP_HUGE_SHIFT);
	return flags;
}

struct pool_use backing_pool_use(const struct backing_spec *spec)
{
	return (struct pool_use){
		.page_bytes = spec->page_bytes,
		.bytes = spec->bytes,
		.nodes = spec->policy == NUMA_POLICY_BIND ? spec->host_nodes : 0,
		.held_bytes = backing_file_held_bytes(spec),
		.unreserved = !spec->reserve,
	};
}

static int explain_mmap(const struct backing_spec *spec, int err, struct error *e)
{
	if (err == ENOMEM && backing_has_pool(spec)) {
		struct pool_use use = backing_pool_use(spec);

		if (backing_file_check_mount(spec, spec->bytes, 0, e) != 0)
			return -err;
		use.refused = true;
		return pool_explain("", &use, 0, err, "mmap", e);
	}
	(void)error_set(e, STATUS_FAILED, err, "mmap", "cannot map %" PRIu64 " MiB of guest RAM (%s): %s",
			spec->bytes / MIB, backing_name(spec->kind), strerror(err));
	if (err == ENOMEM)
		error_hint(e, "--reserve off, sysctl vm.overcommit_memory=1, or less with --memory");
	return -err;
}

/* THP that the host forbids would silently be 4 KiB pages. */
static int check_thp(const struct backing_spec *spec, struct error *e)
{
	char policy[16];

	thp_policy("", spec->share, policy, sizeof(policy));
	if (!thp_policy_allows_madvise(policy)) {
		(void)error_set(e, STATUS_FAILED, EINVAL, "--backing thp",
				"transparent huge pages are off on this host (%s: %s)",
				spec->share ? "shmem_enabled" : "enabled", policy);
		/* Where the 2M size has a policy of its own, that one decides (host/facts.h). */
		return error_hint(
			e, "echo %s > /sys/kernel/mm/transparent_hugepage/%s%s",
			spec->share ? "advise" : "madvise",
			sysfile_exists("", "sys/kernel/mm/transparent_hugepage/hugepages-2048kB/enabled") ==
					KNOWN_YES
				? "hugepages-2048kB/"
				: "",
			spec->share ? "shmem_enabled" : "enabled");
	}
	if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1) {
		(void)error_set(e, STATUS_FAILED, EINVAL, "--backing thp",
				"transparent huge pages are off for this process (PR_SET_THP_DISABLE)");
		return error_hint(e, "start it from a process that has not set PR_SET_THP_DISABLE");
	}
	return 0;
}

/* Before any touch. 4K means 4K: no huge page may slip in; nor may KSM or fork share what is measured. */
static int advise(const struct backing_spec *spec, void *hva, struct error *e)
{
	const bool thp = spec->kind == BACKING_THP;
	const struct {
		int advice;
		const char *name;
		bool wanted, must;
	} advices[] = {
		{ MADV_HUGEPAGE, "MADV_HUGEPAGE", thp, true },
		{ MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE", spec->page_bytes == PAGE_4K,
		  /* A kernel without THP knows no such advice, and needs none. */
		  sysfile_exists("", "sys/kernel/mm/transparent_hugepage") == KNOWN_YES },
		{ MADV_UNMERGEABLE, "MADV_UNMERGEABLE", true,
		  sysfile_exists("", "sys/kernel/mm/ksm") == KNOWN_YES },
		{ MADV_DONTFORK, "MADV_DONTFORK", true, true },
		{ MADV_DONTDUMP, "MADV_DONTDUMP", true, true },
	};
	int ret = thp ? check_thp(spec, e) : 0;

	for (size_t i = 0; ret == 0 && i < COUNT_OF(advices); i++) {
		int err;

		if (!advices[i].wanted || madvise(hva, spec->bytes, advices[i].advice) == 0)
			continue;
		err = errno;
		if (err == EINVAL && !advices[i].must)
			continue;
		ret = error_set(e, STATUS_FAILED, err, advices[i].name, "guest RAM (%s): %s",
				backing_name(spec->kind), strerror(err));
	}
	return ret;
}

static int check_spec(const struct backing_spec *spec, struct error *e)
{
	const struct backing_type *type = backing_type(spec->kind);

	if (type == NULL || !backing_type_has_page(type, spec->page_bytes) || spec->bytes == 0 ||
	    !is_aligned(spec->bytes, spec->page_bytes) ||
	    (spec->align_bytes != 0 && !is_pow2(spec->align_bytes)))
		return error_set(e, STATUS_FAILED, EINVAL, "backing_map",
				 "impossible backing: %" PRIu64 " bytes of pages of %" PRIu64, spec->bytes,
				 spec->page_bytes);
	return room_check_total("", spec, e);
}

static int map_fixed(const struct backing_spec *spec, void *hva, int fd, struct error *e)
{
	struct task_policy inherited;
	int ret = 0;

	memory_policy_enter(spec, &inherited);
	if (mmap(hva, spec->bytes, PROT_READ | PROT_WRITE, map_flags(spec), fd, 0) == MAP_FAILED)
		ret = explain_mmap(spec, errno, e);
	if (memory_policy_restore(&inherited, e) != 0 && ret == 0)
		ret = -EIO;
	return ret;
}

int backing_map(const struct backing_spec *spec, struct backing *b, struct error *e)
{
	void *hva;
	int ret;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	b->spec = *spec;
	ret = check_spec(spec, e);
	if (ret == 0 && backing_type(spec->kind)->has_file) {
		b->fd = backing_file_open(spec, e);
		ret = b->fd < 0 ? b->fd : 0;
	}
	if (ret != 0)
		goto fail;
	hva = reserve_aligned(spec->bytes, max_u64(spec->align_bytes, spec->page_bytes), e);
	if (hva == NULL) {
		ret = -ENOMEM;
		goto fail;
	}
	b->hva = hva;
	ret = map_fixed(spec, hva, b->fd, e);
	if (ret == 0)
		ret = memory_policy_bind(spec, hva, e);
	if (ret == 0)
		ret = advise(spec, hva, e);
	if (ret != 0)
		goto fail;
	return 0;
fail:
	backing_unmap(b);
	return ret;
}

void backing_unmap(struct backing *b)
{
	/* A zeroed backing has fd 0, which is stdin and stays open. */
	const bool has_file = b->spec.bytes != 0 && backing_type(b->spec.kind) != NULL &&
			      backing_type(b->spec.kind)->has_file;

	if (b->hva != NULL)
		(void)munmap((char *)b->hva - GUARD_BYTES, b->spec.bytes + 2 * GUARD_BYTES);
	if (has_file && b->fd >= 0)
		(void)close(b->fd);
	b->hva = NULL;
	b->fd = -1;
}

void *backing_at(const struct backing *b, uint64_t offset_bytes, uint64_t bytes)
{
	uint64_t end;

	if (b->hva == NULL || !checked_add(offset_bytes, bytes, &end) || end > b->spec.bytes)
		return NULL;
	return (char *)b->hva + offset_bytes;
}
