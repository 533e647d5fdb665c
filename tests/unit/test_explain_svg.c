/*
 * The picture has each reference once, and greyed boxes for what the full grid has beyond them; it is well-formed whatever
 * the host's words were. It could break on five levels, on leaves that differ between rows, and on text that XML obeys.
 */
#include "sample_explanation.h"

#include "golden.h"

static uint32_t count_of(const char *text, const char *words)
{
	uint32_t count = 0;

	for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words))
		count++;
	return count;
}

/* Elements nest, nothing is cut off, no stray & or < is left. */
static void assert_well_formed(const char *svg)
{
	char stack[16][16];
	uint32_t depth = 0;

	assert_memory_equal(svg, "<?xml ", 6);
	for (const char *at = strstr(svg, "<svg"); at != NULL; at = strchr(at + 1, '<')) {
		size_t length = strcspn(at, ">"), name;

		assert_int_equal(at[length], '>');
		if (at[1] == '/') {
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strlen(stack[depth]), length - 2);
			assert_memory_equal(stack[depth], at + 2, length - 2);
		} else if (at[length - 1] != '/') {
			name = strcspn(at + 1, " >\n");
			assert_true(depth < 16 && name < 16);
			(void)snprintf(stack[depth++], 16, "%.*s", (int)name, at + 1);
		}
	}
	assert_int_equal(depth, 0);
	for (const char *at = strchr(svg, '&'); at != NULL; at = strchr(at + 1, '&'))
		assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
			    strncmp(at, "&gt;", 4) == 0 || strncmp(at, "&quot;", 6) == 0);
	assert_null(strstr(svg, "<script"));
	assert_null(strstr(svg, "href"));
}

/* Ids and numbers 1 to N of one walk, each once. */
static void assert_numbers(const char *svg, uint32_t walk, uint32_t n)
{
	char id[32];

	LOOP (uint32_t, i, 1, i <= WALK_MAX_REFERENCES, i++) {
		(void)snprintf(id, sizeof(id), "id=\"w%u-ref-%u\"", walk, i);
		assert_int_equal(count_of(svg, id), i <= n ? 1 : 0);
	}
}

TEST(every_reference_is_drawn_once)
{
	LOOP (enum sample_name, name, 0, name < SAMPLE_COUNT, name++) {
		static struct explanation x;
		char *svg = sample_told(name, name, explain_svg), number[32];
		uint32_t n;

		sample_make(&x, name);
		n = x.references.count;
		assert_well_formed(svg);
		assert_numbers(svg, 1, n);
		assert_int_equal(count_of(svg, "<g class=\"ref "), n);
		assert_int_equal(count_of(svg, "<text class=\"number"), n);
		LOOP (uint32_t, i, 1, i <= n, i++) {
			(void)snprintf(number, sizeof(number), ">%u</text>", i);
			assert_int_equal(count_of(svg, number), 1);
		}
		free(svg);
	}
}

TEST(greyed_boxes_are_the_rest_of_the_full_grid)
{
	static const enum sample_name complete[] = { SAMPLE_NESTED_4K,        SAMPLE_NESTED_2M,
						     SAMPLE_NESTED_4K_ON_1G,  SAMPLE_NESTED_UNEQUAL,
						     SAMPLE_NESTED_1G_5LEVEL, SAMPLE_5_BY_5 };

	EACH (i, complete) {
		static struct explanation x;
		char *svg = sample_told(complete[i], complete[i], explain_svg);
		uint32_t skipped;

		sample_make(&x, complete[i]);
		skipped =
			count_of(svg, "<g class=\"skipped host") + count_of(svg, "<g class=\"skipped guest");
		assert_int_equal(skipped,
				 refs_two_dimensional(x.mode.levels, x.host_levels) - x.references.count);
		assert_int_equal(count_of(svg, "<g class=\"ref guest read\""),
				 explanation_last(&x)->walk.step_count);
		assert_int_equal(count_of(svg, "<g class=\"data\""), 1);
		free(svg);
	}
}

TEST(a_fault_is_drawn_where_the_walk_ends)
{
	char *svg = sample_told(SAMPLE_NOT_PRESENT, SAMPLE_NOT_PRESENT, explain_svg);

	assert_int_equal(count_of(svg, "<g class=\"ref guest read fault\" id=\"w1-ref-15\">"), 1);
	assert_int_equal(count_of(svg, "<g class=\"unreached"), 24 - 15 + 1); /* and the data's box */
	assert_int_equal(count_of(svg, ">#PF: not present<"), 1);
	assert_int_equal(count_of(svg, "<g class=\"data\""), 0);
	free(svg);
	svg = sample_told(SAMPLE_NOT_CANONICAL, SAMPLE_NOT_CANONICAL, explain_svg);
	assert_int_equal(count_of(svg, "<g class=\"unreached"), 24 + 1);
	assert_int_equal(count_of(svg, ">#GP: not canonical<"), 1);
	free(svg);
}

TEST(what_disappeared_is_struck_in_the_second)
{
	char *svg = sample_told(SAMPLE_NESTED_4K, SAMPLE_NESTED_2M, explain_svg);

	assert_well_formed(svg);
	assert_numbers(svg, 1, 24);
	assert_numbers(svg, 2, 15);
	assert_int_equal(count_of(svg, "<g class=\"skipped host gone\""), 8);
	assert_int_equal(count_of(svg, "<g class=\"skipped guest gone\""), 1);
	free(svg);
}

