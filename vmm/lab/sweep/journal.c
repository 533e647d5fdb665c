/*
 * Writing a journal: opened by one sweep alone, whole lines or nothing.
 */
#include "vmm/lab/sweep/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/output/json.h"
#include "vmm/output/output.h"
#include "vmm/util/destination.h"

#define UNUSABLE "the journal of the sweep cannot be used"

static int fail(struct error *e, int err, const char *call, const char *path)
{
	char where[96];

	(void)snprintf(where, sizeof(where), "%s %s", call, path);
	(void)error_set(e, STATUS_FAILED, err, where, UNUSABLE);
	if (err == ENOSPC || err == EDQUOT)
		error_hint(e, "make room there, then go on with --resume");
	return -err;
}

char *journal_path(const char *json_path)
{
	char *path;

	return asprintf(&path, "%s.journal", json_path) < 0 ? NULL : path;
}

/* A stream has no place for a journal beside it. */
static bool is_file(const char *json_path)
{
	return json_path != NULL && strcmp(json_path, "-") != 0 && !output_is_direct(json_path);
}

/* The whole line or, where the disk is full, none of it. */
static int put_line(struct journal *j, json_t *line, struct error *e)
{
	char *text = line != NULL ? json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	size_t bytes = text != NULL ? strlen(text) : 0, done = 0;
	int err = text == NULL ? ENOMEM : 0;

	json_decref(line);
	if (err == 0)
		text[bytes++] = '\n'; /* in place of the NUL: write() takes a length */
	while (err == 0 && done < bytes) {
		ssize_t put = pwrite(j->fd, text + done, bytes - done, (off_t)(j->bytes + (int64_t)done));

		if (put > 0)
			done += (size_t)put;
		else if (put == 0 || errno != EINTR)
			err = put == 0 ? ENOSPC : errno;
	}
	free(text);
	if (err == 0) {
		j->bytes += (int64_t)bytes;
		return 0;
	}
	/* Should this fail as well, the next reader drops the piece of a line. */
	if (ftruncate(j->fd, (off_t)j->bytes) != 0)
		err = errno;
	return fail(e, err, "write", j->path);
}

/* A sweep that ends removes its journal: between open and lock the name may have gone, or be another file's. 0 or -errno. */
static int check_name(const struct journal *j)
{
	struct stat opened, named;

	if (fstat(j->fd, &opened) != 0 || lstat(j->path, &named) != 0)
		return errno == ENOENT ? -EWOULDBLOCK : -errno;
	return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino ? 0 : -EWOULDBLOCK;
}

static int lock(const struct journal *j, struct error *e)
{
	int ret = flock(j->fd, LOCK_EX | LOCK_NB) == 0 ? check_name(j) : -errno;

	if (ret != -EWOULDBLOCK)
		return ret == 0 ? 0 : fail(e, -ret, "flock", j->path);
	(void)error_set(e, STATUS_FAILED, EWOULDBLOCK, "--json", "another sweep is writing %s", j->path);
	return error_hint(e, "wait for it, or name another file");
}

