#include "vmm/util/size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "units.h"

/* Digits at *cursor, which moves behind them. strtoull is not used: it skips blanks and takes signs. */
static int digits_parse(const char **cursor, uint64_t *value)
{
	const char *p = *cursor;
	uint64_t sum = 0;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (!checked_mul(sum, 10, &sum) || !checked_add(sum, (uint64_t)(*p - '0'), &sum))
			return -ERANGE;
	}
	*cursor = p;
	*value = sum;
	return 0;
}

static uint64_t unit_of(char letter)
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
	int ret = digits_parse(&text, &number);

	if (ret == -EINVAL)
		return ret;
	/* Junk behind an overflow is junk first: find the end before judging the number. */
	while (isdigit((unsigned char)*text))
		text++;
	if (*text != '\0') {
		unit = unit_of(*text++);
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

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
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

	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return -EINVAL;
	ret = digits_parse(&cursor, &number);
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
