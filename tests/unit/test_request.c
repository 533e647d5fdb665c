/*
 * A command line is understood exactly or refused as a usage error that names the option, the value and what is
 * accepted; and the help says the same as the parser. What is guessed here, every later stage believes.
 */
#include "test.h"
#include "parse_line.h"
#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/cli/request.h"
#include "vmm/core/plan/config.h"

TEST(defaults)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_RUN);
	assert_true(r.run.machine.memory_bytes == GIB && r.run.machine.guest_page_bytes == PAGE_4K &&
		    r.run.machine.page_bytes == 0);
	assert_int_equal(r.run.machine.backing, BACKING_ANON);
	assert_true(r.run.machine.vcpus == 1 && r.run.repeat == 0 && r.run.work.seed == 1 &&
		    r.run.machine.timeout_s == 600 && r.run.work.accesses == 0);
	assert_int_equal(r.run.work.workload_count, 3);
	assert_int_equal(r.run.work.workloads[0], WORKLOAD_touch);
	assert_int_equal(r.run.work.workloads[1], WORKLOAD_packed);
	assert_int_equal(r.run.work.workloads[2], WORKLOAD_chase);
	assert_true(r.run.work.set_count == 0 && r.run.machine.pin_count == 0 &&
		    r.run.machine.host_nodes == 0);
	assert_int_equal(r.run.machine.policy, NUMA_POLICY_DEFAULT);
	assert_true(r.run.machine.mem_path == NULL && r.run.machine.guest_path == NULL &&
		    r.output.json == NULL && r.run.machine.populate == POPULATE_LAZY);
	assert_true(r.argc == 1 && r.help_topic == NULL);
	assert_true(r.run.machine.alias_bytes == 0 && !r.run.machine.guest_ad &&
		    r.run.machine.apic == CHOICE_DEFAULT && !r.run.workloads_given);
}

TEST(everything)
{
	struct request r;
	struct error e;

	assert_int_equal(
		parse_line("run -m 512 --mem-path /x --page-size 2M --prealloc --prealloc-threads 3 "
			   "--prefault --share off --reserve on --host-nodes 0,2 --policy interleave",
			   &r, &e),
		0);
	assert_true(r.run.machine.memory_bytes == 512 * MIB && r.run.machine.page_bytes == PAGE_2M &&
		    r.run.machine.populate >= POPULATE_PREALLOC &&
		    r.run.machine.populate == POPULATE_PREFAULT);
	assert_int_equal(r.run.machine.backing, BACKING_FILE);
	assert_string_equal(r.run.machine.mem_path, "/x");
	assert_int_equal(r.run.machine.prealloc_threads, 3);
	assert_true(r.run.machine.share == CHOICE_OFF && r.run.machine.reserve == CHOICE_ON &&
		    r.run.machine.host_nodes == 5);
	assert_int_equal(r.run.machine.policy, NUMA_POLICY_INTERLEAVE);
	assert_int_equal(
		parse_line("--smp 2 --pin 1,0 --guest-page 1G --workload gups,seq --working-set 64K..256K "
			   "--accesses 9 --repeat 896 --seed 0 --guest g --timeout 1",
			   &r, &e),
		0);
	assert_true(r.run.machine.vcpus == 2 && r.run.machine.pin_count == 2 && r.run.machine.pin[0] == 1 &&
		    r.run.machine.pin[1] == 0);
	assert_true(r.run.machine.guest_page_bytes == PAGE_1G && r.run.work.workload_count == 2 &&
		    r.run.work.set_count == 3);
	assert_true(r.run.work.workloads[0] == WORKLOAD_gups && r.run.work.workloads[1] == WORKLOAD_seq);
	assert_true(r.run.work.accesses == 9 && r.run.repeat == 896 && r.run.work.seed == 0 &&
		    r.run.machine.timeout_s == 1);
	assert_string_equal(r.run.machine.guest_path, "g");
	assert_int_equal(
		parse_line("--alias-memory 512 -m 4T --guest-ad on --kernel-irqchip off --workload none", &r,
			   &e),
		0);
	assert_true(r.run.machine.alias_bytes == 512 * MIB && r.run.machine.guest_ad &&
		    r.run.machine.apic == CHOICE_OFF && r.run.workloads_given);
	assert_int_equal(parse_line("--guest-ad on --guest-ad off --kernel-irqchip on", &r, &e), 0);
	assert_true(!r.run.machine.guest_ad && r.run.machine.apic == CHOICE_ON);
	assert_int_equal(parse_line("--chains 12,1,4-6 --histogram", &r, &e), 0);
	assert_true(r.run.work.histogram && r.run.work.chain_count == 5 && r.run.work.chains[0] == 12 &&
		    r.run.work.chains[1] == 1 && r.run.work.chains[4] == 6);
	assert_int_equal(parse_line("--prefault", &r, &e), 0);
	assert_true(r.run.machine.populate == POPULATE_PREFAULT &&
		    r.run.machine.populate >= POPULATE_PREALLOC);
	assert_int_equal(
		parse_line("--json - --csv c --verbose --progress --dump-config --dump-fdt f", &r, &e), 0);
	assert_string_equal(r.output.json, "-");
	assert_string_equal(r.output.csv, "c");
	assert_string_equal(r.dump_fdt_path, "f");
	assert_true(r.verbose && r.progress && r.dump_config && !r.output.quiet);
	assert_int_equal(parse_line("native --quiet --backing memfd --page-size 1G --host-nodes 1", &r, &e),
			 0);
	assert_true(r.command == COMMAND_NATIVE && r.output.quiet &&
		    r.run.machine.policy == NUMA_POLICY_BIND);
	assert_true(r.run.machine.backing == BACKING_MEMFD && r.run.machine.page_bytes == PAGE_1G);
}

