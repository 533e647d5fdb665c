/* What a sweep with --resume is asked for. */
#include <errno.h>
#include <stdlib.h>

#include "vmm/cli/options.h"
#include "vmm/lab/sweep/journal.h"

static int take_words(struct resume *resume, const char *json_path, int *argc, struct error *e)
{
	size_t index;
	json_t *word;

	resume->words = journal_command(json_path, e);
	if (resume->words == NULL)
		return -EINVAL;
	resume->argv = calloc(json_array_size(resume->words) + 1, sizeof(*resume->argv));
	if (resume->argv == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "--resume", "no memory for a command");
	json_array_foreach(resume->words, index, word)
	{
		if (!json_is_string(word))
			return error_set(e, STATUS_FAILED, EINVAL, "--resume", "the journal has no command");
		resume->argv[index] = (char *)json_string_value(word);
	}
	*argc = (int)index;
	return 0;
}

int resume_request(const struct request *given, struct request *r, struct resume *resume, struct error *e)
{
	int argc = 0, ret;

	if (!given->sweep.resume || request_has_plan(given))
		return request_read_axes(r, e);
	ret = take_words(resume, given->output.json, &argc, e);
	if (ret == 0)
		ret = request_parse(argc, resume->argv, r, e);
	if (ret == 0 && r->command != COMMAND_SWEEP)
		ret = error_set(e, STATUS_FAILED, EINVAL, "--resume", "the journal's command is not a sweep");
	/* All is parsed again with the file, so this call's own comes last. */
	if (ret == 0)
		ret = request_read_axes(r, e);
	if (ret == 0)
		options_carry(given, r);
	return ret;
}

void resume_free(struct resume *resume)
{
	json_decref(resume->words);
	free(resume->argv);
	*resume = (struct resume){ .words = NULL };
}
