/*
 * Property: what is called the page size of a mapping is what the kernel maps it with, all of it, and "0" rather
 * than a guess where that is mixed. It could break because hugetlb pages are not in Rss, because THP is not in
 * KernelPageSize, because madvise and mbind split one mapping into several VMAs, and because fields come and go.
 */
#include "test.h"

#include <errno.h>
#include <inttypes.h>

#include "units.h"
#include "vmm/core/memory/backing.h"

#define START UINT64_C(0x7f0000000000)
#define END UINT64_C(0x7f0040000000)
#define HEAD(range) range " rw-p 00000000 00:00 0 \n"

static struct observed_memory smaps(const char *text, int expected)
{
	struct observed_memory o;

	memset(&o, 0xff, sizeof(o));
	assert_int_equal(observe_parse_smaps(text, START, END, &o), expected);
	return o;
}

TEST(plain_4k)
{
	struct observed_memory o = smaps(
		HEAD("7efffffff000-7f0000000000") "KernelPageSize: 4 kB\nRss: 999 kB\n" HEAD(
			"7f0000000000-7f0040000000") "Size: 1048576 kB\nKernelPageSize:        4 "
						     "kB\nMMUPageSize: 4 kB\n"
						     "Rss:                 512 kB\nAnonHugePages:         0 "
						     "kB\n"
						     "VmFlags: rd wr mr mw me nr nh\n" HEAD(
							     "7f0040000000-7f0050000000") "Rss: 77 kB\n",
		0);

	assert_int_equal(o.kernel_page_bytes, PAGE_4K);
	assert_int_equal(o.rss_bytes, 512 * KIB);
	assert_int_equal(o.huge_bytes, 0);
	assert_int_equal(o.page_bytes, PAGE_4K);
}

TEST(thp_only_where_all_of_it_is)
{
	struct observed_memory o = smaps(HEAD("7f0000000000-7f0040000000") "KernelPageSize: 4 kB\nRss: 4096 "
									   "kB\nAnonHugePages: 4096 kB\n",
					 0);

	assert_int_equal(o.page_bytes, PAGE_2M);
	assert_int_equal(o.huge_bytes, 4 * MIB);
	o = smaps(HEAD("7f0000000000-7f0040000000") "KernelPageSize: 4 kB\nRss: 4100 kB\nAnonHugePages: 4096 "
						    "kB\n",
		  0);
	assert_int_equal(o.page_bytes, 0);
	o = smaps(HEAD("7f0000000000-7f0040000000") "KernelPageSize: 4 kB\nRss: 2048 kB\nShmemPmdMapped: "
						    "2048 kB\n",
		  0);
	assert_int_equal(o.page_bytes, PAGE_2M);
}

TEST(hugetlb_of_split_vmas)
{
	struct observed_memory o = smaps(
		HEAD("7f0000000000-7f0020000000") "KernelPageSize: 2048 kB\nRss: 0 kB\nShared_Hugetlb: 4096 "
						  "kB\n" HEAD(
							  "7f0020000000-7f0040000000") "KernelPageSize: 2048 "
										       "kB\nRss: 0 "
										       "kB\nPrivate_Hugetlb: "
										       "2048 kB\n",
		0);

	assert_int_equal(o.kernel_page_bytes, PAGE_2M);
	assert_int_equal(o.rss_bytes, 6 * MIB);
	assert_int_equal(o.huge_bytes, 6 * MIB);
	assert_int_equal(o.page_bytes, PAGE_2M);
}

