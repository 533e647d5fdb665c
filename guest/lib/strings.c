/*
 * The part of <string.h> that ends at a NUL. See string.c.
 */
#include <stddef.h>
#include <stdint.h>

#include <string.h>

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0') {
		n++;
		/* Keeps the compiler from recognising the loop and calling strlen from strlen. */
		__asm__ volatile("" : : : "memory");
	}
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		unsigned char x = (unsigned char)a[i];
		unsigned char y = (unsigned char)b[i];

		if (x != y)
			return x < y ? -1 : 1;
		if (x == '\0')
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int wanted)
{
	for (;; s++) {
		if (*s == (char)wanted)
			return (char *)(uintptr_t)s;
		if (*s == '\0')
			return NULL;
	}
}

char *strrchr(const char *s, int wanted)
{
	const char *last = NULL;

	for (;; s++) {
		if (*s == (char)wanted)
			last = s;
		if (*s == '\0')
			return (char *)(uintptr_t)last;
	}
}
