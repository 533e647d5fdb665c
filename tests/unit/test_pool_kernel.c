/*
 * Property: the account of a mapping says to a page what the real kernel grants, and so neither refuses what would work nor
 * promises what fails. It could break wherever the kernel counts otherwise than the files of a pool show: pages that a mount
 * keeps for its own files, reservations of others, size= of a mount, pages made on demand, limits of control
 * groups, memory policies. Each situation is made for real; root and a pool of 2M pages are needed.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mman.h>
#include <numaif.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool_root.h"
#include "units.h"
#include "vmm/core/memory/backing.h"
#include "vmm/host/mount.h"
#include "vmm/host/pool/pool.h"
#include "vmm/util/text.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"
#define UNIFIED "/sys/fs/cgroup/unified"
#define CONTROL "/cgroup.subtree_control"
#define OWN_PAGES 24
/* More than that is not touched: it would be other people's. */
#define TOUCHED_PAGES 256
#define TRIES 50

struct situation {
	const char *name;
	enum backing_kind kind;
	bool share, unreserved;
	uint64_t nodes;               /* --host-nodes, bind */
	const char *mount;            /* options of the file's hugetlbfs; NULL: no mount at all */
	uint64_t others_file_pages;   /* that another file on that mount has */
	uint64_t others_mapped_pages; /* reserved by another mapping, in no mount */
	uint64_t overcommit;          /* so many more than there is surplus */
	unsigned long inherited;      /* the task is bound to these nodes */
	const char *limit;            /* file of a control group, set to limit_pages */
	uint64_t limit_pages;
	bool at_most; /* the kernel does not tell enough: it may grant less */
	/* One more is not tried: Linux 6.1 counts a promise too few then, for good. */
	bool no_more;
};

