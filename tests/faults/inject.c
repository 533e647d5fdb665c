/*
 * Make one system call of a command fail, and say what came of it. The command is traced: a filter (SECCOMP_RET_TRACE) stops it
 * at calls of the wanted kind only, so that a trial takes hardly longer than the command.
 *
 *   inject plan SEED DIR COMMAND...    every call that it makes, with each error of calls.def: "HASH CALL AT ERROR" a line
 *   inject try DIR COMMAND...          for each line "CALL AT ERROR [from]" of stdin a trial, and a line of JSON about it;
 *                                      "none - -" is a trial in which nothing fails
 *
 * AT is the N-th call of that name, "THREAD.N", threads and processes counted from 0 as they come into being. "from": so do
 * all calls of that name from then on, of all threads. DIR is emptied before each trial but for an old file of each output
 * out.json, out.csv, out.svg; "{}" in COMMAND stands for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/outputs.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HANG_SECONDS 40
#define MAX_THREADS 512

enum how { INSTEAD, AFTER, BREAK, WAIT };

static const struct call {
	const char *name;
	long number;
	unsigned long request; /* of an ioctl; 0: any */
	enum how how;
	const char *errors;
} calls[] = {
#define CALL(name, how, errors) { #name, SYS_##name, 0, how, errors },
#define REQUEST(name, errors) { #name, SYS_ioctl, name, INSTEAD, errors },
#include "tests/faults/calls.def"
#undef CALL
#undef REQUEST
};

struct thread {
	pid_t tid;
	const struct call *failing;  /* the call that it is in, which is made and shall seem to have failed */
	unsigned long long argument; /* its first */
	bool gone;
	unsigned int seen[COUNT(calls)];
};

/* One run of the command. */
struct trial {
	const struct call *call; /* NULL: none fails */
	unsigned int thread, n;
	int err;
	bool onwards, plan;
	uint32_t seed;
	pid_t pid;
	struct thread threads[MAX_THREADS];
	unsigned int thread_count;
	bool ended, hung, hit;
	unsigned long long argument; /* the first, of the call that failed */
	int status;
	unsigned int left; /* threads that outlived the command */
};

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static int error_number(const char *name)
{
	for (int i = 1; i < 134; i++) {
		const char *known = strerrorname_np(i);

		if (known != NULL && strcmp(known, name) == 0)
			return i;
	}
	if (strcmp(name, "EOF") == 0 || strcmp(name, "-") == 0)
		return 0;
	(void)fprintf(stderr, "inject: no errno %s\n", name);
	exit(125);
}

static const struct call *call_find(long number, unsigned long request)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].number == number && (calls[i].request == 0 || calls[i].request == request))
			return &calls[i];
	}
	return NULL;
}

static const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	}
	if (strcmp(name, "none") == 0)
		return NULL;
	(void)fprintf(stderr, "inject: no call %s\n", name);
	exit(125);
}

/* In the child: stop at that call; at all of the table for a plan; at none where nothing shall fail. */
static void install_filter(const struct trial *t)
{
	struct sock_filter f[2 * COUNT(calls) + 2];
	unsigned short n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (!t->plan && (t->call == NULL || calls[i].number != t->call->number))
			continue;
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number, 0,
						      1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = n, .filter = f };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		fail("seccomp");
}

