#include "vmm/util/cause.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vmm/util/file.h"
#include "vmm/util/text.h"

const struct cause causes[] = {
#define FAILURE(step, err, needs, status, why, cure) { step, err, needs, status, why, cure },
#include "vmm/util/causes.def"
#undef FAILURE
};
const size_t cause_count = sizeof(causes) / sizeof(causes[0]);

static bool step_fits(const char *pattern, const char *step)
{
	size_t bytes = strlen(pattern);

	return bytes != 0 && pattern[bytes - 1] == '*' ? strncmp(pattern, step, bytes - 1) == 0
						       : strcmp(pattern, step) == 0;
}

const struct cause *cause_find(const char *step, int err, uint32_t circumstances)
{
	for (size_t i = 0; i < cause_count; i++) {
		const struct cause *c = &causes[i];

		if ((c->err == err || c->err == ANY_ERRNO) && (c->needs & ~circumstances) == 0 &&
		    step_fits(c->step, step))
			return c;
	}
	return NULL;
}

/* A file of /proc, or its beginning. An empty text where it cannot be read. */
static void read_text(const char *path, char *buf, size_t size)
{
	int fd = file_open(path, false);
	ssize_t got = fd >= 0 ? file_fill(fd, buf, size - 1) : -1;

	buf[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
}

/* What cause_keep_process() found; 0: it was not called. */
static uint32_t kept_process;

void cause_keep_process(void)
{
	kept_process = 0;
	kept_process = cause_of_process();
}

uint32_t cause_of_process(void)
{
	static const char *const signs[] = { "/.dockerenv", "/run/.containerenv", "/run/systemd/container" };
	uint32_t found = geteuid() == 0 ? AS_ROOT : AS_USER;
	const char *filter;
	char text[4096];

	if (kept_process != 0)
		return kept_process;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		found |= access(signs[i], F_OK) == 0 ? IN_CONTAINER : 0;
	if (getenv("container") != NULL || getenv("KUBERNETES_SERVICE_HOST") != NULL)
		found |= IN_CONTAINER;
	read_text("/proc/self/uid_map", text, sizeof(text));
	/* As uid_m_show() of kernel/user_namespace.c writes it where nothing is mapped. */
	if (text[0] != '\0' && strcmp(text, "         0          0 4294967295\n") != 0)
		found |= IN_USERNS;
	read_text("/proc/self/status", text, sizeof(text));
	filter = strstr(text, "\nSeccomp:\t");
	if (filter != NULL && filter[sizeof("\nSeccomp:\t") - 1] == '2')
		found |= IN_SECCOMP;
	return found;
}

/*
 * The name of a group by /etc/group, "" where that has none, and whether this user is a member there. fgetgrent() and
 * fgetpwent() read just that file; getgrgid() would load libraries into a program that is linked statically.
 */
static bool find_group(gid_t gid, char *name, size_t size)
{
	FILE *users = fopen("/etc/passwd", "re"), *groups = fopen("/etc/group", "re");
	const struct passwd *user = NULL;
	const struct group *group = NULL;
	bool member = false;

	while (users != NULL && (user = fgetpwent(users)) != NULL && user->pw_uid != geteuid())
		continue;
	while (groups != NULL && (group = fgetgrent(groups)) != NULL && group->gr_gid != gid)
		continue;
	(void)snprintf(name, size, "%s", group != NULL ? group->gr_name : "");
	for (size_t i = 0; user != NULL && group != NULL && group->gr_mem[i] != NULL; i++)
		member |= strcmp(group->gr_mem[i], user->pw_name) == 0;
	if (users != NULL)
		(void)fclose(users);
	if (groups != NULL)
		(void)fclose(groups);
	return member;
}

uint32_t cause_of_node(const char *path, unsigned int major, unsigned int minor, const char *driver)
{
	uint32_t found = 0;
	char text[4096], group[64];
	struct stat st;
	bool member;

	read_text("/proc/misc", text, sizeof(text));
	if (list_has_word(text, " \n", driver))
		found |= DRIVER_THERE;
	if (stat(path, &st) != 0)
		return found;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor))
		found |= IS_NODE;
	member = find_group(st.st_gid, group, sizeof(group));
	if (st.st_gid != 0 && (st.st_mode & 060) == 060)
		found |= group[0] == '\0' ? GROUP_NAMELESS : GROUP_HELPS | (member ? IN_GROUP : 0);
	return found;
}

/* Behind what is in buf: the text with {path} and {group} replaced. */
static void put_text(const char *text, const char *path, char *buf, size_t size)
{
	char group[64] = "";
	const char *brace;
	struct stat st;

	if (path != NULL && stat(path, &st) == 0) {
		(void)find_group(st.st_gid, group, sizeof(group));
		if (group[0] == '\0')
			(void)snprintf(group, sizeof(group), "%u", (unsigned int)st.st_gid);
	}
	for (; (brace = strchr(text, '{')) != NULL; text = strchr(brace, '}') + 1)
		append(buf, size, "%.*s%s", (int)(brace - text), text, brace[1] == 'g' ? group : path);
	append(buf, size, "%s", text);
}

int error_cause(struct error *e, const char *step, uint32_t circumstances, const char *path)
{
	const struct cause *c =
		e->err > 0 ? cause_find(step, e->err, circumstances | cause_of_process()) : NULL;

	if (c != NULL) {
		e->hint[0] = '\0';
		put_text(c->cure, path, e->hint, sizeof(e->hint));
		e->status = c->status != STATUS_OK ? c->status : e->told_status;
		e->what[e->told_bytes] = '\0';
		if (c->why[0] != '\0') {
			append(e->what, sizeof(e->what), ": ");
			put_text(c->why, path, e->what, sizeof(e->what));
		}
	}
	return e->err > 0 ? -e->err : -EINVAL;
}
