/*
 * `minivmm compare A B`: read two sweeps, compare, write.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/cli/commands.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/output/output.h"

static void write_out(const struct request *r, const struct comparison *c, FILE *out, struct error *e)
{
	struct output output;
	int ret = r->quiet ? 0 : comparison_emit_text(c, r->verbose, out);

	/* Each for itself: a lost stdout must not cost the file. */
	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "compare", "cannot write");
	if (r->json_path != NULL && output_open(&output, r->json_path, e) == 0)
		(void)output_close(&output, comparison_emit_json(c, output.stream), e);
}

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

enum status command_compare(const struct request *r, FILE *out, struct error *e)
{
	struct matrix sweeps[SIDES] = { { .cell_count = 0 }, { .cell_count = 0 } };
	struct comparison c = { .count = 0 };

	/* Nothing takes long here, but a file that cannot be written is better known before the text. */
	if (r->json_path != NULL && output_check(r->json_path, e) != 0)
		return e->status;
	if (read_sweep(r->compare.paths[SIDE_A], &sweeps[SIDE_A], e) == 0 &&
	    read_sweep(r->compare.paths[SIDE_B], &sweeps[SIDE_B], e) == 0 &&
	    comparison_make(&sweeps[SIDE_A], &sweeps[SIDE_B], r->compare.paths, r->compare.threshold, &c,
			    e) == 0)
		write_out(r, &c, out, e);
	comparison_free(&c);
	matrix_free(&sweeps[SIDE_A]);
	matrix_free(&sweeps[SIDE_B]);
	return e->status;
}
