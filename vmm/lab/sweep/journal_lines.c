/*
 * The lines of a journal, written and read.
 */
#include "vmm/lab/sweep/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/output/json.h"
#include "vmm/lab/sweep/engine.h"
#include "vmm/util/text.h"
#include "vmm/util/file.h"

#define JOURNAL_MAX_BYTES (256UL * 1024 * 1024)

/* What has to be the same host's, so that its rounds are of one kind. tsc_khz is measured and never quite the same. */
static const char *const host_members[] = { "kernel", "cpu_model", "kvm_module", "second_dimension" };
#define HOST_MEMBERS COUNT_OF(host_members)

static json_t *digest_json(const struct matrix *m)
{
	return json_sprintf("%016" PRIx64, sweep_plan_digest(m));
}

json_t *journal_header(const struct matrix *m)
{
	json_t *o = json_object(), *host = json_object();

	for (size_t i = 0; i < HOST_MEMBERS; i++)
		json_put(&host, host_members[i], json_incref(json_object_get(m->host, host_members[i])));
	json_put(&o, "schema", json_string(JOURNAL_SCHEMA));
	json_put(&o, "digest", digest_json(m));
	json_put(&o, "command", json_incref(m->command));
	json_put(&o, "started", json_string(m->started));
	json_put(&o, "host", host);
	return o;
}

json_t *journal_resumed(void)
{
	json_t *o = json_object();

	json_put(&o, "resumed", json_true());
	return o;
}

static const struct matrix_run *run_of_round(const struct matrix_cell *cell, uint32_t round)
{
	for (uint32_t i = 0; i < cell->run_count; i++) {
		if (cell->runs[i].round == round)
			return &cell->runs[i];
	}
	return NULL;
}

json_t *journal_line(const struct matrix_cell *cell, uint32_t round)
{
	const struct matrix_run *run = run_of_round(cell, round);
	json_t *o = json_object();

	json_put(&o, "cell", json_string(cell->key));
	json_put(&o, "state", json_string(cell_state_name(cell->state)));
	json_put(&o, "reason", json_words_or_null(cell->reason));
	json_put(&o, "disturbed_runs", json_integer(cell->disturbed_runs));
	json_put(&o, "failed_runs", json_integer(cell->failed_runs));
	json_put(&o, "run", run != NULL ? matrix_run_json(run) : json_null());
	return o;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static uint32_t count_of(const json_t *object, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(object, name));

	return count > 0 && count < INT32_MAX ? (uint32_t)count : 0;
}

/* A journal being read. */
struct reader {
	struct matrix *m;
	json_t *index; /* key -> number of the cell: lines come in a shuffled order */
	uint32_t line;
};

static int make_index(struct reader *r)
{
	r->index = json_object();
	for (uint32_t i = 0; i < r->m->datum_count; i++)
		json_put(&r->index, r->m->cells[i].key, json_integer(i));
	return r->index != NULL ? 0 : -ENOMEM;
}

static struct matrix_cell *cell_of(const struct reader *r, const char *key)
{
	const json_t *number = json_object_get(r->index, key);

	return json_is_integer(number) ? &r->m->cells[json_integer_value(number)] : NULL;
}

/* One finished round. 0, -EINVAL for what is no such line, -ENOMEM. */
static int restore_round(const struct reader *r, const json_t *line)
{
	struct matrix_cell *cell = cell_of(r, text_of(line, "cell"));
	int state = name_find(&cell_state_names, text_of(line, "state"));
	const json_t *run_json = json_object_get(line, "run");
	struct matrix_run run = { 0 };
	int ret = 0;

	if (cell == NULL || state < 0)
		return -EINVAL;
	if (json_is_object(run_json)) {
		ret = matrix_run_parse(run_json, &run);
		if (ret == 0)
			ret = matrix_cell_add_run(cell, &run);
		if (ret != 0)
			matrix_run_free(&run);
	}
	cell_set_state(cell, (enum cell_state)state, text_of(line, "reason"));
	cell->disturbed_runs = count_of(line, "disturbed_runs");
	cell->failed_runs = count_of(line, "failed_runs");
	return ret;
}

