/* What a run prepares of its sandbox before it has a machine: the user, and who writes its files. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/host/limits.h"
#include "vmm/host/meminfo.h"
#include "vmm/output/json.h"
#include "vmm/output/scribe.h"

/* Of the first file among the products, into buf; NULL: there is none. */
static const char *directory_of(const struct output_paths *paths, char buf[PATH_MAX])
{
	const char *const files[] = { paths->json, paths->csv, paths->svg };

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		if (files[i] != NULL && strcmp(files[i], "-") != 0 &&
		    snprintf(buf, PATH_MAX, "%s", files[i]) < PATH_MAX)
			return dirname(buf);
	}
	return NULL;
}

static void refresh(void)
{
	(void)meminfo_refresh("");
}

int command_confine(const struct request *r, const char *partial, bool refreshes, struct sandbox_spec *spec,
		    struct error *e)
{
	struct scribe_spec scribe = { { r->output.json, r->output.csv, r->output.svg }, NULL };
	char directory[PATH_MAX];
	int ret;

	if (spec->wanted == CHOICE_OFF)
		return 0;
	ret = sandbox_find_user(spec, directory_of(&r->output, directory), e);
	if (ret != 0)
		return ret;
	json_seed();
	if (partial != NULL && partial[0] != '\0')
		scribe.paths[SCRIBE_MOST_PATHS - 1] = partial;
	if (refreshes && geteuid() == 0)
		scribe.errand = refresh;
	ret = scribe_start(&scribe, e);
	return ret == 0 ? 0 : limits_explain_task("", "fork", e);
}
