/* Options about files and output, and the two that only print. */
#include "vmm/cli/options.h"

static int set_file(struct parse *p, const char *value, const char **path)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "the name of a file is expected");
	*path = value;
	return 0;
}

int set_guest(struct parse *p, const char *value)
{
	return set_file(p, value, &p->r->run.machine.guest_path);
}

int set_json(struct parse *p, const char *value)
{
	return set_file(p, value, &p->r->output.json);
}

int set_csv(struct parse *p, const char *value)
{
	return set_file(p, value, &p->r->output.csv);
}

int set_dump_fdt(struct parse *p, const char *value)
{
	return set_file(p, value, &p->r->dump_fdt_path);
}

int set_quiet(struct parse *p, const char *value)
{
	(void)value;
	p->r->output.quiet = true;
	return 0;
}

int set_verbose(struct parse *p, const char *value)
{
	(void)value;
	p->r->verbose = true;
	return 0;
}

int set_progress(struct parse *p, const char *value)
{
	(void)value;
	p->r->progress = true;
	return 0;
}

int set_dump_config(struct parse *p, const char *value)
{
	(void)value;
	p->r->dump_config = true;
	return 0;
}

int set_require(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "a list of requirements is expected; see --require help");
	p->r->require = value;
	return 0;
}

int set_tap(struct parse *p, const char *value)
{
	(void)value;
	p->r->tap = true;
	return 0;
}

int set_root(struct parse *p, const char *value)
{
	if (value[0] == '\0')
		return refuse_value(p, value, "the name of a directory is expected");
	p->r->root = value;
	return 0;
}

int set_help(struct parse *p, const char *value)
{
	(void)value;
	p->r->command = COMMAND_HELP;
	p->done = true;
	return 0;
}

int set_version(struct parse *p, const char *value)
{
	(void)value;
	p->r->command = COMMAND_VERSION;
	p->done = true;
	return 0;
}
