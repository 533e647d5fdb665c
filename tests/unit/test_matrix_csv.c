/*
 * Property: the CSV of a matrix has one line a cell and figure, each of the header's width, and a cell without figures is
 * there with its reason. A quote in a reason that broke out of its field, or 0 for "not known", would shift or invent
 * figures in every table made from it.
 */
#include <errno.h>

#include "sample_matrix.h"

static struct matrix sample;

static int setup(void **state)
{
	(void)state;
	sample_matrix(&sample);
	sample_figures(&sample);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	matrix_free(&sample);
	return 0;
}

/* Field number `index` of line `number`, unquoted, into buf. Returns the number of fields of that line. */
static int field(const char *csv, int number, int index, char *buf, size_t size)
{
	int fields = 1;
	size_t used = 0;
	bool quoted = false;

	while (number > 0) {
		quoted ^= *csv == '"';
		if (*csv++ == '\n' && !quoted)
			number--;
	}
	for (quoted = false; *csv != '\0' && (quoted || *csv != '\n'); csv++) {
		if (*csv == '"') {
			/* The second of two stands for itself. */
			if (quoted && csv[1] == '"')
				csv++;
			else {
				quoted = !quoted;
				continue;
			}
		} else if (*csv == ',' && !quoted) {
			fields++;
			continue;
		}
		if (fields - 1 == index && used + 1 < size)
			buf[used++] = *csv;
	}
	buf[used] = '\0';
	return fields;
}

static void assert_field(const char *csv, int line, const char *column, const char *expected)
{
	char name[64], value[1024];
	int fields = field(csv, 0, -1, name, sizeof(name));

	LOOP (int, i, 0, i < fields, i++) {
		(void)field(csv, 0, i, name, sizeof(name));
		if (strcmp(name, column) != 0)
			continue;
		assert_int_equal(field(csv, line, i, value, sizeof(value)), fields);
		assert_string_equal(value, expected);
		return;
	}
	fail_msg("no column %s", column);
}

static const char header[] =
	"key,label,kind,guest_page_bytes,backing,page_bytes,prealloc,vcpus,kernel_irqchip,workload,variant,"
	"working_set_bytes,stride_bytes,pages,memory_bytes,state,reason,unit,statistic,allocations,value,"
	"ci95_low,"
	"ci95_high,least,refs_theory,exits,exits_per_operation,page_faults,faults_per_operation,minor_faults,"
	"major_faults,host_minor_faults,host_major_faults,numa_hit,numa_miss,disturbed_runs,failed_runs,"
	"baseline,"
	"ratio,ratio_low,ratio_high\n";

/* The header and two whole lines, as a program would find them. */
TEST_WITH(whole_lines, setup, teardown)
{
	char *csv = render_matrix(&sample, matrix_emit_csv);

	assert_memory_equal(csv, header, strlen(header));
	assert_non_null(strstr(csv,
			       "\n\"guest-page=native,backing=anon,prealloc=on,smp=1,workload=chase,"
			       "working-set=256K\",,\"native\",,\"anon\",4096,\"on\",1,\"default\",\"chase\",,"
			       "262144,,64,67108864,\"ok\",,\"cycles/access\",\"min\",3,9.5,9,10,9,4,,,2,,"
			       "301,0,5000,,700,0,0,0,\"guest-page=4K,backing=anon,prealloc=on,smp=1,"
			       "workload=chase,working-set=256K\",0.85,0.8,0.9\n"));
	assert_non_null(strstr(csv, "\n\"guest-page=1G,backing=hugetlb:1G,prealloc=on,smp=1,workload=chase,"
				    "working-set=256K\",,\"guest\",1073741824,\"hugetlb\",1073741824,\"on\",1,"
				    "\"default\",\"chase\",,262144,,,67108864,\"refused\","
				    "\"64M, in pages of \"\"1G\"\"?\",,,,,,,,,,,,,,,,,,,0,1,,,,\n"));
	free(csv);
}

/* By line: cells in order, the fifth with two figures. */
TEST_WITH(one_line_a_figure, setup, teardown)
{
	char *csv = render_matrix(&sample, matrix_emit_csv);
	int lines = 0;

	for (const char *c = csv; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 1 + SAMPLE_CELLS + 1);
	assert_field(csv, 1, "value", "10.5");
	assert_field(csv, 1, "baseline", "");
	assert_field(csv, 1, "ratio", "");
	assert_field(csv, 2, "guest_page_bytes", "2097152");
	assert_field(csv, 5, "variant", "first");
	assert_field(csv, 5, "state", "mismatch");
	assert_field(csv, 5, "least", "60000");
	assert_field(csv, 6, "variant", "second");
	assert_field(csv, 6, "allocations", "0");
	assert_field(csv, 6, "value", "");
	assert_field(csv, 6, "ci95_low", "");
	assert_field(csv, 6, "least", "");
	assert_field(csv, 6, "page_faults", "2");
	assert_field(csv, 6, "disturbed_runs", "1");
	assert_field(csv, 7, "reason", "64M, in pages of \"1G\"?");
	free(csv);
}

/* Of those runs alone that know: 300, 301, 302; then without the middle one; then none. */
TEST_WITH(medians_over_runs, setup, teardown)
{
	struct matrix_cell *cell = &sample.cells[SAMPLE_CHASE_4K];
	char *csv = render_matrix(&sample, matrix_emit_csv);

	assert_field(csv, 1, "minor_faults", "301");
	assert_field(csv, 1, "host_major_faults", "");
	free(csv);
	cell->runs[1].minor_faults = -1;
	cell->runs[2].minor_faults = 303;
	cell->runs[0].numa_miss = 9;
	csv = render_matrix(&sample, matrix_emit_csv);
	assert_field(csv, 1, "minor_faults", "301.5");
	assert_field(csv, 1, "numa_miss", "0");
	free(csv);
	cell->runs[0].minor_faults = cell->runs[2].minor_faults = -1;
	csv = render_matrix(&sample, matrix_emit_csv);
	assert_field(csv, 1, "minor_faults", "");
	free(csv);
}

/* Text that would be fields and lines of its own. */
TEST_WITH(text_stays_in_its_field, setup, teardown)
{
	static const char reason[] = "a,\"b\"\nc,,\r\n\"";
	char *csv;

	(void)snprintf(sample.cells[SAMPLE_CELL_REFUSED].reason, sizeof(sample.cells[0].reason), "%s", reason);
	csv = render_matrix(&sample, matrix_emit_csv);
	assert_field(csv, 7, "reason", reason);
	assert_field(csv, 7, "failed_runs", "1");
	free(csv);
}

TEST_WITH(a_full_disk_is_an_error, setup, teardown)
{
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	assert_int_equal(matrix_emit_csv(&sample, full), -ENOSPC);
	(void)fclose(full);
}
