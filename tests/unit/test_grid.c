/*
 * Property: a grid is as wide as its texts, hides what says the same everywhere, gives up columns in the order named until
 * it fits, and never lets a text command a terminal. An index off by one would put a figure under another title.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vmm/output/grid.h"

static const char *const titles[] = { "-name", "value", "unit" };

static void fill(struct grid *g)
{
	grid_init(g, titles, 3);
	grid_put(g, "a");
	grid_put(g, "%d", 5);
	grid_put(g, "cycles");
	grid_put(g, "longer");
	grid_put(g, "%d", 1234567);
	grid_put(g, "cycles");
}

static char *print(const struct grid *g, int group)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(grid_print(g, group, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect(const struct grid *g, int group, const char *expected)
{
	char *text = print(g, group);

	assert_string_equal(text, expected);
	free(text);
}

static void columns_are_as_wide_as_their_texts(void **state)
{
	struct grid g;

	(void)state;
	fill(&g);
	expect(&g, -1,
	       "name      value    unit\n"
	       "a             5  cycles\n"
	       "longer  1234567  cycles\n");
	expect(&g, 0,
	       "name      value    unit\n"
	       "a             5  cycles\n"
	       "\n"
	       "longer  1234567  cycles\n");
	grid_free(&g);
}

static void what_is_the_same_everywhere_is_said_once(void **state)
{
	char text[GRID_CELL_BYTES];
	struct grid g;

	(void)state;
	fill(&g);
	assert_false(grid_hide_constant(&g, 0, text));
	assert_string_equal(text, "");
	assert_true(grid_hide_constant(&g, 2, text));
	assert_string_equal(text, "cycles");
	assert_false(grid_hide_constant(&g, 3, text)); /* there is none */
	expect(&g, -1, "name      value\na             5\nlonger  1234567\n");
	grid_free(&g);
}

static void columns_go_until_it_fits(void **state)
{
	const uint32_t first[] = { 2, 1 };
	struct grid g;

	(void)state;
	fill(&g);
	grid_fit(&g, first, 2, 23);
	assert_false(g.hidden[2]); /* just fits */
	grid_fit(&g, first, 2, 22);
	assert_true(g.hidden[2]);
	assert_false(g.hidden[1]);
	grid_fit(&g, first, 2, 3);
	assert_true(g.hidden[1]);
	expect(&g, -1, "name\na\nlonger\n");
	grid_free(&g);
}

static void no_text_commands_a_terminal(void **state)
{
	struct grid g;
	char *text;

	(void)state;
	grid_init(&g, titles, 3);
	grid_put(&g, "\033[2J\n");
	grid_put(&g, "%0100d", 1); /* cut, not overflown */
	grid_put(&g, "x");
	text = print(&g, -1);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "?[2J?"));
	free(text);
	grid_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_texts),
		cmocka_unit_test(what_is_the_same_everywhere_is_said_once),
		cmocka_unit_test(columns_go_until_it_fits),
		cmocka_unit_test(no_text_commands_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
