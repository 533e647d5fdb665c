/*
 * The list of --require: cut at commas, each name looked up among the rows of requirements.def, each decided by the report.
 */
#include "vmm/lab/check/require.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vmm/util/text.h"

#define PARAMETER_SPELLING "MODULE.PARAMETER=VALUE"

/* "hugepages=SIZE:COUNT[@NODE]" */
static const char *spell(const struct requirement_rule *rule, char buf[64])
{
	(void)snprintf(buf, 64, "%s%s%s", rule->name, rule->argument != NULL ? "=" : "",
		       rule->argument != NULL ? rule->argument : "");
	return buf;
}

const char *require_names(void)
{
	static char names[512];
	char spelling[64];

	names[0] = '\0';
	for (size_t i = 0; i < requirement_rule_count; i++)
		append(names, sizeof(names), "%s, ", spell(&requirement_rules[i], spelling));
	append(names, sizeof(names), PARAMETER_SPELLING);
	return names;
}

int require_help(FILE *out)
{
	char spelling[64];

	(void)fputs("Requirements (check --require NAME,NAME,...), each met by:\n", out);
	for (size_t i = 0; i < requirement_rule_count; i++)
		(void)fprintf(out, "  %-28s %s\n", spell(&requirement_rules[i], spelling),
			      requirement_rules[i].meaning);
	(void)fprintf(out, "  %-28s %s\n", PARAMETER_SPELLING,
		      "that value of a parameter of kvm or of the module in charge");
	(void)fputs("\nExit status 6 where one of them is not met. What cannot be found out is not met.\n",
		    out);
	return fflush(out) != 0 || ferror(out) != 0 ? -EIO : 0;
}

static int refuse(const char *item, struct error *e, const char *why)
{
	char where[96];

	(void)snprintf(where, sizeof(where), "--require %.60s", item[0] != '\0' ? item : "''");
	(void)error_set(e, STATUS_USAGE, 0, where, "%s", why);
	error_hint(e, "minivmm check --require LIST, where LIST is of %s", require_names());
	return -EINVAL;
}

/* v->out->text is the item as written; `name` its copy, cut at the '='. */
static int evaluate_item(struct evaluation *v, char *name, struct error *e)
{
	char *equals = strchr(name, '=');
	int ret;

	if (equals != NULL) {
		*equals = '\0';
		v->value = equals + 1;
	}
	for (size_t i = 0; i < requirement_rule_count; i++) {
		const struct requirement_rule *rule = &requirement_rules[i];

		if (strcmp(name, rule->name) != 0)
			continue;
		if ((v->value != NULL) != (rule->argument != NULL))
			return refuse(v->out->text, e,
				      v->value != NULL ? "this name takes no value" : "a value is expected");
		ret = rule->evaluate(v);
		return ret == 0 ? 0 : refuse(v->out->text, e, "this value is not understood");
	}
	if (strchr(name, '.') == NULL)
		return refuse(v->out->text, e, "unknown requirement");
	if (v->value == NULL || v->value[0] == '\0')
		return refuse(v->out->text, e, "a parameter and its value are expected");
	return requirement_parameter(v, name);
}

int require_evaluate(const char *list, const char *root, const struct check_report *report,
		     struct requirement *out, struct error *e)
{
	int count = 0;

	for (const char *item = list; item != NULL; count++) {
		size_t length = strcspn(item, ",");
		struct evaluation v = { .report = report, .root = root, .out = &out[count] };
		char name[sizeof(out->text)];
		int ret;

		if (count == REQUIRE_MAX)
			return refuse(item, e, "too many requirements in one list");
		memset(&out[count], 0, sizeof(out[count]));
		if (length == 0 || length >= sizeof(name))
			return refuse(item, e, length == 0 ? "a name is expected" : "unknown requirement");
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, item);
		memcpy(out[count].text, name, sizeof(name));
		ret = evaluate_item(&v, name, e);
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
