/* What a filter refused: said in one line, and the end of the process. Everything in the handler is async-signal-safe. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "units.h"
#include "vmm/core/sandbox/sandbox.h"

static const char *const names[] = {
#define NAME(name) [SYS_##name] = #name,
#include "vmm/core/sandbox/names.def"
#undef NAME
};

/* SYS_SECCOMP of the kernel's <asm-generic/siginfo.h>, which the C library's headers lack. */
#define FROM_A_FILTER 1

static _Thread_local uint32_t kind, number;

void violation_name_thread(uint32_t thread, uint32_t index)
{
	kind = thread;
	number = index;
}

/* A line in the making. snprintf() may take locks. */
struct line {
	char text[512];
	size_t used;
};

static void put(struct line *l, const char *text)
{
	while (*text != '\0' && l->used < sizeof(l->text))
		l->text[l->used++] = *text++;
}

static void put_number(struct line *l, uint64_t value, uint32_t base)
{
	char digits[24];
	size_t at = sizeof(digits);

	digits[--at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	put(l, base == 16 ? "0x" : "");
	put(l, digits + at);
}

static void put_thread(struct line *l)
{
	put(l, kind == SANDBOX_VCPU   ? "the thread of vCPU "
	       : kind == SANDBOX_MAIN ? "the main thread"
				      : "a thread");
	if (kind == SANDBOX_VCPU)
		put_number(l, number, 10);
}

static void put_call(struct line *l, uint32_t call, const greg_t *registers)
{
	uint32_t request = (uint32_t)registers[REG_RSI];
	const char *name = filter_request_name(request);

	put(l, call < COUNT_OF(names) && names[call] != NULL ? names[call] : "an unknown system call");
	put(l, " (");
	put_number(l, call, 10);
	put(l, ")");
	if (call != SYS_ioctl)
		return;
	put(l, " with the request ");
	put_number(l, request, 16);
	if (name != NULL) {
		put(l, ", ");
		put(l, name);
	}
}

static void on_violation(int signum, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;
	struct line l = { .used = 0 };

	/* Of another process: it means nothing here. */
	if (info->si_code != FROM_A_FILTER)
		return;
	(void)signum;
	put(&l, "minivmm: sandbox: ");
	put_thread(&l);
	put(&l, " called ");
	put_call(&l, (uint32_t)info->si_syscall, at->uc_mcontext.gregs);
	put(&l,
	    ", which nothing here needs once a guest runs: the guest has broken out into minivmm, or minivmm has a fault; it "
	    "ends without a record\nminivmm: try: --sandbox off, with a guest that you trust; and tell its makers this line\n");
	(void)syscall(SYS_write, STDERR_FILENO, l.text, l.used);
	(void)syscall(SYS_exit_group, STATUS_SANDBOX);
}

int violation_catch(void)
{
	struct sigaction action;
	sigset_t set;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_violation;
	action.sa_flags = SA_SIGINFO;
	sigfillset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	/* The parent process may have left it blocked, and then it would kill without a word. Threads inherit that. */
	if (sigaction(SIGSYS, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) != 0)
		return -errno;
	return 0;
}
