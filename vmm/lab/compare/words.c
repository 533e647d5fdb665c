/*
 * How a comparison was corrected for many figures, in words.
 */
#include "vmm/lab/compare/words.h"

#include <inttypes.h>

#include "vmm/util/append.h"

const char *words_of_method(const struct comparison *c, char *buf)
{
	const struct relabeling *how = &c->how;

	buf[0] = '\0';
	if (how->tested == 0) {
		append(buf, WORDS_BYTES, "none was needed: no figure has values further apart than %g %%",
		       c->threshold * 100);
		return buf;
	}
	append(buf, WORDS_BYTES,
	       "the rounds of both files are shared out between A and B in %s%" PRIu32
	       " ways; corrected p: in which share of them some figure differs as clearly as this one does",
	       how->all_ways ? "all " : "", how->ways);
	if (how->strata > 1)
		append(buf, WORDS_BYTES,
		       ", among those whose values span as much (up to 4, 16, 64 %%, more), times %" PRIu32
		       " for so many groups",
		       how->strata);
	append(buf, WORDS_BYTES,
	       "; over all %" PRIu32 " figures tested, chance marks any in at most %g %% of comparisons",
	       how->tested, FAMILY_LEVEL * 100);
	return buf;
}

const char *words_of_too_few(const struct comparison *c, char *buf)
{
	buf[0] = '\0';
	if (c->how.tested != 0 && c->how.least_p > FAMILY_LEVEL)
		append(buf, WORDS_BYTES,
		       "nothing can be marked: with so few allocations no corrected p is below %.2g; %" PRIu32
		       " in each sweep are enough",
		       c->how.least_p, relabel_least_allocations(c->how.strata));
	return buf;
}
