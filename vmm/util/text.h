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
 * Whether the character at `text` has a shape: no control (C0, DEL, C1) that would command a terminal, none that is invisible
 * or reverses what stands beside it, and UTF-8 at all. Its bytes into *bytes, 1 where it is none. All text from outside (paths,
 * names, JSON, what a kernel or a guest says) goes through here on its way to text, logs, shell lines and CSV.
 */
bool is_printable(const char *text, size_t *bytes);

/* Each character of `text` that is not printable, nor one of `except`, becomes '?'. Returns its length, which only shrinks. */
size_t make_printable(char *text, const char *except);

/* The string `text` into buf[0..size), cut to fit and made printable. Returns buf. */
const char *printable(const char *text, char *buf, size_t size);

/* Has `word` only bytes that no shell, fstab or option parser takes for its own? */
bool is_plain_word(const char *word);

/*
 * `word` as one word of a shell: itself, or in single quotes, in buf[0..size), where it needs them (systemd's groups have
 * backslashes). Characters that are not printable stand there by their numbers, as $'\033': bash, zsh, ksh and busybox read that.
 */
const char *shell_word(const char *word, char *buf, size_t size);

/* The end of a path, which tells more than its beginning, in at most `most` bytes. */
const char *path_tail(const char *path, size_t most);

/* Is `word` one of the words of `list`, between which any of the bytes of `separators` stand? */
bool list_has_word(const char *list, const char *separators, const char *word);

#endif
