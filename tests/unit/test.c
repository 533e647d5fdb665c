/*
 * Linked into every unit test: runs the tests of its file, names the case at which an assertion fails, and lets failed
 * tests end without a report of leaks. cmocka leaves a failed test by longjmp(), so whatever the test had allocated is
 * lost, and LeakSanitizer would tell so in a hundred lines below the one that matters.
 */
#include "test.h"
#include "golden.h"

#include <dlfcn.h>
#include <unistd.h>

static struct CMUnitTest tests[64];
static size_t test_count;
static CMFixtureFunction group_setup, group_teardown;

/* The loops that the test is in, the outermost first. */
#define MAX_LOOPS 8
static struct {
	const char *table, *name;
} loops[MAX_LOOPS];
static long long places[MAX_LOOPS];
static size_t depth;

void test_add(const char *name, CMUnitTestFunction test, CMFixtureFunction setup, CMFixtureFunction teardown)
{
	if (test_count == sizeof(tests) / sizeof(tests[0]))
		abort();
	tests[test_count++] = (struct CMUnitTest){ name, test, setup, teardown, NULL };
}

void test_group(CMFixtureFunction setup, CMFixtureFunction teardown)
{
	group_setup = setup;
	group_teardown = teardown;
}

/* Weak: a file that needs one process for each of its tests has a main of its own. */
__attribute__((weak)) int main(void)
{
	return _cmocka_run_group_tests("tests", tests, test_count, group_setup, group_teardown);
}

/* A test that skips itself leaves its loops by longjmp(), too: they are overwritten, at the latest when there are eight. */
long long *test_loop_enter(const char *table, const char *name)
{
	size_t i = depth++ % MAX_LOOPS;

	loops[i].table = table;
	loops[i].name = name;
	return &places[i];
}

void test_loop_leave(const struct test_loop *loop)
{
	depth = (size_t)(loop->at - places);
}

/* Stands before cmocka's own, which every assertion calls when it fails. */
void _fail(const char *const file, const int line)
{
	void (*cmocka_fail)(const char *, int);

	for (size_t i = 0; i < depth && i < MAX_LOOPS; i++) {
		if (loops[i].table != NULL)
			print_error("%s:%d: in %s[%lld]\n", file, line, loops[i].table, places[i]);
		else
			print_error("%s:%d: in %s = %lld\n", file, line, loops[i].name, places[i]);
	}
	depth = 0;
	*(void **)&cmocka_fail = dlsym(RTLD_NEXT, "_fail");
	cmocka_fail(file, line);
}

void assert_fits_screen(const char *text)
{
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		if (strcspn(line, "\n") > 100)
			fail_msg("more than 100 columns: %.*s", (int)strcspn(line, "\n"), line);
	}
}

/* One line for so many texts: their bytes and their FNV-1a, of all that came before as well. */
#define WROTE_A_LINE 16
static char wrote[4096];
static unsigned int wrote_count;
static size_t wrote_bytes;
static uint64_t wrote_digest = UINT64_C(0xcbf29ce484222325);

static void wrote_line(void)
{
	size_t used = strlen(wrote);

	(void)snprintf(&wrote[used], sizeof(wrote) - used, "%u texts: %zu bytes, %016llx\n", wrote_count,
		       wrote_bytes, (unsigned long long)wrote_digest);
	assert_in_range(strlen(wrote), used + 1, sizeof(wrote) - 2);
}

void test_wrote(const char *text)
{
	const char *directory = getenv("MINIVMM_DOCUMENTS");
	char path[512];

	wrote_bytes += strlen(text);
	for (const char *c = text; *c != '\0'; c++)
		wrote_digest = (wrote_digest ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	if (++wrote_count % WROTE_A_LINE == 0)
		wrote_line();
	if (directory == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/%d-%u.txt", directory, (int)getpid(), wrote_count);
	golden_write(text, path);
}

void test_compare_wrote(const char *file)
{
	const char *name = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
	char path[512];

	wrote_line();
	(void)snprintf(path, sizeof(path), "tests/golden/wrote/%.*s.txt", (int)strcspn(name, "."), name);
	golden_compare(wrote, path);
}

static void leave(int status, void *unused)
{
	(void)unused;
	if (status == 0)
		return;
	(void)fflush(NULL);
	_exit(status);
}

/* Handlers run in reverse order: this one before that of LeakSanitizer, which was there first. */
__attribute__((constructor)) static void leave_early(void)
{
	(void)on_exit(leave, NULL);
}
