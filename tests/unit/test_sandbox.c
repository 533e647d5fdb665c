/*
 * Property: behind the sandbox a thread makes the calls of calls.def and no other, whatever their arguments are, on any host: each
 * other call of the kernel's table ends the process with status 7 and a line that names it. It could break by a row too many, by
 * a condition that compares the wrong half of an argument, by a thread that has the other's filter, and by a handler that needs
 * a call itself. Every call is made for real, in a process of its own.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "vmm/core/sandbox/sandbox.h"

#define LAST_CALL 470
#define ALWAYS 0U
#define VCPU SANDBOX_VCPU
#define MAIN SANDBOX_MAIN
#define BOTH (SANDBOX_VCPU | SANDBOX_MAIN)
#define DIED STATUS_SANDBOX

/* The threads whose table has a row for the call, whatever its condition is. */
static uint32_t threads_with(long number)
{
	static const struct {
		long number;
		uint32_t threads;
	} rows[] = {
#define CALL(name, threads, needs, ...) { SYS_##name, threads },
#define REQUEST(request, threads, needs) { SYS_ioctl, threads },
#include "vmm/core/sandbox/calls.def"
#undef CALL
#undef REQUEST
	};
	uint32_t threads = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		threads |= rows[i].number == number ? rows[i].threads : 0;
	return threads;
}

/* In a child: enter as that kind of thread, and call. 0 where the call came back. */
static _Noreturn void call_inside(uint32_t thread, uint32_t needs, long number, const long arguments[4])
{
	const struct sandbox_spec spec = { .wanted = CHOICE_ON };
	struct error e = { .status = STATUS_OK };
	struct sandbox_report report;
	struct sandbox s;

	if (sandbox_prepare(&spec, needs, &report, &s, &e) != 0 || sandbox_enter(&s, thread, 3, &e) != 0)
		_exit(99);
	(void)syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], 0, 0);
	(void)syscall(SYS_exit_group, 0);
	_exit(98);
}

/* The status with which the child ends, 128 + a signal; what it says into said[512]. */
static int try(uint32_t thread, uint32_t needs, long number, const long arguments[4], char *said)
{
	int ends[2], status;
	size_t used = 0;
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (dup2(ends[1], STDERR_FILENO) < 0)
			_exit(97);
		call_inside(thread, needs, number, arguments);
	}
	(void)close(ends[1]);
	while (used < 511 && (got = read(ends[0], said + used, 511 - used)) > 0)
		used += (size_t)got;
	said[used] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_filters(void)
{
	char said[512];

	return try(MAIN, 0, SYS_getpid, (const long[4]){ 0 }, said) != 99;
}

static void refuses_all_others(uint32_t thread, const char *name)
{
	char said[512], number[32];

	if (!has_filters())
		skip();
	LOOP (long, call, 0, call <= LAST_CALL, call++) {
		/* There is none between those of both tables of the kernel's. */
		if ((threads_with(call) & thread) != 0 || (call > 334 && call < 424))
			continue;
		assert_int_equal(try(thread, SANDBOX_ALL_NEEDS, call, (const long[4]){ 0 }, said), DIED);
		(void)snprintf(number, sizeof(number), " (%ld), ", call);
		assert_non_null(strstr(said, number));
		assert_non_null(strstr(said, name));
	}
}

TEST(a_vcpu_thread_makes_no_other_call)
{
	refuses_all_others(VCPU, "the thread of vCPU 3 called ");
}

TEST(the_main_thread_makes_no_other_call)
{
	refuses_all_others(MAIN, "the main thread called ");
}

