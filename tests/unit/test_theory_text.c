/*
 * Property: the text of the model is the one that was read and found right, fits the screen, and says what is special
 * about the largest sizes. It could break by a column that grows with a number, or by an entry of the wrong dimension.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <unistd.h>

#include "theory_sample.h"

#define GOLDEN TESTS_DIR "/golden/model-"

static void is_narrow(const struct theory *t)
{
	char *data = theory_render(t, theory_text);

	for (const char *line = data; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 100);
	free(data);
}

/* In one line, every run of blanks and newlines one blank. */
static void says(const struct theory *t, const char *words, bool expected)
{
	char *data = theory_render(t, theory_text), *to = data;

	for (const char *from = data; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\n')
			*to++ = *from;
		else if (to == data || to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	if ((strstr(data, words) != NULL) != expected)
		fail_msg("%s in the text: %s\n%s", expected ? "not" : "wrongly", words, data);
	free(data);
}

static void goldens(void **state)
{
	struct theory_sample s;

	(void)state;
	theory_golden(sample_table(&s), theory_text, GOLDEN "table.txt");
	theory_golden(sample_list(&s, WALK_NESTED, 4, PAGE_4K, PAGE_4K), theory_text,
		      GOLDEN "nested-4K-4K.txt");
	theory_golden(sample_list(&s, WALK_NESTED, 5, PAGE_2M, PAGE_1G), theory_text,
		      GOLDEN "nested-2M-1G-5-level.txt");
	theory_golden(sample_list(&s, WALK_SHADOW, 4, PAGE_2M, PAGE_4K), theory_text, GOLDEN "shadow.txt");
	theory_golden(sample_list(&s, WALK_UNPAGED, 4, PAGE_4K, PAGE_2M), theory_text, GOLDEN "unpaged.txt");
	theory_golden(sample_list(&s, WALK_NATIVE, 4, PAGE_4K, PAGE_4K), theory_text, GOLDEN "native.txt");
	theory_golden(sample_scale(&s, WALK_NESTED, 16 * TIB, PAGE_4K, PAGE_1G, 1536), theory_text,
		      GOLDEN "scale.txt");
}

static void every_part_fits_the_screen(void **state)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	struct theory_sample s;

	(void)state;
	is_narrow(sample_table(&s));
	for (int kind = 0; kind < WALK_KIND_COUNT; kind++) {
		for (uint32_t i = 0; i < 18; i++)
			is_narrow(sample_list(&s, (enum walk_kind)kind, i < 9 ? 4 : 5, leaves[i % 9 / 3],
					      leaves[i % 3]));
		is_narrow(sample_scale(&s, (enum walk_kind)kind, UINT64_C(16777215) * TIB, PAGE_4K, PAGE_4K,
				       UINT32_MAX));
		is_narrow(sample_scale(&s, (enum walk_kind)kind, 1, PAGE_1G, PAGE_4K, 0));
	}
}

static void formula_beside_the_count(void **state)
{
	struct theory_sample s;

	(void)state;
	says(sample_list(&s, WALK_NESTED, 4, PAGE_4K, PAGE_2M), "(4+1)(3+1)-1 = 19", true);
	says(sample_list(&s, WALK_NESTED, 5, PAGE_4K, PAGE_4K), "(5+1)(5+1)-1 = 35", true);
	says(&s.theory, "1 host EPT/NPT PML5E GPA 56:48 towards the HPA of the guest's PML5E", true);
	says(&s.theory, "35 host EPT/NPT PTE GPA 20:12 4K gives the HPA of the data", true);
	says(sample_list(&s, WALK_SHADOW, 4, PAGE_1G, PAGE_2M), "EPT/NPT", false);
	says(&s.theory, "the CPU's walk has one dimension", true);
}

static void notes_of_large_sizes(void **state)
{
	struct theory_sample s;

	(void)state;
	says(sample_scale(&s, WALK_NESTED, 16 * TIB, PAGE_4K, PAGE_4K, 0), " note ", false);
	says(&s.theory, "(not known here)", true);
	says(sample_scale(&s, WALK_NESTED, 65 * TIB, PAGE_4K, PAGE_4K, 0), "Linux takes 5 levels", true);
	says(&s.theory, "counted with 5 levels", false);
	says(sample_scale(&s, WALK_NESTED, 129 * TIB, PAGE_4K, PAGE_4K, 0),
	     "counted with 5 levels in the guest", true);
	says(&s.theory, "counted with 5 levels in the host", false);
	says(&s.theory, "(5+1)(4+1)-1 = 29", true);
	says(sample_scale(&s, WALK_NESTED, 257 * TIB, PAGE_4K, PAGE_4K, 0),
	     "counted with 5 levels in the host", true);
	says(sample_scale(&s, WALK_NESTED, 4097 * TIB, PAGE_4K, PAGE_4K, 0), "at most 52 bits", true);
	says(&s.theory, "several roots", false);
	says(sample_scale(&s, WALK_NATIVE, 65537 * TIB, PAGE_4K, PAGE_4K, 0), "several roots", true);
	says(sample_scale(&s, WALK_UNPAGED, 5 * GIB, PAGE_4K, PAGE_4K, 0), "addresses of 32 bits", true);
	s.scale.data_cycles = 300;
	s.scale.walk_cycles = 61.5;
	s.scale.access_cycles = 370;
	(void)snprintf(s.scale.cpu, sizeof(s.scale.cpu), "zen9");
	(void)snprintf(s.scale.unit, sizeof(s.scale.unit), "core cycles");
	says(&s.theory,
	     "370 core cycles for a random access on zen9: 300 for the data, 70 for its translation", true);
}

/* A full disk is told. */
static void lost_output(void **state)
{
	struct theory_sample s;
	FILE *full;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_true(theory_text(sample_table(&s), full) < 0);
	(void)fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goldens),
		cmocka_unit_test(every_part_fits_the_screen),
		cmocka_unit_test(formula_beside_the_count),
		cmocka_unit_test(notes_of_large_sizes),
		cmocka_unit_test(lost_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
