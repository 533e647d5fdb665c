#include "vmm/output/paragraph.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "vmm/util/text.h"

void paragraph_wrap(FILE *out, size_t column, const char *text)
{
	size_t room = SCREEN_COLUMNS - column, used = 0, bytes;

	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (length > room) {
			/* Not in the middle of a character. */
			for (length = room; length > 1 && (text[length] & 0xc0) == 0x80; length--)
				continue;
		}
		if (used != 0 && used + 1 + length > room) {
			(void)fprintf(out, "\n%*s", (int)column, "");
			used = 0;
		} else if (used != 0) {
			(void)fputc(' ', out);
			used++;
		}
		for (size_t i = 0; i < length; i += bytes) {
			bool shown = is_printable(text + i, &bytes);

			(void)fprintf(out, "%.*s", shown ? (int)bytes : 1, shown ? text + i : "?");
		}
		used += length;
		text += length;
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

void paragraph(FILE *out, const char *label, const char *fmt, ...)
{
	char text[8192];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)fprintf(out, "%-*s", LABEL_COLUMNS, label);
	paragraph_wrap(out, LABEL_COLUMNS, text);
}

void format_real(double value, char *buf, size_t size)
{
	double magnitude = fabs(value);
	int digits = 2;

	/* Noise around nothing is nothing, not "-0.00". */
	if (magnitude < 0.005)
		value = 0;
	if (magnitude >= 999.5)
		digits = 0;
	else if (magnitude >= 99.95)
		digits = 1;
	(void)snprintf(buf, size, "%.*f", digits, value);
}