TEST(commands)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("check --require ept,npt --tap --root /host --json -", &r, &e), 0);
	assert_true(r.command == COMMAND_CHECK && r.tap && !r.output.quiet);
	assert_string_equal(r.require, "ept,npt");
	assert_string_equal(r.root, "/host");
	assert_string_equal(r.output.json, "-");
	assert_int_equal(parse_line("check", &r, &e), 0);
	assert_true(r.command == COMMAND_CHECK && !r.tap && r.require == NULL && r.root == NULL);
	assert_int_equal(
		parse_line("observe --pid 7 --qmp /s --expect 2M --watch 5 --require huge=95%", &r, &e), 0);
	assert_true(r.command == COMMAND_OBSERVE && r.observe.pid == 7 && r.observe.expect_bytes == PAGE_2M &&
		    r.observe.watch_s == 5);
	assert_int_equal(parse_line("pool", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_POOL);
	assert_int_equal(parse_line("pool --root /host --quiet", &r, &e), 0);
	assert_true(r.command == COMMAND_POOL && r.output.quiet);
	assert_int_equal(parse_line("pool show --json x", &r, &e), 0);
	assert_int_equal(r.command, COMMAND_POOL);
	assert_string_equal(r.output.json, "x");
	assert_int_equal(parse_line("pool plan -m 16G --page-size 1G --host-nodes 0,2", &r, &e), 0);
	assert_true(r.command == COMMAND_POOL_PLAN && r.run.machine.memory_bytes == 16 * GIB &&
		    r.run.machine.host_nodes == 5);
	assert_true(r.run.machine.page_bytes == PAGE_1G);
	assert_int_equal(parse_line("pool plan --page-size 2M", &r, &e), 0);
	assert_true(r.run.machine.memory_bytes == GIB && r.run.machine.page_bytes == PAGE_2M);
}

