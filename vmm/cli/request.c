#include "vmm/cli/request.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/cli/size.h"

/* getopt's answer for a long option is this plus its enum option_id; above every character. */
#define LONG_BASE 0x100
#define LONG_MAX_ROWS (2 * OPTION_COUNT + 1)

int refuse_value(struct parse *p, const char *value, const char *fmt, ...)
{
	char where[96], what[400];
	va_list args;

	(void)snprintf(where, sizeof(where), "--%s %.60s", p->option->name, value[0] != '\0' ? value : "''");
	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return error_set(p->e, STATUS_USAGE, 0, where, "%s", what);
}

int set_number(struct parse *p, const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	if (number_parse(value, min, max, out) != 0)
		return refuse_value(p, value, "a whole number from %" PRIu64 " to %" PRIu64 " is expected",
				    min, max);
	return 0;
}

static void set_defaults(struct request *r, int argc, char **argv)
{
	*r = (struct request){
		.command = COMMAND_RUN,
		.argc = argc,
		.argv = argv,
		.memory_bytes = GIB,
		.backing = BACKING_ANON,
		.vcpus = 1,
		.guest_page_bytes = PAGE_4K,
		.workload_count = 3,
		.workloads = { WORKLOAD_touch, WORKLOAD_packed, WORKLOAD_chase },
		.repeat = 10,
		.seed = 1,
		.timeout_s = 600,
	};
}

static void fill_long_options(struct option *rows)
{
	for (int id = 0; id < OPTION_COUNT; id++) {
		const struct option_spec *o = &option_table[id];
		int has_arg = o->arg != NULL ? required_argument : no_argument;

		*rows++ = (struct option){ .name = o->name, .has_arg = has_arg, .val = LONG_BASE + id };
		if (o->alias != NULL)
			*rows++ = (struct option){ .name = o->alias,
						   .has_arg = has_arg,
						   .val = LONG_BASE + id };
	}
	*rows = (struct option){ 0 };
}

/* "+:" (stop at the first operand, tell a missing argument apart) and the letters. */
static void fill_letters(char *letters)
{
	*letters++ = '+';
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

/* A new argv for getopt, in which QEMU's single-dash spellings have two dashes. The strings are borrowed. */
static char **spell_for_getopt(int argc, char **argv, int first)
{
	static char spellings[][16] = { "--mem-path", "--mem-prealloc", "--smp" };
	char **copy = calloc((size_t)(argc - first) + 2, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy[0] = argv[0];
	for (int i = first; i < argc; i++) {
		copy[i - first + 1] = argv[i];
		for (size_t s = 0; s < sizeof(spellings) / sizeof(spellings[0]); s++) {
			if (strcmp(argv[i], spellings[s] + 1) == 0)
				copy[i - first + 1] = spellings[s];
		}
	}
	return copy;
}

static int option_of(int answer)
{
	if (answer >= LONG_BASE && answer < LONG_BASE + OPTION_COUNT)
		return answer - LONG_BASE;
	for (int id = 0; id < OPTION_COUNT; id++) {
		if (option_table[id].letter != 0 && option_table[id].letter == answer)
			return id;
	}
	return -1;
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

static int take_option(struct parse *p, int answer, const char *word, const char *value)
{
	const struct command_spec *mine = command_spec(p->r->command);
	int id = option_of(answer == ':' || answer == '?' ? optopt : answer);

	if (answer == ':')
		return error_set(p->e, STATUS_USAGE, 0, word, "an argument is expected: %s",
				 id >= 0 ? option_table[id].arg : "a value");
	if (answer == '?' && id >= 0 && option_table[id].arg == NULL && strchr(word, '=') != NULL)
		return error_set(p->e, STATUS_USAGE, 0, word, "--%s takes no argument",
				 option_table[id].name);
	if (answer == '?' || id < 0 || abbreviated(word, id)) {
		error_set(p->e, STATUS_USAGE, 0, word, "there is no such option");
		error_hint(p->e, "minivmm %s --help", mine->name);
		return -EINVAL;
	}
	p->option = &option_table[id];
	if ((p->option->commands & mine->options) == 0)
		return error_set(p->e, STATUS_USAGE, 0, word, "this option does not apply to %s", mine->name);
	p->given[id] = true;
	return p->option->parse(p, value);
}

static int take_options(struct parse *p, int argc, char **argv)
{
	struct option rows[LONG_MAX_ROWS];
	char letters[3 + 2 * OPTION_COUNT];
	int answer;

	fill_long_options(rows);
	fill_letters(letters);
	opterr = 0;
	optind = 0; /* GNU: start anew, also for a second argv */
	while (!p->done) {
		int at = optind == 0 ? 1 : optind;
		int ret;

		answer = getopt_long(argc, argv, letters, rows, NULL);
		if (answer == -1)
			break;
		ret = take_option(p, answer, at < argc ? argv[at] : "", optarg);
		if (ret != 0)
			return ret;
	}
	if (!p->done && optind < argc)
		return error_set(p->e, STATUS_USAGE, 0, "command line", "'%.60s' is not expected here",
				 argv[optind]);
	return 0;
}

int request_parse(int argc, char **argv, struct request *r, struct error *e)
{
	struct parse p = { .r = r, .e = e };
	char **copy;
	int first;
	int ret;

	set_defaults(r, argc, argv);
	ret = command_choose(argc, argv, r, &first, e);
	if (ret != 0)
		return ret;
	copy = spell_for_getopt(argc, argv, argc > 0 ? first : 0);
	if (copy == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "command line", "no memory for its copy");
	ret = take_options(&p, argc > first ? argc - first + 1 : 1, copy);
	free(copy);
	if (ret != 0 || p.done)
		return ret;
	ret = options_check(&p);
	if (ret != 0)
		return ret;
	if (r->mem_path != NULL)
		r->backing = BACKING_FILE;
	if (r->host_nodes != 0 && r->policy == NUMA_POLICY_DEFAULT)
		r->policy = NUMA_POLICY_BIND;
	r->help_topic = NULL;
	return 0;
}