/* The command, held until it is traced. What it prints goes to the two descriptors. */
static void start(struct trial *t, char **command, int out, int err)
{
	int go[2];
	char byte = 0;

	if (pipe2(go, O_CLOEXEC) != 0 || (t->pid = fork()) < 0)
		fail("fork");
	if (t->pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		if (read(go[0], &byte, 1) != 1 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
			_exit(125);
		/* Nothing of the tracer's is handed on. */
		(void)syscall(SYS_close_range, 3, ~0U, 0);
		install_filter(t);
		/* Not execve: the command's own calls of that name are counted. */
		(void)syscall(SYS_execveat, AT_FDCWD, command[0], command, environ, 0);
		_exit(125);
	}
	if (ptrace(PTRACE_SEIZE, t->pid, 0,
		   PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD) != 0)
		fail("ptrace");
	if (write(go[1], &byte, 1) != 1)
		fail("write");
	(void)close(go[0]);
	(void)close(go[1]);
}

static struct thread *thread_find(struct trial *t, pid_t tid)
{
	for (unsigned int i = 0; i < t->thread_count; i++) {
		if (t->threads[i].tid == tid && !t->threads[i].gone)
			return &t->threads[i];
	}
	if (t->thread_count == MAX_THREADS) {
		(void)fputs("inject: too many threads\n", stderr);
		exit(125);
	}
	t->threads[t->thread_count] = (struct thread){ .tid = tid };
	return &t->threads[t->thread_count++];
}

/* FNV-1a of a row of the plan: which rows a sample takes stays the same when other rows come and go. */
static uint32_t hash_of(uint32_t seed, const char *text)
{
	uint32_t h = 2166136261U ^ seed;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619U;
	return h ^ (h >> 15);
}

static void put_plan(const struct trial *t, const struct call *call, long thread, unsigned int n)
{
	char errors[128], row[256], *rest = errors, *name;

	(void)snprintf(errors, sizeof(errors), "%s", call->errors);
	while ((name = strsep(&rest, " ")) != NULL) {
		(void)snprintf(row, sizeof(row), "%s %ld.%u %s", call->name, thread, n, name);
		(void)printf("%08x %s\n", hash_of(t->seed, row), row);
	}
}

static bool is_waiting(const struct user_regs_struct *regs)
{
	unsigned long long op = regs->rsi & FUTEX_CMD_MASK;

	return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET;
}

/* A thread is about to make a call of the wanted kind. How it goes on: a request of ptrace. */
static int at_call(struct trial *t, struct thread *thread)
{
	struct user_regs_struct regs;
	const struct call *call;
	unsigned int n;

	if (ptrace(PTRACE_GETREGS, thread->tid, 0, &regs) != 0)
		return PTRACE_CONT;
	call = call_find((long)regs.orig_rax, regs.rsi);
	if (call == NULL || (call->how == WAIT && !is_waiting(&regs)))
		return PTRACE_CONT;
	n = ++thread->seen[call - calls];
	if (t->plan)
		put_plan(t, call, thread - t->threads, n);
	if (t->plan || call != t->call)
		return PTRACE_CONT;
	if (!(t->hit && t->onwards) && (n != t->n || thread != &t->threads[t->thread]))
		return PTRACE_CONT;
	if (!t->hit)
		t->argument = regs.rdi;
	t->hit = true;
	if (call->how == AFTER || call->how == BREAK) {
		thread->failing = call;
		thread->argument = regs.rdi;
		/* brk(0) answers with the break as it is. */
		regs.rdi = call->how == BREAK ? 0 : regs.rdi;
	} else {
		regs.orig_rax = ~0ULL;
		regs.rax = (unsigned long long)-(long long)t->err;
	}
	(void)ptrace(PTRACE_SETREGS, thread->tid, 0, &regs);
	return thread->failing != NULL ? PTRACE_SYSCALL : PTRACE_CONT;
}

static void end_failed(const struct trial *t, struct thread *thread)
{
	struct user_regs_struct regs;

	if (thread->failing == NULL || ptrace(PTRACE_GETREGS, thread->tid, 0, &regs) != 0)
		return;
	if (thread->failing->how == AFTER)
		regs.rax = (unsigned long long)-(long long)t->err;
	/* A system call leaves its arguments as they are. */
	regs.rdi = thread->argument;
	thread->failing = NULL;
	(void)ptrace(PTRACE_SETREGS, thread->tid, 0, &regs);
}

static void on_stop(struct trial *t, struct thread *thread, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16, how = PTRACE_CONT, pass = 0;
	unsigned long child = 0;

	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		how = at_call(t, thread);
		break;
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		if (ptrace(PTRACE_GETEVENTMSG, thread->tid, 0, &child) == 0)
			(void)thread_find(t, (pid_t)child);
		break;
	case PTRACE_EVENT_STOP:
		how = sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU ? PTRACE_LISTEN
											   : PTRACE_CONT;
		break;
	default:
		if (sig == (SIGTRAP | 0x80))
			end_failed(t, thread);
		else
			pass = sig;
	}
	(void)ptrace(how, thread->tid, 0, pass);
}

