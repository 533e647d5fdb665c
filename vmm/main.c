/*
 * The table of contents: argv -> request (cli) -> command (cli/command.c is their table) -> products (output). Only this file
 * prints errors and exits.
 */
#include <stdio.h>
#include <string.h>

#include "vmm/cli/command.h"
#include "vmm/cli/request.h"
#include "vmm/util/clock.h"
#include "vmm/util/error.h"
#include "vmm/util/process.h"
#include "vmm/util/text.h"

/* A message quotes arguments, file names and the guest. */
static void put_printable(const char *text)
{
	char buf[sizeof(struct error)];

	(void)fputs(printable(text, buf, sizeof(buf)), stderr);
}

static void print_error(const struct error *e)
{
	const char *name = strerror(e->err);
	size_t what_bytes = strlen(e->what);
	size_t name_bytes = strlen(name);
	bool named = what_bytes >= name_bytes && strcmp(e->what + what_bytes - name_bytes, name) == 0;

	(void)fputs("minivmm: ", stderr);
	put_printable(e->where);
	(void)fputs(": ", stderr);
	put_printable(e->what);
	if (e->err != 0)
		(void)fprintf(stderr, named ? " (errno %d)" : " (errno %d, %s)", e->err, name);
	(void)fputc('\n', stderr);
	if (e->hint[0] == '\0')
		return;
	(void)fputs("minivmm: try: ", stderr);
	put_printable(e->hint);
	(void)fputc('\n', stderr);
}

int main(int argc, char **argv)
{
	static struct request request;
	const struct program program = { clock_ns(), stdout, stderr, print_error };
	struct error e = { .status = STATUS_OK };
	enum status status = STATUS_FAILED;

	if (process_leave_huge_heap(argv, &e) == 0 && streams_init(&e) == 0 && stop_install(&e) == 0 &&
	    request_parse(argc, argv, &request, &e) == 0) {
		request.program = program;
		status = command_execute(&request, &e);
	}
	if (e.status != STATUS_OK) {
		if (e.status == STATUS_USAGE && e.hint[0] == '\0')
			(void)error_hint(&e, "minivmm %s --help", command_spec(request.command)->name);
		print_error(&e);
		status = e.status;
	}
	return status;
}