TEST(spellings)
{
	struct request r;
	struct error e;

	assert_int_equal(parse_line("-m2G -mem-path /x -mem-prealloc -smp 2", &r, &e), 0);
	assert_true(r.run.machine.memory_bytes == 2 * GIB && r.run.machine.populate >= POPULATE_PREALLOC &&
		    r.run.machine.vcpus == 2);
	assert_string_equal(r.run.machine.mem_path, "/x");
	assert_string_equal(r.argv[2], "-mem-path");
	assert_int_equal(parse_line("--memory=3G --mem-prealloc", &r, &e), 0);
	assert_true(r.run.machine.memory_bytes == 3 * GIB && r.run.machine.populate >= POPULATE_PREALLOC);
	assert_int_equal(parse_line("-m 1G -m 2G --workload seq --workload gups,chase", &r, &e), 0);
	assert_true(r.run.machine.memory_bytes == 2 * GIB && r.run.work.workload_count == 2);
	assert_int_equal(parse_line("--workload none", &r, &e), 0);
	assert_int_equal(r.run.work.workload_count, 0);
}

/* What is typed, and what the refusal has to name. */
static const char *const refused_lines[][2] = {
	{ "--memory 0", "--memory 0" },
	{ "-m -1", "whole number" },
	{ "--memory 1.5G", "1536M says the same" },
	{ "--memory 0.5T", "512G says the same" },
	{ "--memory 17179870208G", "16777216T" },
	{ "--memory 1Gjunk", "1Gjunk" },
	{ "--memory ''", "''" },
	{ "--memory", "argument" },
	{ "--smp 0", "from 1 to 128" },
	{ "--smp 129", "this guest supports 128" },
	{ "--smp 99999999999999999999", "from 1 to 128" },
	{ "native --smp 1025", "native supports 1024" },
	{ "--workload touch,foo", "touch, packed, chase, seq, gups" },
	{ "--workload ''", "workloads: touch" },
	{ "--workload touch,none", "'none'" },
	{ "--mem-path /x --backing anon", "--mem-path" },
	{ "--page-size 2M", "anon" },
	{ "--backing thp --page-size 1G", "thp" },
	{ "--backing hugetlb --page-size 4K", "hugetlb" },
	{ "--backing disk", "anon, thp, hugetlb or memfd" },
	{ "--page-size 3M", "4K, 2M or 1G" },
	{ "--policy bind", "--host-nodes" },
	{ "--host-nodes 64", "0 to 63" },
	{ "--prealloc-threads 2", "--prealloc" },
	{ "--json - --csv -", "--json and --csv" },
	{ "--quiet --verbose", "--quiet and --verbose" },
	{ "--repeat 0", "1 to 896" },
	{ "--repeat 897", "1 to 896" },
	{ "--timeout 86401", "1 to 86400" },
	{ "--timeout 0", "1 to 86400" },
	{ "--pin 1024", "0 to 1023" },
	{ "--working-set 4M..1M", "256K..4G" },
	{ "--share maybe", "on or off" },
	{ "--json ''", "file" },
	{ "--prealloc=yes", "no argument" },
	{ "--mem 1G", "unknown option" },
	{ "--repe 5", "unknown option" },
	{ "--seed", "argument" },
	{ "-x", "unknown option" },
	{ "run extra", "'extra'" },
	{ "walk", "'walk'" },
	{ "walk", "commands: run, native, sweep, compare, model, explain, check, observe, advise and pool" },
	{ "check extra", "'extra'" },
	{ "check --memory 1G", "does not apply to check" },
	{ "check --require ''", "--require help" },
	{ "check --require", "expected: LIST" },
	{ "check --tap --quiet", "--quiet and --tap" },
	{ "check --root ''", "directory" },
	{ "check --pid 1", "does not apply to check" },
	{ "observe --pid 0", "from 1 to" },
	{ "observe --pid 1 --name x", "beside --pid" },
	{ "observe --pid 1 --all", "--pid and --name" },
	{ "observe --qmp /s", "needs --pid" },
	{ "observe --pid 1 --root / --watch 1", "recorded" },
	{ "advise --from-running -m 1G", "--from-running finds out" },
	{ "advise --csv x", "does not apply to advise" },
	{ "observe --watch 0", "from 1 to 86400" },
	{ "observe --expect 3M", "4K, 2M or 1G" },
	{ "--require ept", "does not apply to run" },
	{ "native --root /x", "does not apply to native" },
	{ "pool grow", "'grow' is not expected here; expected: show or plan" },
	{ "pool show plan", "'plan'" },
	{ "pool plan extra", "'extra'" },
	{ "pool -m 1G", "does not apply to pool" },
	{ "pool --tap", "does not apply to pool" },
	{ "pool plan --smp 2", "does not apply to pool plan" },
	{ "pool plan --mem-path /x", "does not apply to pool plan" },
	{ "pool plan --page-size 4K", "2M or 1G" },
	{ "pool plan --bogus", "unknown option" },
	{ "show", "unknown command 'show'" },
	{ "native --guest-page 2M", "does not apply to native" },
	{ "native --guest x", "does not apply to native" },
	{ "native --prefault", "does not apply to native" },
	{ "native --dump-fdt x", "does not apply to native" },
	{ "native --alias-memory 1G", "does not apply to native" },
	{ "native --guest-ad on", "does not apply to native" },
	{ "native --kernel-irqchip on", "does not apply to native" },
	{ "check --alias-memory 1G", "does not apply to check" },
	{ "--alias-memory 0", "--alias-memory 0" },
	{ "--alias-memory 1.5G", "1536M says the same" },
	{ "--alias-memory", "argument is expected: SIZE" },
	{ "--guest-ad yes", "on or off" },
	{ "--guest-ad", "on|off" },
	{ "--kernel-irqchip split", "on or off" },
	{ "--chains 0", "from 1 to 12" },
	{ "--chains 13", "from 1 to 12" },
	{ "--chains 1,2,1", "each once" },
	{ "--chains ''", "1,2,4,8,12" },
	{ "sweep --histogram", "does not apply to sweep" },
	{ "check --chains 2", "does not apply to check" },
};

