/*
 * Text of fixed size that grows from the end.
 */
#ifndef MINIVMM_UTIL_APPEND_H
#define MINIVMM_UTIL_APPEND_H

#include <stddef.h>

/* Append to the NUL-terminated string in buf[0..size); too long a text is cut. */
void append(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
