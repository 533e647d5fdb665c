/*
 * `minivmm check`: probe, report, requirements, output.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/lab/check/require.h"
#include "vmm/cli/commands.h"
#include "vmm/output/output.h"
#include "vmm/util/append.h"

#define KVM_PATH "/dev/kvm"

struct check {
	struct check_report report;
	struct pmu_plan *pmu;
	uint32_t count;
	struct requirement requirements[REQUIRE_MAX];
};

/* On this thread, which is as good as a vCPU's for the kernel's answer. 0 or -errno. */
static int probe_pmu(struct check *c, struct error *e)
{
	int ret = pmu_plan_new(PMU_DEFAULT_LIST, &c->pmu, e);

	if (ret != 0)
		return ret;
	pmu_plan_probe(c->pmu, pmu_can_split(c->report.facts.kvm_module));
	c->report.pmu = c->pmu;
	return 0;
}

static int gather(const struct request *r, const char *root, struct check *c, struct error *e)
{
	int count = 0;

	c->report.kvm.api_version = -1;
	if (r->root == NULL)
		check_probe_kvm(KVM_PATH, &c->report.kvm);
	check_build(root, &c->report);
	if (r->root == NULL && probe_pmu(c, e) != 0)
		return -EIO;
	if (r->require != NULL)
		count = require_evaluate(r->require, root, &c->report, c->requirements, e);
	if (count < 0)
		return count;
	c->count = (uint32_t)count;
	return 0;
}

static int write_json(const struct check *c, const char *path, struct error *e)
{
	struct output output;
	int ret = output_open(&output, path, e);

	if (ret != 0)
		return ret;
	return output_close(&output, check_json(&c->report, c->requirements, c->count, output.stream), e);
}

static int write_out(const struct request *r, const struct check *c, FILE *out, struct error *e)
{
	int ret = 0;

	if (r->tap)
		ret = check_tap(&c->report, c->requirements, c->count, out);
	else if (!r->quiet)
		ret = check_text(&c->report, c->requirements, c->count, out);
	if (ret != 0)
		(void)error_set(e, STATUS_FAILED, -ret, "check", "cannot write");
	/* Each for itself: a lost stdout must not cost the file. */
	if (r->json_path != NULL && write_json(c, r->json_path, e) != 0)
		ret = -EIO;
	return ret;
}

static int judge(const struct check *c, struct error *e)
{
	char what[sizeof(e->what)] = "";
	uint32_t missing = 0;

	if (require_all_met(c->requirements, c->count))
		return 0;
	for (uint32_t i = 0; i < c->count; i++) {
		const struct requirement *need = &c->requirements[i];

		if (need->met)
			continue;
		missing++;
		append(what, sizeof(what), "%s%s (%s)", what[0] == '\0' ? "" : "; ", need->text,
		       need->reason);
	}
	return error_set(e, STATUS_REQUIRE, 0, "check --require", "%" PRIu32 " of %" PRIu32 " not met: %s",
			 missing, c->count, what);
}

enum status command_check(const struct request *r, FILE *out, struct error *e)
{
	struct check *c;
	const char *root;

	if (r->require != NULL && strcmp(r->require, "help") == 0) {
		if (require_help(out) != 0)
			(void)error_set(e, STATUS_FAILED, errno, "check", "cannot write");
		return e->status;
	}
	if (command_prepare(r, &root, e) != 0)
		return e->status;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "check", "no memory for the report");
		return e->status;
	}
	if (gather(r, root, c, e) == 0 && write_out(r, c, out, e) == 0)
		(void)judge(c, e);
	free(c->pmu);
	free(c);
	return e->status;
}
