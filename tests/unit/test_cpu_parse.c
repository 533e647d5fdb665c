/*
 * Descriptions of CPUs: those in the binary are whole and have a source for each figure, others are read as written or
 * refused by file and line. It could break by a figure that is missing or out of bounds, by an error that blames another
 * line, or by text that is no description at all.
 */
#include <errno.h>
#include <unistd.h>

#include "test.h"
#include "permute.h"
#include "units.h"
#include "vmm/theory/simulate/cpu.h"

#define TEXT_BYTES 16384

/* A description with every figure 1, or its first word, beside line `broken` (from 1 on) with other text. */
static size_t describe(char text[TEXT_BYTES], uint32_t broken, const char *line)
{
	size_t used = 0;

	for (uint32_t i = 0; i < CPU_PARAMETER_COUNT + 2; i++) {
		const char *name = i < 2 ? "" : cpu_parameters[i - 2].name;
		const char *value = strstr(name, "_in") != NULL ? "own"
				    : strstr(name, "hashed") != NULL || strstr(name, "smashed") != NULL ||
						    strstr(name, "combined") != NULL
					    ? "yes"
					    : "1";

		if (i + 1 == broken)
			used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s\n", line);
		else if (i < 2)
			used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s\n",
						 i == 0 ? "title = A CPU" : "unit = core cycles # why");
		else
			used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s = %s # s\n", name,
						 value);
	}
	return used;
}

TEST(those_in_the_binary_are_whole)
{
	assert_int_equal(cpu_count(), 6);
	assert_null(cpu_name(cpu_count()));
	LOOP (uint32_t, i, 0, i < cpu_count(), i++) {
		struct error e = { .status = STATUS_OK };
		struct cpu_model cpu;

		assert_int_equal(cpu_load(cpu_name(i), &cpu, &e), 0);
		assert_string_equal(cpu.name, cpu_name(i));
		assert_string_equal(cpu.unit, "core cycles");
		assert_true(strlen(cpu.title) > 10);
		LOOP (int, f, 0, f < CPU_PARAMETER_COUNT, f++) {
			assert_true(strlen(cpu.source[f]) > 5);
			/* A source that was not looked up must be marked. */
			if (strstr(cpu.source[f], "unchecked") != NULL ||
			    strstr(cpu.source[f], "no maker") != NULL)
				assert_int_equal(cpu.origin[f], ORIGIN_UNCERTAIN);
		}
		assert_true(cpu.parameter[CPU_L1D_CYCLES] < cpu.parameter[CPU_L2_CYCLES]);
		assert_true(cpu.parameter[CPU_L2_CYCLES] < cpu.parameter[CPU_L3_CYCLES]);
		assert_true(cpu.parameter[CPU_L3_CYCLES] < cpu.parameter[CPU_MEMORY_CYCLES]);
		assert_true(cpu_tlb(&cpu, false, PAGE_4K).sets > 0 && cpu_tlb(&cpu, true, PAGE_2M).sets > 0);
	}
}

static void text_of(const struct cpu_model *cpu, enum cpu_parameter parameter, char value[24])
{
	parameter_text(cpu_parameters[parameter].kind, cpu->parameter[parameter], value, 24);
}

TEST(values_are_read_as_written)
{
	char text[TEXT_BYTES], value[24];
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;
	size_t bytes = describe(text, 3 + CPU_L2_BYTES, "\tl2_bytes=1280K?#so they say\r");

	assert_int_equal(cpu_parse("some/where/my.cpu", text, bytes, &cpu, &e), 0);
	assert_string_equal(cpu.name, "my");
	assert_string_equal(cpu.title, "A CPU");
	assert_int_equal(cpu.parameter[CPU_L2_BYTES], 1280 * KIB);
	assert_int_equal(cpu.origin[CPU_L2_BYTES], ORIGIN_UNCERTAIN);
	assert_string_equal(cpu.source[CPU_L2_BYTES], "so they say");
	assert_int_equal(cpu.origin[CPU_L3_BYTES], ORIGIN_SOURCE);
	text_of(&cpu, CPU_L2_BYTES, value);
	assert_string_equal(value, "1280K");
	bytes = describe(text, 3 + CPU_L1D_CYCLES, "l1d_cycles = 2.3");
	assert_int_equal(cpu_parse("my.cpu", text, bytes, &cpu, &e), 0);
	assert_true(cpu_cycles(&cpu, CPU_L1D_CYCLES) == 2.3);
	text_of(&cpu, CPU_L1D_CYCLES, value);
	assert_string_equal(value, "2.30");
	text_of(&cpu, CPU_STLB_HASHED, value);
	assert_string_equal(value, "yes");
	text_of(&cpu, CPU_STLB_2M_IN, value);
	assert_string_equal(value, "own");
}

