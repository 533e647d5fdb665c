#include "vmm/lab/check/requirement.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "vmm/output/fields.h"
#include "vmm/output/json.h"
#include "vmm/output/output.h"
#include "vmm/output/paragraph.h"
#include "vmm/util/text.h"

int conclude(struct evaluation *v, enum known answer, const char *fmt, ...)
{
	size_t size = sizeof(v->out->reason);
	size_t used = 0;
	va_list args;

	if (answer == KNOWN_UNKNOWN)
		used = (size_t)snprintf(v->out->reason, size, "unknown: ");
	va_start(args, fmt);
	(void)vsnprintf(v->out->reason + used, size - used, fmt, args);
	va_end(args);
	v->out->met = answer == KNOWN_YES;
	return 0;
}

/* The rule as the user spells it: "hugepages=SIZE:COUNT[@NODE]". */
static const char *spell(const struct requirement_rule *rule, char buf[64])
{
	(void)snprintf(buf, 64, "%s%s%s", rule->name, rule->argument != NULL ? "=" : "",
		       rule->argument != NULL ? rule->argument : "");
	return buf;
}

int require_help(const struct requirement_rules *rules, FILE *out)
{
	char spelling[64];

	(void)fprintf(out, "Requirements (%s --require NAME,NAME,...), each met by:\n", rules->command);
	for (uint32_t i = 0; i < rules->count; i++)
		(void)fprintf(out, "  %-28s %s\n", spell(&rules->list[i], spelling), rules->list[i].meaning);
	if (rules->parameter != NULL)
		(void)fprintf(out, "  %-28s %s\n", rules->parameter, rules->parameter_meaning);
	(void)fputs("\nExit status 6 where one of them is not met. What cannot be found out is not met.\n",
		    out);
	return stream_finish(out);
}

static int refuse(const struct requirement_rules *rules, const char *item, struct error *e, const char *why)
{
	char where[96], names[512] = "", spelling[64];

	for (uint32_t i = 0; i < rules->count; i++)
		append(names, sizeof(names), "%s%s", i == 0 ? "" : ", ", spell(&rules->list[i], spelling));
	(void)snprintf(where, sizeof(where), "--require %.60s", item[0] != '\0' ? item : "''");
	(void)error_set(e, STATUS_USAGE, 0, where, "%s", why);
	error_hint(e, "minivmm %s --require LIST, where LIST is of %s%s%s", rules->command, names,
		   rules->parameter != NULL ? ", " : "", rules->parameter != NULL ? rules->parameter : "");
	return -EINVAL;
}

/* v->out->text is the item as written; `name` its copy, cut at the '='. */
static int evaluate_item(const struct requirement_rules *rules, struct evaluation *v, char *name,
			 struct error *e)
{
	char *equals = strchr(name, '=');

	if (equals != NULL) {
		*equals = '\0';
		v->value = equals + 1;
	}
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct requirement_rule *rule = &rules->list[i];

		if (strcmp(name, rule->name) != 0)
			continue;
		if ((v->value != NULL) != (rule->argument != NULL))
			return refuse(rules, v->out->text, e,
				      v->value != NULL ? "this name takes no value" : "a value is expected");
		return rule->evaluate(v) == 0
			       ? 0
			       : refuse(rules, v->out->text, e, "this value is not understood");
	}
	if (strchr(name, '.') == NULL || rules->parameter_is == NULL)
		return refuse(rules, v->out->text, e, "unknown requirement");
	if (v->value == NULL || v->value[0] == '\0')
		return refuse(rules, v->out->text, e, "a parameter and its value are expected");
	return rules->parameter_is(v, name);
}

