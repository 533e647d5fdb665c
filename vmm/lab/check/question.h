/*
 * One requirement while it is put to a report: what the answers in this room share.
 */
#ifndef MINIVMM_LAB_CHECK_QUESTION_H
#define MINIVMM_LAB_CHECK_QUESTION_H

#include "vmm/lab/check/report.h"
#include "vmm/lab/check/require.h"

struct question {
	const struct check_report *report;
	const char *root;  /* the pools are read below it */
	const char *value; /* behind the '=', NULL where there is none */
	struct requirement *out;
};

/*
 * Write the answer down, with its reason; unknown is not met, and says that it is unknown. Returns 0, so that
 * `return settle(...)` reads well.
 */
int settle(struct question *q, enum known answer, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The value of a parameter ("kvm_intel.ept") as the kernel writes it, or NULL. */
const char *question_param(const struct question *q, const char *name);

/* Y or 1, N or 0, anything else. */
enum known question_boolean(const char *value);

/*
 * The answers: 0 with *q->out filled, or -EINVAL where q->value is not understood. What each means is in the table
 * of require.c, which is also the help.
 */
int answer_kvm(struct question *q);
int answer_ept(struct question *q);
int answer_npt(struct question *q);
int answer_tdp(struct question *q);
int answer_shadow(struct question *q);
int answer_vpid(struct question *q);
int answer_flexpriority(struct question *q);
int answer_prefault(struct question *q);
int answer_stats(struct question *q);
int answer_1g_leaf(struct question *q);
int answer_1g_guest(struct question *q);

int answer_1g_backing(struct question *q);
int answer_hugepages(struct question *q);
int answer_thp(struct question *q);
int answer_memory(struct question *q);
int answer_vcpus(struct question *q);
int answer_nodes(struct question *q);
int answer_pmu(struct question *q);
int answer_bare_metal(struct question *q);
int answer_undisturbed(struct question *q);

/* Any parameter of kvm or of the module in charge: `name` is "kvm.tdp_mmu", q->value what it has to be. */
int answer_param(struct question *q, const char *name);

#endif