static const struct {
	uint32_t thread, needs;
	long number, arguments[4];
	int status;
	const char *says; /* NULL: nothing */
} attempts[] = {
	{ VCPU, 0, SYS_execve, { 0 }, DIED, " called execve (59)" },
	{ MAIN, 0, SYS_ptrace, { 0 }, DIED, " called ptrace (101)" },
	{ VCPU, 0, SYS_openat, { AT_FDCWD, (long)"/proc/version", O_RDONLY }, DIED, " called openat (257)" },
	{ MAIN, 0, SYS_openat, { AT_FDCWD, (long)"/proc/version", O_RDONLY }, 0, NULL },
	{ MAIN, 0, SYS_openat, { AT_FDCWD, (long)"/proc/self", O_RDONLY | O_DIRECTORY }, 0, NULL },
	/* It lacks the bit of a directory. */
	{ MAIN, 0, SYS_openat, { AT_FDCWD, (long)"/tmp", 020000000 }, DIED, " called openat (257)" },
	{ MAIN,
	  0,
	  SYS_openat,
	  { AT_FDCWD, (long)"/proc/self/comm", O_WRONLY },
	  DIED,
	  " called openat (257)" },
	{ MAIN, 0, SYS_openat, { AT_FDCWD, (long)"/proc/self/comm", O_RDWR }, DIED, " called openat (257)" },
	{ MAIN,
	  0,
	  SYS_openat,
	  { AT_FDCWD, (long)"/tmp", O_RDONLY | O_CREAT, 0600 },
	  DIED,
	  " called openat (257)" },
	{ MAIN, 0, SYS_openat, { AT_FDCWD, (long)"/tmp", O_RDONLY | O_TRUNC }, DIED, " called openat (257)" },
	{ MAIN, 0, SYS_openat, { AT_FDCWD, (long)"/tmp", O_TMPFILE | O_RDWR }, DIED, " called openat (257)" },
	{ VCPU, 0, SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS }, 0, NULL },
	{ VCPU,
	  0,
	  SYS_mmap,
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS },
	  DIED,
	  " called mmap (9)" },
	{ MAIN, 0, SYS_mmap, { 0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS }, DIED, " called mmap (9)" },
	{ VCPU, 0, SYS_mprotect, { 0, 0, PROT_READ }, 0, NULL },
	{ VCPU, 0, SYS_mprotect, { 0, 0, PROT_READ | PROT_EXEC }, DIED, " called mprotect (10)" },
	{ VCPU, 0, SYS_ioctl, { -1, KVM_RUN }, 0, NULL },
	{ VCPU, 0, SYS_ioctl, { -1, (long)(1UL << 32 | KVM_RUN) }, 0, NULL },
	{ MAIN, 0, SYS_ioctl, { -1, KVM_RUN }, DIED, "the request 0xae80, KVM_RUN, " },
	{ VCPU, 0, SYS_ioctl, { -1, KVM_CREATE_VM }, DIED, "the request 0xae01, which " },
	{ VCPU, 0, SYS_ioctl, { -1, TIOCSTI }, DIED, "the request 0x5412, which " },
	{ MAIN, 0, SYS_ioctl, { -1, TIOCSTI }, DIED, "the request 0x5412, which " },
	{ VCPU, 0, SYS_ioctl, { -1, KVM_GET_DIRTY_LOG }, DIED, ", KVM_GET_DIRTY_LOG, " },
	{ VCPU, SANDBOX_NEEDS_DIRTY_LOG, SYS_ioctl, { -1, KVM_GET_DIRTY_LOG }, 0, NULL },
	{ VCPU, 0, SYS_ioctl, { -1, KVM_SET_USER_MEMORY_REGION }, DIED, ", KVM_SET_USER_MEMORY_REGION, " },
	{ VCPU,
	  SANDBOX_NEEDS_PMU,
	  SYS_ioctl,
	  { -1, KVM_SET_USER_MEMORY_REGION },
	  DIED,
	  ", KVM_SET_USER_MEMORY_REGION, " },
	{ VCPU, 0, SYS_ioctl, { -1, PERF_EVENT_IOC_ENABLE }, DIED, ", PERF_EVENT_IOC_ENABLE, " },
	{ VCPU, SANDBOX_NEEDS_PMU, SYS_ioctl, { -1, PERF_EVENT_IOC_ENABLE }, 0, NULL },
	{ VCPU,
	  SANDBOX_NEEDS_PMU,
	  SYS_ioctl,
	  { -1, PERF_EVENT_IOC_SET_BPF },
	  DIED,
	  "which nothing here needs" },
	{ VCPU, 0, SYS_process_vm_readv, { 1 }, DIED, " called process_vm_readv (310)" },
	{ VCPU, SANDBOX_NEEDS_EXPLAIN, SYS_process_vm_readv, { 1 }, DIED, " called process_vm_readv (310)" },
	{ VCPU, 0, SYS_tgkill, { 1, 1, SIGKILL }, DIED, " called tgkill (234)" },
	{ MAIN, 0, SYS_kill, { 1, SIGKILL }, DIED, " called kill (62)" },
	{ VCPU, 0, SYS_rt_sigaction, { SIGBUS, 0, 0, 8 }, 0, NULL },
	{ VCPU, 0, SYS_rt_sigaction, { SIGSYS, 0, 0, 8 }, DIED, " called rt_sigaction (13)" },
	{ VCPU, 0, SYS_prctl, { PR_GET_SECCOMP }, 0, NULL },
	{ VCPU, 0, SYS_prctl, { PR_SET_DUMPABLE, 1 }, DIED, " called prctl (157)" },
	{ VCPU, 0, SYS_fcntl, { 0, F_GETFL }, 0, NULL },
	{ VCPU, 0, SYS_fcntl, { 0, F_SETFL }, DIED, " called fcntl (72)" },
	{ MAIN, 0, SYS_fcntl, { 0, F_DUPFD }, DIED, " called fcntl (72)" },
	{ VCPU, 0, 511, { 0 }, DIED, " called an unknown system call (511)" },
};

