#include <errno.h>
#include <string.h>

#include "vmm/util/size.h"

#define ITEM_MAX_CHARS 64

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

/* Split "A<separator>B" in place; *second is NULL where there is no separator. */
static void split(char *item, const char *separator, char **second)
{
	*second = strstr(item, separator);
	if (*second != NULL) {
		**second = '\0';
		*second += strlen(separator);
	}
}

int list_parse(const char *text, uint16_t limit, uint16_t *values, uint32_t max)
{
	char item[ITEM_MAX_CHARS];
	uint32_t count = 0;
	int more;

	while ((more = list_item(&text, item, sizeof(item))) == 1) {
		char *last_text;
		uint64_t first, last;
		int ret;

		split(item, "-", &last_text);
		ret = number_parse(item, 0, limit, &first);
		if (ret != 0)
			return ret;
		last = first;
		if (last_text != NULL)
			ret = number_parse(last_text, 0, limit, &last);
		if (ret != 0)
			return ret;
		if (last < first)
			return -EINVAL;
		if (last - first >= max - count)
			return -ERANGE;
		for (uint64_t v = first; v <= last; v++)
			values[count++] = (uint16_t)v;
	}
	return more < 0 ? more : (int)count;
}

int size_series_parse(const char *text, uint64_t *bytes, uint32_t max)
{
	char item[ITEM_MAX_CHARS];
	uint32_t count = 0;
	int more;

	while ((more = list_item(&text, item, sizeof(item))) == 1) {
		char *last_text;
		uint64_t first, last;
		int ret;

		split(item, "..", &last_text);
		ret = size_parse(item, 1, &first);
		if (ret != 0)
			return ret;
		last = first;
		if (last_text != NULL)
			ret = size_parse(last_text, 1, &last);
		if (ret != 0)
			return ret;
		if (last < first)
			return -EINVAL;
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
