/*
 * A text beside a golden file.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* `text` is what the file holds; MINIVMM_UPDATE_GOLDEN=1 rewrites the file first. */
static inline void golden_compare(const char *text, const char *path)
{
	static char golden[131072];
	FILE *file;
	size_t bytes;

	if (getenv("MINIVMM_UPDATE_GOLDEN") != NULL) {
		file = fopen(path, "w");
		assert_non_null(file);
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	file = fopen(path, "r");
	assert_non_null(file);
	bytes = fread(golden, 1, sizeof(golden) - 1, file);
	golden[bytes] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, golden);
}

#endif