/* A signal without SA_RESTART ends waitpid(). */
static void on_alarm(int sig)
{
	(void)sig;
}

static void set_alarm(long seconds)
{
	struct itimerval timer = { .it_value = { .tv_sec = seconds } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* Too late: the command hangs, or what it started outlives it. */
static void end_all(struct trial *t)
{
	t->hung |= !t->ended;
	for (unsigned int i = 0; i < t->thread_count; i++) {
		if (t->threads[i].gone)
			continue;
		t->left += t->ended ? 1 : 0;
		(void)kill(t->threads[i].tid, SIGKILL);
	}
	set_alarm(2);
}

static void follow(struct trial *t)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct thread *thread;
	int status;
	pid_t tid;

	(void)sigaction(SIGALRM, &action, NULL);
	set_alarm(HANG_SECONDS);
	(void)thread_find(t, t->pid);
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid < 0) {
			end_all(t);
			continue;
		}
		thread = thread_find(t, tid);
		if (WIFSTOPPED(status)) {
			on_stop(t, thread, status);
			continue;
		}
		thread->gone = true;
		if (tid == t->pid) {
			t->ended = true;
			t->status = status;
			set_alarm(2);
		}
	}
	set_alarm(0);
}

static int memory_file(void)
{
	int fd = memfd_create("inject", MFD_CLOEXEC);

	if (fd < 0)
		fail("memfd_create");
	return fd;
}

static double seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A trial by a line of the plan, told as a line of JSON. */
static void try_line(const char *line, const char *dir, char **command)
{
	static struct trial t;
	char name[64], at[32], error[32], from[8] = "", *dot;
	int out = memory_file(), err = memory_file();
	double start_seconds = seconds_now();
	json_t *o;

	t = (struct trial){ .plan = false };
	if (sscanf(line, "%63s %31s %31s %7s", name, at, error, from) < 3)
		fail(line);
	t.call = call_named(name);
	t.err = error_number(error);
	t.onwards = strcmp(from, "from") == 0;
	t.thread = (unsigned int)strtoul(at, &dot, 10);
	t.n = *dot == '.' ? (unsigned int)strtoul(dot + 1, NULL, 10) : 0;
	outputs_prepare(dir);
	start(&t, command, out, err);
	follow(&t);
	o = json_pack("{ss ss ss sb sb sb si si si sf}", "call", name, "at", at, "errno", error, "from",
		      t.onwards, "hit", t.hit, "hung", t.hung, "status",
		      WIFEXITED(t.status) ? WEXITSTATUS(t.status) : -1, "signal",
		      WIFSIGNALED(t.status) ? WTERMSIG(t.status) : 0, "left_threads", (int)t.left, "seconds",
		      seconds_now() - start_seconds);
	(void)json_object_set_new(o, "argument", json_integer((json_int_t)t.argument));
	(void)json_object_set_new(o, "strerror", json_string(t.err == 0 ? "" : strerror(t.err)));
	(void)json_object_set_new(o, "number", json_integer(t.err));
	outputs_look(dir, o);
	outputs_text(err, "stderr", o);
	outputs_text(out, "stdout", o);
	(void)json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	(void)fputc('\n', stdout);
	(void)fflush(stdout);
	json_decref(o);
	(void)close(out);
	(void)close(err);
}

int main(int argc, char **argv)
{
	static struct trial t;
	bool plan = argc > 1 && strcmp(argv[1], "plan") == 0;
	int first = plan ? 3 : 2;
	char line[256];

	if (argc < first + 2)
		return 125;
	for (int i = first + 1; i < argc; i++)
		argv[i] = outputs_name(argv[i], argv[first]);
	if (plan) {
		/* As in a trial: a terminal or device would be asked what it is. */
		int text = memory_file();

		t.plan = true;
		t.seed = (uint32_t)strtoul(argv[2], NULL, 0);
		outputs_prepare(argv[first]);
		start(&t, argv + first + 1, text, text);
		follow(&t);
		return WIFEXITED(t.status) && !t.hung ? WEXITSTATUS(t.status) : 125;
	}
	while (fgets(line, sizeof(line), stdin) != NULL)
		try_line(line, argv[first], argv + first + 1);
	return 0;
}
