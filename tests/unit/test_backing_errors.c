/*
 * Property: every request that cannot be met is refused with the right status, a sentence that names the cause and
 * a cure, and leaves nothing mapped and nothing open. It could break on any of the calls in the middle of the way,
 * so each is made to fail in turn.
 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/mount.h"

/* One call to break: the countdown-th (1: the next) fails with err. */
static struct {
	int mmap_at, madvise_at, mbind_at, memfd_at, tmpfile_at, ftruncate_at, err;
} broken;

void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __real_madvise(void *addr, size_t len, int advice);
long __real_mbind(void *addr, unsigned long len, int mode, const unsigned long *mask, unsigned long max,
		  unsigned int flags);
int __real_memfd_create(const char *name, unsigned int flags);
int __real_open(const char *path, int flags, ...);
int __real_ftruncate(int fd, off_t length);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);
int __wrap_madvise(void *addr, size_t len, int advice);
long __wrap_mbind(void *addr, unsigned long len, int mode, const unsigned long *mask, unsigned long max,
		  unsigned int flags);
int __wrap_memfd_create(const char *name, unsigned int flags);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ftruncate(int fd, off_t length);

static bool breaks(int *at)
{
	if (*at == 0 || --*at != 0)
		return false;
	errno = broken.err;
	return true;
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return breaks(&broken.mmap_at) ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, offset);
}

int __wrap_madvise(void *addr, size_t len, int advice)
{
	return breaks(&broken.madvise_at) ? -1 : __real_madvise(addr, len, advice);
}

long __wrap_mbind(void *addr, unsigned long len, int mode, const unsigned long *mask, unsigned long max,
		  unsigned int flags)
{
	return breaks(&broken.mbind_at) ? -1 : __real_mbind(addr, len, mode, mask, max, flags);
}

int __wrap_memfd_create(const char *name, unsigned int flags)
{
	return breaks(&broken.memfd_at) ? -1 : __real_memfd_create(name, flags);
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	if ((flags & O_TMPFILE) == O_TMPFILE && breaks(&broken.tmpfile_at))
		return -1;
	if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
		va_start(args, flags);
		mode = (mode_t)va_arg(args, int);
		va_end(args);
	}
	return __real_open(path, flags, mode);
}

int __wrap_ftruncate(int fd, off_t length)
{
	return breaks(&broken.ftruncate_at) ? -1 : __real_ftruncate(fd, length);
}

static unsigned int count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned int n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	(void)fclose(f);
	return n;
}

static unsigned int open_files(void)
{
	unsigned int n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n;
}

/* Map, expect -err with `where`, and that the process is as before. */
static void refused(const struct backing_spec *spec, int err, const char *where)
{
	unsigned int files = open_files();
	struct backing b;
	struct error e = { 0 };
	struct mount_room *room = calloc(1, sizeof(*room));
	unsigned int maps;

	/* stdio and the sanitizers take memory of their own: look once before counting. */
	(void)count_lines("/proc/self/maps");
	if (room != NULL)
		(void)mount_read("/", room);
	free(room);
	maps = count_lines("/proc/self/maps");
	assert_int_equal(backing_map(spec, &b, &e), -err);
	assert_int_equal(e.err, err);
	assert_string_equal(e.where, where);
	assert_true(e.what[0] != '\0');
	assert_null(b.hva);
	assert_int_equal(b.fd, -1);
	assert_int_equal(open_files(), files);
	assert_in_range(count_lines("/proc/self/maps"), 0, maps);
	memset(&broken, 0, sizeof(broken));
}

TEST(calls_in_the_middle)
{
	struct backing_spec spec = { .kind = BACKING_MEMFD,
				     .page_bytes = PAGE_4K,
				     .bytes = 4 * MIB,
				     .align_bytes = PAGE_2M,
				     .share = true,
				     .reserve = true };

	broken.err = ENOMEM;
	broken.mmap_at = 1;
	refused(&spec, ENOMEM, "mmap");
	broken.err = ENOMEM;
	broken.mmap_at = 2;
	refused(&spec, ENOMEM, "mmap");
	broken.err = EMFILE;
	broken.memfd_at = 1;
	refused(&spec, EMFILE, "memfd_create");
	broken.err = EFBIG;
	broken.ftruncate_at = 1;
	refused(&spec, EFBIG, "ftruncate");
	LOOP (int, advice, 1, advice <= 3, advice++) {
		static const char *const names[] = { "MADV_NOHUGEPAGE", "MADV_UNMERGEABLE", "MADV_DONTFORK" };

		broken.err = EPERM;
		broken.madvise_at = advice;
		refused(&spec, EPERM, names[advice - 1]);
	}
	spec.host_nodes = 1;
	spec.policy = NUMA_POLICY_BIND;
	broken.err = EIO;
	broken.mbind_at = 1;
	refused(&spec, EIO, "mbind");
}

TEST(thp_advice_is_not_optional)
{
	struct backing_spec spec = { .kind = BACKING_THP, .page_bytes = PAGE_2M, .bytes = 4 * MIB };

	if (access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0) {
		print_message("SKIP thp advice: this kernel has no THP\n");
		skip();
	}
	broken.err = EINVAL;
	broken.madvise_at = 1;
	{
		struct backing b;
		struct error e = { 0 };

		assert_int_equal(backing_map(&spec, &b, &e), -EINVAL);
		memset(&broken, 0, sizeof(broken));
	}
}

