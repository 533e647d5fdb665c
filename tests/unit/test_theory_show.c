/*
 * Property: what the model writes is what was read and found right, in text that fits the screen and in JSON that has
 * every count; unknown is null. It could break by a column that grows with a number or stands under another title, an
 * entry of the wrong dimension, a share of nothing, a lost origin, or a note that a large size no longer gets.
 */
#include <unistd.h>

#include "test.h"

#include <jansson.h>

#include "golden.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/show/show.h"

#define GOLDEN TESTS_DIR "/golden/model-"

/* Parts of a theory by their plan. */
struct theory_sample {
	struct theory_table table;
	struct walk_list list;
	struct scale scale;
	struct theory theory;
};

static struct theory *sample_table(struct theory_sample *s)
{
	static char program[] = "minivmm", command[] = "model";
	static char *argv[] = { program, command, NULL };

	s->theory = (struct theory){ .argc = 2, .argv = argv, .table = &s->table };
	assert_int_equal(theory_table_make(&s->table), 0);
	return &s->theory;
}

static struct theory *sample_list(struct theory_sample *s, enum walk_kind kind, uint32_t levels,
				  uint64_t guest_leaf, uint64_t host_leaf)
{
	const struct walk_plan plan = { kind, levels, levels, guest_leaf, host_leaf };

	s->theory = (struct theory){ .list = &s->list };
	assert_int_equal(walk_list_make(&plan, &s->list), 0);
	return &s->theory;
}

/* tlb_entries: of the second level; an eighth of it is the first's. */
static struct theory *sample_scale(struct theory_sample *s, enum walk_kind kind, uint64_t bytes,
				   uint64_t guest_leaf, uint64_t host_leaf, uint32_t tlb_entries)
{
	const struct scale_input plan = { .walk = { kind, 4, 4, guest_leaf, host_leaf },
					  .memory_bytes = bytes,
					  .tlb_l1_entries = tlb_entries / 8,
					  .tlb_l2_entries = tlb_entries,
					  .fault_ns = SCALE_FAULT_NS,
					  .zeroing_bytes_per_s = SCALE_ZEROING_BYTES_PER_S };

	s->theory = (struct theory){ .scale = &s->scale };
	assert_int_equal(scale_make(&plan, &s->scale), 0);
	return &s->theory;
}