static const struct situation situations[] = {
	{ .name = "nothing special", .kind = BACKING_HUGETLB },
	{ .name = "shared", .kind = BACKING_HUGETLB, .share = true },
	{ .name = "memfd", .kind = BACKING_MEMFD, .share = true },
	{ .name = "private memfd", .kind = BACKING_MEMFD },
	{ .name = "others have reserved", .kind = BACKING_HUGETLB, .others_mapped_pages = 9 },
	{ .name = "without reservation, others have",
	  .kind = BACKING_HUGETLB,
	  .others_mapped_pages = 9,
	  .unreserved = true },
	{ .name = "file", .kind = BACKING_FILE, .share = true, .mount = "pagesize=2M" },
	{ .name = "size=", .kind = BACKING_FILE, .share = true, .mount = "pagesize=2M,size=20M" },
	{ .name = "size=, private", .kind = BACKING_FILE, .mount = "pagesize=2M,size=20M" },
	{ .name = "size=, not reserved",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,size=20M",
	  .unreserved = true },
	{ .name = "size=, another's file",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,size=20M",
	  .others_file_pages = 4 },
	{ .name = "min_size=", .kind = BACKING_FILE, .share = true, .mount = "pagesize=2M,min_size=20M" },
	{ .name = "min_size=, private", .kind = BACKING_FILE, .mount = "pagesize=2M,min_size=20M" },
	{ .name = "min_size=, not reserved",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,min_size=20M",
	  .no_more = true,
	  .unreserved = true },
	{ .name = "min_size=, bound",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,min_size=20M",
	  .nodes = 1 },
	{ .name = "min_size= of another's mount",
	  .kind = BACKING_HUGETLB,
	  .mount = "pagesize=2M,min_size=20M" },
	{ .name = "min_size= and size=",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,min_size=10M,size=30M" },
	{ .name = "min_size= and size=, another's file",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,min_size=20M,size=40M",
	  .others_file_pages = 4 },
	{ .name = "min_size=, another's file",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,min_size=20M",
	  .others_file_pages = 4,
	  .at_most = true },
	{ .name = "overcommit", .kind = BACKING_HUGETLB, .overcommit = 5 },
	{ .name = "overcommit, others have reserved",
	  .kind = BACKING_HUGETLB,
	  .overcommit = 5,
	  .others_mapped_pages = 9 },
	{ .name = "overcommit, bound", .kind = BACKING_HUGETLB, .overcommit = 5, .nodes = 1 },
	{ .name = "overcommit, min_size=",
	  .kind = BACKING_FILE,
	  .share = true,
	  .mount = "pagesize=2M,min_size=20M",
	  .overcommit = 5 },
	{ .name = "overcommit, not reserved", .kind = BACKING_HUGETLB, .overcommit = 5, .unreserved = true },
	{ .name = "bound", .kind = BACKING_HUGETLB, .nodes = 1 },
	{ .name = "bound to node 1", .kind = BACKING_HUGETLB, .nodes = 2 },
	{ .name = "bound to node 1, others have reserved",
	  .kind = BACKING_HUGETLB,
	  .nodes = 2,
	  .others_mapped_pages = 9 },
	{ .name = "bound to node 1, not reserved",
	  .kind = BACKING_MEMFD,
	  .share = true,
	  .nodes = 2,
	  .unreserved = true },
	{ .name = "bound to both", .kind = BACKING_HUGETLB, .nodes = 3 },
	{ .name = "overcommit, bound to node 1", .kind = BACKING_HUGETLB, .nodes = 2, .overcommit = 5 },
	{ .name = "inherited policy", .kind = BACKING_HUGETLB, .inherited = 1 },
	{ .name = "inherited policy of node 1", .kind = BACKING_HUGETLB, .inherited = 2 },
	{ .name = "inherited policy of node 1, bound to node 0",
	  .kind = BACKING_HUGETLB,
	  .inherited = 2,
	  .nodes = 1 },
	{ .name = "limit of use", .kind = BACKING_HUGETLB, .limit = "hugetlb.2MB.max", .limit_pages = 7 },
	{ .name = "limit of use, not reserved",
	  .kind = BACKING_HUGETLB,
	  .limit = "hugetlb.2MB.max",
	  .limit_pages = 7,
	  .unreserved = true },
	{ .name = "limit of promises",
	  .kind = BACKING_HUGETLB,
	  .limit = "hugetlb.2MB.rsvd.max",
	  .limit_pages = 7 },
	{ .name = "limit of promises, not reserved",
	  .kind = BACKING_MEMFD,
	  .share = true,
	  .limit = "hugetlb.2MB.rsvd.max",
	  .limit_pages = 7,
	  .unreserved = true },
};

static void get_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

static uint64_t get(const char *path)
{
	char text[32];

	get_text(path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

static bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return done;
}

static bool put(const char *path, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return put_text(path, text);
}

static char dir[] = "/tmp/minivmm-pool-XXXXXX";
static const char *group = UNIFIED "/minivmm-pool-test";
static bool has_pool, has_groups, had_hugetlb;

static int setup(void **state)
{
	char controllers[256];
	uint64_t before;

	(void)state;
	pools_take_turns();
	before = get(POOL "nr_hugepages");
	get_text(UNIFIED CONTROL, controllers, sizeof(controllers));
	had_hugetlb = list_has_word(controllers, " \n", "hugetlb");
	/* Its mounts are nobody else's. */
	has_pool = geteuid() == 0 && mkdtemp(dir) != NULL && unshare(CLONE_NEWNS) == 0 &&
		   mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		   put(POOL "nr_hugepages", before + OWN_PAGES) &&
		   get(POOL "nr_hugepages") >= before + OWN_PAGES;
	has_groups = has_pool && put_text(UNIFIED CONTROL, "+hugetlb") &&
		     (mkdir(group, 0700) == 0 || errno == EEXIST);
	return 0;
}

/* What a situation has taken, to be given back, also where an assertion ends the test in the middle of it. */
static struct taken {
	const struct situation *by; /* NULL: nothing */
	bool mounted, in_group;
	int others_fd;
	void *others;
	uint64_t overcommit;
} taken;

static void give_back(void);

static int teardown(void **state)
{
	(void)state;
	give_back();
	(void)rmdir(dir);
	(void)rmdir(group);
	if (has_groups && !had_hugetlb)
		(void)put_text(UNIFIED CONTROL, "-hugetlb");
	if (has_pool)
		(void)put(POOL "nr_hugepages", get(POOL "nr_hugepages") - OWN_PAGES);
	return 0;
}

TEST_GROUP(setup, teardown)

static bool enter_group(const struct situation *s, bool enter)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", group, s->limit);
	if (enter && !put(path, s->limit_pages * PAGE_2M))
		return false;
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", enter ? group : UNIFIED);
	return put(path, 0);
}

static bool make(const struct situation *s)
{
	struct taken *t = &taken;
	char path[64];

	*t = (struct taken){ .by = s,
			     .others_fd = -1,
			     .others = MAP_FAILED,
			     .overcommit = get(POOL "nr_overcommit_hugepages") };
	if (s->overcommit != 0 &&
	    !put(POOL "nr_overcommit_hugepages", get(POOL "surplus_hugepages") + s->overcommit))
		return false;
	if (s->mount != NULL && mount("none", dir, "hugetlbfs", 0, s->mount) != 0)
		return false;
	t->mounted = s->mount != NULL;
	if (s->others_file_pages != 0) {
		(void)snprintf(path, sizeof(path), "%s/others", dir);
		t->others_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (t->others_fd < 0 ||
		    fallocate(t->others_fd, 0, 0, (off_t)(s->others_file_pages * PAGE_2M)) != 0)
			return false;
	}
	if (s->others_mapped_pages != 0) {
		t->others = mmap(NULL, s->others_mapped_pages * PAGE_2M, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);
		if (t->others == MAP_FAILED)
			return false;
	}
	t->in_group = s->limit != NULL && enter_group(s, true);
	if (s->limit != NULL && !t->in_group)
		return false;
	return s->inherited == 0 || set_mempolicy(MPOL_BIND, &s->inherited, 65) == 0;
}

static void give_back(void)
{
	const struct situation *s = taken.by;

	if (s == NULL)
		return;
	taken.by = NULL;
	if (s->inherited != 0)
		(void)set_mempolicy(MPOL_DEFAULT, NULL, 0);
	if (taken.in_group)
		(void)enter_group(s, false);
	if (taken.others != MAP_FAILED)
		(void)munmap(taken.others, s->others_mapped_pages * PAGE_2M);
	if (taken.others_fd >= 0)
		(void)close(taken.others_fd);
	if (taken.mounted)
		(void)umount(dir);
	if (s->overcommit != 0)
		(void)put(POOL "nr_overcommit_hugepages", taken.overcommit);
}

static struct backing_spec spec_of(const struct situation *s, uint64_t pages)
{
	return (struct backing_spec){
		.kind = s->kind,
		.path = dir,
		.page_bytes = PAGE_2M,
		.bytes = pages * PAGE_2M,
		.share = s->share,
		.reserve = !s->unreserved,
		.host_nodes = s->nodes,
		.policy = s->nodes != 0 ? NUMA_POLICY_BIND : NUMA_POLICY_DEFAULT,
	};
}

/* The most pages that such a mapping gets, as we reckon. */
static uint64_t reckoned(const struct situation *s)
{
	static struct pool_report report;
	static struct mount_room room;
	const struct backing_spec spec = spec_of(s, 1);
	const struct pool_use use = backing_pool_use(&spec);
	struct pool_account account;
	uint64_t pages;

	pool_report_read("", &report);
	pool_account(&report, pool_report_size(&report, PAGE_2M), &use, &account);
	pages = min_u64(account.free + account.on_demand, account.limit);
	if (s->kind == BACKING_FILE && mount_read(dir, &room) == 0 && room.size_bytes != MOUNT_UNLIMITED)
		pages = min_u64(pages, room.free_bytes / PAGE_2M);
	return pages;
}

static bool granted(const struct situation *s, uint64_t pages, bool touch)
{
	const struct backing_spec spec = spec_of(s, pages);
	struct error e = { 0 };
	struct backing b;
	bool all;

	if (backing_map(&spec, &b, &e) != 0)
		return false;
	all = !touch || populate_range(b.hva, spec.bytes) == 0;
	backing_unmap(&b);
	return all;
}

/* Everything that others could change under the test. */
static void counts(uint64_t values[4])
{
	static const char *const files[4] = { POOL "nr_hugepages", POOL "free_hugepages",
					      POOL "resv_hugepages", POOL "surplus_hugepages" };

	for (size_t i = 0; i < 4; i++)
		values[i] = get(files[i]);
}

/* False: others have changed the pools meanwhile. */
static bool try_once(const struct situation *s)
{
	uint64_t before[4], after[4], pages;
	bool touch, has, has_more;

	counts(before);
	pages = reckoned(s);
	/* What is used is limited where it is touched, and so are pages that were not reserved. */
	touch = pages <= TOUCHED_PAGES;
	if (!touch && s->unreserved) {
		print_message("# %s: %" PRIu64 " pages are free, too many to touch\n", s->name, pages);
		return true;
	}
	has = pages == 0 || granted(s, pages, touch);
	has_more = !s->no_more && granted(s, pages + 1, touch);
	counts(after);
	if (memcmp(before, after, sizeof(before)) != 0)
		return false;
	if ((!has && !s->at_most) || has_more)
		fail_msg("%s: %" PRIu64 " pages reckoned of %" PRIu64 " free, %" PRIu64
			 " reserved; the kernel %s",
			 s->name, pages, before[1], before[2],
			 has_more ? "grants one more" : "does not grant them");
	return true;
}

/* What this host has not, NULL: nothing. */
static const char *lack(const struct situation *s)
{
	struct usable_nodes nodes;

	limits_nodes("", &nodes);
	if (s->limit != NULL && !has_groups)
		return "no hugetlb controller at " UNIFIED;
	return ((s->nodes | s->inherited) & ~nodes.usable) != 0 ? "no such node" : NULL;
}

TEST(account_is_the_kernels)
{
	if (!has_pool) {
		print_message("# root and a pool of 2M pages that can grow are needed\n");
		skip();
	}
	EACH (i, situations) {
		const struct situation *s = &situations[i];
		const char *lacks = lack(s);
		bool made = lacks == NULL && make(s);
		int left = TRIES;

		while (made && !try_once(s) && --left > 0)
			(void)usleep(20000);
		give_back();
		if (left == 0)
			lacks = "others change the pools";
		if (!made || left == 0)
			print_message("# %s: %s\n", s->name, lacks != NULL ? lacks : strerror(errno));
	}
}
