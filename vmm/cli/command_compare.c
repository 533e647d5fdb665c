/*
 * `minivmm compare A B`: read two sweeps, or one with two sides, compare, write.
 */
#include <errno.h>
#include <stdlib.h>

#include "vmm/cli/command.h"
#include "vmm/lab/compare/compare.h"
#include "vmm/lab/sweep/versus.h"
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

/* One file: its two sides. */
static int compare_sides(const struct request *r, struct matrix *m, struct comparison *c, struct error *e)
{
	static char words[VERSUS_WORDS_BYTES];
	const char *const names[SIDES] = { r->compare.paths[0], versus_words(m, words) };

	return comparison_of_sides(m, names, r->compare.threshold, c, e);
}

static int compare(const struct request *r, struct matrix sweeps[SIDES], struct comparison *c,
		   struct error *e)
{
	int ret = read_sweep(r->compare.paths[SIDE_A], &sweeps[SIDE_A], e);

	if (ret != 0)
		return ret;
	if (r->compare.paths[SIDE_B] == NULL)
		return compare_sides(r, &sweeps[SIDE_A], c, e);
	ret = read_sweep(r->compare.paths[SIDE_B], &sweeps[SIDE_B], e);
	return ret != 0 ? ret
			: comparison_make(&sweeps[SIDE_A], &sweeps[SIDE_B], r->compare.paths,
					  r->compare.threshold, c, e);
}

enum status command_compare(const struct request *r, struct error *e)
{
	const struct output_writers writers = { .text = r->verbose ? text_all : text_marked, .json = json };
	struct matrix sweeps[SIDES] = { { .datum_count = 0 }, { .datum_count = 0 } };
	struct comparison c = { .count = 0 };

	/* Nothing takes long here, but a file that cannot be written is better known before the text. */
	if (outputs_check(&r->output, e) != 0)
		return e->status;
	if (compare(r, sweeps, &c, e) == 0)
		(void)outputs_write(&r->output, &writers, &c, "compare", e);
	comparison_free(&c);
	matrix_free(&sweeps[SIDE_A]);
	matrix_free(&sweeps[SIDE_B]);
	return e->status;
}
