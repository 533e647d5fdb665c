/*
 * `minivmm check`: probe, report, requirements, output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vmm/lab/check/report.h"
#include "vmm/cli/command.h"
#include "vmm/output/output.h"

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
		count = require_evaluate(&check_rules, r->require, root, &c->report, c->requirements, e);
	if (count < 0)
		return count;
	c->count = (uint32_t)count;
	return 0;
}

OUTPUT_WRITER(text, const struct check *c, check_text(&c->report, c->requirements, c->count, out))
OUTPUT_WRITER(tap, const struct check *c, check_tap(&c->report, c->requirements, c->count, out))
OUTPUT_WRITER(json, const struct check *c, check_json(&c->report, c->requirements, c->count, out))

enum status command_require_help(const struct requirement_rules *rules, const struct request *r,
				 struct error *e)
{
	if (require_help(rules, outputs_text_stream(&r->output)) != 0)
		(void)error_set(e, STATUS_FAILED, errno, rules->command, "cannot write");
	return e->status;
}

int command_prepare(const struct request *r, const char **root, struct error *e)
{
	struct stat st;

	*root = r->root != NULL ? r->root : "";
	/* Without this check a missing directory would be reported as a host of which nothing is known. */
	if (r->root != NULL && stat(r->root, &st) != 0)
		return error_set(e, STATUS_FAILED, errno, r->root, "not a recorded host");
	if (r->root != NULL && !S_ISDIR(st.st_mode))
		return error_set(e, STATUS_FAILED, ENOTDIR, r->root, "not a recorded host");
	return outputs_check(&r->output, e);
}

enum status command_check(const struct request *r, struct error *e)
{
	const struct output_writers writers = { .text = r->tap ? tap : text, .json = json };
	struct check *c;
	const char *root;

	if (r->require != NULL && strcmp(r->require, "help") == 0)
		return command_require_help(&check_rules, r, e);
	if (command_prepare(r, &root, e) != 0)
		return e->status;
	c = calloc(1, sizeof(*c));
	if (c == NULL) {
		(void)error_set(e, STATUS_FAILED, ENOMEM, "check", "no memory for the report");
		return e->status;
	}
	if (gather(r, root, c, e) == 0 && outputs_write(&r->output, &writers, c, "check", e) == 0)
		(void)require_judge("check", c->requirements, c->count, e);
	free(c->pmu);
	free(c);
	return e->status;
}
