/*
 * `minivmm advise`: a sweep of its own, VMs observed, pools, and one page.
 */
#include <errno.h>
#include <stdlib.h>

#include "units.h"
#include "vmm/cli/command.h"
#include "vmm/lab/advise/advise.h"
#include "vmm/output/output.h"

#define SWEEP_LIMIT_S 600

/* Run that command in a process of its own and release it; its record into *record, a new reference. 0 or -errno. */
static int measure(json_t *command, json_t **record, struct error *e)
{
	struct child_end end = { .status = 0 };
	int ret = command == NULL ? error_set(e, STATUS_FAILED, ENOMEM, "advise", "no memory for a command")
				  : child_run(command, SWEEP_LIMIT_S, &end, e);

	json_decref(command);
	if (ret == 0 && end.status != 0)
		ret = error_set(e, end.status == STATUS_CANNOT ? STATUS_CANNOT : STATUS_FAILED, 0, "advise",
				"what it measures with ended with status %d: %s", end.status, end.message);
	if (ret == 0) {
		*record = json_loads(end.output, 0, NULL);
		if (*record == NULL)
			ret = error_set(e, STATUS_FAILED, EINVAL, "advise",
					"what it measures with wrote no record");
	}
	free(end.output);
	return ret;
}

/* Where twin cannot run the page says why; the rest of it stands. */
static void measure_translation(struct advice *a)
{
	struct error e = { .status = STATUS_OK };
	json_t *record = NULL;

	if (measure(advise_twin(), &record, &e) == 0)
		advise_translation(record, a);
	else
		(void)snprintf(a->translation.instead, sizeof(a->translation.instead), "%.150s", e.what);
	json_decref(record);
}

OUTPUT_WRITER(text, const struct advice *a, advise_text(a, out))
OUTPUT_WRITER(json, const struct advice *a, advise_json(a, out))

enum status command_advise(const struct request *r, struct error *e)
{
	static const struct output_writers writers = { .text = text, .json = json };
	const struct observe_spec all = { .all = true };
	struct advice *a = calloc(1, sizeof(*a));
	json_t *record = NULL;

	if (a == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "advise", "no memory for the page");
		return e->status;
	}
	facts_read("", &a->host);
	if ((!r->from_running || observe_read("", &all, &a->running, e) == 0) &&
	    measure(advise_sweep(), &record, e) == 0) {
		if (advise_gains(record, a) != 0)
			(void)error_set(e, STATUS_FAILED, EINVAL, "advise", "its sweep has no speed-ups");
		measure_translation(a);
		advise_needs("", r->run.machine.memory_bytes, a);
		if (e->status == STATUS_OK)
			(void)outputs_write(&r->output, &writers, a, "advise", e);
	}
	json_decref(record);
	observation_free(&a->running);
	free(a);
	return e->status;
}
