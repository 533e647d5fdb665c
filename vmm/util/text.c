#include "vmm/util/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room for the longest remark that a buffer of this program could hold. */
#define REMARK_BYTES 1024

void append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(buf + used, size - used, fmt, args);
	va_end(args);
}

bool append_whole(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(buf + used, size - used, fmt, args);
	va_end(args);
	if (length >= 0 && (size_t)length < size - used)
		return true;
	buf[used] = '\0';
	return false;
}

void append_remark(char *buf, size_t size, const char *fmt, ...)
{
	char text[REMARK_BYTES];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (length > 0 && (size_t)length < sizeof(text) && strstr(buf, text) == NULL)
		(void)append_whole(buf, size, "%s%s", buf[0] != '\0' ? "; " : "", text);
}

const char *printable(const char *text, char *buf, size_t size)
{
	size_t used = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c != '\0' && used + 1 < size; c++) {
		bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;

		buf[used++] = *c < 0x20 || *c == 0x7f || c1 ? '?' : (char)*c;
		c += c1;
	}
	buf[used] = '\0';
	return buf;
}

#define PLAIN_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:"

bool is_plain_word(const char *word)
{
	return word[strspn(word, PLAIN_BYTES)] == '\0';
}

const char *shell_word(const char *word, char *buf, size_t size)
{
	size_t used = 0;

	if (word[strspn(word, PLAIN_BYTES ",=")] == '\0')
		return word;
	buf[used++] = '\'';
	/* The longest piece added in one turn, the closing quote and the NUL have to fit. */
	for (; *word != '\0' && used + 6 < size; word++) {
		if (*word == '\'') {
			memcpy(buf + used, "'\\''", 4);
			used += 4;
		} else {
			buf[used++] = *word;
		}
	}
	buf[used++] = '\'';
	buf[used] = '\0';
	return buf;
}

const char *path_tail(const char *path, size_t most)
{
	size_t len = strlen(path);

	return len > most ? path + len - most : path;
}

bool list_has_word(const char *list, const char *separators, const char *word)
{
	size_t length = strlen(word);

	for (list += strspn(list, separators); *list != '\0'; list += strspn(list, separators)) {
		size_t here = strcspn(list, separators);

		if (here == length && memcmp(list, word, length) == 0)
			return true;
		list += here;
	}
	return false;
}
