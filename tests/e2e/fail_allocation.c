/*
 * Lets one call of an allocator fail in the program that is linked with it: MINIVMM_FAIL_ALLOCATION=N is the Nth place of
 * the sources that asks, the first time it does, in the order in which a run comes to them. Prints to stderr that it happened, and where, as addr2line has it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 1024

extern const char __executable_start; /* where the linker put the program */
static const void *places[PLACES_MAX];
static unsigned int place_count;

/* Is this call the one that fails? Before main() the environment is not read yet: nothing fails there. */
static bool fails(const void *place)
{
	const char *asked = getenv("MINIVMM_FAIL_ALLOCATION");
	unsigned int i = 0, count = __atomic_load_n(&place_count, __ATOMIC_ACQUIRE);

	while (i < count && places[i] != place)
		i++;
	if (asked == NULL || i < count || count == PLACES_MAX)
		return false;
	places[count] = place;
	__atomic_store_n(&place_count, count + 1, __ATOMIC_RELEASE);
	if (count + 1 != (unsigned int)strtoul(asked, NULL, 10))
		return false;
	(void)fprintf(stderr, "an allocation fails now, at %#tx\n",
		      (const char *)place - &__executable_start);
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__real_reallocarray(void *old, size_t count, size_t bytes);
void *__wrap_reallocarray(void *old, size_t count, size_t bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
FILE *__real_open_memstream(char **data, size_t *bytes);
FILE *__wrap_open_memstream(char **data, size_t *bytes);
int __wrap_asprintf(char **text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_malloc(size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_realloc(old, bytes);
}

void *__wrap_reallocarray(void *old, size_t count, size_t bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_reallocarray(old, count, bytes);
}

char *__wrap_strdup(const char *text)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_strdup(text);
}

FILE *__wrap_open_memstream(char **data, size_t *bytes)
{
	return fails(__builtin_return_address(0)) ? NULL : __real_open_memstream(data, bytes);
}

int __wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list args;
	int length;

	if (fails(__builtin_return_address(0)))
		return -1;
	va_start(args, fmt);
	length = vasprintf(text, fmt, args);
	va_end(args);
	return length;
}
