/*
 * A size or list means exactly what was written or is refused: no sign, blank, fraction, junk or overflow slips
 * through, as it would with strtoull or sscanf. Random strings check that nothing crashes, and that what is
 * accepted survives printing and parsing again.
 */
#include <errno.h>

#include "test.h"
#include "units.h"
#include "vmm/util/size.h"

TEST(sizes_accepted)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{ "4096", 4096 * MIB },
		{ "64M", 64 * MIB },
		{ "1g", GIB },
		{ "1GiB", GIB },
		{ "2tb", 2 * TIB },
		{ "0010K", 10 * KIB },
		{ "16777215T", 16777215 * TIB },
	};

	EACH (i, cases) {
		uint64_t bytes = 0;

		assert_int_equal(size_parse(cases[i].text, MIB, &bytes), 0);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

TEST(sizes_refused)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "", -EINVAL },
		{ "-1", -EINVAL },
		{ "+1", -EINVAL },
		{ " 1", -EINVAL },
		{ "1 ", -EINVAL },
		{ "1.5G", -EINVAL },
		{ "1Gjunk", -EINVAL },
		{ "G", -EINVAL },
		{ "1B", -EINVAL },
		{ "1GG", -EINVAL },
		{ "0x10", -EINVAL },
		{ "0", -ERANGE },
		{ "0G", -ERANGE },
		{ "17179870208G", -ERANGE },
		{ "18446744073709551616", -ERANGE },
		{ "99999999999999999999999x", -EINVAL },
		{ "16777216T", -ERANGE },
	};

	EACH (i, cases) {
		uint64_t bytes;

		assert_int_equal(size_parse(cases[i].text, MIB, &bytes), cases[i].error);
	}
}

TEST(page_sizes_and_numbers)
{
	uint64_t value;

	assert_int_equal(page_size_parse("2m", &value), 0);
	assert_int_equal(value, PAGE_2M);
	assert_int_equal(page_size_parse("2048K", &value), -EINVAL);
	assert_int_equal(page_size_parse("", &value), -EINVAL);
	assert_int_equal(number_parse("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(number_parse("18446744073709551616", 0, UINT64_MAX, &value), -ERANGE);
	assert_int_equal(number_parse("0", 1, 9, &value), -ERANGE);
	assert_int_equal(number_parse("10", 1, 9, &value), -ERANGE);
	assert_int_equal(number_parse("-1", 0, 9, &value), -EINVAL);
	assert_int_equal(number_parse("1K", 0, 9, &value), -EINVAL);
	assert_int_equal(number_parse("", 0, 9, &value), -EINVAL);
}

TEST(lists)
{
	static const char *const bad[] = {
		"", ",", "1,", ",1", "1,,2", "3-1", "1-", "-1", "1-2-3", "a", "1 2"
	};
	uint16_t v[8];

	assert_int_equal(list_parse("0-3,8", 8, v, 8), 5);
	assert_int_equal(v[3], 3);
	assert_int_equal(v[4], 8);
	assert_int_equal(list_parse("5,1", 8, v, 8), 2);
	assert_int_equal(v[0], 5);
	assert_int_equal(list_parse("0-7", 8, v, 8), 8);
	assert_int_equal(list_parse("0-8", 8, v, 8), -ERANGE);
	assert_int_equal(list_parse("0-7,1", 8, v, 8), -ERANGE);
	assert_int_equal(list_parse("9", 8, v, 8), -ERANGE);
	EACH (i, bad)
		assert_int_equal(list_parse(bad[i], 8, v, 8), -EINVAL);
}

TEST(series)
{
	uint64_t b[8];

	assert_int_equal(size_series_parse("64K,1M", b, 8), 2);
	assert_true(b[0] == 64 * KIB && b[1] == MIB);
	assert_int_equal(size_series_parse("256K..4M", b, 8), 5);
	assert_true(b[0] == 256 * KIB && b[4] == 4 * MIB);
	assert_int_equal(size_series_parse("3K..10K,5000", b, 8), 3);
	assert_true(b[1] == 6 * KIB && b[2] == 5000);
	assert_int_equal(size_series_parse("8388608T..16777215T", b, 8), 1);
	assert_int_equal(size_series_parse("1..1T", b, 8), -ERANGE);
	assert_int_equal(size_series_parse("4M..1M", b, 8), -EINVAL);
	assert_int_equal(size_series_parse("4M..", b, 8), -EINVAL);
	assert_int_equal(size_series_parse("4M...8M", b, 8), -EINVAL);
	assert_int_equal(size_series_parse("", b, 8), -EINVAL);
}

static uint64_t next_random(uint64_t *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng;
}

TEST(random_strings)
{
	static const char letters[] = "0123456789012345678901234567890123456789KMGTkmgtiB.,-+ x";
	uint64_t rng = 88172645463325252U, accepted = 0;

	LOOP (uint32_t, i, 0, i < 200000, i++) {
		char text[32], printed[24];
		uint64_t bytes, again = 0, sets[8];
		uint16_t values[8];
		size_t length = next_random(&rng) % (i % 2 == 0 ? 4 : sizeof(text) - 1);
		int count;

		for (size_t c = 0; c < length; c++)
			text[c] = letters[next_random(&rng) % (sizeof(letters) - 1)];
		text[length] = '\0';
		if (size_parse(text, 1, &bytes) == 0) {
			accepted++;
			assert_int_equal(size_parse(size_format(bytes, printed), 1, &again), 0);
			assert_true(bytes == again && bytes > 0);
		}
		count = list_parse(text, 99, values, 8);
		assert_true(count == -EINVAL || count == -ERANGE || (count > 0 && count <= 8));
		LOOP (int, c, 0, c < count, c++)
			assert_in_range(values[c], 0, 99);
		count = size_series_parse(text, sets, 8);
		assert_true(count == -EINVAL || count == -ERANGE || (count > 0 && count <= 8));
	}
	assert_true(accepted > 1000);
}

TEST(formats)
{
	char buf[24];

	assert_string_equal(size_format(4096, buf), "4K");
	assert_string_equal(size_format(1536 * MIB, buf), "1536M");
	assert_string_equal(size_format(12 * GIB, buf), "12G");
	assert_string_equal(size_format(0, buf), "0");
	assert_string_equal(size_format(1000, buf), "1000");
	assert_string_equal(size_format(UINT64_MAX, buf), "18446744073709551615");
}
