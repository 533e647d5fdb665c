/* The sandbox of one machine: prepared while there is one thread, entered by each. */
#include "vmm/core/sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/host/sysfile.h"
#include "vmm/util/cause.h"
#include "vmm/util/process.h"

#define HINT "--sandbox off, with a guest that you trust"

static bool has_seccomp(void)
{
	uint32_t action = SECCOMP_RET_TRAP;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* What is missing is an error to who asked for it, and told to who did not. */
static int without(struct sandbox *s, int err, const char *where, const char *what, struct error *e)
{
	if (s->spec->wanted == CHOICE_ON) {
		(void)error_set(e, STATUS_CANNOT, err, where, "%s", what);
		return error_hint(e, HINT);
	}
	(void)snprintf(s->report->why_not, sizeof(s->report->why_not), "%s (%s: %s)", what, where,
		       strerror(err));
	return 0;
}

int sandbox_prepare(const struct sandbox_spec *spec, uint32_t needs, struct sandbox_report *report,
		    struct sandbox *s, struct error *e)
{
	int ret;

	*s = (struct sandbox){ .spec = spec, .report = report };
	*report = (struct sandbox_report){ .entered = false };
	if (spec->wanted == CHOICE_OFF)
		return 0;
	if (!has_seccomp())
		return without(s, errno, "seccomp",
			       "this kernel, or what started minivmm, has no filters for it", e);
	ret = filter_take(SANDBOX_VCPU, needs, &s->vcpu, e);
	if (ret == 0)
		ret = filter_take(SANDBOX_MAIN, needs, &s->main, e);
	if (ret != 0)
		return ret;
	cause_keep_process();
	sysfile_anchor();
	/* As many arenas as malloc() has by itself, which would open a file to count the CPUs when the ninth thread asks for one. */
	(void)mallopt(M_ARENA_MAX, (int)(8 * allowed_cpu_count()));
	ret = violation_catch();
	if (ret != 0)
		return error_set(e, STATUS_FAILED, -ret, "sigaction",
				 "cannot catch what the sandbox refuses");
	ret = landlock_confine();
	report->landlock_abi = ret < 0 ? -1 : ret;
	s->on = true;
	return 0;
}

/* In all threads, which the C library's functions see to. */
static int become(const struct sandbox_spec *spec)
{
	const gid_t gid = spec->gid;

	if (setgroups(gid != 0 ? 1 : 0, &gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(spec->uid, spec->uid, spec->uid) != 0)
		return -errno;
	return 0;
}

int sandbox_give_up_root(struct sandbox *s, struct error *e)
{
	pid_t parent = getppid();
	int death_signal = 0, ret;

	if (!s->on || s->spec->uid == 0)
		return 0;
	/* A new user forgets the signal by which a sweep's runs end with it (commit_creds() of kernel/cred.c). */
	ret = prctl(PR_GET_PDEATHSIG, &death_signal) != 0 ? -errno : become(s->spec);
	if (ret != 0 && s->spec->user != NULL)
		return error_set(e, STATUS_CANNOT, -ret, "--user",
				 "this process cannot become user %u, group %u", s->spec->uid, s->spec->gid);
	if (ret != 0)
		return without(s, -ret, "setresuid", "minivmm cannot give up root", e);
	if (death_signal != 0 && (prctl(PR_SET_PDEATHSIG, death_signal) != 0 || getppid() != parent))
		return error_set(e, STATUS_FAILED, errno, "prctl", "the parent process has ended");
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}

static int install(const struct sandbox_filter *f)
{
	const struct sock_fprog program = { f->count, f->instructions };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) != 0)
		return -errno;
	return 0;
}

static void report_main(struct sandbox_report *report)
{
	uid_t uid, saved_uid;
	gid_t gid, saved_gid;

	report->entered = true;
	report->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	report->seccomp_main = prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER;
	report->seccomp_vcpus = true;
	if (getresuid(&uid, &uid, &saved_uid) == 0 && getresgid(&gid, &gid, &saved_gid) == 0) {
		report->uid = uid;
		report->gid = gid;
	}
}

int sandbox_enter(struct sandbox *s, uint32_t thread, uint32_t index, struct error *e)
{
	int ret;

	if (!s->on)
		return 0;
	violation_name_thread(thread, index);
	ret = drop_capabilities();
	if (ret == 0)
		ret = install(thread == SANDBOX_VCPU ? &s->vcpu : &s->main);
	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, -ret, "seccomp", "the sandbox cannot be entered");
		return error_hint(e, HINT);
	}
	if (thread == SANDBOX_MAIN)
		report_main(s->report);
	else if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER)
		__atomic_store_n(&s->report->seccomp_vcpus, false, __ATOMIC_RELAXED);
	return 0;
}

void sandbox_free(struct sandbox *s)
{
	free(s->vcpu.instructions);
	free(s->main.instructions);
	s->vcpu = s->main = (struct sandbox_filter){ .instructions = NULL };
}