TEST(arguments_decide)
{
	char said[512];

	if (!has_filters())
		skip();
	EACH (i, attempts) {
		assert_int_equal(try(attempts[i].thread, attempts[i].needs, attempts[i].number,
				     attempts[i].arguments, said),
				 attempts[i].status);
		if (attempts[i].says == NULL)
			assert_string_equal(said, "");
		else if (strstr(said, attempts[i].says) == NULL)
			fail_msg("says: %s", said);
	}
}

/* The second set of numbers that an x86-64 kernel may have, and the 32-bit entry, would pass by rows of the first. */
TEST(other_tables_of_calls_are_closed)
{
	char said[512];

	if (!has_filters())
		skip();
	assert_int_equal(try(VCPU, 0, 0x40000000 | SYS_getpid, (const long[4]){ 0 }, said), 128 + SIGSYS);
	assert_int_equal(try(MAIN, 0, 0x40000000 | SYS_openat, (const long[4]){ 0 }, said), 128 + SIGSYS);
}

/* What the table allows has to come back, but for those calls that end a thread or are the kernel's own. */
TEST(calls_of_the_table_come_back)
{
	static const long left_out[] = {
		SYS_exit,  SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall,  SYS_ioctl,
		SYS_fcntl, SYS_prctl,      SYS_tgkill,       SYS_process_vm_readv, SYS_rt_sigaction
	};
	char said[512];

	if (!has_filters())
		skip();
	LOOP (long, call, 0, call <= LAST_CALL, call++) {
		bool left = false;

		for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
			left |= left_out[i] == call;
		for (uint32_t thread = VCPU; !left && thread <= MAIN; thread *= 2) {
			const long arguments[4] = { -1, 0, 0, call == SYS_newfstatat ? AT_EMPTY_PATH : 0 };

			if ((threads_with(call) & thread) != 0)
				assert_int_equal(try(thread, SANDBOX_ALL_NEEDS, call, arguments, said), 0);
		}
	}
}

TEST(off_gives_up_nothing)
{
	const struct sandbox_spec spec = { .wanted = CHOICE_OFF, .uid = 65534, .gid = 65534 };
	struct error e = { .status = STATUS_OK };
	struct sandbox_report report;
	struct sandbox s;

	assert_int_equal(sandbox_prepare(&spec, SANDBOX_ALL_NEEDS, &report, &s, &e), 0);
	assert_int_equal(sandbox_give_up_root(&s, &e), 0);
	assert_int_equal(sandbox_enter(&s, VCPU, 0, &e), 0);
	assert_false(report.entered);
	assert_int_equal(prctl(PR_GET_SECCOMP), 0);
	sandbox_free(&s);
}

TEST(users)
{
	static const struct {
		const char *user, *directory;
		int ret;
		uint32_t uid, gid;
	} cases[] = {
		{ NULL, NULL, 0, 65534, 65534 },
		{ NULL, "/", 0, 65534, 65534 }, /* root's own */
		{ NULL, "/nowhere/at/all", 0, 65534, 65534 },
		{ "root", NULL, 0, 0, 0 },
		{ "0", NULL, 0, 0, 0 },
		{ "1234:5678", NULL, 0, 1234, 5678 },
		{ "4294967294:1", NULL, 0, 4294967294U, 1 },
		{ "3999999", NULL, 0, 3999999, 3999999 }, /* in no /etc/passwd: a group of that number */
		{ "4294967295", NULL, -EINVAL, 0, 0 },
		{ "1:4294967295", NULL, -EINVAL, 0, 0 },
		{ "1:", NULL, -EINVAL, 0, 0 },
		{ "1:2:3", NULL, -EINVAL, 0, 0 },
		{ "-1", NULL, -EINVAL, 0, 0 },
		{ "no such user", NULL, -EINVAL, 0, 0 },
	};

	if (geteuid() != 0)
		skip();
	EACH (i, cases) {
		struct sandbox_spec spec = { .user = cases[i].user, .uid = 7, .gid = 7 };
		struct error e = { .status = STATUS_OK };

		assert_int_equal(sandbox_find_user(&spec, cases[i].directory, &e), cases[i].ret);
		if (cases[i].ret == 0) {
			assert_int_equal(spec.uid, cases[i].uid);
			assert_int_equal(spec.gid, cases[i].gid);
		} else {
			assert_int_equal(e.status, STATUS_USAGE);
		}
	}
}
