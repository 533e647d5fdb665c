/*
 * Each refusal of sweep and compare is a usage error that names the value and what is accepted in its place: a user who
 * plans hours of measurements is told at once, not after them.
 */
#include "test.h"
#include "sweep_line.h"

#define TENS_5 "01234567890123456789012345678901234567890123456789"
/* "path:" and a directory of 127 characters. */
#define LONG_PATH "path:/" TENS_5 TENS_5 "01234567890123456789012345"

/* What is typed, and what the refusal has to name. */
static const char *const axes[][2] = {
	{ "sweep --guest-page 4K,3M", "'3M': 4K, 2M or 1G" },
	{ "sweep --guest-page native", "--native" },
	{ "sweep --guest-page 4K,2M,4k", "'4k' is given twice" },
	{ "sweep --guest-page ''", "empty" },
	{ "sweep --guest-page 4K,", "empty" },
	{ "sweep --guest-page ,4K", "4K, 2M or 1G" },
	{ "sweep --guest-page 4K,,2M", "4K, 2M or 1G" },
	{ "sweep --guest-page", "argument is expected: LIST" },
	{ "sweep --backing anon,disk", "'disk': anon, thp, hugetlb:2M, hugetlb:1G, memfd" },
	{ "sweep --backing thp:1G", "'thp:1G'" },
	{ "sweep --backing anon:2M", "'anon:2M'" },
	{ "sweep --backing hugetlb:4K", "'hugetlb:4K'" },
	{ "sweep --backing hugetlb:", "'hugetlb:'" },
	{ "sweep --backing hugetlb:2M,hugetlb", "'hugetlb' is given twice" },
	{ "sweep --backing memfd,memfd:4K", "'memfd:4K' is given twice" },
	{ "sweep --backing anon,anon:4K", "'anon:4K' is given twice" },
	{ "sweep --backing path:", "path:DIRECTORY" },
	{ "sweep --backing path:/a,path:/a", "'path:/a' is given twice" },
	{ "sweep --backing " LONG_PATH "6", "less than 128 characters" },
	{ "sweep --backing " LONG_PATH TENS_5, "too long" },
	{ "sweep --prealloc yes", "'yes': off, on, near, far, nodes or prefault" },
	{ "sweep --prealloc on,on", "twice" },
	{ "sweep --prealloc", "argument is expected: LIST" },
	{ "sweep --smp 0", "1 to 128" },
	{ "sweep --smp 129", "1 to 128" },
	{ "sweep --smp 1,2,1", "'1' is given twice" },
	{ "sweep --smp 1-3,2", "'2' is given twice" },
	{ "sweep --smp 4-1", "'4-1'" },
	{ "sweep --smp 1-", "'1-'" },
	{ "sweep --smp 1-17", "at most 16" },
	{ "sweep --smp 1-16,17", "at most 16" },
	{ "sweep --smp 127-130", "1 to 128" },
	{ "sweep --smp 1-99999999999999999999", "1 to 128" },
	{ "sweep --kernel-irqchip split", "'split': on, off or default" },
	{ "sweep --workload none", "see --workload help" },
	{ "sweep --workload chase,foo", "unknown workload 'foo'" },
	{ "sweep --workload chase,packed,chase", "'chase' is given twice" },
	{ "sweep --working-set 64K..1M,128K", "128K is given twice" },
	{ "sweep --working-set 4M..1M", "256K..4G" },
};