int require_evaluate(const struct requirement_rules *rules, const char *list, const char *root,
		     const void *of, struct requirement *out, struct error *e)
{
	int count = 0;

	for (const char *item = list; item != NULL; count++) {
		size_t length = strcspn(item, ",");
		struct evaluation v = { .of = of, .root = root, .out = &out[count] };
		char name[sizeof(out->text)];
		int ret;

		if (count == REQUIRE_MAX)
			return refuse(rules, item, e, "too many requirements in one list");
		memset(&out[count], 0, sizeof(out[count]));
		if (length == 0 || length >= sizeof(name))
			return refuse(rules, item, e,
				      length == 0 ? "a name is expected" : "unknown requirement");
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, item);
		(void)make_printable(name, "");
		memcpy(out[count].text, name, sizeof(name));
		ret = evaluate_item(rules, &v, name, e);
		if (ret != 0)
			return ret;
		item = item[length] == ',' ? item + length + 1 : NULL;
	}
	return count;
}

bool require_all_met(const struct requirement *requirements, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!requirements[i].met)
			return false;
	}
	return true;
}

int require_judge(const char *command, const struct requirement *requirements, uint32_t count,
		  struct error *e)
{
	char what[sizeof(e->what)] = "", where[32];
	uint32_t missing = 0;

	if (require_all_met(requirements, count))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct requirement *need = &requirements[i];

		if (need->met)
			continue;
		missing++;
		append(what, sizeof(what), "%s%s (%s)", what[0] == '\0' ? "" : "; ", need->text,
		       need->reason);
	}
	(void)snprintf(where, sizeof(where), "%s --require", command);
	return error_set(e, STATUS_REQUIRE, 0, where, "%" PRIu32 " of %" PRIu32 " not met: %s", missing,
			 count, what);
}

void require_text(const struct requirement *requirements, uint32_t count, FILE *out)
{
	size_t width = 0;
	uint32_t met = 0;

	if (count == 0)
		return;
	for (uint32_t i = 0; i < count; i++) {
		size_t length = strlen(requirements[i].text);

		width = length > width ? length : width;
		met += requirements[i].met ? 1 : 0;
	}
	(void)fprintf(out, "\nrequired: %" PRIu32 " of %" PRIu32 " met\n", met, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct requirement *r = &requirements[i];
		char name[sizeof(r->text)];

		(void)fprintf(out, "  %-9s%-*s  ", r->met ? "met" : "NOT met", (int)width,
			      printable(r->text, name, sizeof(name)));
		paragraph_wrap(out, 2 + 9 + width + 2, r->reason);
	}
}

void tap_plan(uint32_t count, FILE *out)
{
	/* Where nothing is required there are no tests: a plan of none, which harnesses count as skipped. */
	(void)fprintf(out, count != 0 ? "1..%" PRIu32 "\n" : "1..%" PRIu32 " # SKIP nothing is required\n",
		      count);
}

/* A '#' would start a directive ("# SKIP") and a newline the next test: neither may come from outside. */
static void put_plain(const char *text, FILE *out)
{
	for (; *text != '\0'; text++)
		(void)fputc((unsigned char)*text < 0x20 || *text == 0x7f || *text == '#' ? '?' : *text, out);
}

void tap_comment(const char *label, const char *text, FILE *out)
{
	(void)fprintf(out, "# %s: ", label);
	put_plain(text, out);
	(void)fputc('\n', out);
}

void require_tap(const struct requirement *requirements, uint32_t count, FILE *out)
{
	for (uint32_t i = 0; i < count; i++) {
		(void)fprintf(out, "%sok %" PRIu32 " - ", requirements[i].met ? "" : "not ", i + 1);
		put_plain(requirements[i].text, out);
		(void)fputc('\n', out);
		tap_comment("  because", requirements[i].reason, out);
	}
}

static const struct field requirement_list[] = {
	FIELD_AS(TEXT, struct requirement, text, "requirement"),
	FIELD(TRUTH, struct requirement, met),
	FIELD(TEXT, struct requirement, reason),
};
static const struct fields requirement_fields = FIELDS_OF(requirement_list);

void require_json(const struct requirement *requirements, uint32_t count, json_t **object)
{
	json_put(object, "requirements", FIELDS_ARRAY(&requirement_fields, requirements, count));
	json_put(object, "met",
		 count == 0 ? json_null() : json_boolean(require_all_met(requirements, count)));
}
