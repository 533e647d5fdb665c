/*
 * `minivmm observe`: look once, or again and again, at VMs that others made.
 */
#include <string.h>
#include <time.h>

#include "vmm/cli/command.h"
#include "vmm/lab/observe/observation.h"
#include "vmm/output/output.h"
#include "vmm/util/clock.h"
#include "vmm/util/process.h"

OUTPUT_WRITER(text, const struct observation *o, observe_text(o, out))
OUTPUT_WRITER(tap, const struct observation *o, observe_tap(o, out))
OUTPUT_WRITER(json, const struct observation *o, observe_json(o, out))

/* Wait `seconds`, or less where a signal asks to stop. */
static bool wait_for_next(uint32_t seconds)
{
	struct timespec time = { .tv_sec = seconds };

	while (stop_requested() == 0 && nanosleep(&time, &time) != 0)
		;
	return stop_requested() == 0;
}

/*
 * Read once, or with --watch until no VM is left or a signal comes: *o is the last reading that had any, since the leaves of
 * a VM end with it.
 */
static int gather(const struct request *r, const char *root, struct observation *o, struct error *e)
{
	FILE *out = outputs_text_stream(&r->output);
	const uint64_t begin_ns = clock_ns();
	int ret = observe_read(root, &r->observe, o, e);

	for (o->readings = 1; ret == 0 && r->observe.watch_s != 0;) {
		struct observation next = { .readings = o->readings + 1 };
		struct error gone = { .status = STATUS_OK };

		for (uint32_t i = 0; i < o->count && !r->output.quiet; i++)
			observe_line(&o->vms[i], o->seconds, out);
		if (fflush(out) != 0 || !wait_for_next(r->observe.watch_s))
			break;
		if (observe_read(root, &r->observe, &next, &gone) != 0) {
			observation_free(&next);
			break;
		}
		next.seconds = (double)(clock_ns() - begin_ns) / NS_PER_S;
		observation_free(o);
		*o = next;
	}
	return ret == 0 && r->require != NULL ? observe_require(r->require, o, e) : ret;
}

enum status command_observe(const struct request *r, struct error *e)
{
	const struct output_writers writers = { .text = r->tap ? tap : text, .json = json };
	struct observation o = { .count = 0 };
	const char *root;

	if (r->require != NULL && strcmp(r->require, "help") == 0)
		return command_require_help(&observe_rules, r, e);
	if (command_prepare(r, &root, e) == 0 && gather(r, root, &o, e) == 0 &&
	    outputs_write(&r->output, &writers, &o, "observe", e) == 0 &&
	    require_judge("observe", o.requirements, o.requirement_count, e) == 0)
		(void)observe_judge(&r->observe, &o, e);
	observation_free(&o);
	return e->status;
}
