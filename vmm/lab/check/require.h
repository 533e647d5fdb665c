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

/* One requirement of the list and its outcome. Unknown counts as not met: CI must not run on a guess. */
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

/* One requirement while it is evaluated. */
struct evaluation {
	const struct check_report *report;
	const char *root;  /* pools and event sources are read below it */
	const char *value; /* the text behind '=', NULL where there is none */
	struct requirement *out;
};

/* A row of requirements.def. evaluate() returns 0 with *v->out filled, or -EINVAL for a value that it does not take. */
struct requirement_rule {
	const char *name, *argument, *meaning;
	int (*evaluate)(struct evaluation *v);
};

extern const struct requirement_rule requirement_rules[];
extern const size_t requirement_rule_count;

/* The same for any parameter of kvm or of the module in charge: `name` is "kvm.tdp_mmu", v->value what it has to be. */
int requirement_parameter(struct evaluation *v, const char *name);

#endif
