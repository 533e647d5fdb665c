/*
 * Property: a table is as wide as its texts, hides what says the same everywhere, gives up columns in the
 * order named or by rank until it fits, and never lets a text command a terminal; columns give the same value
 * to text, CSV and JSON, and what is not known is no 0. An index off by one would put a figure under another
 * title.
 */
#include <math.h>

#include "test.h"
#include "vmm/output/table.h"

static const char *const titles[] = { "-name", "value", "unit" };

static void fill(struct table *t)
{
	table_init(t, titles, 3);
	table_put(t, "a");
	table_put(t, "%d", 5);
	table_put(t, "cycles");
	table_put(t, "longer");
	table_put(t, "%d", 1234567);
	table_put(t, "cycles");
}

static char *print(const struct table *t, int group)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(table_print(t, group, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void expect(const struct table *t, int group, const char *expected)
{
	char *text = print(t, group);

	assert_string_equal(text, expected);
	free(text);
}

TEST(columns_are_as_wide_as_their_texts)
{
	struct table t;

	fill(&t);
	expect(&t, -1,
	       "name      value    unit\n"
	       "a             5  cycles\n"
	       "longer  1234567  cycles\n");
	expect(&t, 0,
	       "name      value    unit\n"
	       "a             5  cycles\n"
	       "\n"
	       "longer  1234567  cycles\n");
	table_free(&t);
}

TEST(what_is_the_same_everywhere_is_said_once)
{
	char text[TABLE_CELL_BYTES];
	struct table t;

	fill(&t);
	assert_false(table_hide_constant(&t, 0, text));
	assert_string_equal(text, "");
	assert_true(table_hide_constant(&t, 2, text));
	assert_string_equal(text, "cycles");
	assert_false(table_hide_constant(&t, 3, text)); /* there is none */
	expect(&t, -1, "name      value\na             5\nlonger  1234567\n");
	table_free(&t);
}

TEST(columns_go_until_it_fits)
{
	const uint32_t first[] = { 2, 1 };
	struct table t;

	fill(&t);
	table_drop(&t, first, 2, 23);
	assert_false(t.hidden[2]); /* just fits */
	table_drop(&t, first, 2, 22);
	assert_true(t.hidden[2]);
	assert_false(t.hidden[1]);
	table_drop(&t, first, 2, 3);
	assert_true(t.hidden[1]);
	expect(&t, -1, "name\na\nlonger\n");
	table_free(&t);
}

TEST(no_text_commands_a_terminal)
{
	struct table t;
	char *text;

	table_init(&t, titles, 3);
	table_put(&t, "\033[2J\n");
	table_put(&t, "%0100d", 1); /* cut, not overflown */
	table_put(&t, "x");
	text = print(&t, -1);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "?[2J?"));
	free(text);
	table_free(&t);
}

struct sample {
	const char *name;
	double value;
};

static void get_name(const void *all, const void *row, struct datum *out)
{
	(void)all;
	datum_text(out, ((const struct sample *)row)->name);
}

static void get_value(const void *all, const void *row, struct datum *out)
{
	(void)all;
	datum_real(out, ((const struct sample *)row)->value);
}

static bool is_shown(const void *all)
{
	return *(const bool *)all;
}

static const struct column list[] = {
	{ "name", IN_CSV | IN_JSON | IN_TEXT, get_name, "-name", 0, NULL, NULL },
	{ "a", IN_TEXT, get_value, "  a", 2, NULL, "of a kind" },
	{ "b", IN_TEXT, get_value, "b", 1, is_shown, "<before" },
	{ "c", IN_CSV | IN_JSON, get_value, NULL, 0, NULL, NULL },
	{ "d", IN_TEXT, get_value, "d", 1, NULL, "of a kind" },
};
static const struct columns columns = { list, 5 };
static const struct sample rows[] = { { "quoted \", \n", 1234.5 }, { NULL, NAN } };

TEST(columns_go_by_rank)
{
	bool all_shown = true;
	struct table t;
	char legend[99];

	table_open(&t, &columns, &all_shown);
	table_row(&t, &all_shown, &rows[1]);
	expect(&t, -1, "name    a  b  d\n-       -  -  -\n");
	assert_string_equal(table_legend(&t, legend, sizeof(legend)), "; b: before; a, d: of a kind");
	table_fit(&t, 12);
	expect(&t, -1, "name   a b d\n-      - - -\n");
	table_fit(&t, 6);
	expect(&t, -1, "name d\n-    -\n");
	assert_string_equal(table_legend(&t, legend, sizeof(legend)), "; d: of a kind");
	table_fit(&t, 1); /* a column of rank 0 stays */
	expect(&t, -1, "name\n-\n");
	table_free(&t);
	all_shown = false;
	table_open(&t, &columns, &all_shown);
	assert_int_equal(t.columns, 3);
	table_free(&t);
}

TEST(files_have_every_value)
{
	char *text = NULL, *json;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);
	json_t *row = columns_json(&columns, NULL, &rows[1]);

	assert_non_null(out);
	columns_csv_head(&columns, out);
	columns_csv_row(&columns, NULL, &rows[0], out);
	columns_csv_row(&columns, NULL, &rows[1], out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "name,c\n\"quoted \"\", \n\",1234.5\n,\n");
	free(text);
	json = json_dumps(row, JSON_COMPACT);
	assert_string_equal(json, "{\"name\":null,\"c\":null}");
	free(json);
	json_decref(row);
}
