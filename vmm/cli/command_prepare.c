#include <errno.h>
#include <sys/stat.h>

#include "vmm/cli/commands.h"
#include "vmm/output/output.h"

int command_prepare(const struct request *r, const char **root, struct error *e)
{
	struct stat st;

	*root = r->root != NULL ? r->root : "";
	/* What is not there would read as a host of which nothing is known. */
	if (r->root != NULL && stat(r->root, &st) != 0)
		return error_set(e, STATUS_FAILED, errno, r->root, "there is no recorded host");
	if (r->root != NULL && !S_ISDIR(st.st_mode))
		return error_set(e, STATUS_FAILED, ENOTDIR, r->root, "there is no recorded host");
	return r->json_path != NULL ? output_check(r->json_path, e) : 0;
}
