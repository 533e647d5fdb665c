/*
 * A comparison of two sweeps from beginning to end.
 */
#include "vmm/lab/compare/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "vmm/lab/compare/parts.h"

static int refuse(const struct comparison *c, const struct meaning *meaning, struct error *e)
{
	if (meaning->count != 0) {
		(void)error_set(e, STATUS_USAGE, 0, "compare",
				"the two did not measure the same (%" PRIu32 " difference%s): %s%s",
				meaning->count, meaning->count == 1 ? "" : "s", meaning->first,
				meaning->count > 3 ? "; ..." : "");
		error_hint(e,
			   "repeat one sweep with the options of the other: its member \"command\" has them");
		return -EINVAL;
	}
	if (c->count != 0)
		return 0;
	(void)error_set(e, STATUS_USAGE, 0, "compare",
			"no figure is in both: %zu cells are only in A, %zu only in B, %zu are in both, but "
			"without figures to compare",
			json_array_size(c->only[SIDE_A]), json_array_size(c->only[SIDE_B]),
			json_array_size(c->left_out));
	error_hint(e, "the two need cells with the same key: see the members \"key\" of \"cells\"");
	return -EINVAL;
}

/* json_put and json_push leave NULL where memory ran out. */
static bool is_whole(const struct comparison *c)
{
	return c->differences != NULL && c->only[SIDE_A] != NULL && c->only[SIDE_B] != NULL &&
	       c->left_out != NULL;
}

int comparison_make(const struct matrix *a, const struct matrix *b, const char *const names[SIDES],
		    double threshold, struct comparison *c, struct error *e)
{
	struct meaning meaning = { .count = 0 };
	int ret;

	*c = (struct comparison){
		.sweeps = { a, b },
		.names = { names[SIDE_A], names[SIDE_B] },
		.threshold = threshold,
		.differences = json_array(),
		.only = { json_array(), json_array() },
		.left_out = json_array(),
	};
	find_differences(c, &meaning);
	ret = pair_sweeps(c, &meaning);
	if (ret == 0 && !is_whole(c))
		ret = -ENOMEM;
	if (ret == 0)
		ret = refuse(c, &meaning, e);
	if (ret == 0)
		ret = judge_pairs(c);
	if (ret == 0)
		return 0;
	(void)error_set(e, STATUS_FAILED, -ret, "compare",
			ret == -ENOMEM ? "no memory for the comparison"
				       : "a ratio of two figures is not finite");
	comparison_free(c);
	return ret;
}

void comparison_free(struct comparison *c)
{
	free(c->figures);
	json_decref(c->differences);
	json_decref(c->only[SIDE_A]);
	json_decref(c->only[SIDE_B]);
	json_decref(c->left_out);
	*c = (struct comparison){ .count = 0 };
}