static int restore_header(const json_t *line, struct matrix *m, struct error *e)
{
	const json_t *host = json_object_get(line, "host");
	json_t *digest = digest_json(m);
	bool same = json_equal(digest, json_object_get(line, "digest")) == 1;

	json_decref(digest);
	if (strcmp(text_of(line, "schema"), JOURNAL_SCHEMA) != 0)
		return error_set(e, STATUS_FAILED, EINVAL, "--resume", "not a journal of schema %s",
				 JOURNAL_SCHEMA);
	for (size_t i = 0; i < HOST_MEMBERS; i++) {
		const char *name = host_members[i];

		if (json_equal(json_object_get(host, name), json_object_get(m->host, name)) != 1)
			return error_set(e, STATUS_FAILED, EINVAL, "--resume",
					 "the sweep began on another host: its %s was '%s', here it is '%s'",
					 name, text_of(host, name), text_of(m->host, name));
	}
	if (!same) {
		(void)error_set(e, STATUS_USAGE, 0, "--resume",
				"the sweep that was interrupted has other cells");
		return error_hint(e, "--resume --json FILE without axes goes on with its own");
	}
	m->started[0] = '\0';
	append(m->started, sizeof(m->started), "%s", text_of(line, "started"));
	return 0;
}

static int restore_line(struct reader *r, const char *text, size_t bytes, struct error *e)
{
	json_t *line = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
	int ret = line != NULL ? 0 : -EINVAL;

	r->line++;
	if (ret == 0 && r->line == 1)
		ret = restore_header(line, r->m, e);
	else if (ret == 0 && json_is_true(json_object_get(line, "resumed")))
		r->m->resumed++;
	else if (ret == 0)
		ret = restore_round(r, line);
	json_decref(line);
	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "--resume",
				"line %" PRIu32 " of the journal is not a valid entry", r->line);
	return ret;
}

/* The whole file as a string, which the caller frees. 0 or -errno; never half a journal, whose rest would be cut off. */
static int read_all(int fd, char **text)
{
	size_t bytes;

	*text = NULL;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return file_read(fd, FILE_REGULAR, JOURNAL_MAX_BYTES, text, &bytes);
}

int journal_restore(int fd, struct matrix *m, int64_t *bytes, struct error *e)
{
	struct reader r = { .m = m };
	char *text, *line;
	int ret = read_all(fd, &text);

	*bytes = 0;
	if (ret == 0)
		ret = make_index(&r);
	line = text;
	for (char *end = ret == 0 && text != NULL ? strchr(line, '\n') : NULL; end != NULL && ret == 0;
	     end = strchr(line, '\n')) {
		ret = restore_line(&r, line, (size_t)(end - line), e);
		line = end + 1;
	}
	if (ret == 0)
		*bytes = line - text;
	if (ret == 0 && r.line == 0)
		ret = -ENODATA;
	free(text);
	json_decref(r.index);
	return ret == 0 ? 0 : error_set(e, STATUS_FAILED, -ret, "--resume", "the journal cannot be read");
}

int journal_count(int fd, uint32_t *rounds)
{
	static const char first[] = "{\"schema\":\"minivmm.sweep-journal/";
	char *text;
	int ret = read_all(fd, &text);

	*rounds = 0;
	if (text == NULL)
		return ret;
	/* A header that a full disk has cut counts as a journal, too. */
	if (strncmp(text, first, min_u64(strlen(text), sizeof(first) - 1)) != 0)
		ret = -EOPNOTSUPP;
	for (const char *line = text; ret == 0 && line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "{\"cell\":", 8) == 0)
			(*rounds)++;
	}
	free(text);
	return ret;
}

int journal_header_words(int fd, json_t **words)
{
	json_t *header;
	char *text;
	int ret = read_all(fd, &text);

	*words = NULL;
	if (text == NULL)
		return ret;
	header = json_loadb(text, strcspn(text, "\n"), 0, NULL);
	free(text);
	if (strcmp(text_of(header, "schema"), JOURNAL_SCHEMA) == 0)
		*words = json_incref(json_object_get(header, "command"));
	json_decref(header);
	return *words != NULL ? 0 : -EOPNOTSUPP;
}