/* The whole output; the caller frees it. */
static char *theory_render(const struct theory *t, int (*emit)(const struct theory *, FILE *))
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_non_null(memory);
	assert_int_equal(emit(t, memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	return data;
}

static void theory_golden(const struct theory *t, int (*emit)(const struct theory *, FILE *),
			  const char *path)
{
	char *data = theory_render(t, emit);

	golden_compare(data, path);
	free(data);
}

static json_t *root_of(const struct theory *t)
{
	char *data = theory_render(t, theory_json);
	json_t *root = json_loads(data, 0, NULL);

	assert_non_null(root);
	free(data);
	return root;
}

static json_int_t number(const json_t *o, const char *member)
{
	const json_t *value = json_object_get(o, member);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void is_null(const json_t *o, const char *member)
{
	assert_true(json_is_null(json_object_get(o, member)));
}

static void assert_narrow(const char *text)
{
	assert_fits_screen(text);
}

static void is_narrow(const struct theory *t)
{
	char *data = theory_render(t, theory_text);

	assert_narrow(data);
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

TEST(goldens)
{
	static const struct {
		enum walk_kind kind;
		uint32_t levels;
		uint64_t guest_leaf, host_leaf;
		const char *text, *json; /* NULL: none */
	} lists[] = {
		{ WALK_NESTED, 4, PAGE_4K, PAGE_4K, GOLDEN "nested-4K-4K.txt", NULL },
		{ WALK_NESTED, 5, PAGE_2M, PAGE_1G, GOLDEN "nested-2M-1G-5-level.txt", NULL },
		{ WALK_NESTED, 4, PAGE_2M, PAGE_1G, NULL, GOLDEN "nested-2M-1G.json" },
		{ WALK_SHADOW, 4, PAGE_2M, PAGE_4K, GOLDEN "shadow.txt", GOLDEN "shadow.json" },
		{ WALK_UNPAGED, 4, PAGE_4K, PAGE_2M, GOLDEN "unpaged.txt", GOLDEN "unpaged.json" },
		{ WALK_NATIVE, 4, PAGE_4K, PAGE_4K, GOLDEN "native.txt", GOLDEN "native.json" },
	};
	struct theory_sample s;

	EACH (i, lists) {
		(void)sample_list(&s, lists[i].kind, lists[i].levels, lists[i].guest_leaf,
				  lists[i].host_leaf);
		if (lists[i].text != NULL)
			theory_golden(&s.theory, theory_text, lists[i].text);
		if (lists[i].json != NULL)
			theory_golden(&s.theory, theory_json, lists[i].json);
	}
	theory_golden(sample_table(&s), theory_text, GOLDEN "table.txt");
	theory_golden(&s.theory, theory_json, GOLDEN "table.json");
	theory_golden(sample_scale(&s, WALK_NESTED, 16 * TIB, PAGE_4K, PAGE_1G, 1536), theory_text,
		      GOLDEN "scale.txt");
	theory_golden(&s.theory, theory_json, GOLDEN "scale.json");
}

/* Every cell there is, once, with the count of its own list. */
TEST(table_has_every_cell)
{
	static const char *const kinds[] = { "nested", "shadow", "native", "unpaged" };
	struct theory_sample s, other;
	json_t *root = root_of(sample_table(&s)), *cells = json_object_get(root, "table"), *cell;
	size_t i, of_kind[WALK_KIND_COUNT] = { 0 };

	json_array_foreach(cells, i, cell)
	{
		struct walk_plan plan = {
			.guest_levels = (uint32_t)json_integer_value(json_object_get(cell, "guest_levels")),
			.host_levels = (uint32_t)json_integer_value(json_object_get(cell, "host_levels")),
			.guest_leaf_bytes =
				(uint64_t)json_integer_value(json_object_get(cell, "guest_leaf_bytes")),
			.host_leaf_bytes =
				(uint64_t)json_integer_value(json_object_get(cell, "host_leaf_bytes")),
		};
		int kind = 0;

		while (strcmp(kinds[kind], json_string_value(json_object_get(cell, "kind"))) != 0)
			kind++;
		plan.kind = (enum walk_kind)kind;
		of_kind[kind]++;
		assert_int_equal(walk_list_make(&plan, &other.list), 0);
		assert_int_equal(number(cell, "references"), other.list.count);
		LOOP (size_t, k, 0, k < i, k++)
			assert_false(json_equal(cell, json_array_get(cells, k)));
	}
	assert_int_equal(of_kind[WALK_NESTED], 36);
	assert_int_equal(of_kind[WALK_SHADOW], 18);
	assert_int_equal(of_kind[WALK_NATIVE], 6);
	assert_int_equal(of_kind[WALK_UNPAGED], 6);
	is_null(root, "list");
	is_null(root, "scale");
	is_null(root, "simulation");
	json_decref(root);
}

TEST(what_is_unknown_is_null)
{
	struct theory_sample s;
	json_t *root = root_of(sample_scale(&s, WALK_SHADOW, 129 * TIB, PAGE_2M, PAGE_4K, 0));
	const json_t *scale = json_object_get(root, "scale"), *guest = json_object_get(scale, "guest_tables");

	is_null(json_object_get(scale, "tlb"), "l1_entries");
	is_null(json_object_get(scale, "tlb"), "l2_bytes");
	is_null(scale, "predicted");
	is_null(scale, "host_tables");
	is_null(scale, "host_levels");
	assert_int_equal(number(scale, "guest_levels"), 5);
	assert_true(json_is_true(json_object_get(guest, "raised_to_5_levels")));
	assert_true(json_is_object(json_object_get(scale, "shadow_tables")));
	json_decref(root);
	/* The largest sizes are beyond jansson's integers: they become text, as seeds do. */
	root = root_of(sample_scale(&s, WALK_NATIVE, UINT64_C(16777215) * TIB, PAGE_2M, PAGE_4K, 0));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "scale"), "memory_bytes")),
		"18446742974197923840");
	json_decref(root);
}

