/* A recorded host below $TMPDIR, made of an input and kept from one input to the next. Who sets TMPDIR removes it. */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 160

static struct entry {
	char *path, *content; /* owned */
	size_t bytes;
	bool link, used;
} entries[MAX_FILES];
static size_t entry_count;
static char root[96];

static bool is_below_root(const char *path)
{
	for (const char *part = path;; part += strcspn(part, "/") + 1) {
		size_t length = strcspn(part, "/");

		if (length == 0 || length > 64 || part[0] == '.')
			return false;
		if (part[length] == '\0')
			return strlen(path) < 256;
	}
}

/* With its directories; where a file stands in the way of one, or a directory in that of a file, nothing is written. */
static void put(const struct entry *e)
{
	char full[512];
	int fd;

	(void)snprintf(full, sizeof(full), "%s/%s", root, e->path);
	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		(void)mkdir(full, 0755);
		*p = '/';
	}
	(void)unlink(full);
	if (e->link) {
		(void)symlink(e->content, full);
		return;
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, e->content, e->bytes) != (ssize_t)e->bytes)
		abort();
	if (fd >= 0)
		(void)close(fd);
}

static void drop(struct entry *e)
{
	char full[512];

	(void)snprintf(full, sizeof(full), "%s/%s", root, e->path);
	(void)unlink(full);
	free(e->path);
	free(e->content);
	*e = entries[--entry_count];
}

static void keep(const char *path, const char *content, size_t bytes, bool link)
{
	struct entry *e = entries;

	while (e < entries + entry_count && strcmp(e->path, path) != 0)
		e++;
	if (e < entries + entry_count && e->link == link && e->bytes == bytes &&
	    memcmp(e->content, content, bytes) == 0) {
		e->used = true;
		return;
	}
	if (e == entries + MAX_FILES)
		return;
	if (e == entries + entry_count) {
		entry_count++;
		e->path = strdup(path);
	} else {
		free(e->content);
	}
	e->content = fuzz_text((const uint8_t *)content, bytes);
	e->bytes = bytes;
	e->link = link;
	e->used = true;
	put(e);
}

/* One file of the input: its first line names it. */
static void keep_part(char *part, char *end)
{
	char *newline = memchr(part, '\n', (size_t)(end - part)), *target;

	if (newline == NULL)
		newline = end;
	*newline = '\0';
	if (part[1] == '=' && strlen(part) > 3 && is_below_root(part + 3)) {
		keep(part + 3, newline + (newline < end), (size_t)(end - newline) - (newline < end), false);
		return;
	}
	target = strlen(part) > 3 ? strchr(part + 3, ' ') : NULL;
	if (part[1] != '>' || target == NULL)
		return;
	*target++ = '\0';
	/* No link leads out. */
	if (is_below_root(part + 3) && target[0] != '/' && strstr(target, "..") == NULL && target[0] != '\0')
		keep(part + 3, target, strlen(target), true);
}

static bool begins_part(const char *at, const char *text, const char *end)
{
	return end - at >= 3 && at[0] == '=' && (at[1] == '=' || at[1] == '>') && at[2] == ' ' &&
	       (at == text || at[-1] == '\n');
}

const char *fuzz_root(const uint8_t *data, size_t size, char **rest)
{
	char *text = fuzz_text(data, size), *end = text + size, *part = NULL;

	if (root[0] == '\0') {
		const char *dir = getenv("TMPDIR");

		(void)snprintf(root, sizeof(root), "%.80s/XXXXXX", dir != NULL ? dir : "/tmp");
		if (mkdtemp(root) == NULL)
			abort();
	}
	for (size_t i = 0; i < entry_count; i++)
		entries[i].used = false;
	*rest = NULL;
	for (char *at = text; at <= end; at++) {
		if (at < end && !begins_part(at, text, end))
			continue;
		if (part != NULL)
			keep_part(part, at);
		else if (*rest == NULL)
			*rest = fuzz_text((const uint8_t *)text, (size_t)(at - text));
		part = at;
	}
	for (size_t i = 0; i < entry_count;) {
		if (entries[i].used)
			i++;
		else
			drop(&entries[i]);
	}
	free(text);
	return root;
}
