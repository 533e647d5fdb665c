/*
 * Property: a page of guest RAM that the kernel takes out of use as faulty ends a run with that cause, the page's addresses and a
 * cure, whoever meets it: the guest, through KVM, or minivmm itself. It could break on real hardware alone, as signals that a
 * test makes up come when and where the test expects them. Poison stays until the host boots: only where POISON_THIS_HOST is set, by
 * root, with CONFIG_MEMORY_FAILURE.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "units.h"
#include "vmm/lab/measure/plan.h"
#include "vmm/lab/measure/run.h"

static struct {
	uint64_t gpa;      /* of the page that goes bad */
	bool by_ourselves; /* rather than by another process */
	int err;           /* of madvise: this kernel cannot */
	bool done;
} poison;

/* Another process that shares the memory: this one is not told, and meets the page later. */
static int poison_from_outside(const struct backing *b, uint64_t offset_bytes)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		unsigned char *page =
			mmap(NULL, PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, (off_t)offset_bytes);

		if (page == MAP_FAILED)
			_exit(errno);
		(void)*(volatile unsigned char *)page;
		_exit(madvise(page, PAGE_4K, MADV_HWPOISON) == 0 ? 0 : errno);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return ECHILD;
	/* The page that it has poisoned is its own as well. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static int at_doorbell(void *self, const struct machine_view *view, uint32_t vcpu, uint32_t number,
		       struct error *e)
{
	uint64_t offset = memmap_offset(&view->config->map, poison.gpa, PAGE_4K);
	unsigned char *page = backing_at(view->backing, offset, PAGE_4K);

	(void)self;
	(void)vcpu;
	(void)e;
	if (number != DOORBELL_BEGIN || poison.done || page == NULL)
		return 0;
	poison.done = true;
	if (!poison.by_ourselves) {
		poison.err = poison_from_outside(view->backing, offset);
	} else {
		*(volatile unsigned char *)page = 1;
		poison.err = madvise(page, PAGE_4K, MADV_HWPOISON) == 0 ? 0 : errno;
	}
	return 0;
}

/* A guest that touches 4 MiB, on that backing. */
static struct record *make_record(enum backing_kind backing)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct error e = { .status = STATUS_OK };
	struct run_spec *spec;

	assert_non_null(rec);
	record_init(rec);
	spec = &rec->spec;
	spec->machine.memory_bytes = 64 * MIB;
	spec->machine.backing = backing;
	spec->machine.vcpus = 1;
	spec->machine.guest_page_bytes = PAGE_4K;
	spec->machine.timeout_s = 60;
	spec->workloads_given = true;
	spec->work.workload_count = 1;
	spec->work.workloads[0] = WORKLOAD_touch;
	spec->work.set_count = 1;
	spec->work.sets_bytes[0] = 4 * MIB;
	spec->repeat = 2;
	if (plan_make(spec, PAGE_4K, &rec->config, &e) != 0)
		fail_msg("%s: %s", e.where, e.what);
	facts_read("", &rec->host);
	return rec;
}

/* Run with the page at `gpa`, or, where that is 0, one of the arena, going bad when the first phase begins. */
static void run(enum backing_kind backing, bool by_ourselves, uint64_t gpa)
{
	const struct machine_observer beside = { .doorbell = at_doorbell };
	struct record *rec = make_record(backing);
	struct error e = { .status = STATUS_OK };
	char place[64];
	int ret;

	poison.gpa = gpa != 0 ? gpa : rec->config.map.arena_gpa + 9 * PAGE_4K;
	poison.by_ourselves = by_ourselves;
	poison.done = false;
	ret = measure_guest(rec, &beside, NULL, &e);
	record_free(rec);
	free(rec);
	assert_true(poison.done);
	if (poison.err == EINVAL || poison.err == EPERM) {
		print_message(
			"SKIP poison: this kernel has no MADV_HWPOISON, or not for this user (errno %d)\n",
			poison.err);
		skip();
	}
	assert_int_equal(poison.err, 0);
	assert_int_equal(ret, -EHWPOISON);
	assert_int_equal(e.status, STATUS_FAILED);
	assert_string_equal(e.where, "guest RAM");
	assert_non_null(strstr(e.what, "faulty"));
	assert_int_not_equal(e.hint[0], '\0');
	(void)snprintf(place, sizeof(place), "GPA 0x%" PRIx64, poison.gpa);
	assert_non_null(strstr(e.what, place));
}

static void need_leave(void)
{
	if (getenv("POISON_THIS_HOST") == NULL || access("/dev/kvm", R_OK | W_OK) != 0) {
		print_message("SKIP poison: POISON_THIS_HOST is not set, or there is no /dev/kvm\n");
		skip();
	}
}

TEST(the_guest_meets_it)
{
	need_leave();
	run(BACKING_MEMFD, false, 0);
}

/* The block that holds results: the guest writes it, minivmm reads it. */
TEST(whoever_comes_first_meets_it)
{
	need_leave();
	run(BACKING_MEMFD, false, VCPU_BLOCKS_GPA);
}

TEST(the_kernel_tells_of_it_at_once)
{
	need_leave();
	run(BACKING_ANON, true, 0);
}
