/*
 * A text beside a golden file.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include "test.h"

static inline void golden_write(const char *text, const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* `text` is what the file holds, else the first line that differs is printed. MINIVMM_UPDATE_GOLDEN=1 writes the file. */
static inline void golden_compare(const char *text, const char *path)
{
	static char golden[262144];
	const char *want = golden, *got = text;
	FILE *file;
	size_t line = 1;

	if (getenv("MINIVMM_UPDATE_GOLDEN") != NULL)
		golden_write(text, path);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s cannot be read (make golden writes it)", path);
	golden[fread(golden, 1, sizeof(golden) - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	if (strcmp(text, golden) == 0)
		return;
	for (; *want != '\0' && strcspn(want, "\n") == strcspn(got, "\n"); line++) {
		size_t length = strcspn(want, "\n") + 1;

		if (strncmp(want, got, length) != 0)
			break;
		want += length;
		got += length;
	}
	fail_msg("%s:%zu differs (make golden renews it)\n  expected: %.*s\n  got:      %.*s", path, line,
		 (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
}

#endif