TEST(faults_name_line_and_cure)
{
	static const struct {
		uint32_t line;
		const char *text, *says;
	} faults[] = {
		{ 3, "dtlb_4k_sets = 3", "power of two" },
		{ 4, "dtlb_4k_ways = 257", "from 0 to 256" },
		{ 4, "dtlb_4k_ways = -1", "from 0 to 256" },
		{ 4, "dtlb_4k_ways =", "from 0 to 256" },
		{ 4, "dtlb_4k_ways = 99999999999999999999", "from 0 to 256" },
		{ 4, "dtlb_4k_sets = 1", "given before" },
		{ 7, "dtlb_2m_in = 2M", "own or 4K" },
		{ 10, "dtlb_1g_in = 3M", "own or 4K or 2M" },
		{ 11, "dtlb_hashed = 1", "no or yes" },
		{ 5, "nonsense = 1", "no such figure" },
		{ 5, "dtlb_2m_sets", "name = value" },
		{ 3 + CPU_L1D_CYCLES, "l1d_cycles = 2.345", "from 1 to 1000" },
		{ 3 + CPU_L1D_CYCLES, "l1d_cycles = 2.", "from 1 to 1000" },
		{ 3 + CPU_L1D_CYCLES, "l1d_cycles = .5", "from 1 to 1000" },
		{ 2, "unit = furlongs", "TSC cycles" },
	};

	EACH (i, faults) {
		char text[TEXT_BYTES], where[16];
		struct error e = { .status = STATUS_OK };
		struct cpu_model cpu;
		size_t bytes = describe(text, faults[i].line, faults[i].text);

		assert_int_equal(cpu_parse("x.cpu", text, bytes, &cpu, &e), -EINVAL);
		(void)snprintf(where, sizeof(where), "x.cpu:%u", faults[i].line);
		assert_string_equal(e.where, where);
		assert_non_null(strstr(e.what, faults[i].says));
		assert_int_equal(e.status, STATUS_USAGE);
	}
}

TEST(what_is_missing_is_named)
{
	char text[TEXT_BYTES];

	LOOP (uint32_t, line, 1, line <= CPU_PARAMETER_COUNT + 2, line++) {
		struct error e = { .status = STATUS_OK };
		struct cpu_model cpu;
		size_t bytes = describe(text, line, "");

		assert_int_equal(cpu_parse("x.cpu", text, bytes, &cpu, &e), -EINVAL);
		assert_non_null(strstr(e.what, "missing"));
		if (line > 2)
			assert_non_null(strstr(e.what, cpu_parameters[line - 3].name));
	}
}

/* Seeded damage of a good description, in memory of exactly its size: the sanitizers watch. */
TEST(damage_is_survived)
{
	char text[TEXT_BYTES];
	size_t bytes = describe(text, 0, "");
	uint64_t seed = 1;

	LOOP (int, round, 0, round < 2000, round++) {
		size_t kept = random_below(&seed, bytes + 1);
		char *copy = malloc(kept + (kept == 0));
		struct error e = { .status = STATUS_OK };
		struct cpu_model cpu;

		assert_non_null(copy);
		memcpy(copy, text, kept);
		for (int i = 0; i < 8 && kept > 0; i++)
			copy[random_below(&seed, kept)] = (char)random_below(&seed, 256);
		if (cpu_parse("x.cpu", copy, kept, &cpu, &e) != 0)
			assert_true(e.status == STATUS_USAGE && e.what[0] != '\0');
		free(copy);
	}
}

TEST(files_are_read_and_refused)
{
	char path[] = "/tmp/minivmm-cpu-XXXXXX", text[TEXT_BYTES];
	struct error e = { .status = STATUS_OK };
	struct cpu_model cpu;
	size_t bytes = describe(text, 0, "");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), (ssize_t)bytes);
	assert_int_equal(cpu_load(path, &cpu, &e), 0);
	assert_int_equal(ftruncate(fd, CPU_FILE_MOST_BYTES + 1), 0);
	assert_int_equal(cpu_load(path, &cpu, &e), -E2BIG);
	(void)close(fd);
	(void)unlink(path);
	e = (struct error){ .status = STATUS_OK };
	assert_int_equal(cpu_load(path, &cpu, &e), -ENOENT);
	assert_non_null(strstr(e.hint, "skylake"));
	e = (struct error){ .status = STATUS_OK };
	assert_true(cpu_load("/", &cpu, &e) < 0);
}
