/*
 * Text into a bounded buffer: always NUL-terminated, cut where it does not fit, printable whatever goes in.
 */
#ifndef MINIVMM_GUEST_LIB_TEXT_H
#define MINIVMM_GUEST_LIB_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *to; /* borrowed */
	size_t size;
	size_t used; /* without the NUL; < size */
};

/* Start an empty text in buf[0..size), size at least 1. */
void text_start(struct text *t, char *buf, size_t size);

/* A string; bytes that are not printable ASCII become '?'. */
void text_add(struct text *t, const char *s);

/* A number in decimal; in hexadecimal with 0x. */
void text_add_dec(struct text *t, uint64_t value);
void text_add_hex(struct text *t, uint64_t value);

#endif
