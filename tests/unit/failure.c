/*
 * Linked into every unit test: names the case at which an assertion fails, and lets failed tests end without a report of
 * leaks. cmocka leaves a failed test by longjmp(), so whatever the test had allocated is lost, and LeakSanitizer would
 * tell so in a hundred lines below the one that matters.
 */
#include "failure.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char current_case[512];

void case_begin(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(current_case, sizeof(current_case), format, args);
	va_end(args);
}

void case_end(const int *of_this_turn)
{
	(void)of_this_turn;
	current_case[0] = '\0';
}

/* Stands before cmocka's own, which every assertion calls when it fails. */
void _fail(const char *const file, const int line)
{
	void (*cmocka_fail)(const char *, int);

	if (current_case[0] != '\0')
		print_error("%s:%d: case: %s\n", file, line, current_case);
	current_case[0] = '\0';
	*(void **)&cmocka_fail = dlsym(RTLD_NEXT, "_fail");
	cmocka_fail(file, line);
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
