/*
 * Emitters into memory, and beside a golden file.
 */
#ifndef TESTS_UNIT_RENDER_H
#define TESTS_UNIT_RENDER_H

#include <stdlib.h>

#include "sample_record.h"

#include "golden.h"
#include "vmm/lab/record/record.h"

static inline int text_plain(const struct record *rec, FILE *out)
{
	return record_text(rec, out);
}

/* The whole output; the caller frees it. */
static inline char *render(const struct record *rec, int (*emit)(const struct record *, FILE *))
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(emit(rec, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	return data;
}

/* It is what the file holds (golden.h). */
static inline void compare_golden(const struct record *rec, int (*emit)(const struct record *, FILE *),
				  const char *path)
{
	char *data = render(rec, emit);

	golden_compare(data, path);
	free(data);
}

static inline void assert_narrow(const struct record *rec)
{
	char *data = render(rec, text_plain);

	for (const char *line = data; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 100);
	free(data);
}

/* Every run of blanks and newlines becomes one blank, so that prose compares however it is wrapped. */
static inline void squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\n')
			*to++ = *from;
		else if (to == text || to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
}

static inline void text_says(const struct record *rec, const char *words)
{
	char *data = render(rec, text_plain);

	squeeze(data);
	if (strstr(data, words) == NULL)
		(void)fprintf(stderr, "%s\n", data);
	assert_non_null(strstr(data, words));
	free(data);
}

/* Literally, where columns matter. */
static inline void text_has(const struct record *rec, const char *words)
{
	char *data = render(rec, text_plain);

	if (strstr(data, words) == NULL)
		(void)fputs(data, stderr);
	assert_non_null(strstr(data, words));
	free(data);
}

static inline void text_lacks(const struct record *rec, const char *words)
{
	char *data = render(rec, text_plain);

	assert_null(strstr(data, words));
	free(data);
}

#endif
