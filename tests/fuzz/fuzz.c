/*
 * Linked into every fuzz target: which target it is (the name that it is called by), and the parts of fuzz.h.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/util/text.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	const char *name;
	fuzz_function function;
} targets[16];
static size_t target_count;
static fuzz_function chosen;

void fuzz_add(const char *name, fuzz_function function)
{
	if (target_count == sizeof(targets) / sizeof(targets[0]))
		abort();
	targets[target_count].name = name;
	targets[target_count++].function = function;
}

#define NAME_PREFIX "fuzz_"

/* jansson takes its seed from a file otherwise, and two runs of one input would differ. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *slash = strrchr((*argv)[0], '/');
	const char *name = slash != NULL ? slash + 1 : (*argv)[0];

	(void)argc;
	json_object_seed(1);
	for (size_t i = 0; i < target_count && strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) == 0; i++) {
		if (strcmp(targets[i].name, name + strlen(NAME_PREFIX)) == 0)
			chosen = targets[i].function;
	}
	if (chosen == NULL) {
		(void)fprintf(stderr, "%s: no such fuzz target in this file\n", name);
		_exit(2);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	chosen(data, size);
	return 0;
}

void fuzz_fail(const char *file, int line, const char *property, const char *text)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n%s%s", file, line, property,
		      text != NULL ? text : "", text != NULL ? "\n" : "");
	abort();
}

uint8_t feed_byte(struct feed *feed)
{
	return feed->at < feed->end ? *feed->at++ : 0;
}

uint64_t feed_u64(struct feed *feed)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value |= (uint64_t)feed_byte(feed) << (8 * i);
	return value;
}

uint64_t feed_below(struct feed *feed, uint64_t limit)
{
	uint64_t value = feed_byte(feed);

	for (uint64_t rest = (limit - 1) >> 8; rest != 0; rest >>= 8)
		value = value << 8 | feed_byte(feed);
	return value % limit;
}

uint64_t feed_number(struct feed *feed)
{
	unsigned int bits = feed_byte(feed) % 65;

	return bits == 0 ? 0 : feed_u64(feed) >> (64 - bits);
}

/* realloc of nothing: for 0 bytes too there is memory, of which none may be read. */
void *fuzz_copy(const uint8_t *data, size_t size)
{
	void *copy = malloc(size);

	if (copy == NULL)
		abort();
	if (size != 0)
		memcpy(copy, data, size);
	return copy;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	if (size != 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

int fuzz_file(const uint8_t *data, size_t size, const char **path)
{
	static char name[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	*path = name;
	return fd;
}

static char *written;
static size_t written_bytes;

FILE *fuzz_output(void)
{
	FILE *out = open_memstream(&written, &written_bytes);

	if (out == NULL)
		abort();
	return out;
}

void fuzz_written(FILE *out, int ret, bool (*holds)(const char *text, size_t bytes), const char *file,
		  int line, const char *what)
{
	if (fclose(out) != 0)
		abort();
	if (ret != 0 || !holds(written, written_bytes))
		fuzz_fail(file, line, what, written);
	free(written);
}

bool fuzz_is_text(const char *text, size_t bytes)
{
	size_t step;

	for (const char *c = text; c < text + bytes; c += step) {
		step = 1;
		if (*c != '\n' && *c != '\t' && !is_printable(c, &step))
			return false;
	}
	return true;
}

bool fuzz_is_json(const char *text, size_t bytes)
{
	json_t *document = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);

	json_decref(document);
	return document != NULL;
}