TEST(refused)
{
	EACH (i, refused_lines) {
		struct request r;
		struct error e;
		char all[1500];

		if (parse_line(refused_lines[i][0], &r, &e) >= 0)
			fail_msg("'%s' was accepted", refused_lines[i][0]);
		assert_int_equal(e.status, STATUS_USAGE);
		(void)snprintf(all, sizeof(all), "%s: %s", e.where, e.what);
		if (strstr(all, refused_lines[i][1]) == NULL)
			fail_msg("'%s' gave '%s', which does not name '%s'", refused_lines[i][0], all,
				 refused_lines[i][1]);
	}
}

/* Two words in one argument are no command, though the table has that name. */
TEST(one_word_at_a_time)
{
	char program[] = "minivmm", word[] = "pool plan";
	char *argv[] = { program, word, NULL };
	struct error e = { .status = STATUS_OK };
	struct request r;

	assert_true(request_parse(2, argv, &r, &e) < 0);
	assert_int_equal(e.status, STATUS_USAGE);
}

TEST(help_and_version)
{
	static const struct {
		const char *line, *topic;
		enum command command;
	} cases[] = {
		{ "--help", NULL, COMMAND_HELP },
		{ "-m 1G --help --bogus", NULL, COMMAND_HELP },
		{ "run --help", "run", COMMAND_HELP },
		{ "native --help", "native", COMMAND_HELP },
		{ "native --workload help", "workload", COMMAND_HELP },
		{ "check --help", "check", COMMAND_HELP },
		{ "pool --help", "pool", COMMAND_HELP },
		{ "pool show --help", "pool", COMMAND_HELP },
		{ "pool plan -m 1G --help", "pool plan", COMMAND_HELP },
		{ "pool plan --version", "pool plan", COMMAND_VERSION },
		{ "--version", NULL, COMMAND_VERSION },
	};

	EACH (i, cases) {
		struct request r;
		struct error e;

		assert_int_equal(parse_line(cases[i].line, &r, &e), 0);
		assert_int_equal(r.command, cases[i].command);
		if (cases[i].topic == NULL)
			assert_null(r.help_topic);
		else
			assert_string_equal(r.help_topic, cases[i].topic);
	}
}

