/*
 * The guest's formatter never writes past its buffer, always ends with NUL, and gets the extremes of 64 bits right.
 * It could break at a buffer of one byte, at the largest number, and at bytes that drive a terminal.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "guest/lib/text.h"

static void test_numbers(void **state)
{
	char buf[64];
	struct text t;

	(void)state;
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

static void test_unprintable(void **state)
{
	char buf[16];
	struct text t;

	(void)state;
	text_start(&t, buf, sizeof(buf));
	text_add(&t, "a\033[\n\177\377~ ");
	assert_string_equal(buf, "a?[???~ ");
}

/* Every size of buffer, with a fence behind it. */
static void test_cut(void **state)
{
	char buf[32];

	(void)state;
	for (size_t size = 1; size < sizeof(buf); size++) {
		struct text t;

		memset(buf, '#', sizeof(buf));
		text_start(&t, buf, size);
		text_add(&t, "0123456789");
		text_add_dec(&t, UINT64_C(9876543210));
		assert_int_equal(strlen(buf), size - 1 < 20 ? size - 1 : 20);
		assert_int_equal(memcmp(buf, "01234567899876543210", strlen(buf)), 0);
		for (size_t i = size; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unprintable),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
