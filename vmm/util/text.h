/*
 * Text of fixed size that grows from its end, and lists of words. A buffer holds a NUL-terminated string at all times.
 *
 * A header of its own: any room may write text, and nothing else of util belongs to it.
 */
#ifndef MINIVMM_UTIL_TEXT_H
#define MINIVMM_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Append to the string in buf[0..size); too long a text is cut. */
void append(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Append all of it, or, where it does not fit, nothing and return false. */
bool append_whole(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Append a remark, "; " between two; one that is in buf already or does not fit is left out. */
void append_remark(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * The string `text` into buf[0..size), cut to fit, with '?' for what would command a terminal: C0, DEL, and C1 in UTF-8
 * (0xc2 0x80 to 0xc2 0x9f). For text from outside. Returns buf.
 */
const char *printable(const char *text, char *buf, size_t size);

/* Has `word` only bytes that no shell, fstab or option parser takes for its own? */
bool is_plain_word(const char *word);

/*
 * `word` as one word of a shell: itself, or in single quotes, in buf[0..size), where it needs them (systemd's groups have
 * backslashes).
 */
const char *shell_word(const char *word, char *buf, size_t size);

/* The end of a path, which tells more than its beginning, in at most `most` bytes. */
const char *path_tail(const char *path, size_t most);

/* Is `word` one of the words of `list`, between which any of the bytes of `separators` stand? */
bool list_has_word(const char *list, const char *separators, const char *word);

#endif