TEST(help_is_whole)
{
	static const char *const topics[] = {
		NULL,      "run",    "native", "sweep",     "compare",  "check",
		"observe", "advise", "pool",   "pool plan", "workload", "preset"
	};
	char other[200];

	EACH (i, topics) {
		const char *text = request_help(topics[i]);

		assert_true(strlen(text) > 200 && text[strlen(text) - 1] == '\n');
		/* The last two are no commands. */
		assert_true(i + 2 >= sizeof(topics) / sizeof(topics[0]) ||
			    strstr(text, "\nExit status: 0 ") != NULL);
		assert_fits_screen(text);
	}
	(void)snprintf(other, sizeof(other), "%s", request_help("no such topic"));
	assert_memory_equal(other, request_help(NULL), sizeof(other) - 1);
}

/* The text without its line breaks, as it was before it was wrapped. */
static const char *unwrapped(const char *text)
{
	static char flat[32768];
	size_t used = 0;

	for (; *text != '\0' && used + 1 < sizeof(flat); text++) {
		bool blank = *text == ' ' || *text == '\n';

		if (!blank || (used > 0 && flat[used - 1] != ' '))
			flat[used++] = blank ? ' ' : *text;
	}
	assert_int_equal(*text, '\0');
	flat[used] = '\0';
	return flat;
}

/* A paragraph each: wrapped, but nothing lost, also where every need is there. */
TEST(help_says_all_of_a_workload)
{
	const char *text = unwrapped(request_help("workload"));

	LOOP (int, id, 0, id < WORKLOAD_COUNT, id++) {
		const struct workload_info *w = &workload_table[id];
		const char *end = id + 1 < WORKLOAD_COUNT ? workload_table[id + 1].name : "none";
		char heading[64], next[64];
		const char *at;

		(void)snprintf(heading, sizeof(heading), " %s, in ", w->name);
		(void)snprintf(next, sizeof(next), id + 1 < WORKLOAD_COUNT ? " %s, in " : " %s does ", end);
		at = strstr(text, heading);
		assert_non_null(at);
		assert_non_null(strstr(at, next));
		assert_in_range(strstr(at, w->isolates) - at, 1, strstr(at, next) - at);
		assert_in_range(strstr(at, w->expect) - at, 1, strstr(at, next) - at);
		assert_in_range(strstr(at, " sets ") - at, 1, strstr(at, next) - at);
		assert_in_range(strstr(at, " needs ") - at, 1, strstr(at, next) - at);
		assert_int_equal(strstr(at, "(not --alias-memory)") != NULL &&
					 strstr(at, "(not --alias-memory)") < strstr(at, next),
				 (w->needs & WORKS_ALIASED) == 0);
	}
}

/* Rows of that name which the command takes. */
static int rows_of(const char *name, unsigned int commands)
{
	int rows = 0;

	for (int id = 0; id < OPTION_COUNT; id++)
		rows += strcmp(option_table[id].name, name) == 0 && (option_table[id].bits & commands) != 0;
	return rows;
}

/* Each option in the help of the commands that take it, and in no other; of two rows of one name each command has one. */
TEST(help_is_the_parsers)
{
	LOOP (size_t, i, 0, i < COMMAND_SPECS, i++) {
		const struct command_spec *spec = &command_table[i];

		assert_non_null(strstr(request_help(NULL), spec->synopsis));
		assert_non_null(strstr(request_help(NULL), spec->summary));
		LOOP (int, id, 0, id < OPTION_COUNT, id++) {
			const struct option_spec *o = &option_table[id];
			char name[40];

			(void)snprintf(name, sizeof(name), "%s --%s ", o->letter != 0 ? "," : "    ",
				       o->name);
			assert_in_range(rows_of(o->name, spec->options), 0, 1);
			assert_int_equal(strstr(request_help(spec->name), name) != NULL,
					 rows_of(o->name, spec->options) == 1);
		}
	}
}
