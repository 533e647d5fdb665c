/*
 * The guest's formatter never writes past its buffer, always ends with NUL, and gets the extremes of 64 bits right.
 * It could break at a buffer of one byte, at the largest number, and at bytes that drive a terminal.
 */
#include "test.h"
#include "guest/lib/text.h"

TEST(test_numbers)
{
	char buf[64];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add_dec(&t, 0);
	text_add(&t, " ");
	text_add_dec(&t, UINT64_MAX);
	text_add(&t, " ");
	text_add_hex(&t, UINT64_MAX);
	text_add(&t, " ");
	text_add_hex(&t, 0x10);
	assert_string_equal(buf, "0 18446744073709551615 0xffffffffffffffff 0x10");
	assert_int_equal(t.used, strlen(buf));
}

TEST(test_unprintable)
{
	char buf[16];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_add(&t, "a\033[\n\177\377~ ");
	assert_string_equal(buf, "a?[???~ ");
}

/* Every size of buffer, with a fence behind it. */
TEST(test_cut)
{
	char buf[32];

	LOOP (size_t, size, 1, size < sizeof(buf), size++) {
		struct text t;

		memset(buf, '#', sizeof(buf));
		text_start(&t, buf, size);
		text_add(&t, "0123456789");
		text_add_dec(&t, UINT64_C(9876543210));
		assert_int_equal(strlen(buf), size - 1 < 20 ? size - 1 : 20);
		assert_int_equal(memcmp(buf, "01234567899876543210", strlen(buf)), 0);
		LOOP (size_t, i, size, i < sizeof(buf), i++)
			assert_int_equal(buf[i], '#');
	}
}
