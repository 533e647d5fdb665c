#include "vmm/cli/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"
#include "vmm/cli/axes.h"
#include "vmm/cli/command.h"
#include "vmm/cli/options.h"
#include "vmm/cli/preset.h"
#include "vmm/util/size.h"

int refuse_value(struct parse *p, const char *value, const char *fmt, ...)
{
	char where[96], what[400];
	va_list args;

	(void)snprintf(where, sizeof(where), "--%s %.60s", p->option->name, value[0] != '\0' ? value : "''");
	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return error_set(p->e, STATUS_USAGE, 0, where, "%s", what);
}

int set_number(struct parse *p, const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	if (number_parse(value, min, max, out) != 0)
		return refuse_value(p, value, "a whole number from %" PRIu64 " to %" PRIu64 " is expected",
				    min, max);
	return 0;
}

static void set_defaults(struct request *r, int argc, char **argv)
{
	*r = (struct request){
		.command = COMMAND_RUN,
		.argc = argc,
		.argv = argv,
		.sweep = { .allocations = 5, .retries = 2 },
		.compare = { .threshold = 0.01 },
	};
	run_spec_init(&r->run);
}

/* Below what the command line says lie the axes file and, below that, the preset: all again, from the bottom up. */
static int take_layers(struct parse *p, char *text, size_t text_bytes, int argc, char **argv)
{
	struct request *r = p->r;
	struct request first = *r;
	int ret = 0;

	set_defaults(r, first.argc, first.argv);
	r->command = first.command;
	r->help_topic = first.help_topic;
	memset(p->given, 0, sizeof(p->given));
	if (first.sweep.preset != NULL)
		ret = preset_apply(p, first.sweep.preset);
	if (ret == 0 && text != NULL)
		ret = axes_parse_text(p, first.sweep.file, text, text_bytes);
	return ret == 0 ? arguments_take(p, argc, argv) : ret;
}

/* What the default of an option cannot tell. */
static void note_given(struct parse *p)
{
	struct model_spec *m = &p->r->model;

	m->guest_page_given = p->given[OPTION_MODEL_PAGE];
	m->memory_given = p->given[OPTION_MODEL_MEMORY];
	m->work_given = p->given[OPTION_MODEL_WORKLOAD] || p->given[OPTION_MODEL_SETS];
	if (p->r->command == COMMAND_MODEL && !p->given[OPTION_MODEL_WORKLOAD]) {
		p->r->run.work.workload_count = m->work_given ? 2 : 0;
		p->r->run.work.workloads[0] = WORKLOAD_packed;
		p->r->run.work.workloads[1] = WORKLOAD_chase;
	}
	p->r->explain.backing_given =
		p->given[OPTION_BACKING] || p->given[OPTION_MEM_PATH] || p->given[OPTION_PAGE_SIZE];
}

static int complete(struct parse *p, bool all_known)
{
	struct request *r = p->r;
	int ret;

	note_given(p);
	if (r->command == COMMAND_SWEEP)
		axes_complete(p);
	/* What a file may still change is judged once it is known. */
	if (all_known) {
		ret = options_check(p);
		if (ret != 0)
			return ret;
	}
	if (r->run.machine.mem_path != NULL)
		r->run.machine.backing = BACKING_FILE;
	if (r->run.machine.host_nodes != 0 && r->run.machine.policy == NUMA_POLICY_DEFAULT)
		r->run.machine.policy = NUMA_POLICY_BIND;
	r->run.native = r->command == COMMAND_NATIVE;
	r->help_topic = NULL;
	return 0;
}

int request_assemble(int argc, char **argv, char *text, size_t text_bytes, struct request *r, struct error *e)
{
	struct parse p = { .r = r, .e = e };
	int first, count, ret;
	char **copy;

	set_defaults(r, argc, argv);
	ret = command_choose(argc, argv, r, &first, e);
	if (ret != 0)
		return ret;
	copy = arguments_spell(argc, argv, argc > 0 ? first : 0);
	if (copy == NULL)
		return error_set(e, STATUS_FAILED, ENOMEM, "command line", "no memory for its copy");
	count = argc > first ? argc - first + 1 : 1;
	ret = arguments_take(&p, count, copy);
	if (ret == 0 && !p.done && (r->sweep.preset != NULL || text != NULL))
		ret = take_layers(&p, text, text_bytes, count, copy);
	free(copy);
	if (ret != 0 || p.done)
		return ret;
	return complete(&p, r->sweep.file == NULL || text != NULL);
}

int request_parse(int argc, char **argv, struct request *r, struct error *e)
{
	return request_assemble(argc, argv, NULL, 0, r, e);
}
