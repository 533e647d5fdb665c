/*
 * `check --require LIST`: is this host good enough for a job? Made for CI.
 */
#ifndef MINIVMM_LAB_CHECK_REQUIRE_H
#define MINIVMM_LAB_CHECK_REQUIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/lab/check/report.h"
#include "vmm/util/error.h"

#define REQUIRE_MAX 32

/* One requirement of the list and what came of it. Unknown counts as not met: CI must not run on a guess. */
struct requirement {
	char text[48]; /* as the user wrote it: "ept", "hugepages=2M:512" */
	bool met;
	char reason[160]; /* why (not), with the numbers */
};

/* Names that --require takes, for messages: "kvm, ept, npt, tdp, ...". Lives as long as the program. */
const char *require_names(void);

/* The same with what each one means, a line each. 0 or -errno. */
int require_help(FILE *out);

/*
 * Parse and evaluate `list` against the report (pools are read below `root`) into out[REQUIRE_MAX]. Returns the
 * count, or -errno with *e set to STATUS_USAGE naming what is not understood and what is.
 */
int require_evaluate(const char *list, const char *root, const struct check_report *report,
		     struct requirement *out, struct error *e);

/* Pure. True for an empty list. */
bool require_all_met(const struct requirement *requirements, uint32_t count);

#endif
