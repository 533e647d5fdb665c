/*
 * Property: the text of a matrix has every figure, whatever has none with its reason, and no line beyond a screen. A cell
 * that fell out of it, or a mismatch shown without its word, would be read as "all is well".
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

	matrix_golden(&m, matrix_emit_text, TESTS_DIR "/golden/sweep.txt");
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
		m.cells[0].figures[i].value = (struct estimate){ 1234567, 1000000, 9999999, 5 };
	text = render_matrix(&m, matrix_emit_text);
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
		if (strcspn(line, "\n") > 100)
			fail_msg("too wide: %.*s", (int)strcspn(line, "\n"), line);
	}
	free(text);
	matrix_free(&m);
}

TEST(what_has_no_figure_is_told)
{
	struct matrix m = golden_matrix();
	char *text = render_matrix(&m, matrix_emit_text);

	LOOP (uint32_t, i, 0, i < m.cell_count, i++) {
		if (m.cells[i].state != STATE_OK)
			assert_non_null(strstr(text, m.cells[i].key));
	}
	assert_non_null(strstr(text, "mismatch"));
	assert_non_null(strstr(text, "refused"));
	free(text);
	m.complete = false;
	text = render_matrix(&m, matrix_emit_text);
	assert_non_null(strstr(text, "INCOMPLETE"));
	free(text);
	matrix_free(&m);
}
