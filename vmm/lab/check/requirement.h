/*
 * What `--require LIST` asks for: a table of rules, the one parser of such lists, and what is written of the answers.
 */
#ifndef MINIVMM_LAB_CHECK_REQUIREMENT_H
#define MINIVMM_LAB_CHECK_REQUIREMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "vmm/host/sysfile.h"
#include "vmm/util/error.h"

#define REQUIRE_MAX 32

/* One requirement and its outcome. Unknown counts as not met: CI must not run on a guess. */
struct requirement {
	char text[48]; /* as the user wrote it: "ept", "hugepages=2M:512" */
	bool met;
	char reason[160]; /* why (not), with the numbers */
};

/* One requirement while it is evaluated. */
struct evaluation {
	const void *of;    /* what it is asked of: the report of the rules' command */
	const char *root;  /* files of the host are read below it */
	const char *value; /* the text behind '=', NULL where there is none */
	struct requirement *out;
};

struct requirement_rule {
	const char *name, *argument; /* as typed, and what has to stand behind "="; NULL: nothing may */
	const char *meaning;         /* the line of the help */
	/* Concludes v. 0, or -EINVAL for a value that is not understood. */
	int (*evaluate)(struct evaluation *v);
};

struct requirement_rules {
	const char *command; /* whose --require it is */
	const struct requirement_rule *list;
	uint32_t count;
	/* What decides a name with a dot in it, and how the help spells and explains that; NULL: there are none. */
	int (*parameter_is)(struct evaluation *v, const char *name);
	const char *parameter, *parameter_meaning;
};

/* Set the outcome and its reason. Unknown is not met, and the reason begins with it. Returns 0 for the callers to return. */
int conclude(struct evaluation *v, enum known answer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline enum known known_if(bool answer)
{
	return answer ? KNOWN_YES : KNOWN_NO;
}

/* The names that --require takes and what each one means, a line each. 0 or -errno. */
int require_help(const struct requirement_rules *rules, FILE *out);

/*
 * Parse `list` and evaluate it, of `of`, into out[REQUIRE_MAX]. Returns the count, or -errno with *e set to STATUS_USAGE
 * naming what is not understood and what is.
 */
int require_evaluate(const struct requirement_rules *rules, const char *list, const char *root,
		     const void *of, struct requirement *out, struct error *e);

/* Pure. True for an empty list. */
bool require_all_met(const struct requirement *requirements, uint32_t count);

/* 0 where all are met, else -errno with *e set to STATUS_REQUIRE naming those that are not. */
int require_judge(const char *command, const struct requirement *requirements, uint32_t count,
		  struct error *e);

/* A table of them; nothing where there are none. */
void require_text(const struct requirement *requirements, uint32_t count, FILE *out);

/* The plan, to begin with; a fact as a comment; and a test for each requirement (Test Anything Protocol, testanything.org). */
void tap_plan(uint32_t count, FILE *out);
void tap_comment(const char *label, const char *text, FILE *out);
void require_tap(const struct requirement *requirements, uint32_t count, FILE *out);

/* The members "requirements" and "met", which is null where nothing is required. */
void require_json(const struct requirement *requirements, uint32_t count, json_t **object);

#endif
