#include "tests/faults/outputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD_TEXT "old\n"
/* More than a message; the text of a run is looked at for its last line. */
#define TEXT_BYTES 16384

/* How the end of each output looks. */
static const struct {
	const char *name, *end;
} outputs[] = { { "out.json", "}\n" }, { "out.csv", "\n" }, { "out.svg", "</svg>\n" } };

#define OUTPUT_COUNT (sizeof(outputs) / sizeof(outputs[0]))

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail(dir);
	return fd;
}

void outputs_prepare(const char *dir)
{
	int at = open_dir(dir), fd;
	DIR *list = fdopendir(dup(at));
	struct dirent *entry;

	if (list == NULL)
		fail(dir);
	while ((entry = readdir(list)) != NULL) {
		if (entry->d_name[0] != '.' && unlinkat(at, entry->d_name, 0) != 0)
			fail(entry->d_name);
	}
	(void)closedir(list);
	for (size_t i = 0; i < OUTPUT_COUNT; i++) {
		fd = openat(at, outputs[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, OLD_TEXT, strlen(OLD_TEXT)) != (ssize_t)strlen(OLD_TEXT))
			fail(outputs[i].name);
		(void)close(fd);
	}
	(void)close(at);
}

char *outputs_name(char *argument, const char *dir)
{
	char *brace = strstr(argument, "{}"), *name = NULL;

	if (brace == NULL)
		return argument;
	if (asprintf(&name, "%.*s%s%s", (int)(brace - argument), argument, dir, brace + 2) < 0)
		fail("asprintf");
	return name;
}

/* The whole of a file; NULL where it cannot be read. */
static char *read_whole(int at, const char *name, size_t *bytes)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	char *text = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && (text = calloc(1, (size_t)st.st_size + 1)) != NULL) {
		ssize_t got = read(fd, text, (size_t)st.st_size);

		*bytes = got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return text;
}

static bool ends_with(const char *text, size_t bytes, const char *end)
{
	size_t end_bytes = strlen(end);

	return bytes >= end_bytes && memcmp(text + bytes - end_bytes, end, end_bytes) == 0;
}

static const char *state_of(const char *text, size_t bytes, size_t output, json_t *o)
{
	json_t *record;

	if (text == NULL)
		return "gone";
	if (strcmp(text, OLD_TEXT) == 0)
		return "old";
	if (!ends_with(text, bytes, outputs[output].end))
		return "broken";
	if (output != 0)
		return "new";
	record = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
	if (record == NULL)
		return "broken";
	(void)json_object_set_new(o, "record", record);
	return "new";
}

void outputs_look(const char *dir, json_t *o)
{
	int at = open_dir(dir);
	json_t *files = json_object();
	DIR *list = fdopendir(dup(at));
	struct dirent *entry;

	if (list == NULL)
		fail(dir);
	while ((entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)json_object_set_new(files, entry->d_name, json_string("left"));
	}
	(void)closedir(list);
	for (size_t i = 0; i < OUTPUT_COUNT; i++) {
		size_t bytes = 0;
		char *text = read_whole(at, outputs[i].name, &bytes);

		(void)json_object_set_new(files, outputs[i].name, json_string(state_of(text, bytes, i, o)));
		free(text);
	}
	(void)json_object_set_new(o, "files", files);
	(void)close(at);
}

void outputs_text(int fd, const char *key, json_t *o)
{
	static char text[TEXT_BYTES];
	off_t bytes = lseek(fd, 0, SEEK_END), from = bytes > TEXT_BYTES ? bytes - TEXT_BYTES : 0;
	ssize_t got = pread(fd, text, TEXT_BYTES, from);
	json_t *string;

	/* A cut within a character. */
	for (ssize_t i = 0; i < got; i++)
		text[i] = (char)((unsigned char)text[i] < 128 ? text[i] : '?');
	string = json_stringn(text, got > 0 ? (size_t)got : 0);
	(void)json_object_set_new(o, key, string);
}
