/* Whom root becomes. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/core/sandbox/sandbox.h"
#include "vmm/util/size.h"

#define NOBODY 65534

/* Of that name, or with that number, in /etc/passwd; getpwnam() would load libraries into a static program. */
static bool find_in_passwd(const char *name, uint64_t uid, struct sandbox_spec *spec)
{
	FILE *users = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (users != NULL && (user = fgetpwent(users)) != NULL &&
	       (name != NULL ? strcmp(user->pw_name, name) != 0 : user->pw_uid != uid))
		continue;
	if (user != NULL) {
		spec->uid = user->pw_uid;
		spec->gid = user->pw_gid;
	}
	if (users != NULL)
		(void)fclose(users);
	return user != NULL;
}

static int refuse(struct error *e, const char *user, const char *why)
{
	(void)error_set(e, STATUS_USAGE, 0, "--user", "'%s': %s", user, why);
	return error_hint(e, "--user nobody");
}

/* "UID", "UID:GID" or a name. */
static int parse(struct sandbox_spec *spec, struct error *e)
{
	const char *at = spec->user;
	uint64_t uid, gid;

	if (digits_parse(&at, at + strlen(at), &uid) != 0)
		return find_in_passwd(spec->user, 0, spec)
			       ? 0
			       : refuse(e, spec->user, "/etc/passwd has no such user");
	if (*at == ':') {
		at++;
		if (digits_parse(&at, at + strlen(at), &gid) != 0)
			return refuse(e, spec->user, "NAME, UID or UID:GID is expected");
	} else if (find_in_passwd(NULL, uid, spec)) {
		gid = spec->gid;
	} else {
		gid = uid;
	}
	/* The greatest number means "leave it as it is" to setresuid(2). */
	if (*at != '\0' || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return refuse(e, spec->user, "NAME, UID or UID:GID is expected");
	spec->uid = (uint32_t)uid;
	spec->gid = (uint32_t)gid;
	return 0;
}

int sandbox_find_user(struct sandbox_spec *spec, const char *directory, struct error *e)
{
	struct stat st;

	spec->uid = spec->gid = 0;
	if (geteuid() != 0)
		return spec->user == NULL ? 0 : refuse(e, spec->user, "only root can become another user");
	if (spec->user != NULL)
		return parse(spec, e);
	spec->uid = spec->gid = NOBODY;
	if (directory != NULL && stat(directory, &st) == 0 && st.st_uid != 0) {
		spec->uid = st.st_uid;
		spec->gid = st.st_gid;
	}
	return 0;
}
