/*
 * Property: the text of a matrix has every figure, whatever has none with its reason, and no line beyond a screen; and it
 * says what a figure is worth: of disturbed runs, of fewer allocations than asked for, of wrong page sizes, and how often its
 * interval covers the truth. Someone could otherwise read "all is well", or take the worst figure of a sweep for its best.
 */
#include "sample_matrix.h"

static struct matrix golden_matrix(void)
{
	struct error e = { .status = STATUS_OK };
	struct matrix m;

	assert_int_equal(matrix_read(TESTS_DIR "/golden/sweep.json", &m, &e), 0);
	assert_int_equal(matrix_derive(&m), 0);
	return m;
}

TEST(as_in_the_golden_file)
{
	struct matrix m = golden_matrix();

	matrix_golden(&m, matrix_text, TESTS_DIR "/golden/sweep.txt");
	matrix_free(&m);
}

TEST(no_line_beyond_a_screen)
{
	struct matrix m = golden_matrix();
	char *text;

	/* Nothing in common, and seven digits. */
	m.cells[0].irqchip = CHOICE_ON;
	m.cells[0].vcpus = 1024;
	m.cells[0].populate = POPULATE_PREFAULT;
	for (uint32_t i = 0; i < m.cells[0].figure_count; i++)
		m.cells[0].figures[i].value = (struct estimate){ 1234567, 1000000, 9999999, 5, 0.9375 };
	text = render_matrix(&m, matrix_text);
	assert_fits_screen(text);
	free(text);
	matrix_free(&m);
}

TEST(what_has_no_figure_is_told)
{
	struct matrix m = golden_matrix();
	char *text = render_matrix(&m, matrix_text);

	LOOP (uint32_t, i, 0, i < m.datum_count, i++) {
		if (m.cells[i].state != STATE_OK)
			assert_non_null(strstr(text, m.cells[i].key));
	}
	assert_non_null(strstr(text, "mismatch"));
	assert_non_null(strstr(text, "refused"));
	free(text);
	m.complete = false;
	text = render_matrix(&m, matrix_text);
	assert_non_null(strstr(text, "INCOMPLETE"));
	free(text);
	matrix_free(&m);
}

static char *text_of(struct matrix *m)
{
	return render_matrix(m, matrix_text);
}

/* The rest of the line that begins with `start`. */
static const char *line_of(const char *text, const char *start, char *line, size_t size)
{
	const char *found = strstr(text, start);

	if (found == NULL) {
		fail_msg("no line %s in:\n%s", start, text);
		return "";
	}
	(void)snprintf(line, size, "%.*s", (int)strcspn(found, "\n"), found);
	return line;
}

static void assert_end(const char *line, const char *end)
{
	assert_true(strlen(line) > strlen(end));
	assert_string_equal(line + strlen(line) - strlen(end), end);
}

TEST(doubtful_figures_are_marked)
{
	struct matrix m;
	char line[256], *text;

	sample_matrix(&m);
	sample_figures(&m);
	m.cells[SAMPLE_NATIVE].figures[0].count = SAMPLE_ROUNDS - 1;
	text = text_of(&m);
	assert_end(line_of(text, "touch first", line, sizeof(line)), "  dw");
	assert_end(line_of(text, "packed ", line, sizeof(line)), "  -");
	assert_non_null(strstr(text, "\n!          d: of runs that are still disturbed"));
	assert_non_null(strstr(text, "\nnote       1 figure, touch second: counts alone: nothing to time\n"));
	free(text);
	m.cells[SAMPLE_TOUCH].state = STATE_OK;
	m.cells[SAMPLE_TOUCH].runs[2].disturbed[0] = '\0';
	text = text_of(&m);
	assert_end(line_of(text, "touch first", line, sizeof(line)), "  -");
	assert_end(line_of(text, "256K  native", line, sizeof(line)), "  f");
	free(text);
	m.cells[SAMPLE_NATIVE].figures[0].count = SAMPLE_ROUNDS;
	text = text_of(&m);
	assert_null(strstr(text, "\n!"));
	free(text);
	matrix_free(&m);
}

/* By hand: 1 - 2^(1 - n). */
TEST(an_interval_claims_no_more_than_it_covers)
{
	static const struct {
		uint32_t allocations;
		const char *words;
	} cases[] = {
		{ 1, "one allocation does not have" },
		{ 2, "with 50 %:" },
		{ 3, "with 75 %:" },
		{ 5, "with 93.8 %:" },
		{ 6, "with 95 % ratio" },
	};
	struct matrix m;

	sample_matrix(&m);
	EACH (i, cases) {
		char *text, *word;

		m.allocations = cases[i].allocations;
		text = text_of(&m);
		/* Wherever the lines break. */
		while ((word = strstr(text, "\n           ")) != NULL)
			memmove(word, word + 11, strlen(word + 11) + 1), *word = ' ';
		if (strstr(text, cases[i].words) == NULL)
			fail_msg("no '%s' in:\n%s", cases[i].words, text);
		free(text);
	}
	matrix_free(&m);
}

TEST(without_figures_there_is_no_table)
{
	struct matrix m;
	char *text;

	sample_matrix(&m); /* no figures are made */
	text = text_of(&m);
	assert_null(strstr(text, "\nworkload"));
	assert_non_null(strstr(text, "refused"));
	free(text);
	matrix_free(&m);
}

TEST_WRITES()
