/*
 * --baseline: each of its parts is a value that the sweep has.
 */
#include <stdio.h>
#include <string.h>

#include "vmm/cli/options.h"
#include "vmm/util/size.h"
#include "vmm/util/text.h"

/* As much as a record has room for; all axes together are shorter. */
#define BASELINE_BYTES 256
#define PART_BYTES (AXIS_ITEM_BYTES + 24)
#define NATIVE "native"

struct parts {
	bool given[AXES];
	char values[AXES][AXIS_ITEM_BYTES]; /* as a cell's key has them */
};

static int refuse_absent(struct parse *p, enum axis_id id, const char *value)
{
	const struct axis_values *has = &p->r->sweep.axes[id];
	char values[300] = "", one[AXIS_ITEM_BYTES];

	for (uint32_t i = 0; i < has->count; i++)
		append(values, sizeof(values), "%s%s", i > 0 ? ", " : "", axis_spell(id, &has->list[i], one));
	return refuse_value(p, p->r->sweep.baseline, "'%.60s' is not one of %s's values in this sweep: %s",
			    value, axis_table[id].name, values);
}

static int parse_value(struct parse *p, enum axis_id id, const char *value, char *spelled)
{
	bool native = id == AXIS_GUEST_PAGE && strcmp(value, NATIVE) == 0;
	struct axis_value v = { .number = 0 };

	if ((!native && axis_parse(id, value, &v) != 0) || axis_index(&p->r->sweep.axes[id], &v) < 0)
		return refuse_absent(p, id, value);
	(void)axis_spell(id, &v, spelled);
	return 0;
}

/* "guest-page=4K" */
static int parse_part(struct parse *p, char *part, struct parts *parts)
{
	const char *text = p->r->sweep.baseline;
	char *value = strchr(part, '=');

	if (value == NULL)
		return refuse_value(p, text, "AXIS=VALUE is expected in place of '%.60s'", part);
	*value++ = '\0';
	for (int i = 0; i < AXES; i++) {
		if (strcmp(axis_table[i].name, part) != 0)
			continue;
		if (parts->given[i])
			return refuse_value(p, text, "'%s' is given twice", part);
		parts->given[i] = true;
		return parse_value(p, (enum axis_id)i, value, parts->values[i]);
	}
	return refuse_value(p, text,
			    "'%.60s' is not an axis of a baseline; axes: guest-page, backing, prealloc, smp, "
			    "kernel-irqchip",
			    part);
}

int baseline_check(struct parse *p)
{
	static char spelled[BASELINE_BYTES];
	struct sweep_spec *s = &p->r->sweep;
	const char *cursor = s->baseline;
	struct parts parts = { 0 };
	char part[PART_BYTES];
	int more;

	if (s->baseline == NULL)
		return 0;
	p->option = &option_table[OPTION_BASELINE];
	while ((more = list_item(&cursor, part, sizeof(part))) == 1) {
		int ret = parse_part(p, part, &parts);

		if (ret != 0)
			return ret;
	}
	if (more < 0)
		return refuse_value(p, s->baseline, "AXIS=VALUE,AXIS=VALUE is expected, without empty parts");
	spelled[0] = '\0';
	for (int i = 0; i < AXES; i++) {
		if (parts.given[i])
			append(spelled, sizeof(spelled), "%s%s=%s", spelled[0] != '\0' ? "," : "",
			       axis_table[i].name, parts.values[i]);
	}
	s->baseline = spelled;
	return 0;
}