/* Opened without waiting, as a FIFO may be in its place, and looked at again: it may have been made since. */
static int open_in(struct destination *p, bool resume)
{
	int fd = openat(p->dir, p->name,
			O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK | (resume ? 0 : O_CREAT),
			0666);
	int ret = fd < 0 ? -errno : 0;

	if (ret == 0 && fstat(fd, &p->st) != 0)
		ret = -errno;
	if (ret == 0)
		ret = destination_check(p, &p->st);
	if (ret == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

static int open_file(struct journal *j, bool resume, struct error *e)
{
	struct destination p;
	int ret = destination_open(j->path, false, &p);

	j->fd = ret == 0 ? open_in(&p, resume) : ret;
	destination_close(&p);
	if (p.refused)
		return destination_refused(&p, j->path, UNUSABLE, e);
	if (j->fd == -ENOENT && resume) {
		(void)error_set(e, STATUS_FAILED, ENOENT, "--resume",
				"%s does not exist: no sweep was interrupted, or its file has another name",
				j->path);
		return error_hint(e, "the same command without --resume begins anew");
	}
	return j->fd < 0 ? fail(e, -j->fd, "open", j->path) : lock(j, e);
}

static int begin(struct journal *j, const struct matrix *m, struct error *e)
{
	if (ftruncate(j->fd, 0) != 0)
		return fail(e, errno, "ftruncate", j->path);
	j->bytes = 0;
	return put_line(j, journal_header(m), e);
}

static int go_on(struct journal *j, struct matrix *m, struct error *e)
{
	int ret = journal_restore(j->fd, m, &j->bytes, e);

	if (ret != 0)
		return ret;
	if (ftruncate(j->fd, (off_t)j->bytes) != 0)
		return fail(e, errno, "ftruncate", j->path);
	m->resumed++;
	return put_line(j, journal_resumed(), e);
}

/* A journal with rounds holds hours of work, and any other file is the user's: neither is overwritten. */
static int check_fresh(const struct journal *j, struct error *e)
{
	uint32_t rounds = 0;
	int ret = journal_count(j->fd, &rounds);

	if (ret != 0 && ret != -EOPNOTSUPP)
		return fail(e, -ret, "read", j->path);
	if (ret != 0) {
		(void)error_set(e, STATUS_FAILED, -ret, "--json",
				"%s exists, but is not a journal of a sweep", j->path);
		return error_hint(e, "move it away, or name another file");
	}
	if (rounds == 0)
		return 0;
	(void)error_set(e, STATUS_FAILED, EEXIST, "--json",
			"%s holds %" PRIu32 " rounds of a sweep that was interrupted", j->path, rounds);
	return error_hint(e, "--resume goes on with it; to begin anew, remove it");
}

int journal_open(const char *json_path, bool resume, struct matrix *m, struct journal *j, struct error *e)
{
	int ret;

	*j = (struct journal){ .fd = -1 };
	if (!is_file(json_path))
		return 0;
	j->path = journal_path(json_path);
	if (j->path == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for a name");
	ret = open_file(j, resume, e);
	if (ret == 0 && resume)
		ret = go_on(j, m, e);
	else if (ret == 0)
		ret = check_fresh(j, e);
	if (ret == 0 && !resume) {
		ret = begin(j, m, e);
		if (ret != 0) /* it holds nothing; the lock is ours */
			(void)unlink(j->path);
	}
	if (ret != 0) {
		if (j->fd >= 0)
			(void)close(j->fd);
		free(j->path);
		*j = (struct journal){ .fd = -1 };
	}
	return ret;
}

int journal_add(struct journal *j, const struct matrix_cell *cell, uint32_t round, struct error *e)
{
	return j->fd < 0 ? 0 : put_line(j, journal_line(cell, round), e);
}

bool journal_close(struct journal *j, bool complete, struct error *e)
{
	uint32_t rounds = 0;
	bool gone;

	if (j->fd < 0)
		return false;
	/* Removed while it is still locked: no other sweep has begun to write it. */
	gone = complete || (journal_count(j->fd, &rounds) == 0 && rounds == 0);
	if (gone && unlink(j->path) != 0 && errno != ENOENT && e->status == STATUS_OK) {
		(void)error_set(
			e, STATUS_FAILED, errno, "unlink",
			"all is written, but not removed is %s, by which another sweep would take it for interrupted",
			j->path);
		(void)error_hint(e, "rm \"%s\"", j->path);
	}
	(void)close(j->fd);
	free(j->path);
	*j = (struct journal){ .fd = -1 };
	return !gone;
}

json_t *journal_command(const char *json_path, struct error *e)
{
	char *path = journal_path(json_path);
	struct journal j = { .fd = -1, .path = path };
	json_t *words = NULL;
	int ret;

	if (path == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for a name");
		return NULL;
	}
	ret = open_file(&j, true, e);
	if (ret == 0) {
		ret = journal_header_words(j.fd, &words);
		if (ret == -EOPNOTSUPP)
			(void)error_set(e, STATUS_FAILED, -ret, "--resume",
					"%s is not a journal of schema %s", path, JOURNAL_SCHEMA);
		else if (ret != 0)
			(void)fail(e, -ret, "read", path);
	}
	if (j.fd >= 0)
		(void)close(j.fd);
	free(path);
	return words;
}
