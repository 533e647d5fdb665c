/*
 * refuse CALL[:ARGUMENT=VALUE]...=ERRNO... -- COMMAND...: run COMMAND where that system call fails so, as a container's
 * filter, a security module or another hypervisor would make it. ARGUMENT counts from 0, its low 32 bits are compared. With 0 for
 * ERRNO it is not made, and returns 0.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint32_t number;
} calls[] = {
	{ "ioctl", SYS_ioctl },        { "openat", SYS_openat }, { "clone3", SYS_clone3 },
	{ "clone", SYS_clone },        { "mmap", SYS_mmap },     { "madvise", SYS_madvise },
	{ "memfd", SYS_memfd_create }, { "execve", SYS_execve }, { "pipe2", SYS_pipe2 },
	{ "eventfd2", SYS_eventfd2 },  { "mbind", SYS_mbind },   { "mlock", SYS_mlock },
	{ "fsync", SYS_fsync },        { "write", SYS_write },   { "openat2", SYS_openat2 },
	{ "unlink", SYS_unlink },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t call_number(const char *name, size_t bytes)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (strlen(calls[i].name) == bytes && memcmp(calls[i].name, name, bytes) == 0)
			return calls[i].number;
	}
	(void)fprintf(stderr, "refuse: no call %.*s\n", (int)bytes, name);
	exit(125);
}

static uint32_t errno_number(const char *name)
{
	for (int i = 1; i < 134; i++) {
		const char *known = strerrorname_np(i);

		if (known != NULL && strcmp(known, name) == 0)
			return (uint32_t)i;
	}
	if (strcmp(name, "0") == 0)
		return 0;
	(void)fprintf(stderr, "refuse: no errno %s\n", name);
	exit(125);
}

/* The filter's part for one rule; returns how many instructions. */
static unsigned short put_rule(const char *rule, struct sock_filter *f)
{
	const char *err = strrchr(rule, '='), *argument = strchr(rule, ':');
	unsigned char left = 1;
	unsigned short n = 0;

	if (err == NULL)
		exit(125);
	for (const char *c = rule; *c != '\0'; c++)
		left = (unsigned char)(left + (*c == ':' ? 2 : 0));
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					      call_number(rule, strcspn(rule, ":=")), 0, left);
	for (; argument != NULL; argument = strchr(argument + 1, ':')) {
		unsigned long index = strtoul(argument + 1, NULL, 0);
		unsigned long value = strtoul(strchr(argument, '=') + 1, NULL, 0);

		left = (unsigned char)(left - 2);
		f[n++] = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)(offsetof(struct seccomp_data, args) + 8 * index));
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)value, 0, left);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errno_number(err + 1));
	return n;
}

int main(int argc, char **argv)
{
	struct sock_filter f[128];
	unsigned short n = 0;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0 && n < 120; i++)
		n = (unsigned short)(n + put_rule(argv[i], f + n));
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = n, .filter = f };
	if (i + 1 >= argc || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		perror("refuse");
		return 125;
	}
	/* The call that may be refused is execve. */
	if (argv[i + 1][0] == '/')
		(void)syscall(SYS_execveat, -1, argv[i + 1], argv + i + 1, environ, 0);
	(void)execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 126;
}
