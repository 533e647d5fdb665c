/*
 * Property: memory that is lost while it is used is a value that says where and why, on the thread that met it; a SIGBUS that
 * tells of no access is noted; any other still ends the process. It could break unseen: what raises one is no business of a
 * developer's machine, and a handler that returns too often hangs, where it should end.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "units.h"
#include "vmm/core/memory/sigbus.h"

#define BYTES (4 * MIB)

/* A backing on a file that may be truncated, as one of a mount is. */
static struct backing map_file(void)
{
	struct backing b = {
		.spec = { .kind = BACKING_FILE, .page_bytes = PAGE_4K, .bytes = BYTES, .share = true },
		.fd = memfd_create("file", MFD_CLOEXEC)
	};

	assert_true(b.fd >= 0 && ftruncate(b.fd, BYTES) == 0);
	b.hva = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, b.fd, 0);
	assert_ptr_not_equal(b.hva, MAP_FAILED);
	return b;
}

static void unmap_file(struct backing *b)
{
	(void)munmap(b->hva, BYTES);
	(void)close(b->fd);
}

/* As the kernel sends it (send_sig_mceerr), which a process may do to itself alone. */
static void send(int code, const void *hva)
{
	siginfo_t info = { .si_signo = SIGBUS, .si_code = code, .si_addr = (void *)(uintptr_t)hva };

	assert_int_equal(syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGBUS, &info), 0);
}

static void touch_all(void *argument)
{
	const struct backing *b = argument;

	LOOP (uint64_t, at, 0, at < BYTES, at += PAGE_4K)
		*((volatile char *)b->hva + at) = 1;
}

TEST(a_truncated_file_is_told_with_its_place)
{
	struct error e = { .status = STATUS_OK };
	struct backing b = map_file();
	struct lost_memory lost;
	uint64_t offset = 0;
	char text[64];

	assert_int_equal(sigbus_catch(&e), 0);
	assert_true(sigbus_guard(touch_all, &b, b.hva, BYTES, &lost));
	assert_int_equal(lost.code, 0);
	assert_false(loss_find(&b, &offset));
	assert_int_equal(ftruncate(b.fd, 3 * MIB), 0);
	/* Twice: the guard stands again. */
	LOOP (int, time, 0, time < 2, time++) {
		assert_false(sigbus_guard(touch_all, &b, b.hva, BYTES, &lost));
		assert_int_equal(lost.code, BUS_ADRERR);
		assert_int_equal(lost.hva, (uint64_t)(uintptr_t)b.hva + 3 * MIB);
	}
	assert_false(sigbus_noted(&lost) && lost.code != 0);
	assert_true(loss_find(&b, &offset));
	assert_int_equal(offset, 3 * MIB);
	lost = (struct lost_memory){ BUS_ADRERR, (uint64_t)(uintptr_t)b.hva + offset };
	assert_true(loss_explain(&b, &lost, 0xabc000, EFAULT, "there", &e) < 0);
	assert_int_equal(e.status, STATUS_FAILED);
	(void)snprintf(text, sizeof(text), "at GPA 0xabc000, HVA 0x%" PRIx64 " (SIGBUS, BUS_ADRERR)",
		       lost.hva);
	assert_non_null(strstr(e.what, text));
	assert_non_null(strstr(e.what, "3 of 4 MiB are left"));
	assert_non_null(strstr(e.hint, "--backing memfd"));
	unmap_file(&b);
}

TEST(a_hole_in_the_mapping_is_found)
{
	/* In the first piece that is looked at and behind it, at its ends, and one page long. */
	static const uint64_t holes[] = { 0, PAGE_4K, 17 * PAGE_4K, BYTES - PAGE_4K };

	EACH (i, holes) {
		struct error e = { .status = STATUS_OK };
		struct backing b = map_file();
		uint64_t offset = 0;

		assert_int_equal(munmap((char *)b.hva + holes[i], PAGE_4K), 0);
		assert_true(loss_find(&b, &offset));
		assert_int_equal(offset, holes[i]);
		assert_true(loss_explain(&b, NULL, UINT64_MAX, EFAULT, "there", &e) < 0);
		assert_non_null(strstr(e.what, "not mapped any more"));
		unmap_file(&b);
	}
}

