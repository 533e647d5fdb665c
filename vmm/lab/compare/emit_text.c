/*
 * A comparison for people: what was compared, what is marked, what else differs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/compare/compare.h"
#include "vmm/lab/compare/table.h"
#include "vmm/lab/compare/words.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/append.h"

#define LISTED 3

static const char *member_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "not known";
}

static void put_sweep(const struct comparison *c, enum side side, FILE *out)
{
	const struct matrix *m = c->sweeps[side];

	paragraph(out, side == SIDE_A ? "A" : "B",
		  "%s: %s%sbegun %s by minivmm %s, %" PRIu32 " cells x %" PRIu32
		  " allocations%s, on %s, Linux %s, %s (%s)",
		  c->names[side], m->preset, m->preset[0] != '\0' ? ", " : "", m->started, m->version,
		  m->cell_count, m->allocations, m->complete ? "" : ", incomplete: it was interrupted",
		  member_of(m->host, "cpu_model"), member_of(m->host, "kernel"),
		  member_of(m->host, "kvm_module"), member_of(m->host, "second_dimension"));
}

/* A value as JSON writes it, strings without quotes. */
static void put_value(char *buf, size_t size, const json_t *value)
{
	char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	append(buf, size, "%s", text != NULL ? text : json_is_string(value) ? json_string_value(value) : "?");
	free(text);
}

static void put_differences(const struct comparison *c, FILE *out)
{
	size_t i;
	const json_t *difference;

	json_array_foreach(c->differences, i, difference)
	{
		char text[2048] = "";

		append(text, sizeof(text), "%s: ", member_of(difference, "member"));
		put_value(text, sizeof(text), json_object_get(difference, "a"));
		append(text, sizeof(text), " in A, ");
		put_value(text, sizeof(text), json_object_get(difference, "b"));
		append(text, sizeof(text), " in B");
		paragraph(out, i == 0 ? "differ" : "", "%s", text);
	}
	if (json_array_size(c->differences) == 0)
		paragraph(out, "differ", "nothing: the same version, plan and host");
}

static void put_only(const struct comparison *c, enum side side, FILE *out)
{
	const json_t *keys = c->only[side];
	size_t count = json_array_size(keys);
	char text[4 * MATRIX_KEY_BYTES] = "";

	for (size_t i = 0; i < count && i < LISTED; i++)
		append(text, sizeof(text), "%s%s", i != 0 ? "; " : "",
		       json_string_value(json_array_get(keys, i)));
	if (count != 0)
		paragraph(out, side == SIDE_A ? "only in A" : "only in B", "%zu cell%s: %s%s", count,
			  count == 1 ? "" : "s", text, count > LISTED ? "; ... (--json has all)" : "");
}

/* Each reason once, with how many there are and the first of them. */
static void put_left_out(const struct comparison *c, FILE *out)
{
	size_t count = json_array_size(c->left_out);
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_array_get(c->left_out, i);
		const char *reason = member_of(one, "reason");
		size_t alike = 0, before = 0;

		for (size_t k = 0; k < count && before == 0; k++) {
			if (strcmp(member_of(json_array_get(c->left_out, k), "reason"), reason) != 0)
				continue;
			before += k < i;
			alike++;
		}
		if (before != 0)
			continue;
		paragraph(out, first ? "left out" : "", "%zu: %s: %s%s", alike, reason, member_of(one, "key"),
			  alike > 1 ? ", ..." : "");
		first = false;
	}
}

static void put_together(const struct comparison *c, FILE *out)
{
	paragraph(out, "together",
		  "all together B / A = %.3f: the median ratio of %" PRIu32
		  " figures, from %.3f to %.3f; a host that "
		  "drifts moves all at once",
		  c->together, c->count, c->least, c->greatest);
}

static void put_unmarked(const struct comparison *c, FILE *out)
{
	uint32_t unmarked = c->count - c->marked;
	const struct compared *largest = &c->figures[c->marked];
	char name[TABLE_NAME_BYTES], p[32] = "";

	if (unmarked == 0)
		return;
	if (largest->tested)
		append(p, sizeof(p), ", corrected p %.2g", largest->p);
	paragraph(out, "not marked",
		  "%" PRIu32 " of %" PRIu32 " figures; furthest apart: B / A = %.3f (%.3f to %.3f%s), %s",
		  unmarked, c->count, largest->ratio.value, largest->ratio.low, largest->ratio.high, p,
		  table_name(largest, name));
	if (c->how.tested < c->count)
		paragraph(out, "", "%" PRIu32 " of them were not tested: all their values lie within %g %%",
			  c->count - c->how.tested, c->threshold * 100);
}

static int put_marked(const struct comparison *c, bool all, FILE *out)
{
	char words[WORDS_BYTES];

	(void)fputc('\n', out);
	if (c->marked == 0)
		paragraph(out, "marked", "nothing");
	else
		paragraph(out, "marked",
			  "%" PRIu32 " of %" PRIu32
			  " figures: the 95 %% interval (from, to) of B / A excludes 1, its "
			  "corrected p is at most %g, and the difference is %g %% or more",
			  c->marked, c->count, FAMILY_LEVEL, c->threshold * 100);
	if (words_of_too_few(c, words)[0] != '\0')
		paragraph(out, "", "%s", words);
	if (c->marked == 0 && !all)
		return 0;
	return compared_print(c, all ? c->count : c->marked, all, out);
}

int comparison_emit_text(const struct comparison *c, bool all, FILE *out)
{
	char words[WORDS_BYTES];
	int ret;

	put_sweep(c, SIDE_A, out);
	put_sweep(c, SIDE_B, out);
	put_differences(c, out);
	ret = put_marked(c, all, out);
	put_unmarked(c, out);
	put_together(c, out);
	paragraph(out, "corrected", "%s", words_of_method(c, words));
	put_only(c, SIDE_A, out);
	put_only(c, SIDE_B, out);
	put_left_out(c, out);
	if (ret == 0 && (fflush(out) != 0 || ferror(out) != 0))
		ret = errno != 0 ? -errno : -EIO;
	return ret;
}
