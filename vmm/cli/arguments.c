/*
 * argv to a request: by getopt_long and the options' rows.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"

/* getopt's answer for a long option is this plus its enum option_id; above every character. */
#define LONG_BASE 0x100
#define LONG_MAX_ROWS (2 * OPTION_COUNT + 1)
/* getopt's answer for an operand, where it was told to return those in their order. */
#define OPERAND 1

static struct option *add_long_options(struct option *row, unsigned int commands, bool mine)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *o = &option_table[id];
		int has_arg = o->arg != NULL ? required_argument : no_argument;

		if (((o->bits & commands) != 0) != mine)
			continue;
		*row++ = (struct option){ .name = o->name, .has_arg = has_arg, .val = LONG_BASE + id };
		if (o->alias != NULL)
			*row++ = (struct option){ .name = o->alias,
						  .has_arg = has_arg,
						  .val = LONG_BASE + id };
	}
	return row;
}

/* The command's own rows first: of two rows of one name getopt_long takes the first. */
static void fill_long_options(struct option *rows, unsigned int commands)
{
	rows = add_long_options(rows, commands, true);
	rows = add_long_options(rows, commands, false);
	*rows = (struct option){ 0 };
}

/* '+' (stop at the first operand) or '-' (return operands), ':' (tell a missing argument apart), and the letters. */
static void fill_letters(char *letters, bool operands)
{
	*letters++ = operands ? '-' : '+';
	*letters++ = ':';
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (option_table[id].letter == 0)
			continue;
		*letters++ = option_table[id].letter;
		if (option_table[id].arg != NULL)
			*letters++ = ':';
	}
	*letters = '\0';
}

/* A new argv: argv[0], then argv[first..argc), QEMU's single dashes doubled. Strings borrowed. NULL: no memory. */
static char **spell_arguments(int argc, char **argv, int first)
{
	static char spellings[][16] = { "--mem-path", "--mem-prealloc", "--smp" };
	char **copy = calloc((size_t)(argc - first) + 2, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy[0] = argv[0];
	for (int i = first; i < argc; i++) {
		copy[i - first + 1] = argv[i];
		for (size_t s = 0; s < COUNT_OF(spellings); s++) {
			if (strcmp(argv[i], spellings[s] + 1) == 0)
				copy[i - first + 1] = spellings[s];
		}
	}
	return copy;
}

/* Of two rows with one letter the command's own. */
static int option_of(int answer, unsigned int commands)
{
	int other = -1;

	if (answer >= LONG_BASE && answer < LONG_BASE + OPTION_COUNT)
		return answer - LONG_BASE;
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *o = &option_table[id];

		if (o->letter == 0 || o->letter != answer)
			continue;
		if ((o->bits & commands) != 0)
			return id;
		other = id;
	}
	return other;
}

/* getopt takes any unambiguous beginning of a name; a script that relied on one would break with a new option. */
static bool abbreviated(const char *word, int id)
{
	const struct option_spec *o = &option_table[id];
	size_t length;

	if (strncmp(word, "--", 2) != 0)
		return false;
	length = strcspn(word + 2, "=");
	return !(strlen(o->name) == length && strncmp(word + 2, o->name, length) == 0) &&
	       !(o->alias != NULL && strlen(o->alias) == length && strncmp(word + 2, o->alias, length) == 0);
}

int refuse_option(struct parse *p, const char *where)
{
	static const struct {
		const char *name, *instead;
	} sweeps[] = {
		{ "page-size", "--backing hugetlb:2M" },
		{ "mem-path", "--backing path:DIRECTORY" },
		{ "prefault", "--prealloc prefault" },
		{ "prealloc", "--prealloc on" }, /* by its alias */
	};
	const struct command_spec *mine = command_spec(p->r->command);
	int ret = error_set(p->e, STATUS_USAGE, 0, where, "this option does not apply to %s", mine->name);

	for (size_t i = 0; i < COUNT_OF(sweeps); i++) {
		if (mine->command == COMMAND_SWEEP && strcmp(p->option->name, sweeps[i].name) == 0)
			error_hint(p->e, "%s", sweeps[i].instead);
	}
	return ret;
}

static int parse_option(struct parse *p, int answer, const char *word, const char *value)
{
	const struct command_spec *mine = command_spec(p->r->command);
	int id = option_of(answer == ':' || answer == '?' ? optopt : answer, mine->options);

	if (answer == ':')
		return error_set(p->e, STATUS_USAGE, 0, word, "an argument is expected: %s",
				 id >= 0 ? option_table[id].arg : "a value");
	if (answer == '?' && id >= 0 && option_table[id].arg == NULL && strchr(word, '=') != NULL)
		return error_set(p->e, STATUS_USAGE, 0, word, "--%s takes no argument",
				 option_table[id].name);
	if (answer == '?' || id < 0 || abbreviated(word, id)) {
		error_set(p->e, STATUS_USAGE, 0, word, "unknown option");
		return error_hint(p->e, "minivmm %s --help", mine->name);
	}
	p->option = &option_table[id];
	if ((p->option->bits & mine->options) == 0)
		return refuse_option(p, word);
	return option_parse(p, id, value);
}