/* KVM's SIGBUS comes to the thread that runs the guest, and no access of that thread was to blame. */
TEST(a_faulty_page_is_noted_once)
{
	struct error e = { .status = STATUS_OK };
	struct backing b = map_file();
	struct lost_memory lost;

	assert_int_equal(sigbus_catch(&e), 0);
	assert_false(sigbus_noted(&lost));
	send(BUS_MCEERR_AR, (char *)b.hva + MIB);
	assert_true(sigbus_noted(&lost));
	assert_int_equal(lost.code, BUS_MCEERR_AR);
	assert_int_equal(lost.hva, (uint64_t)(uintptr_t)b.hva + MIB);
	assert_int_equal(loss_explain(&b, &lost, MIB, EFAULT, "there", &e), -EHWPOISON);
	assert_non_null(strstr(e.what, "at GPA 0x100000, HVA 0x"));
	assert_non_null(strstr(e.what, "BUS_MCEERR_AR"));
	assert_non_null(strstr(e.what, "faulty"));
	assert_int_not_equal(e.hint[0], '\0');
	/* Another page, and one that no access met, again and again: the first is the one to tell. */
	send(BUS_MCEERR_AR, b.hva);
	send(BUS_MCEERR_AO, b.hva);
	send(BUS_MCEERR_AO, b.hva);
	assert_true(sigbus_noted(&lost));
	assert_int_equal(lost.hva, (uint64_t)(uintptr_t)b.hva + MIB);
	/* The next machine has nothing of it. */
	assert_int_equal(sigbus_catch(&e), 0);
	assert_false(sigbus_noted(&lost));
	unmap_file(&b);
}

static void send_faulty(void *argument)
{
	send(BUS_MCEERR_AR, argument);
	fail_msg("it went on");
}

TEST(a_faulty_page_under_a_guard_is_the_access_that_met_it)
{
	struct error e = { .status = STATUS_OK };
	struct backing b = map_file();
	struct lost_memory lost, other;

	assert_int_equal(sigbus_catch(&e), 0);
	assert_false(sigbus_guard(send_faulty, (char *)b.hva + MIB, b.hva, BYTES, &lost));
	assert_int_equal(lost.code, BUS_MCEERR_AR);
	assert_int_equal(lost.hva, (uint64_t)(uintptr_t)b.hva + MIB);
	assert_false(sigbus_noted(&other));
	unmap_file(&b);
}

static void touch_beyond(void *argument)
{
	*(volatile char *)argument = 1;
}

/* What ends the process: kill(2), an access outside of all guards, a page that nobody stopped using. */
static void end_by_kill(struct backing *b)
{
	(void)b;
	(void)raise(SIGBUS);
}

static void end_by_access(struct backing *b)
{
	if (ftruncate(b->fd, 0) == 0)
		*(volatile char *)b->hva = 1;
}

static void end_outside_the_guard(struct backing *b)
{
	struct lost_memory lost;

	if (ftruncate(b->fd, 0) == 0)
		(void)sigbus_guard(touch_beyond, (char *)b->hva + MIB, b->hva, MIB, &lost);
}

static void end_by_the_second(struct backing *b)
{
	send(BUS_MCEERR_AR, b->hva);
	send(BUS_MCEERR_AR, b->hva);
}

TEST(other_bus_errors_are_not_hidden)
{
	static void (*const ends[])(struct backing * b) = { end_by_kill, end_by_access, end_outside_the_guard,
							    end_by_the_second };

	EACH (i, ends) {
		struct backing b = map_file();
		pid_t child = fork();
		int status = 0;

		assert_true(child >= 0);
		if (child == 0) {
			struct error e = { .status = STATUS_OK };

			if (sigbus_catch(&e) == 0)
				ends[i](&b);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGBUS);
		unmap_file(&b);
	}
}
