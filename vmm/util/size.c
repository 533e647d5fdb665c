#include "vmm/util/size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "units.h"
#include "vmm/util/text.h"

#define ITEM_MAX_CHARS 64

/* strtoull is not used: it skips blanks and takes signs. */
int digits_parse(const char **cursor, const char *end, uint64_t *value)
{
	const char *p = *cursor;
	uint64_t sum = 0;
	bool fits = true;

	for (; p < end && isdigit((unsigned char)*p); p++)
		fits = fits && checked_mul(sum, 10, &sum) && checked_add(sum, (uint64_t)(*p - '0'), &sum);
	if (p == *cursor)
		return -EINVAL;
	*cursor = p;
	*value = sum;
	return fits ? 0 : -ERANGE;
}

uint64_t size_unit(char letter)
{
	switch (toupper((unsigned char)letter)) {
	case 'K':
		return KIB;
	case 'M':
		return MIB;
	case 'G':
		return GIB;
	case 'T':
		return TIB;
	default:
		return 0;
	}
}

int size_parse(const char *text, uint64_t default_unit, uint64_t *bytes)
{
	uint64_t unit = default_unit;
	uint64_t number;
	int ret = digits_parse(&text, text + strlen(text), &number);

	if (ret == -EINVAL)
		return ret;
	/* Text behind a number that overflows is reported as text, not as overflow. */
	if (*text != '\0') {
		unit = size_unit(*text++);
		if (unit == 0 || (*text != '\0' && strcasecmp(text, "B") != 0 && strcasecmp(text, "iB") != 0))
			return -EINVAL;
	}
	if (ret != 0 || number == 0 || !checked_mul(number, unit, &number))
		return -ERANGE;
	*bytes = number;
	return 0;
}

int page_size_parse(const char *text, uint64_t *bytes)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} sizes[] = { { "4K", PAGE_4K }, { "2M", PAGE_2M }, { "1G", PAGE_1G } };

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		if (strcasecmp(text, sizes[i].name) == 0) {
			*bytes = sizes[i].bytes;
			return 0;
		}
	}
	return -EINVAL;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *cursor = text;
	uint64_t number;
	int ret;

	ret = digits_parse(&cursor, text + strlen(text), &number);
	if (ret == -EINVAL || *cursor != '\0')
		return -EINVAL;
	if (ret != 0)
		return ret;
	if (number < min || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

const char *size_format(uint64_t bytes, char *buf)
{
	static const char letters[] = { 'T', 'G', 'M', 'K' };
	uint64_t unit = TIB;

	for (size_t i = 0; i < sizeof(letters) && bytes != 0; i++, unit /= 1024) {
		if (bytes % unit == 0) {
			(void)snprintf(buf, 24, "%" PRIu64 "%c", bytes / unit, letters[i]);
			return buf;
		}
	}
	(void)snprintf(buf, 24, "%" PRIu64, bytes);
	return buf;
}

int list_item(const char **cursor, char *item, size_t item_bytes)
{
	const char *start = *cursor;
	size_t length;

	if (start == NULL)
		return 0;
	length = strcspn(start, ",");
	if (length == 0 || length >= item_bytes)
		return -EINVAL;
	memcpy(item, start, length);
	item[length] = '\0';
	*cursor = start[length] == ',' ? start + length + 1 : NULL;
	return 1;
}

static int number_up_to(const char *text, uint64_t limit, uint64_t *number)
{
	return number_parse(text, 0, limit, number);
}

/* "A", which is "A<separator>A", or "A<separator>B", cut in place. 0, or -errno of parse(), or -EINVAL where B < A. */
static int range_parse(char *item, const char *separator,
		       int (*parse)(const char *text, uint64_t parameter, uint64_t *value),
		       uint64_t parameter, uint64_t *first, uint64_t *last)
{
	char *last_text = strstr(item, separator);
	int ret;

	if (last_text != NULL) {
		*last_text = '\0';
		last_text += strlen(separator);
	}
	ret = parse(item, parameter, first);
	if (ret == 0)
		ret = parse(last_text != NULL ? last_text : item, parameter, last);
	if (ret != 0)
		return ret;
	return *last < *first ? -EINVAL : 0;
}

int list_parse(const char *text, uint16_t limit, uint16_t *values, uint32_t max)
{
	char item[ITEM_MAX_CHARS];
	uint32_t count = 0;
	int more;

	while ((more = list_item(&text, item, sizeof(item))) == 1) {
		uint64_t first, last;
		int ret = range_parse(item, "-", number_up_to, limit, &first, &last);

		if (ret != 0)
			return ret;
		if (last - first >= max - count)
			return -ERANGE;
		for (uint64_t v = first; v <= last; v++)
			values[count++] = (uint16_t)v;
	}
	return more < 0 ? more : (int)count;
}

const char *bits_format(uint64_t mask, char *buf, size_t size)
{
	buf[0] = '\0';
	for (uint32_t bit = 0; bit < 64; bit++) {
		if ((mask >> bit & 1) != 0)
			(void)append_whole(buf, size, "%s%" PRIu32, buf[0] != '\0' ? "," : "", bit);
	}
	return buf;
}

int size_series_parse(const char *text, uint64_t *bytes, uint32_t max)
{
	char item[ITEM_MAX_CHARS];
	uint32_t count = 0;
	int more;

	while ((more = list_item(&text, item, sizeof(item))) == 1) {
		uint64_t first, last;
		int ret = range_parse(item, "..", size_parse, 1, &first, &last);

		if (ret != 0)
			return ret;
		for (;;) {
			if (count == max)
				return -ERANGE;
			bytes[count++] = first;
			if (first > last / 2)
				break;
			first *= 2;
		}
	}
	return more < 0 ? more : (int)count;
}