TEST(older_hugetlbfs_without_tmpfile)
{
	struct backing_spec spec = {
		.kind = BACKING_FILE, .page_bytes = PAGE_4K, .bytes = MIB, .path = "/dev/shm", .share = true
	};
	struct backing b;
	struct stat st;
	struct error e = { 0 };

	if (access("/dev/shm", W_OK) != 0) {
		print_message("SKIP unlinked file: no writable /dev/shm\n");
		skip();
	}
	broken.err = EOPNOTSUPP;
	broken.tmpfile_at = 1;
	assert_int_equal(backing_map(&spec, &b, &e), 0);
	assert_int_equal(broken.tmpfile_at, 0);
	assert_int_equal(fstat(b.fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	backing_unmap(&b);
	broken.err = EACCES;
	broken.tmpfile_at = 1;
	refused(&spec, EACCES, "/dev/shm");
}

TEST(impossible_specs)
{
	static const struct backing_spec specs[] = {
		{ .kind = BACKING_ANON, .page_bytes = PAGE_4K, .bytes = 0 },
		{ .kind = BACKING_ANON, .page_bytes = PAGE_2M, .bytes = PAGE_2M },
		{ .kind = BACKING_ANON, .page_bytes = PAGE_4K, .bytes = PAGE_4K + 1 },
		{ .kind = BACKING_ANON, .page_bytes = PAGE_4K, .bytes = PAGE_4K, .align_bytes = 3 * PAGE_4K },
		{ .kind = BACKING_HUGETLB, .page_bytes = 0, .bytes = PAGE_2M },
		{ .kind = (enum backing_kind)99, .page_bytes = PAGE_4K, .bytes = PAGE_4K },
	};
	struct backing_spec big = { .kind = BACKING_ANON,
				    .page_bytes = PAGE_4K,
				    .bytes = UINT64_MAX - PAGE_4K + 1,
				    .align_bytes = GIB };

	EACH (i, specs)
		refused(&specs[i], EINVAL, "backing_map");
	refused(&big, ENOMEM, "--memory");
	big.bytes = 1024 * TIB;
	refused(&big, ENOMEM, "--memory");
}

TEST(requests)
{
	static const struct {
		struct machine_spec r;
		enum status status;
		int err;
		const char *says, *cure;
	} cases[] = {
		{ { .backing = BACKING_ANON, .page_bytes = PAGE_2M },
		  STATUS_USAGE,
		  EINVAL,
		  "anon has no pages",
		  "" },
		{ { .backing = BACKING_THP, .page_bytes = PAGE_4K },
		  STATUS_USAGE,
		  EINVAL,
		  "thp has no pages",
		  "" },
		{ { .backing = BACKING_FILE, .mem_path = NULL }, STATUS_USAGE, EINVAL, "needs a path", "" },
		{ { .backing = BACKING_FILE, .mem_path = "" }, STATUS_FAILED, ENOENT, "empty", "" },
		{ { .backing = BACKING_FILE, .mem_path = "/no/such" },
		  STATUS_FAILED,
		  ENOENT,
		  "/no/such",
		  "mount -t hugetlbfs" },
		{ { .backing = BACKING_FILE, .mem_path = "/proc" },
		  STATUS_FAILED,
		  EINVAL,
		  "neither on hugetlbfs nor on tmpfs",
		  "mount -t hugetlbfs" },
		{ { .backing = BACKING_FILE, .mem_path = "/proc/version" },
		  STATUS_FAILED,
		  EEXIST,
		  "exists already",
		  "directory" },
		{ { .backing = BACKING_FILE, .mem_path = "/proc/version/x" },
		  STATUS_FAILED,
		  ENOTDIR,
		  "Not a directory",
		  "" },
		{ { .backing = BACKING_ANON, .policy = NUMA_POLICY_BIND },
		  STATUS_USAGE,
		  EINVAL,
		  "needs nodes",
		  "" },
		{ { .backing = (enum backing_kind)77 }, STATUS_USAGE, EINVAL, "no such backing", "" },
	};

	EACH (i, cases) {
		struct backing_spec spec;
		struct error e = { 0 };

		assert_int_equal(backing_resolve(&cases[i].r, &spec, &e), -cases[i].err);
		assert_int_equal(e.status, cases[i].status);
		assert_non_null(strstr(e.what, cases[i].says));
		assert_non_null(strstr(e.hint, cases[i].cure));
	}
}

TEST(page_size_against_the_mount)
{
	const struct machine_spec r = { .backing = BACKING_FILE,
					.mem_path = "/dev/shm",
					.page_bytes = PAGE_1G };
	const struct machine_spec node = { .backing = BACKING_ANON, .host_nodes = UINT64_C(1) << 63 };
	struct backing_spec spec;
	struct error e = { 0 };
	int ret;

	ret = backing_resolve(&r, &spec, &e);
	if (ret == 0 || e.status != STATUS_USAGE) {
		print_message("SKIP page size against the mount: /dev/shm is no tmpfs\n");
		skip();
	}
	assert_non_null(strstr(e.what, "contradicts"));
	assert_non_null(strstr(e.hint, "pagesize=1G"));
	memset(&e, 0, sizeof(e));
	assert_true(backing_resolve(&node, &spec, &e) < 0);
	assert_true(e.status == STATUS_USAGE || e.status == STATUS_CANNOT);
	if (e.status == STATUS_USAGE)
		assert_non_null(strstr(e.what, "63"));
}
