/*
 * The text of an explanation fits a screen whatever was captured, and says what the picture says. It could break on the
 * longest values, on walks that end early, and by stating as read what was derived or as known what is not.
 */
#include "sample_explanation.h"

#include "golden.h"

static void assert_narrow(const char *text)
{
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		if (strcspn(line, "\n") > 100)
			fail_msg("more than 100 columns: %.*s", (int)strcspn(line, "\n"), line);
		for (const char *c = line; *c != '\n'; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
		assert_non_null(strchr(line, '\n'));
	}
}

static void compare(enum sample_name first, enum sample_name second, const char *path)
{
	char *text = sample_told(first, second, explain_text);

	assert_narrow(text);
	golden_compare(text, path);
	free(text);
}

/* `words`, however they are wrapped. */
static void says(enum sample_name first, enum sample_name second, const char *words)
{
	char *text = sample_told(first, second, explain_text), *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != ' ' && *from != '\n')
			*to++ = *from;
		else if (to == text || to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	if (strstr(text, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, text);
	free(text);
}

TEST(golden_files)
{
	compare(SAMPLE_NESTED_4K, SAMPLE_NESTED_4K, "tests/golden/explain-nested.txt");
	compare(SAMPLE_SHADOW_2M_ON_4K, SAMPLE_SHADOW_2M_ON_4K, "tests/golden/explain-shadow.txt");
	compare(SAMPLE_NOT_PRESENT, SAMPLE_NOT_PRESENT, "tests/golden/explain-fault.txt");
	compare(SAMPLE_NESTED_4K, SAMPLE_NESTED_2M, "tests/golden/explain-before-after.txt");
	compare(SAMPLE_WINDOW, SAMPLE_WINDOW, "tests/golden/explain-window.txt");
}

TEST(every_pair_fits_the_screen)
{
	LOOP (enum sample_name, first, 0, first < SAMPLE_COUNT, first++) {
		LOOP (enum sample_name, second, 0, second < SAMPLE_COUNT, second++) {
			char *text = sample_told(first, second, explain_text);

			assert_narrow(text);
			free(text);
		}
	}
}

/* The widest that there can be: 57-bit addresses, 52-bit frames, every flag, words of a hostile host. */
TEST(longest_values_fit_the_screen)
{
	static struct explanation x;
	const struct explanation *const xs[] = { &x, &x };

	sample_make(&x, SAMPLE_5_BY_5);
	x.gva = UINT64_C(0xffabcdefabcdefab);
	x.hypervisor = true;
	memset(x.kvm_module, 'm', sizeof(x.kvm_module) - 1);
	memset(x.backing, '\t', sizeof(x.backing) - 1);
	x.leaves_4k = x.leaves_2m = x.leaves_1g = INT64_MAX;
	x.note_count = 8;
	LOOP (uint32_t, i, 0, i < 8, i++)
		memset(x.notes[i], '\x1b', sizeof(x.notes[i]) - 1);
	LOOP (uint32_t, moment, 0, moment < EXPLAIN_MOMENTS, moment++) {
		struct explain_walk *w = &x.walks[moment];

		for (uint32_t i = 0; i < w->walk.step_count; i++) {
			w->walk.steps[i].entry = moment % 2 != 0 ? ~UINT64_C(0) : PTE_PRESENT;
			w->places[i].gpa = w->places[i].frame = UINT64_C(0xffffffffffff8);
			w->places[i].hva = UINT64_C(0x7ffffffffffff8);
			w->places[i].slot = UINT32_MAX;
		}
	}
	LOOP (uint32_t, count, 1, count <= 2, count++) {
		char *text = sample_emit(xs, count, explain_text);

		assert_narrow(text);
		free(text);
	}
}

TEST(faults_are_named)
{
	says(SAMPLE_NOT_CANONICAL, SAMPLE_NOT_CANONICAL, "FAULT #GP: the address is not canonical");
	says(SAMPLE_NOT_CANONICAL, SAMPLE_NOT_CANONICAL, "KVM was not asked for its own translation");
	says(SAMPLE_RESERVED, SAMPLE_RESERVED, "#PF at the PDPTE: reserved bit set, 0x4000000000000;");
	says(SAMPLE_SHADOW_NOT_PRESENT, SAMPLE_SHADOW_NOT_PRESENT, "KVM builds no translation");
	says(SAMPLE_SHADOW_NOT_PRESENT, SAMPLE_SHADOW_NOT_PRESENT,
	     "total none: the address has no translation flags");
}

TEST(what_is_not_known_is_not_counted)
{
	says(SAMPLE_NO_SLOT, SAMPLE_NO_SLOT, "in no memory slot");
	says(SAMPLE_NO_SLOT, SAMPLE_NO_SLOT, "total none: no memory slot has the guest-physical address");
	says(SAMPLE_REFUSED, SAMPLE_REFUSED, "hpa refused");
	says(SAMPLE_REFUSED, SAMPLE_REFUSED, "notes host-physical frames are hidden");
	says(SAMPLE_DISAGREES, SAMPLE_DISAGREES, "which DISAGREES with the walk above");
	says(SAMPLE_NESTED_4K, SAMPLE_NO_SLOT, "after 4K 4K (tables), ? (data) 4 unknown");
}

/* Without pagemap it is not known whether there is a page, which does not mean that there is none. */
TEST(an_unreadable_pagemap_is_no_absent_page)
{
	static struct explanation x;
	const struct explanation *const xs[] = { &x };
	char *text;

	sample_make(&x, SAMPLE_NESTED_4K);
	LOOP (uint32_t, moment, 0, moment < EXPLAIN_MOMENTS, moment++) {
		struct explain_walk *w = &x.walks[moment];

		w->data.present = w->data.frame_known = false;
		w->data.page_bytes = w->data.host_leaf_bytes = w->data.host_entries = 0;
		w->data.presence_hidden = true;
	}
	explain_list_references(&x);
	text = sample_emit(xs, 1, explain_text);
	assert_null(strstr(text, "no page there yet"));
	assert_non_null(strstr(text, "is not known"));
	free(text);
	text = sample_emit(xs, 1, explain_json);
	assert_non_null(strstr(text, "\"present\": null"));
	free(text);
	text = sample_emit(xs, 1, explain_svg);
	assert_null(strstr(text, "no host page yet"));
	assert_non_null(strstr(text, "host page not known"));
	free(text);
}

TEST(both_are_compared)
{
	says(SAMPLE_NESTED_2M, SAMPLE_NESTED_4K, "Added (numbers of after): 9 references");
	says(SAMPLE_SHADOW_4K, SAMPLE_SHADOW_2M_ON_4K, "Nothing disappeared");
}

TEST_WRITES()
