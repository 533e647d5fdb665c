/*
 * Property: each backing is mapped as asked, aligned, observed with the page that was requested, and gone without a
 * trace afterwards. It could break where alignment trims too much, where THP slips under "4K", or where a file or a
 * pool page outlives its mapping. On the real host; a backing that the host lacks is skipped by name.
 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "pool_root.h"
#include "units.h"
#include "vmm/host/pool/pool.h"
#include "vmm/host/facts.h"
#include "vmm/core/memory/backing.h"

static unsigned int entries(const char *path)
{
	unsigned int n = 0;
	DIR *dir = opendir(path);

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

/* Resolve, map with 2M or larger alignment, populate, observe, write both ends, unmap. */
static void whole_life(const struct machine_spec *r, uint64_t bytes, uint64_t align)
{
	struct backing_spec spec;
	struct prealloc_stats stats;
	struct observed_memory seen;
	struct backing b;
	struct error e = { 0 };
	unsigned char vec;
	void *hva;

	assert_int_equal(backing_resolve(r, &spec, &e), 0);
	spec.bytes = bytes;
	spec.align_bytes = align;
	if (backing_map(&spec, &b, &e) != 0)
		fail_msg("%s: %s (%s)", e.where, e.what, e.hint);
	hva = b.hva;
	assert_true(is_aligned((uint64_t)(uintptr_t)hva, align));
	assert_int_equal(observe_backing("", &b, &seen, &e), 0);
	assert_int_equal(seen.rss_bytes, 0);
	assert_int_equal(seen.page_bytes, 0);
	if (prealloc_run(&b, 2, NULL, &stats, &e) != 0)
		fail_msg("%s: %s (%s)", e.where, e.what, e.hint);
	assert_int_equal(observe_backing("", &b, &seen, &e), 0);
	assert_int_equal(seen.rss_bytes, bytes);
	assert_int_equal(seen.page_bytes, spec.page_bytes);
	assert_int_equal(seen.sealed, spec.kind == BACKING_MEMFD);
	if (spec.kind == BACKING_MEMFD) {
		assert_int_equal(ftruncate(b.fd, 0), -1);
		assert_int_equal(errno, EPERM);
		assert_int_equal(ftruncate(b.fd, (off_t)bytes * 2), -1);
		assert_int_equal(fcntl(b.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	}
	*(volatile char *)backing_at(&b, 0, 1) = 1;
	*(volatile char *)backing_at(&b, bytes - 1, 1) = 1;
	/* The guards are ours: what backing_unmap gives back on either side must not be a neighbour's page. */
	assert_int_equal(mincore((char *)hva - PAGE_4K, PAGE_4K, &vec), 0);
	assert_int_equal(mincore((char *)hva + bytes, PAGE_4K, &vec), 0);
	backing_unmap(&b);
	assert_null(b.hva);
	backing_unmap(&b);
	assert_int_equal(mincore(hva, 4096, &vec), -1);
	assert_int_equal(errno, ENOMEM);
}

TEST(anon_and_memfd_4k)
{
	const enum backing_kind kinds[] = { BACKING_ANON, BACKING_MEMFD };

	LOOP (size_t, i, 0, i < 2, i++) {
		LOOP (int, share, CHOICE_DEFAULT, share <= CHOICE_OFF, share++) {
			struct machine_spec r = { .backing = kinds[i], .share = (enum choice)share };

			whole_life(&r, 8 * MIB, PAGE_2M);
		}
	}
}

TEST(thp)
{
	struct machine_spec r = { .backing = BACKING_THP };
	char policy[16];

	thp_policy("", false, policy, sizeof(policy));
	if (!thp_policy_allows_madvise(policy) || strcmp(policy, "unknown") == 0) {
		print_message("SKIP thp: this host's policy is %s\n", policy);
		skip();
	}
	whole_life(&r, 16 * MIB, PAGE_2M);
}

TEST(tmpfs_directory_and_name)
{
	struct machine_spec r = { .backing = BACKING_FILE, .mem_path = "/dev/shm" };
	unsigned int before;
	struct statfs fs;

	if (statfs("/dev/shm", &fs) != 0 || access("/dev/shm", W_OK) != 0 || fs.f_bavail < 4096) {
		print_message("SKIP tmpfs: no writable /dev/shm with 16 MiB\n");
		skip();
	}
	before = entries("/dev/shm");
	whole_life(&r, 8 * MIB, PAGE_2M);
	r.mem_path = "/dev/shm/minivmm-test-backing";
	whole_life(&r, 8 * MIB, PAGE_2M);
	assert_int_equal(entries("/dev/shm"), before);
}

TEST(hugetlb_gives_all_pages_back)
{
	const enum backing_kind kinds[] = { BACKING_HUGETLB, BACKING_MEMFD };
	struct pool_counts before, after;

	pools_take_turns();
	if (pool_read("", PAGE_2M, &before) != 0 || before.free - before.reserved < 8) {
		print_message("SKIP hugetlb: fewer than 8 free pages of 2M in the pool\n");
		skip();
	}
	LOOP (size_t, i, 0, i < 2, i++) {
		struct machine_spec r = { .backing = kinds[i], .page_bytes = PAGE_2M };

		whole_life(&r, 16 * MIB, PAGE_2M);
	}
	assert_int_equal(pool_read("", PAGE_2M, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
}

TEST(far_above_4_gib_lazily)
{
	struct backing_spec spec = { .kind = BACKING_ANON,
				     .page_bytes = PAGE_4K,
				     .bytes = 12 * GIB,
				     .align_bytes = GIB,
				     .reserve = true };
	struct backing b;
	struct error e = { 0 };
	int ret = backing_map(&spec, &b, &e);

	if (ret == -ENOMEM) {
		print_message("SKIP 12 GiB: %s\n", e.what);
		skip();
	}
	assert_int_equal(ret, 0);
	assert_true(is_aligned((uint64_t)(uintptr_t)b.hva, GIB));
	*(volatile char *)backing_at(&b, 12 * GIB - 1, 1) = 1;
	backing_unmap(&b);
}

TEST(bounds)
{
	struct backing_spec spec = { .kind = BACKING_ANON, .page_bytes = PAGE_4K, .bytes = 2 * MIB };
	struct backing b, none = { 0 };
	struct error e = { 0 };

	assert_int_equal(backing_map(&spec, &b, &e), 0);
	assert_ptr_equal(backing_at(&b, 0, 2 * MIB), b.hva);
	assert_ptr_equal(backing_at(&b, 2 * MIB - 1, 1), (char *)b.hva + 2 * MIB - 1);
	assert_null(backing_at(&b, 2 * MIB, 1));
	assert_null(backing_at(&b, 1, 2 * MIB));
	assert_null(backing_at(&b, UINT64_MAX, 2));
	assert_null(backing_at(&b, 2, UINT64_MAX));
	backing_unmap(&b);
	assert_null(backing_at(&b, 0, 1));
	assert_null(backing_at(&none, 0, 0));
}

/* fd 0 in a zeroed struct is not ours to close. */
static int resolve(enum populate populate, uint32_t pins, struct backing_spec *spec, struct error *e)
{
	const struct machine_spec r = { .backing = BACKING_ANON, .populate = populate, .pin_count = pins };

	*e = (struct error){ .status = STATUS_OK };
	return backing_resolve(&r, spec, e);
}

/* Near is one node, and one of all; far is another, and where there is none this host cannot. Without a pin neither is known. */
TEST(nodes_that_populate)
{
	struct backing_spec all, near, far;
	struct error e;

	if (resolve(POPULATE_NODES, 0, &all, &e) != 0) {
		assert_int_equal(e.status, STATUS_CANNOT);
		skip();
	}
	assert_true(all.prealloc_nodes != 0);
	assert_int_not_equal(resolve(POPULATE_NEAR, 0, &near, &e), 0);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.hint, "--pin 0");
	assert_int_equal(resolve(POPULATE_NEAR, 1, &near, &e), 0);
	assert_int_equal(__builtin_popcountll(near.prealloc_nodes), 1);
	assert_true((near.prealloc_nodes & all.prealloc_nodes) != 0);
	if (resolve(POPULATE_FAR, 1, &far, &e) == 0) {
		assert_int_equal(far.prealloc_nodes & ~all.prealloc_nodes, 0);
		assert_int_equal(far.prealloc_nodes & near.prealloc_nodes, 0);
	} else {
		assert_int_equal(e.status, STATUS_CANNOT);
		assert_int_equal(near.prealloc_nodes, all.prealloc_nodes);
	}
	assert_int_equal(resolve(POPULATE_PREALLOC, 0, &near, &e), 0);
	assert_int_equal(near.prealloc_nodes, 0);
}

TEST(unmapping_nothing_closes_nothing)
{
	struct backing none = { 0 };
	struct stat before, after;
	int had = fstat(0, &before);

	backing_unmap(&none);
	assert_int_equal(fstat(0, &after), had);
}
