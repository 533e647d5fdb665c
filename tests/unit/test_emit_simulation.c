/*
 * Simulated rows are shown as they were counted, on a screen of 100 columns, and the JSON has every count. It could
 * break by a column that belongs to another title, by a share of nothing, or by a figure's origin that is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "sim_cpu.h"
#include "units.h"
#include "vmm/theory/show/show.h"

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
	for (size_t i = 0; i < ROWS; i++) {
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

/* Everything that is printed: into memory, no line longer than the screen. */
static char *captured(FILE *memory, char **data)
{
	assert_int_equal(fclose(memory), 0);
	for (const char *line = *data; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 100);
	return *data;
}

static void text_shows_rows_and_origins(void **state)
{
	struct cpu_model cpu = test_cpu();
	struct simulation_row rows[ROWS];
	const struct simulation_series s = { .cpu = &cpu, .count = ROWS, .rows = rows };
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	(void)state;
	make_rows(&cpu, rows);
	assert_int_equal(simulation_text(&s, memory), 0);
	golden_compare(captured(memory, &data), TESTS_DIR "/golden/simulation.txt");
	free(data);
}

static void the_list_of_cpus_is_whole(void **state)
{
	char *data = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&data, &bytes);

	(void)state;
	assert_int_equal(cpu_list_text(memory), 0);
	(void)captured(memory, &data);
	for (uint32_t i = 0; i < cpu_count(); i++)
		assert_non_null(strstr(data, cpu_name(i)));
	for (int i = 0; i < CPU_PARAMETER_COUNT; i++)
		assert_non_null(strstr(data, cpu_parameter_info((enum cpu_parameter)i)->name));
	free(data);
}

static json_int_t integer(const json_t *o, const char *a, const char *b)
{
	const json_t *value = json_object_get(json_object_get(o, a), b);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void json_has_what_was_counted(void **state)
{
	struct cpu_model cpu = test_cpu();
	struct simulation_row rows[ROWS];
	const struct simulation_series s = { .cpu = &cpu, .count = ROWS, .rows = rows };
	json_t *root, *array, *figures;

	(void)state;
	make_rows(&cpu, rows);
	root = simulation_json(&s);
	assert_non_null(root);
	array = json_object_get(root, "rows");
	assert_int_equal(json_array_size(array), ROWS);
	for (size_t i = 0; i < ROWS; i++) {
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_shows_rows_and_origins),
		cmocka_unit_test(the_list_of_cpus_is_whole),
		cmocka_unit_test(json_has_what_was_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
