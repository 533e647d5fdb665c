#include "vmm/util/text.h"

#include <stdarg.h>
#include <stdint.h>
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

/* The code point that begins at `text`, and its bytes; 0 and one byte where it is no UTF-8 (RFC 3629, table of 4). */
static uint32_t decode(const unsigned char *text, size_t *bytes)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t count = text[0] < 0x80 ? 1 : text[0] < 0xc0 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	uint32_t point = count <= 1 ? text[0] : text[0] & (0x7fU >> count);

	*bytes = 1;
	if (count == 0 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < count; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < least[count] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	*bytes = count;
	return point;
}

bool is_printable(const char *text, size_t *bytes)
{
	/* Controls; then what has no shape, or turns the order of the letters around it. */
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0, 0x1f },        { 0x7f, 0x9f },       { 0xad, 0xad },     { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
	};
	uint32_t point = decode((const unsigned char *)text, bytes);

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (point >= hidden[i].first && point <= hidden[i].last)
			return false;
	}
	return true;
}

size_t make_printable(char *text, const char *except)
{
	char *end = text;
	size_t bytes;

	for (const char *c = text; *c != '\0'; c += bytes) {
		if (is_printable(c, &bytes) || strchr(except, *c) != NULL) {
			memmove(end, c, bytes);
			end += bytes;
		} else {
			*end++ = '?';
		}
	}
	*end = '\0';
	return (size_t)(end - text);
}

const char *printable(const char *text, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", text);
	(void)make_printable(buf, "");
	return buf;
}

#define PLAIN_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@:"

bool is_plain_word(const char *word)
{
	return word[strspn(word, PLAIN_BYTES)] == '\0';
}

const char *shell_word(const char *word, char *buf, size_t size)
{
	bool hidden = false;
	size_t used = 2, bytes;

	if (word[0] != '\0' && word[strspn(word, PLAIN_BYTES ",=")] == '\0')
		return word;
	for (const char *c = word; *c != '\0'; c += bytes)
		hidden |= !is_printable(c, &bytes);
	(void)snprintf(buf, size, hidden ? "$'" : "'");
	/* The longest piece added in one turn, the closing quote and the NUL have to fit. */
	for (; *word != '\0' && used + 6 < size; word += bytes) {
		bool shown = is_printable(word, &bytes);

		if (!shown) {
			bytes = 1;
			append(buf, size, "\\%03o", (unsigned char)*word);
		} else if (*word == '\'') {
			append(buf, size, hidden ? "\\'" : "'\\''");
		} else {
			append(buf, size, "%s%.*s", hidden && *word == '\\' ? "\\" : "", (int)bytes, word);
		}
		used = strlen(buf);
	}
	append(buf, size, "'");
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
