/*
 * A matrix for a person: what was run, its figures, what follows from them.
 */
#include <errno.h>

#include "vmm/lab/sweep/text.h"

int matrix_emit_text(const struct matrix *m, FILE *out)
{
	int ret;

	text_matrix_head(m, out);
	ret = text_matrix_figures(m, out);
	if (ret == 0)
		ret = text_matrix_faults(m, out);
	if (ret == 0)
		ret = text_matrix_translation(m, out);
	if (ret == 0)
		ret = text_matrix_speed_ups(m, out);
	if (ret == 0)
		ret = text_matrix_knees(m, out);
	if (ret == 0)
		ret = text_matrix_predictions(m, out);
	if (ret != 0)
		return ret;
	text_matrix_not_run(m, out);
	if (fflush(out) != 0)
		return -errno;
	return ferror(out) != 0 ? -EIO : 0;
}
