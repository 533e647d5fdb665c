/*
 * `minivmm compare A B`: read two sweeps, compare, write.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/cli/command.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/output/output.h"

OUTPUT_WRITER(text_marked, const struct comparison *c, comparison_text(c, false, out))
OUTPUT_WRITER(text_all, const struct comparison *c, comparison_text(c, true, out))
OUTPUT_WRITER(json, const struct comparison *c, comparison_json(c, out))

static int read_sweep(const char *path, struct matrix *m, struct error *e)
{
	int ret = matrix_read(path, m, e);

	if (ret == 0) {
		ret = matrix_derive(m);
		if (ret != 0)
			(void)error_set(e, STATUS_FAILED, -ret, path, "its figures cannot be combined");
	}
	return ret;
}

enum status command_compare(const struct request *r, struct error *e)
{
	const struct output_writers writers = { .text = r->verbose ? text_all : text_marked, .json = json };
	struct matrix sweeps[SIDES] = { { .cell_count = 0 }, { .cell_count = 0 } };
	struct comparison c = { .count = 0 };

	/* Nothing takes long here, but a file that cannot be written is better known before the text. */
	if (outputs_check(&r->output, e) != 0)
		return e->status;
	if (read_sweep(r->compare.paths[SIDE_A], &sweeps[SIDE_A], e) == 0 &&
	    read_sweep(r->compare.paths[SIDE_B], &sweeps[SIDE_B], e) == 0 &&
	    comparison_make(&sweeps[SIDE_A], &sweeps[SIDE_B], r->compare.paths, r->compare.threshold, &c,
			    e) == 0)
		(void)outputs_write(&r->output, &writers, &c, "compare", e);
	comparison_free(&c);
	matrix_free(&sweeps[SIDE_A]);
	matrix_free(&sweeps[SIDE_B]);
	return e->status;
}
