/*
 * What the second side of a sweep is, found out before anything runs.
 */
#include "vmm/lab/sweep/versus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/lab/record/record.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/lab/sweep/key.h"
#include "vmm/output/json.h"
#include "vmm/util/file.h"
#include "vmm/util/text.h"

/* --version prints some lines. */
#define VERSION_LIMIT_S 10
#define PIECE_BYTES 65536

static const char *member_of(const struct matrix *m, const char *name)
{
	return json_string_value(json_object_get(m->versus, name));
}

/* FNV-1a of the file's bytes: a rebuilt program under the same name is another one. 0 or -errno. */
static int fingerprint(const char *path, uint64_t *print)
{
	char *piece = malloc(PIECE_BYTES);
	int fd = file_open(path, false);
	ssize_t got = piece == NULL ? -ENOMEM : fd < 0 ? fd : 1;

	*print = UINT64_C(0xcbf29ce484222325);
	while (got > 0) {
		got = read(fd, piece, PIECE_BYTES);
		if (got < 0)
			got = -errno;
		for (ssize_t i = 0; i < got; i++)
			*print = (*print ^ (unsigned char)piece[i]) * UINT64_C(0x100000001b3);
	}
	free(piece);
	if (fd >= 0)
		(void)close(fd);
	return (int)got;
}

static json_t *print_json(uint64_t print)
{
	return json_sprintf("%016" PRIx64, print);
}

/* The text between the first word and the comma: "minivmm 0.1.0, ABI 3, schema minivmm.run/2, ...". */
static json_t *version_json(const char *says)
{
	static const char first[] = "minivmm ";

	if (strncmp(says, first, sizeof(first) - 1) != 0)
		return json_null();
	says += sizeof(first) - 1;
	return json_stringn(says, strcspn(says, ",\n"));
}

/* "schema minivmm.run/2," and not minivmm.run/20. */
static bool writes_our_records(const char *says)
{
	const char *found = strstr(says, "schema " RECORD_SCHEMA);
	char next = found != NULL ? found[strlen("schema " RECORD_SCHEMA)] : '0';

	return next < '0' || next > '9';
}

/* Ask the program at `path` for its version, into *versus. 0, or -errno with *e set. */
static int ask(const char *path, json_t **versus, struct error *e)
{
	json_t *command = json_pack("[ss]", path, "--version");
	struct child_end end = { .status = 0 };
	const char *says, *schema;
	int ret = command != NULL ? child_run(command, VERSION_LIMIT_S, &end, e)
				  : error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for a command");

	json_decref(command);
	if (ret != 0)
		return ret;
	says = end.output != NULL ? end.output : "";
	schema = strstr(says, "minivmm.run/");
	if (end.status != STATUS_OK || schema == NULL)
		ret = error_set(e, STATUS_USAGE, 0, "--versus",
				"%.200s is not a minivmm: --version ended with status %d", path, end.status);
	else if (!writes_our_records(says))
		ret = error_set(e, STATUS_USAGE, 0, "--versus",
				"%.200s writes records of schema %.*s, this one reads " RECORD_SCHEMA, path,
				(int)strcspn(schema, ",\n "), schema);
	else
		json_put(versus, "minivmm_version", version_json(says));
	free(end.output);
	return ret;
}

static int take_binary(const char *binary, json_t **versus, struct error *e)
{
	char *path = realpath(binary, NULL);
	uint64_t print = 0;
	int ret = path != NULL && access(path, X_OK) == 0 ? 0 : -errno;

	if (ret == 0)
		ret = fingerprint(path, &print);
	if (ret != 0)
		ret = error_set(e, STATUS_USAGE, -ret, "--versus", "%.200s cannot be run", binary);
	else
		ret = ask(path, versus, e);
	json_put(versus, "binary", path != NULL ? json_words(path) : json_null());
	json_put(versus, "fingerprint", print_json(print));
	free(path);
	return ret;
}

/* The words of --versus-options, cut at blanks. */
static json_t *option_words(const char *options)
{
	json_t *words = json_array();

	while (options != NULL && *options != '\0') {
		size_t bytes = strcspn(options, " \t");

		if (bytes != 0)
			json_push(&words, json_stringn(options, bytes));
		options += bytes + (options[bytes] != '\0');
	}
	return words;
}

int versus_prepare(const struct sweep_spec *sweep, struct matrix *m, struct error *e)
{
	int ret = 0;

	if (sweep->versus == NULL && sweep->versus_options == NULL)
		return 0;
	m->versus = json_object();
	json_put(&m->versus, "options", option_words(sweep->versus_options));
	if (sweep->versus != NULL) {
		ret = take_binary(sweep->versus, &m->versus, e);
	} else {
		json_put(&m->versus, "minivmm_version", json_string(MINIVMM_VERSION));
		json_put(&m->versus, "binary", json_null());
		json_put(&m->versus, "fingerprint", json_null());
	}
	if (ret == 0 && m->versus == NULL)
		ret = error_set(e, STATUS_FAILED, ENOMEM, "sweep", "no memory for the plan");
	return ret;
}

int versus_check(const struct matrix *m, struct error *e)
{
	const char *path = member_of(m, "binary"), *was = member_of(m, "fingerprint");
	uint64_t print;
	char now[24];
	int ret;

	if (path == NULL || was == NULL)
		return 0;
	ret = fingerprint(path, &print);
	(void)snprintf(now, sizeof(now), "%016" PRIx64, print);
	if (ret == 0 && strcmp(now, was) == 0)
		return 0;
	return error_set(e, STATUS_FAILED, -ret, "--versus",
			 "%.200s changed while the sweep ran: its rounds are of two programs", path);
}

int versus_cell(const struct matrix *m, struct matrix_cell *b)
{
	json_t *words = json_array(), *word;
	const char *binary = member_of(m, "binary");
	size_t i;

	json_array_foreach(b->command, i, word)
	{
		json_push(&words, i == 0 && binary != NULL ? json_words(binary) : json_incref(word));
	}
	json_array_foreach(json_object_get(m->versus, "options"), i, word)
	{
		json_push(&words, json_incref(word));
	}
	b->command = words;
	b->is_b = true;
	matrix_cell_name(b);
	return words != NULL ? 0 : -ENOMEM;
}

const char *versus_words(const struct matrix *m, char *buf)
{
	const char *binary = member_of(m, "binary"), *version = member_of(m, "minivmm_version");
	size_t i;
	json_t *word;

	buf[0] = '\0';
	append(buf, VERSUS_WORDS_BYTES, "%s (minivmm %s)", binary != NULL ? binary : "this program",
	       version != NULL ? version : "of a version not known");
	json_array_foreach(json_object_get(m->versus, "options"), i, word)
	{
		append(buf, VERSUS_WORDS_BYTES, "%s %s", i == 0 ? "," : "", json_string_value(word));
	}
	return buf;
}
