/*
 * Property: the first error is the one that is told, and an exhausted limit never comes without a cure.
 */
#include <errno.h>

#include "test.h"
#include "vmm/util/error.h"

TEST(first_error_stays)
{
	struct error e = { .status = STATUS_OK };

	assert_int_equal(error_set(&e, STATUS_USAGE, 0, "first", "number %d", 1), -EINVAL);
	assert_int_equal(error_set(&e, STATUS_FAILED, EIO, "second", "number %d", 2), -EIO);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.where, "first");
	assert_string_equal(e.what, "number 1");
	assert_string_equal(e.hint, "");
}

TEST(limits_have_a_cure)
{
	static const int limits[] = { EMFILE, ENFILE, EAGAIN, ENOMEM };

	EACH (i, limits) {
		struct error e = { .status = STATUS_OK };

		assert_int_equal(error_set(&e, STATUS_FAILED, limits[i], "call", "failed"), -limits[i]);
		assert_int_not_equal(e.hint[0], '\0');
		error_hint(&e, "better");
		assert_string_equal(e.hint, "better");
	}
}

TEST(long_texts_are_cut)
{
	struct error e = { .status = STATUS_OK };
	char text[4096];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)error_set(&e, STATUS_FAILED, EIO, text, "%s", text);
	error_hint(&e, "%s", text);
	assert_int_equal(strlen(e.where), sizeof(e.where) - 1);
	assert_int_equal(strlen(e.what), sizeof(e.what) - 1);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
}
