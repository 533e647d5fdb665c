/*
 * Differences between two sweeps besides their figures: plan, version, host, clock.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/compare/compare.h"
#include "vmm/lab/sweep/parts.h"
#include "vmm/output/json.h"
#include "vmm/util/text.h"

void mismatch_add(struct mismatch *mismatch, const char *fmt, ...)
{
	char words[200];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	if (mismatch->count++ < 3)
		append(mismatch->first, sizeof(mismatch->first), "%s%s",
		       mismatch->first[0] != '\0' ? "; " : "", words);
}

/* Both values are given away. */
static void differ(struct comparison *c, const char *member, json_t *a, json_t *b)
{
	json_t *o;

	if (a != NULL && b != NULL && json_equal(a, b) != 0) {
		json_decref(a);
		json_decref(b);
		return;
	}
	o = json_object();
	json_put(&o, "member", json_words(member));
	json_put(&o, "a", a);
	json_put(&o, "b", b);
	json_push(&c->differences, o);
}

/* Every member of either; those that are objects themselves (params) one by one. */
static void objects_differ(struct comparison *c, const char *path, json_t *a, json_t *b, bool nested)
{
	json_t *const objects[SIDES] = { a, b };
	const char *name;
	json_t *value;

	for (int side = SIDE_A; side < SIDES; side++) {
		json_object_foreach(objects[side], name, value)
		{
			json_t *in_a = json_object_get(a, name), *in_b = json_object_get(b, name);
			char member[160] = "";

			/* Members that both have were compared on the turn of A. */
			if (side == SIDE_B && in_a != NULL)
				continue;
			append(member, sizeof(member), "%s.%s", path, name);
			if (nested && (json_is_object(in_a) || json_is_object(in_b)))
				objects_differ(c, member, in_a, in_b, false);
			else
				differ(c, member, json_shared_or_null(in_a), json_shared_or_null(in_b));
		}
	}
}

static void plan_differs(struct comparison *c, struct mismatch *mismatch)
{
	const struct matrix *a = c->sweeps[SIDE_A], *b = c->sweeps[SIDE_B];
	const char *latency_a = matrix_latency_words(a), *latency_b = matrix_latency_words(b);

	if (latency_a != NULL && latency_b != NULL && strcmp(latency_a, latency_b) != 0)
		mismatch_add(mismatch, "latencies are in %s and in %s", latency_a, latency_b);
	if (a->accesses != b->accesses)
		mismatch_add(mismatch, "accesses in a sample (--accesses): %llu and %llu",
			     (unsigned long long)a->accesses, (unsigned long long)b->accesses);
	if (a->alias_bytes != b->alias_bytes)
		mismatch_add(mismatch, "aliased memory (--alias-memory): %llu and %llu bytes",
			     (unsigned long long)a->alias_bytes, (unsigned long long)b->alias_bytes);
	if (a->guest_ad != b->guest_ad)
		mismatch_add(mismatch, "accessed and dirty bits beforehand (--guest-ad): %s and %s",
			     a->guest_ad ? "on" : "off", b->guest_ad ? "on" : "off");
}

/* The field that is compared and whose name comes next; NULL: `after` was the last one. */
static const struct field *next_compared(const struct fields *fields, const char *after)
{
	const struct field *next = NULL;

	for (uint32_t i = 0; i < fields->count; i++) {
		const struct field *f = &fields->list[i];

		if ((f->marks & HEAD_COMPARED) != 0 && strcmp(f->name, after) > 0 &&
		    (next == NULL || strcmp(f->name, next->name) < 0))
			next = f;
	}
	return next;
}

/* In the order of their names. */
static void fields_differ(struct comparison *c, const char *path, const struct fields *fields)
{
	for (const struct field *f = next_compared(fields, ""); f != NULL;
	     f = next_compared(fields, f->name)) {
		char member[160] = "";

		append(member, sizeof(member), "%s%s", path, f->name);
		differ(c, member, field_json(f, c->sweeps[SIDE_A]), field_json(f, c->sweeps[SIDE_B]));
	}
}

static struct clock_range clock_of(const struct comparison *c, enum side side)
{
	const struct matrix *m = c->sweeps[side];
	struct clock_range clock = { .least = INFINITY };

	for (uint32_t i = 0; i < m->datum_count; i++) {
		if (c->paired && m->cells[i].is_b != (side == SIDE_B))
			continue;
		for (uint32_t k = 0; k < m->cells[i].run_count; k++) {
			double of_run = m->cells[i].runs[k].core_per_tsc;

			if (of_run <= 0)
				continue;
			clock.runs++;
			clock.mean += (of_run - clock.mean) / clock.runs;
			clock.least = fmin(clock.least, of_run);
			clock.greatest = fmax(clock.greatest, of_run);
		}
	}
	return clock;
}

void find_differences(struct comparison *c, struct mismatch *mismatch)
{
	const struct matrix *a = c->sweeps[SIDE_A], *b = c->sweeps[SIDE_B];

	c->clocks[SIDE_A] = clock_of(c, SIDE_A);
	c->clocks[SIDE_B] = clock_of(c, SIDE_B);
	/* Two sides are of one plan on one host. */
	if (c->paired)
		return;
	fields_differ(c, "", &matrix_head_fields);
	plan_differs(c, mismatch);
	fields_differ(c, "plan.", &matrix_plan_fields);
	objects_differ(c, "host", a->host, b->host, true);
}