TEST(lists_of_five_levels)
{
	struct theory_sample s;
	json_t *root = root_of(sample_list(&s, WALK_NESTED, 5, PAGE_4K, PAGE_4K));
	const json_t *list = json_object_get(root, "list");

	assert_int_equal(number(list, "count"), 35);
	assert_int_equal(json_array_size(json_object_get(list, "references")), 35);
	assert_string_equal(json_string_value(json_object_get(list, "formula")), "(5+1)(5+1)-1 = 35");
	json_decref(root);
	says(&s.theory, "1 host EPT/NPT PML5E GPA 56:48 towards the HPA of the guest's PML5E", true);
	says(&s.theory, "35 host EPT/NPT PTE GPA 20:12 4K gives the HPA of the data", true);
}

TEST(every_part_fits_the_screen)
{
	static const uint64_t leaves[] = { PAGE_4K, PAGE_2M, PAGE_1G };
	struct theory_sample s;

	is_narrow(sample_table(&s));
	LOOP (int, kind, 0, kind < WALK_KIND_COUNT, kind++) {
		LOOP (uint32_t, i, 0, i < 18, i++)
			is_narrow(sample_list(&s, (enum walk_kind)kind, i < 9 ? 4 : 5, leaves[i % 9 / 3],
					      leaves[i % 3]));
		is_narrow(sample_scale(&s, (enum walk_kind)kind, UINT64_C(16777215) * TIB, PAGE_4K, PAGE_4K,
				       UINT32_MAX));
		is_narrow(sample_scale(&s, (enum walk_kind)kind, 1, PAGE_1G, PAGE_4K, 0));
	}
}

