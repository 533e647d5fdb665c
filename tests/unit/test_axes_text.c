/*
 * A file of axes is read line by line or refused at its line; it lies above the preset and below the command line, in
 * whatever order they are named. It comes from an editor, a script or an attacker: nothing in it may be guessed at.
 */
#include <unistd.h>

#include "test.h"
#include "sweep_line.h"
#include "units.h"

#define LINE "sweep --axes f"

TEST(spellings)
{
	struct request r;
	struct error e;
	const struct sweep_spec *s = &r.sweep;

	assert_int_equal(
		parse_with_file(LINE,
				"# night\r\n\n \t\n  guest-page = 4K,2M  # both\r\nbacking=path:/a#b,thp\n"
				"smp\t1-2\nnative\n\tmemory   =\t2G\nbaseline = smp=2,backing=path:/a#b\n"
				"working-set 64K",
				&r, &e),
		0);
	assert_string_equal(axis_text(s, AXIS_GUEST_PAGE), "4K,2M,native");
	assert_string_equal(axis_text(s, AXIS_BACKING), "path:/a#b,thp");
	assert_string_equal(axis_text(s, AXIS_SMP), "1,2");
	assert_string_equal(s->baseline, "backing=path:/a#b,smp=2");
	assert_true(r.run.machine.memory_bytes == 2 * GIB && s->memory_given && request_has_plan(&r));
	assert_true(r.run.work.set_count == 1 && r.run.work.sets_bytes[0] == 64 * KIB);
	assert_string_equal(s->file, "f");
	/* An empty file has no say. */
	assert_int_equal(parse_with_file(LINE, "", &r, &e), 0);
	assert_string_equal(axis_text(s, AXIS_GUEST_PAGE), "4K");
	assert_int_equal(r.run.work.workload_count, 2);
}

/* Preset < file < command line, for a list, a number, a flag and what was not given at all. */
TEST(precedence)
{
	static const char *const lines[] = { "sweep --preset vpid --axes f --smp 3",
					     "sweep --smp 3 --axes f --preset vpid" };
	static const char file[] = "working-set = 1M\nsmp = 2\nno-native\nretries 7\n";
	struct request r;
	struct error e;
	const struct sweep_spec *s = &r.sweep;

	LOOP (int, i, 0, i < 2, i++) {
		assert_int_equal(parse_with_file(lines[i], file, &r, &e), 0);
		assert_string_equal(s->preset, "vpid");
		assert_true(r.run.work.workload_count == 1 && r.run.work.workloads[0] == WORKLOAD_vpid);
		assert_true(r.run.work.set_count == 1 && r.run.work.sets_bytes[0] == MIB && s->retries == 7);
		assert_string_equal(axis_text(s, AXIS_SMP), "3");
		assert_string_equal(axis_text(s, AXIS_GUEST_PAGE), "4K");
		assert_true(s->allocations == 5 && s->axes[AXIS_BACKING].count == 1);
	}
	assert_int_equal(parse_line("sweep --native --preset vpid --working-set 2M --no-native", &r, &e), 0);
	assert_true(!s->native && r.run.work.set_count == 1 && r.run.work.sets_bytes[0] == 2 * MIB);
	/* The last of two presets is the one, and nothing of the other is left. */
	assert_int_equal(parse_line("sweep --preset terabyte --preset exit-cost", &r, &e), 0);
	assert_true(r.run.machine.alias_bytes == 0 && s->allocations == 5 &&
		    r.run.work.workloads[0] == WORKLOAD_exit);
	assert_string_equal(s->baseline, "smp=1");
}

/* Before the file is read, what it may still change is not judged; then it is. */
TEST(judged_when_known)
{
	static const char line[] = LINE " --baseline guest-page=2M --policy bind --prealloc-threads 2";
	struct request r;
	struct error e;

	assert_int_equal(parse_line(line, &r, &e), 0);
	assert_true(r.sweep.axes[AXIS_GUEST_PAGE].count == 1);
	assert_int_equal(parse_with_file(line, "guest-page = 2M\nhost-nodes 0\n", &r, &e), 0);
	assert_string_equal(r.sweep.baseline, "guest-page=2M");
	assert_true(parse_with_file(line, "guest-page = 4K\nhost-nodes 0\n", &r, &e) < 0);
	assert_non_null(strstr(error_text(&e), "in this sweep: 4K"));
	assert_true(parse_with_file(line, "guest-page = 2M\n", &r, &e) < 0);
	assert_non_null(strstr(error_text(&e), "--host-nodes"));
}