/* Under shadow paging the numbers are the shadow table's; the guest's own entries have none. */
TEST(shadow_walks_are_one_dimensional)
{
	char *svg = sample_told(SAMPLE_SHADOW_2M_ON_4K, SAMPLE_SHADOW_2M_ON_4K, explain_svg);

	assert_int_equal(count_of(svg, "<g class=\"ref shadow derived\""), 4);
	assert_int_equal(count_of(svg, "<g class=\"entry guest read\""), 3);
	free(svg);
	svg = sample_told(SAMPLE_SHADOW_2M, SAMPLE_SHADOW_2M, explain_svg);
	assert_int_equal(count_of(svg, "<g class=\"ref shadow derived\""), 3);
	assert_int_equal(count_of(svg, "<g class=\"skipped guest\""), 1);
	free(svg);
}

/* All pairs nest; texts of a host cannot. */
TEST(every_pair_is_well_formed)
{
	static struct explanation x;
	const struct explanation *const xs[] = { &x, &x };
	char *svg;

	LOOP (enum sample_name, first, 0, first < SAMPLE_COUNT, first++) {
		LOOP (enum sample_name, second, 0, second < SAMPLE_COUNT, second++) {
			svg = sample_told(first, second, explain_svg);
			assert_well_formed(svg);
			free(svg);
		}
	}
	sample_make(&x, SAMPLE_NESTED_4K);
	(void)snprintf(x.kvm_module, sizeof(x.kvm_module), "<b>&\"\x80\x1b]");
	svg = sample_emit(xs, 2, explain_svg);
	assert_well_formed(svg);
	assert_non_null(strstr(svg, "&lt;b&gt;&amp;&quot;??]"));
	free(svg);
}

static long attribute(const char *element, const char *name)
{
	const char *at = strstr(element, name);

	assert_non_null(at);
	return strtol(at + strlen(name), NULL, 10);
}

static void assert_on_canvas(const char *rect)
{
	long left = attribute(rect, " x=\""), top = attribute(rect, " y=\"");
	long width = attribute(rect, " width=\""), height = attribute(rect, " height=\"");

	assert_true(left >= 0 && left + width <= 1280 && top + height <= 720);
	assert_true(width > 0 && height > 0);
}

/* Hosts that do not say what they do, tables outside of memory: a picture of what is known. */
TEST(little_is_known)
{
	static struct explanation x;
	const struct explanation *const xs[] = { &x };
	char *svg;

	sample_make(&x, SAMPLE_SHADOW_4K);
	x.kind = WALK_NATIVE;
	explain_list_references(&x);
	svg = sample_emit(xs, 1, explain_svg);
	assert_well_formed(svg);
	assert_numbers(svg, 1, 4);
	free(svg);
	x.kind = WALK_NESTED;
	explain_list_references(&x);
	svg = sample_emit(xs, 1, explain_svg);
	assert_well_formed(svg);
	assert_numbers(svg, 1, 0);
	assert_int_equal(count_of(svg, "<g class=\"entry guest read\""), 4);
	free(svg);
	sample_make(&x, SAMPLE_NOT_PRESENT);
	x.walks[EXPLAIN_BEFORE].walk.fault = PAGE_FAULT_NO_MEMORY;
	x.walks[EXPLAIN_BEFORE].walk.step_count = 2;
	explain_list_references(&x);
	svg = sample_emit(xs, 1, explain_svg);
	assert_well_formed(svg);
	assert_numbers(svg, 1, 10);
	assert_int_equal(count_of(svg, ">no memory<"), 1);
	free(svg);
}

/* Nothing lies outside the canvas: coordinates of boxes and of where texts begin. */
TEST(everything_is_on_the_canvas)
{
	LOOP (enum sample_name, first, 0, first < SAMPLE_COUNT, first++) {
		LOOP (enum sample_name, second, 0, second < SAMPLE_COUNT, second++) {
			char *svg = sample_told(first, second, explain_svg);

			for (const char *at = strstr(svg, " y=\""); at != NULL; at = strstr(at + 1, " y=\""))
				assert_in_range(strtoul(at + 4, NULL, 10), 1, 719);
			for (const char *at = strstr(svg, "<rect x=\""); at != NULL;
			     at = strstr(at + 1, "<rect x=\"")) {
				assert_on_canvas(at);
			}
			free(svg);
		}
	}
}

TEST(golden_file)
{
	char *svg = sample_told(SAMPLE_NESTED_4K, SAMPLE_NESTED_2M, explain_svg);

	golden_compare(svg, "tests/golden/explain-before-after.svg");
	free(svg);
}

/* Alone, and beside the next one: all that a sample has in it is somewhere in its text, its JSON and its picture. */
TEST(every_sample_in_every_form)
{
	LOOP (enum sample_name, first, 0, first < SAMPLE_COUNT, first++) {
		enum sample_name second = (first + 1) % SAMPLE_COUNT;

		free(sample_told(first, first, explain_text));
		free(sample_told(first, second, explain_text));
		free(sample_told(first, first, explain_json));
		free(sample_told(first, second, explain_json));
		free(sample_told(first, first, explain_svg));
		free(sample_told(first, second, explain_svg));
	}
}

TEST_WRITES()
