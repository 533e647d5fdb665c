/*
 * Time several commands in turn, A B C A B C ..., from start to exit, so that what disturbs the machine disturbs all.
 *
 *   alternate ROUNDS NAME 'COMMAND' [NAME 'COMMAND' ...]
 *
 * One uncounted round first. Prints a line a command: name, minimum, median, maximum in milliseconds. A command is
 * split at blanks and given no shell; its output goes to /dev/null. A command that fails ends everything, unless its
 * name ends in "=N", which says that N is the exit status of success.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vmm/util/clock.h"

#define MAX_COMMANDS 8
#define MAX_ROUNDS 1000
#define MAX_WORDS 64

extern char **environ;

struct command {
	const char *name;
	int expected_status;
	char *words[MAX_WORDS];
	uint64_t ns[MAX_ROUNDS];
};

static _Noreturn void die(const char *what, const char *detail)
{
	(void)fprintf(stderr, "alternate: %s: %s\n", what, detail);
	exit(1);
}

static void parse_command(struct command *c, char *name, char *text)
{
	char *equals = strchr(name, '=');
	int count = 0;

	c->name = name;
	if (equals != NULL) {
		*equals = '\0';
		c->expected_status = (int)strtol(equals + 1, NULL, 10);
	}
	for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
		if (count == MAX_WORDS - 1)
			die(name, "too many words");
		c->words[count++] = word;
	}
	if (count == 0)
		die(name, "empty command");
}

static uint64_t run_once(const struct command *c, posix_spawn_file_actions_t *quiet)
{
	uint64_t start_ns = clock_ns();
	pid_t pid;
	int status;

	errno = posix_spawnp(&pid, c->words[0], quiet, NULL, c->words, environ);
	if (errno != 0)
		die(c->words[0], strerror(errno));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			die("waitpid", strerror(errno));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != c->expected_status)
		die(c->name, "the command failed");
	return clock_ns() - start_ns;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static struct command commands[MAX_COMMANDS];
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	int count = (argc - 2) / 2;
	posix_spawn_file_actions_t quiet;

	if (rounds < 1 || rounds > MAX_ROUNDS || argc < 4 || argc % 2 != 0 || count > MAX_COMMANDS)
		die("usage", "alternate ROUNDS NAME 'COMMAND' ...");
	if (posix_spawn_file_actions_init(&quiet) != 0 ||
	    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) != 0)
		die("posix_spawn", "no file actions");
	for (int i = 0; i < count; i++)
		parse_command(&commands[i], argv[2 + 2 * i], argv[3 + 2 * i]);
	for (long round = -1; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			uint64_t ns = run_once(&commands[i], &quiet);

			if (round >= 0)
				commands[i].ns[round] = ns;
		}
	}
	for (int i = 0; i < count; i++) {
		struct command *c = &commands[i];
		long middle = rounds / 2;

		qsort(c->ns, (size_t)rounds, sizeof(c->ns[0]), by_value);
		(void)printf("%s\t%.3f\t%.3f\t%.3f\n", c->name, (double)c->ns[0] / 1e6,
			     (double)c->ns[middle] / 1e6, (double)c->ns[rounds - 1] / 1e6);
	}
	return 0;
}