static const char *const refused[][2] = {
	{ "guest-page = 3M", "f:1: --guest-page 3M: '3M': 4K, 2M or 1G" },
	{ "\n# x\nbacking anon, thp", "f:3: --backing anon, thp: ' thp': anon, thp" },
	{ "smp = 1\nsmp = 2", "f:2: smp: line 1 has it already" },
	{ "native yes", "f:1: native: it takes no value" },
	{ "native =", "it takes no value" },
	{ "smp", "f:1: smp: a value is expected: LIST" },
	{ "smp =  # none", "a value is expected" },
	{ "= 4K", "a name is expected" },
	{ "--smp 2",
	  "f:1: --smp: unknown option; options are written here by their long names, without dashes" },
	{ "m = 1G", "unknown option" },
	{ "bogus = 1", "[minivmm sweep --help]" },
	{ "page-size = 2M", "page-size: this option does not apply to sweep [--backing hugetlb:2M]" },
	{ "mem-path /x", "does not apply to sweep" },
	{ "json = x", "json: this option stands on the command line only" },
	{ "preset = vpid", "on the command line only" },
	{ "axes = f", "on the command line only" },
	{ "resume", "on the command line only" },
	{ "help", "on the command line only" },
	{ "version", "on the command line only" },
	{ "dump-config", "on the command line only" },
	{ "workload = help", "f:1: workload: help stands on the command line only" },
	{ "workload = none", "see --workload help" },
	{ "smp = = 2", "'= 2'" },
	{ "smp = 1\033[2J", "f:1: text: a control character" },
	{ "threshold = 1", "this option stands on the command line only" },
};

TEST(refused_lines)
{
	EACH (i, refused) {
		struct request r;
		struct error e;

		if (parse_with_file(LINE, refused[i][0], &r, &e) == 0)
			fail_msg("'%s' was accepted", refused[i][0]);
		assert_int_equal(e.status, STATUS_USAGE);
		if (strstr(error_text(&e), refused[i][1]) == NULL)
			fail_msg("'%s' gave '%s', which does not name '%s'", refused[i][0], error_text(&e),
				 refused[i][1]);
	}
}

/* Write it, name it on a command line, read it. */
static int read_bytes(const void *bytes, size_t count, struct error *e)
{
	char name[] = "/tmp/minivmm-axes-XXXXXX";
	static char program[] = "minivmm", sweep[] = "sweep", option[] = "--axes";
	char *argv[] = { program, sweep, option, name, NULL };
	static struct request r;
	int fd, ret;

	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, count), count);
	memset(e, 0, sizeof(*e));
	assert_int_equal(request_parse(4, argv, &r, e), 0);
	ret = request_read_axes(&r, e);
	assert_true(ret != 0 || r.sweep.axes[AXIS_SMP].count == 2);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(name), 0);
	return ret;
}

TEST(files)
{
	static char large[AXES_FILE_BYTES + 1];
	static const char with_nul[] = "smp = 1,2\nnative\0 = off\n";
	struct request r;
	struct error e;

	assert_int_equal(read_bytes("smp = 1,2\n", 10, &e), 0);
	assert_true(read_bytes(with_nul, sizeof(with_nul) - 1, &e) < 0);
	assert_non_null(strstr(error_text(&e), ":2: text: a NUL byte"));
	memset(large, '#', sizeof(large));
	memcpy(large, "smp = 1,2\n", 10);
	assert_int_equal(read_bytes(large, AXES_FILE_BYTES, &e), 0);
	assert_true(read_bytes(large, AXES_FILE_BYTES + 1, &e) < 0);
	assert_non_null(strstr(error_text(&e), "more than 64K"));
	/* One line without an end that is all value. */
	memset(large, '1', sizeof(large));
	memcpy(large, "smp = ", 6);
	assert_true(read_bytes(large, AXES_FILE_BYTES, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);

	assert_int_equal(parse_line("sweep --axes /no/such/file", &r, &e), 0);
	assert_true(request_read_axes(&r, &e) < 0);
	assert_true(e.status == STATUS_USAGE && e.err != 0);
	assert_int_equal(parse_line("sweep --axes /", &r, &e), 0);
	assert_true(request_read_axes(&r, &e) < 0);
	assert_true(e.status == STATUS_USAGE && e.err != 0);
	assert_int_equal(parse_line("sweep --smp 2", &r, &e), 0);
	assert_int_equal(request_read_axes(&r, &e), 0);
	assert_int_equal(r.sweep.axes[AXIS_SMP].list[0].number, 2);
}

/* Whatever bytes are in it: an answer, and an error where it is a refusal. */
TEST(garbage)
{
	static const char *const seeds[] = { "guest-page = 4K,2M\nnative\n",
					     "baseline = smp=1,backing=anon # x\n" };
	unsigned int random = 1;
	char text[64];

	LOOP (int, round, 0, round < 4000, round++) {
		struct request r;
		struct error e;
		size_t length;

		(void)snprintf(text, sizeof(text), "%s", seeds[round % 2]);
		length = strlen(text);
		for (int i = 0; i < 3; i++) {
			random = random * 1103515245U + 12345U;
			text[(random >> 8) % length] = (char)(random >> 20);
		}
		if (parse_with_file(LINE, text, &r, &e) != 0)
			assert_true(e.status == STATUS_USAGE && e.what[0] != '\0');
		else
			assert_true(r.sweep.axes[AXIS_GUEST_PAGE].count > 0 && r.run.work.workload_count > 0);
	}
}
