#include "vmm/host/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

#define GROUPS_MAX_BYTES ((size_t)1 << 20)
#define FILE_MAX_BYTES ((size_t)256 << 10)

/* The kernel's own mark of a v2 group that was removed while a process is in it (proc_cgroup_show). */
#define DELETED " (deleted)"

static enum known unknown(char why[CGROUP_REASON_BYTES], const char *what, const char *reason)
{
	why[0] = '\0';
	append(why, CGROUP_REASON_BYTES, "%s%s", what, reason);
	return KNOWN_UNKNOWN;
}

/*
 * The path of this process's group out of the text of proc/self/cgroup: of the v1 hierarchy of `controller`, or, where there
 * is none, of v2. NULL: neither. Lines that are none are counted.
 */
static char *own_path(char *text, const char *controller, bool *v2, uint32_t *odd)
{
	char *path = NULL, *save = NULL;

	*odd = 0;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':');
		char *group = names == NULL ? NULL : strchr(names + 1, ':');

		if (group == NULL || group[1] != '/') {
			(*odd)++;
			continue;
		}
		*group++ = '\0';
		names++;
		if (list_has_word(names, ",", controller)) {
			*v2 = false;
			return group;
		}
		if (*names == '\0') {
			*v2 = true;
			path = group;
		}
	}
	return path;
}

/* What of `path` is below `top`, both of them as one cgroup namespace sees them; NULL: it is elsewhere, or hidden by it. */
static const char *below(const char *path, const char *top)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);
	const char *rest = path + len;

	if (strncmp(path, top, len) != 0 || (*rest != '/' && *rest != '\0'))
		return NULL;
	/* The namespace names groups outside of it by "..". */
	if (strstr(rest, "/../") != NULL ||
	    (strlen(rest) >= 3 && strcmp(rest + strlen(rest) - 3, "/..") == 0))
		return NULL;
	return strcmp(rest, "/") == 0 ? rest + 1 : rest;
}

struct mount_search {
	const char *root, *controller, *path;
	struct cgroup *group;
	uint32_t hierarchies; /* mounts of it that there are, of the right group or not */
	bool failed;
};

/* The mount that shows most of what is above the group; of two that show the same, one where the group is. */
static bool consider_mount(const struct host_mount *m, void *arg)
{
	struct mount_search *s = arg;
	struct cgroup *group = s->group;
	bool hidden = strcmp(m->root, "/") != 0;
	const char *rest;
	char *dir;

	if (strcmp(m->type, group->v2 ? "cgroup2" : "cgroup") != 0 ||
	    (!group->v2 && !list_has_word(m->options, ",", s->controller)))
		return true;
	s->hierarchies++;
	rest = below(s->path, m->root);
	if (rest == NULL || (group->dir != NULL && (hidden || !group->hidden)))
		return true;
	if (asprintf(&dir, "%s%s", m->path + (*m->path == '/'), rest) < 0) {
		s->failed = true;
		return false;
	}
	if (group->dir != NULL && sysfile_exists(s->root, dir) != KNOWN_YES) {
		free(dir);
		return true;
	}
	free(group->dir);
	group->dir = dir;
	group->top_bytes = strlen(dir) - strlen(rest);
	group->root = !hidden && *rest == '\0';
	group->hidden = hidden;
	group->counts_hugetlb = group->v2 && list_has_word(m->options, ",", "memory_hugetlb_accounting");
	return true;
}

enum known cgroup_find(const char *root, const char *controller, struct cgroup *group,
		       char why[CGROUP_REASON_BYTES])
{
	struct mount_search search = { .root = root, .controller = controller, .group = group };
	uint32_t odd;
	char *text, *path;
	enum known found = KNOWN_YES;
	int ret = sysfile_slurp(root, "proc/self/cgroup", GROUPS_MAX_BYTES, &text);

	*group = (struct cgroup){ .dir = NULL };
	why[0] = '\0';
	/* A kernel without control groups has no such file. */
	if (ret == -ENOENT && sysfile_exists(root, "proc/self/status") == KNOWN_YES)
		return KNOWN_NO;
	if (ret != 0)
		return unknown(why, "/proc/self/cgroup: ", strerror(-ret));
	path = own_path(text, controller, &group->v2, &odd);
	search.path = path;
	if (path == NULL) {
		found = odd == 0 ? KNOWN_NO : unknown(why, "/proc/self/cgroup is not understood", "");
	} else if (strlen(path) > sizeof(DELETED) &&
		   strcmp(path + strlen(path) - (sizeof(DELETED) - 1), DELETED) == 0) {
		found = unknown(why, controller, ": the control group of this process was removed");
	} else {
		ret = mountinfo_each(root, consider_mount, &search);
		if (ret != 0)
			found = unknown(why, "/proc/self/mountinfo: ", strerror(-ret));
		else if (search.failed)
			found = unknown(why, controller, ": no memory for the path of the control group");
		else if (group->dir == NULL && search.hierarchies == 0)
			found = unknown(why, controller,
					": its control groups are in use, but are not mounted here");
		else if (group->dir == NULL)
			found = unknown(
				why, controller,
				": the control group of this process is outside of what is mounted here");
	}
	free(text);
	if (found != KNOWN_YES)
		cgroup_free(group);
	return found;
}

bool cgroup_up(struct cgroup *group)
{
	char *slash = strrchr(group->dir, '/');

	if (strlen(group->dir) <= group->top_bytes || slash == NULL)
		return false;
	*slash = '\0';
	group->root = !group->hidden && strlen(group->dir) <= group->top_bytes;
	return true;
}

void cgroup_free(struct cgroup *group)
{
	free(group->dir);
	group->dir = NULL;
}

int cgroup_value(const char *root, const struct cgroup *group, const char *file, char *buf, size_t size,
		 char **path)
{
	int ret;

	if (asprintf(path, "/%s/%s", group->dir, file) < 0) {
		*path = NULL;
		return -ENOMEM;
	}
	ret = sysfile_value(root, *path + 1, buf, size);
	/* A mount that is listed has its root, whatever a fixture leaves out. */
	if (ret == -ENOENT && !group->root && sysfile_exists(root, group->dir) != KNOWN_YES)
		ret = -ENOTDIR;
	return ret;
}

int cgroup_keyed(const char *root, const struct cgroup *group, const char *file, const char *key,
		 uint64_t *value)
{
	char *path, *text = NULL, *save = NULL;
	size_t len = strlen(key);
	int ret;

	*value = 0;
	if (asprintf(&path, "%s/%s", group->dir, file) < 0)
		return -ENOMEM;
	ret = sysfile_slurp(root, path, FILE_MAX_BYTES, &text);
	free(path);
	if (ret != 0)
		return ret;
	ret = -ENOENT;
	for (char *line = strtok_r(text, "\n", &save); line != NULL && ret == -ENOENT;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			ret = number_parse(line + len + 1, 0, UINT64_MAX, value);
	}
	free(text);
	return ret;
}