/* Only compare takes operands. */
static int parse_operand(struct parse *p, const char *word)
{
	const char **paths = p->r->compare.paths;

	if (p->r->command != COMMAND_COMPARE)
		return error_set(p->e, STATUS_USAGE, 0, "command line", "'%.60s' is not expected here", word);
	if (word[0] == '\0')
		return error_set(p->e, STATUS_USAGE, 0, "compare", "empty file name");
	if (paths[1] != NULL)
		return error_set(p->e, STATUS_USAGE, 0, "compare",
				 "'%.60s' is not expected here: two files are compared", word);
	paths[paths[0] != NULL] = word;
	return 0;
}

/* Store the options and operands in argv[1..argc), which is spelled for getopt_long. 0, or -errno with p->e set. */
static int parse_arguments(struct parse *p, int argc, char **argv)
{
	struct option rows[LONG_MAX_ROWS];
	char letters[3 + 2 * OPTION_COUNT];
	int ret = 0;

	fill_long_options(rows, command_spec(p->r->command)->options);
	fill_letters(letters, p->r->command == COMMAND_COMPARE);
	opterr = 0;
	optind = 0; /* GNU: start anew, also for a second argv */
	while (!p->done && ret == 0) {
		int at = optind == 0 ? 1 : optind;
		int answer = getopt_long(argc, argv, letters, rows, NULL);

		if (answer == -1)
			break;
		if (answer == OPERAND)
			ret = parse_operand(p, optarg);
		else
			ret = parse_option(p, answer, at < argc ? argv[at] : "", optarg);
	}
	for (int i = optind; !p->done && ret == 0 && i < argc; i++)
		ret = parse_operand(p, argv[i]);
	return ret;
}

static void set_defaults(struct request *r, int argc, char **argv)
{
	*r = (struct request){
		.command = COMMAND_RUN,
		.argc = argc,
		.argv = argv,
		.sweep = { .allocations = 5, .retries = 2 },
		.compare = { .threshold = 0.01 },
	};
	run_spec_init(&r->run);
}

/* The preset, then the axes file, then the command line, each over the one before: all is parsed again in that order. */
static int parse_layers(struct parse *p, char *text, size_t text_bytes, int argc, char **argv)
{
	struct request *r = p->r;
	struct request first = *r;
	int ret = 0;

	set_defaults(r, first.argc, first.argv);
	r->command = first.command;
	r->help_topic = first.help_topic;
	if (first.sweep.preset != NULL)
		ret = preset_apply(p, first.sweep.preset);
	if (ret == 0 && text != NULL)
		ret = axes_parse_text(p, first.sweep.file, text, text_bytes);
	return ret == 0 ? parse_arguments(p, argc, argv) : ret;
}

/* Note which options were given: their defaults do not show it. */
static void note_given(struct parse *p)
{
	struct model_spec *m = &p->r->model;

	m->kind_given = p->r->given[OPTION_KIND];
	m->guest_page_given = p->r->given[OPTION_MODEL_PAGE];
	m->memory_given = p->r->given[OPTION_MODEL_MEMORY];
	m->work_given = p->r->given[OPTION_MODEL_WORKLOAD] || p->r->given[OPTION_MODEL_SETS];
	if (p->r->command == COMMAND_MODEL && !p->r->given[OPTION_MODEL_WORKLOAD]) {
		p->r->run.work.workload_count = m->work_given ? 2 : 0;
		p->r->run.work.workloads[0] = WORKLOAD_packed;
		p->r->run.work.workloads[1] = WORKLOAD_chase;
	}
	p->r->explain.backing_given =
		p->r->given[OPTION_BACKING] || p->r->given[OPTION_MEM_PATH] || p->r->given[OPTION_PAGE_SIZE];
}

static int complete(struct parse *p, bool all_known)
{
	struct request *r = p->r;
	int ret;

	note_given(p);
	if (r->command == COMMAND_SWEEP)
		axes_complete(p);
	/* Values that the axes file may still change are checked once it is read. */
	if (all_known) {
		ret = options_check(p);
		if (ret != 0)
			return ret;
	}
	if (r->run.machine.mem_path != NULL)
		r->run.machine.backing = BACKING_FILE;
	if (r->run.machine.host_nodes != 0 && r->run.machine.policy == NUMA_POLICY_DEFAULT)
		r->run.machine.policy = NUMA_POLICY_BIND;
	r->run.native = r->command == COMMAND_NATIVE;
	r->help_topic = NULL;
	return 0;
}

int request_assemble(int argc, char **argv, char *text, size_t text_bytes, struct request *r, struct error *e)
{
	struct parse p = { .r = r, .e = e };
	int first, count, ret;
	char **copy;

	set_defaults(r, argc, argv);
	ret = command_choose(argc, argv, r, &first, e);
	if (ret != 0)
		return ret;
	copy = spell_arguments(argc, argv, argc > 0 ? first : 0);
	if (copy == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "command line", "no memory for its copy");
	count = argc > first ? argc - first + 1 : 1;
	ret = parse_arguments(&p, count, copy);
	if (ret == 0 && !p.done && (r->sweep.preset != NULL || text != NULL))
		ret = parse_layers(&p, text, text_bytes, count, copy);
	free(copy);
	if (ret != 0 || p.done)
		return ret;
	return complete(&p, r->sweep.file == NULL || text != NULL);
}

int request_parse(int argc, char **argv, struct request *r, struct error *e)
{
	return request_assemble(argc, argv, NULL, 0, r, e);
}