TEST(mixed_or_empty_is_nothing)
{
	struct observed_memory o = smaps(
		HEAD("7f0000000000-7f0020000000") "KernelPageSize: 2048 kB\nRss: 0 kB\nShared_Hugetlb: 4096 "
						  "kB\n" HEAD(
							  "7f0020000000-7f0040000000") "KernelPageSize: 4 "
										       "kB\nRss: 4 kB\n",
		0);

	assert_int_equal(o.kernel_page_bytes, 0);
	assert_int_equal(o.page_bytes, 0);
	o = smaps(HEAD("7f0000000000-7f0040000000") "KernelPageSize: 2048 kB\nRss: 0 kB\n", 0);
	assert_int_equal(o.kernel_page_bytes, PAGE_2M);
	assert_int_equal(o.page_bytes, 0);
	/* A VMA that reaches past ours is not ours to judge. */
	o = smaps(HEAD("7f0000000000-7f0050000000") "KernelPageSize: 4 kB\nRss: 4 kB\n", 0);
	assert_int_equal(o.rss_bytes, 0);
	assert_int_equal(o.page_bytes, 0);
}

TEST(junk_is_refused)
{
	(void)smaps("", -EINVAL);
	(void)smaps("Rss: 4 kB\n", -EINVAL);
	(void)smaps("\n", -EINVAL);
	(void)smaps("7f0000000000-", -EINVAL);
	(void)smaps("fffffffffffffffffff-1 rw-p\n", -EINVAL);
}

TEST(odd_fields_are_ignored)
{
	struct observed_memory o =
		smaps(HEAD("7f0000000000-7f0040000000") "Rss: 18446744073709551615 kB\nRss: -4 kB\nRss: 4 "
							"MB\nRss:\n"
							"RssX: 4 kB\nKernelPageSize: 4 kB\nRss: 8 kB",
		      0);

	assert_int_equal(o.rss_bytes, 8 * KIB);
	assert_int_equal(o.page_bytes, PAGE_4K);
}

TEST(numa_maps)
{
	struct observed_memory o;
	const char *text = "7efffffff000 default anon=1 dirty=1 N0=1 kernelpagesize_kB=4\n"
			   "7f0000000000 bind:0-1 file=/dev/hugepages/N1=9 huge anon=5 dirty=5 N0=3 N1=2 "
			   "kernelpagesize_kB=2048\n"
			   "7f0020000000 default anon=1 N1=40\n"
			   "7f0020001000 default N64=1 N1=junk N2=18446744073709551616 N3=7";

	memset(&o, 0xff, sizeof(o));
	assert_int_equal(observe_parse_numa_maps(text, START, END, &o), 0);
	assert_int_equal(o.node_pages[0], 3);
	assert_int_equal(o.node_pages[1], 42);
	assert_int_equal(o.node_pages[2], 0);
	assert_int_equal(o.node_pages[3], 7);
	assert_int_equal(observe_parse_numa_maps("not numa_maps", START, END, &o), -EINVAL);
	assert_int_equal(observe_parse_numa_maps("", START, END, &o), 0);
	assert_int_equal(o.node_pages[0], 0);
}

/* 60,000 VMAs: quick, and summed to the last one. */
TEST(huge_text)
{
	const size_t vmas = 60000, each = 128;
	char *text = malloc(vmas * each);
	struct observed_memory o;
	size_t used = 0;

	assert_non_null(text);
	for (size_t i = 0; i < vmas; i++)
		used += (size_t)snprintf(text + used, vmas * each - used,
					 "%" PRIx64 "-%" PRIx64
					 " rw-p 0 00:00 0\nKernelPageSize: 4 kB\nRss: 4 kB\n",
					 START + i * PAGE_4K, START + (i + 1) * PAGE_4K);
	o = smaps(text, 0);
	assert_int_equal(o.rss_bytes, vmas * PAGE_4K);
	free(text);
}

TEST(own_mapping_without_proc)
{
	struct backing b = { .hva = (void *)(uintptr_t)START, .spec = { .bytes = END - START } };
	struct observed_memory o;
	struct error e = { 0 };

	assert_int_equal(observe_backing(TESTS_DIR "/no-such-root", &b, &o, &e), -ENOENT);
	assert_string_equal(e.where, "/proc/self/smaps");
	b.hva = NULL;
	memset(&e, 0, sizeof(e));
	assert_int_equal(observe_backing("", &b, &o, &e), -EINVAL);
}