static const char *const others[][2] = {
	{ "sweep --allocations 0", "1 to 100" },
	{ "sweep --allocations 101", "1 to 100" },
	{ "sweep --retries 11", "0 to 10" },
	{ "sweep --retries -1", "0 to 10" },
	{ "sweep --resume", "needs --json FILE" },
	{ "sweep --resume --json -", "needs --json FILE" },
	{ "sweep --axes ''", "name of a file" },
	{ "sweep --preset ''", "unknown preset; presets: tlb-reach, walk-cost" },
	{ "sweep --preset walk", "hypervisor-matrix, lazy-or-early and overcommit" },
	{ "sweep --prealloc off --prealloc-threads 2", "needs --prealloc on or prefault" },
	{ "sweep --policy bind", "--host-nodes" },
	{ "sweep --json x --csv x", "--json and --csv" },
	{ "sweep --page-size 2M", "does not apply to sweep [--backing hugetlb:2M]" },
	{ "sweep --mem-path /x", "does not apply to sweep [--backing path:DIRECTORY]" },
	{ "sweep --mem-prealloc", "does not apply to sweep [--prealloc on]" },
	{ "sweep --prefault", "does not apply to sweep [--prealloc prefault]" },
	{ "sweep --verbose", "does not apply to sweep []" },
	{ "sweep --threshold 1", "needs --versus or --versus-options" },
	{ "sweep --versus ''", "the path of a minivmm" },
	{ "sweep --versus-options ''", "options of run" },
	{ "sweep --versus-options on", "options by their long names" },
	{ "sweep --versus-options -m", "options by their long names" },
	{ "sweep --versus-options --repeat", "--repeat says what a cell is" },
	{ "sweep --versus b --versus-options --guest-page=2M", "--guest-page says what a cell is" },
	{ "sweep --versus b --versus-options --json", "A and B share it" },
	{ "sweep --versus-options --guest-a",
	  "'--guest-a' is no option of run or native, by its whole name" },
	{ "run --versus b", "does not apply to run" },
	{ "sweep --guest-pag 4K", "unknown option" },
	{ "sweep --nat", "unknown option" },
	{ "sweep --native=yes", "--native takes no argument" },
	{ "sweep extra", "'extra' is not expected here" },
	{ "sweep -- extra", "'extra' is not expected here" },
	{ "--preset walk-cost", "does not apply to run" },
	{ "native --native", "does not apply to native" },
	{ "run --baseline smp=1", "does not apply to run" },
	{ "--backing anon,thp", "anon, thp, hugetlb or memfd" },
	{ "--smp 1,2", "from 1 to 128" },
	{ "sweep --baseline ''", "guest-page=4K,backing=anon" },
	{ "sweep --baseline guest-page", "AXIS=VALUE is expected in place of 'guest-page'" },
	{ "sweep --baseline guest-page=4K,", "AXIS=VALUE,AXIS=VALUE" },
	{ "sweep --baseline workload=chase", "guest-page, backing, prealloc, smp, kernel-irqchip" },
	{ "sweep --baseline guest-page=4K,guest-page=4K", "'guest-page' is given twice" },
	{ "sweep --guest-page 4K,1G --baseline guest-page=2M", "in this sweep: 4K, 1G" },
	{ "sweep --guest-page 2M --native --baseline guest-page=4K", "in this sweep: 2M, native" },
	{ "sweep --baseline guest-page=native", "'native' is not one of guest-page's values" },
	{ "sweep --baseline backing=native --native", "'native' is not one of backing's values" },
	{ "sweep --smp 1-16 --baseline smp=17", "'17' is not one of smp's values" },
	{ "sweep --baseline smp=1-2", "'1-2' is not one of smp's values" },
	{ "compare", "two files" },
	{ "compare a b c", "'c' is not expected here: two files are compared" },
	{ "compare a b -- c", "'c' is not expected here" },
	{ "compare a ''", "empty file name" },
	{ "compare a b --threshold -1", "0 to 100" },
	{ "compare a b --threshold 1%", "a percentage from 0 to 100 is expected, as in 0.5" },
	{ "compare a b --threshold 1e1", "0 to 100" },
	{ "compare a b --threshold nan", "0 to 100" },
	{ "compare a b --threshold .", "0 to 100" },
	{ "compare a b --threshold 1.", "0 to 100" },
	{ "compare a b --threshold 1.2.3", "0 to 100" },
	{ "compare a b --threshold 100.1", "0 to 100" },
	{ "compare a b --threshold ''", "0 to 100" },
	{ "compare a b --csv x", "does not apply to compare" },
	{ "compare a b --quiet --verbose", "--quiet and --verbose" },
	{ "run --threshold 1", "does not apply to run" },
};

static void check(const char *const (*rows)[2], size_t count)
{
	LOOP (size_t, i, 0, i < count, i++) {
		struct request r;
		struct error e;

		if (parse_line(rows[i][0], &r, &e) == 0)
			fail_msg("'%s' was accepted", rows[i][0]);
		assert_int_equal(e.status, STATUS_USAGE);
		if (strstr(error_text(&e), rows[i][1]) == NULL)
			fail_msg("'%s' gave '%s', which does not name '%s'", rows[i][0], error_text(&e),
				 rows[i][1]);
	}
}

TEST(refused_axes)
{
	check(axes, sizeof(axes) / sizeof(axes[0]));
}

TEST(refused_others)
{
	check(others, sizeof(others) / sizeof(others[0]));
}

/* The longest directory that is accepted is kept whole. */
TEST(longest_path)
{
	struct request r;
	struct error e;

	assert_int_equal(
		parse_line("sweep --baseline backing=" LONG_PATH " --backing anon," LONG_PATH, &r, &e), 0);
	assert_string_equal(r.sweep.axes[AXIS_BACKING].list[1].path, &LONG_PATH[strlen("path:")]);
	assert_string_equal(r.sweep.baseline, "backing=" LONG_PATH);
}
