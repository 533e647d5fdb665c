/*
 * The string functions that libfdt, and the compiler on its own account, expect from a C library.
 *
 * Copies and fills are one string instruction each: short, and no compiler can turn it into a call to itself.
 */
#include <stddef.h>
#include <stdint.h>

#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		return memcpy(to, from, bytes);
	while (bytes > 0) {
		bytes--;
		out[bytes] = in[bytes];
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *x = a;
	const unsigned char *y = b;

	for (size_t i = 0; i < bytes; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

void *memchr(const void *in, int value, size_t bytes)
{
	const unsigned char *p = in;

	for (size_t i = 0; i < bytes; i++) {
		if (p[i] == (unsigned char)value)
			return (void *)(uintptr_t)(p + i);
	}
	return NULL;
}
