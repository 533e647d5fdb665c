/* Options of model and explain. */
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/options.h"
#include "vmm/util/size.h"

int set_cpu(struct parse *p, const char *value)
{
	if (strcmp(value, "help") == 0) {
		p->r->command = COMMAND_CPU_HELP;
		p->done = true;
		return 0;
	}
	if (value[0] == '\0')
		return refuse_value(p, value, "host, a file or a name is expected; see --cpu help");
	p->r->model.cpu = value;
	return 0;
}

int set_kind(struct parse *p, const char *value)
{
	for (int kind = 0; kind < WALK_KIND_COUNT; kind++) {
		if (strcmp(value, walk_kind_name((enum walk_kind)kind)) == 0) {
			p->r->model.kind = (enum walk_kind)kind;
			p->r->model.kind_given = true;
			return 0;
		}
	}
	return refuse_value(p, value, "nested, shadow, native or unpaged is expected");
}

static int set_levels(struct parse *p, const char *value, uint32_t *levels)
{
	uint64_t number;
	int ret = set_number(p, value, 4, 5, &number);

	if (ret == 0)
		*levels = (uint32_t)number;
	return ret;
}

int set_guest_levels(struct parse *p, const char *value)
{
	return set_levels(p, value, &p->r->model.guest_levels);
}

int set_host_levels(struct parse *p, const char *value)
{
	return set_levels(p, value, &p->r->model.host_levels);
}

int set_host_page(struct parse *p, const char *value)
{
	if (page_size_parse(value, &p->r->model.host_page_bytes) != 0)
		return refuse_value(p, value, "4K, 2M or 1G is expected");
	return 0;
}

int set_fault_cost(struct parse *p, const char *value)
{
	uint64_t ns;
	int ret = set_number(p, value, 1, UINT64_C(1000000000), &ns);

	if (ret == 0)
		p->r->model.fault_ns = (double)ns;
	return ret;
}

int set_predict(struct parse *p, const char *value)
{
	(void)value;
	p->r->run.predict = true;
	return 0;
}

/* Whole text as 0x... or a decimal number. */
static bool read_address(const char *text, uint64_t *address)
{
	const char *digits = "0123456789abcdefABCDEF";
	bool hex = strncmp(text, "0x", 2) == 0;
	uint64_t value = 0;

	if (!hex)
		return number_parse(text, 0, UINT64_MAX, address) == 0;
	text += 2;
	if (text[0] == '\0' || strlen(text) > 16 || text[strspn(text, digits)] != '\0')
		return false;
	value = strtoull(text, NULL, 16);
	*address = value;
	return true;
}

int set_gva(struct parse *p, const char *value)
{
	static const char expected[] = "an address is expected, as in 0x10000000000, or arena, or arena+SIZE";
	struct explain_spec *x = &p->r->explain;
	const char *rest = value + strlen("arena");

	x->gva_given = true;
	x->gva_in_arena = strncmp(value, "arena", strlen("arena")) == 0;
	if (!x->gva_in_arena)
		return read_address(value, &x->gva) ? 0 : refuse_value(p, value, expected);
	x->gva = 0;
	if (rest[0] == '\0')
		return 0;
	if (rest[0] != '+' || (!read_address(rest + 1, &x->gva) && size_parse(rest + 1, 1, &x->gva) != 0))
		return refuse_value(p, value, expected);
	return 0;
}

int set_svg(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "the name of a file is expected");
	p->r->output.svg = value;
	return 0;
}

/* [guest:|host:]2M|1G */
int set_before_after(struct parse *p, const char *value)
{
	struct explain_spec *x = &p->r->explain;
	const char *colon = strchr(value, ':');
	const char *size = colon != NULL ? colon + 1 : value;

	x->after = DIMENSIONS_BOTH;
	if (colon != NULL && strncmp(value, "guest:", 6) == 0)
		x->after = DIMENSIONS_GUEST;
	else if (colon != NULL && strncmp(value, "host:", 5) == 0)
		x->after = DIMENSIONS_HOST;
	else if (colon != NULL)
		size = "";
	if (page_size_parse(size, &x->after_bytes) != 0 || x->after_bytes == PAGE_4K)
		return refuse_value(p, value,
				    "2M or 1G is expected, for one dimension as guest:2M or host:2M");
	return 0;
}