TEST(notes_of_large_sizes)
{
	struct theory_sample s;

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
TEST(lost_output)
{
	struct theory_sample s;
	FILE *full;

	if (access("/dev/full", W_OK) != 0)
		skip();
	full = fopen("/dev/full", "w");
	assert_non_null(full);
	assert_true(theory_text(sample_table(&s), full) < 0);
	(void)fclose(full);
}

static const struct {
	enum workload_id workload;
	struct walk_plan plan;
	uint64_t bytes, stride_bytes;
} wanted[] = {
	{ WORKLOAD_chase, { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K }, 64 * PAGE_4K, 0 },
	{ WORKLOAD_chase, { WALK_NESTED, 5, 5, PAGE_2M, PAGE_4K }, 4096 * PAGE_4K, 0 },
	{ WORKLOAD_chase, { WALK_SHADOW, 4, 4, PAGE_2M, PAGE_4K }, 4096 * PAGE_4K, 0 },
	{ WORKLOAD_chase, { WALK_NATIVE, 4, 4, PAGE_1G, PAGE_4K }, 4096 * PAGE_4K, 0 },
	{ WORKLOAD_packed, { WALK_UNPAGED, 4, 4, PAGE_4K, PAGE_2M }, 4096 * PAGE_4K, 0 },
	{ WORKLOAD_alias, { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K }, 256 * PAGE_4K, CACHE_LINE_BYTES },
	{ WORKLOAD_alias, { WALK_NESTED, 4, 4, PAGE_4K, PAGE_4K }, 256 * PAGE_4K, PAGE_1G },
	{ WORKLOAD_gups, { WALK_NESTED, 4, 4, PAGE_4K, PAGE_1G }, 4096 * PAGE_4K, 0 },
};

#define ROWS (sizeof(wanted) / sizeof(wanted[0]))

static struct cpu_model test_cpu(void)
{
	struct cpu_model cpu = bare_cpu();

	(void)strcpy(cpu.name, "test");
	(void)strcpy(cpu.title, "A CPU for tests");
	(void)strcpy(cpu.unit, "core cycles");
	give_tlb(&cpu, false, 16, 4);
	give_tlb(&cpu, true, 128, 8);
	cpu.parameter[CPU_L1D_BYTES] = 32 * KIB;
	cpu.parameter[CPU_L2_BYTES] = 256 * KIB;
	cpu.parameter[CPU_L3_BYTES] = 2 * MIB;
	cpu.parameter[CPU_PWC_PDE_ENTRIES] = 4;
	cpu.parameter[CPU_NESTED_TLB_ENTRIES] = 16;
	cpu.parameter[CPU_WALKS_AT_ONCE] = 2;
	cpu.parameter[CPU_MISSES_AT_ONCE] = 10;
	cpu.origin[CPU_NESTED_TLB_ENTRIES] = ORIGIN_UNCERTAIN;
	cpu.origin[CPU_L2_CYCLES] = ORIGIN_MEASURED;
	cpu.origin[CPU_WALK_CYCLES] = ORIGIN_ASSUMED;
	return cpu;
}

static void make_rows(const struct cpu_model *cpu, struct simulation_row rows[ROWS])
{
	LOOP (size_t, i, 0, i < ROWS, i++) {
		struct error e = { .status = STATUS_OK };
		struct simulation_input in = {
			.cpu = cpu,
			.plan = wanted[i].plan,
			.workload = wanted[i].workload,
			.working_set_bytes = wanted[i].bytes,
			.stride_bytes = wanted[i].stride_bytes,
			.accesses = 20000,
			.seed = 1,
			.warm_passes = 2,
		};

		assert_int_equal(simulation_row_make(&in, 30, &rows[i], &e), 0);
	}
}

TEST(text_shows_rows_and_origins)
{
	struct cpu_model cpu = test_cpu();
	struct simulation_row rows[ROWS];
	const struct simulation_series s = { .cpu = &cpu, .count = ROWS, .rows = rows };
	const struct theory theory = { .simulation = &s };

	make_rows(&cpu, rows);
	theory_golden(&theory, theory_text, TESTS_DIR "/golden/simulation.txt");
	is_narrow(&theory);
}

TEST(the_list_of_cpus_is_whole)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	assert_int_equal(cpu_list_text(memory), 0);
	assert_int_equal(fclose(memory), 0);
	test_wrote(data);
	assert_narrow(data);
	LOOP (uint32_t, i, 0, i < cpu_count(), i++)
		assert_non_null(strstr(data, cpu_name(i)));
	LOOP (int, i, 0, i < CPU_PARAMETER_COUNT, i++)
		assert_non_null(strstr(data, cpu_parameters[i].name));
	free(data);
}

static json_int_t integer(const json_t *o, const char *a, const char *b)
{
	const json_t *value = json_object_get(json_object_get(o, a), b);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

TEST(json_has_what_was_counted)
{
	struct cpu_model cpu = test_cpu();
	struct simulation_row rows[ROWS];
	const struct simulation_series s = { .cpu = &cpu, .count = ROWS, .rows = rows };
	json_t *root, *array, *figures;

	make_rows(&cpu, rows);
	root = simulation_json(&s);
	assert_non_null(root);
	array = json_object_get(root, "rows");
	assert_int_equal(json_array_size(array), ROWS);
	LOOP (size_t, i, 0, i < ROWS, i++) {
		const json_t *row = json_array_get(array, i);

		assert_int_equal(integer(row, "counts", "walks"), rows[i].counts.walks);
		assert_int_equal(integer(row, "counts", "host_references"),
				 rows[i].counts.walk.host_references);
		assert_true(json_is_null(json_object_get(row, "closed_form")) == !rows[i].have_closed);
	}
	assert_true(json_is_null(
		json_object_get(json_object_get(json_array_get(array, 3), "plan"), "host_levels")));
	figures = json_object_get(json_object_get(root, "cpu"), "figures");
	assert_int_equal(json_object_size(figures), CPU_PARAMETER_COUNT);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(figures, "l2_cycles"), "origin")),
		"measured");
	json_decref(root);
}

TEST_WRITES()
