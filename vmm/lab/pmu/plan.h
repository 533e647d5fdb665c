/*
 * The events that a run counts: the user's list, or the CPU model's, as the kernel understands them, and which of them the
 * kernel permits. Part of the record; the vCPU threads read it.
 */
#ifndef MINIVMM_LAB_PMU_PLAN_H
#define MINIVMM_LAB_PMU_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/lab/pmu/model.h"
#include "vmm/util/error.h"

#define PMU_MAX_EVENTS 16
#define PMU_MAX_PARTS 2
#define PMU_DEFAULT_LIST "default"

/*
 * Whose events a count holds. A thread's are split into those of the guest and those of the host where the CPU itself
 * tells the two apart; else there is one count of the thread.
 */
enum pmu_share { PMU_GUEST, PMU_HOST, PMU_THREAD, PMU_SHARES };

struct pmu_event {
	enum pmu_role role;        /* PMU_ROLE_NONE: asked for by its own name */
	char name[PMU_NAME_BYTES]; /* as libpfm4 takes it; "" where the model has no event for the role */
	char note[96];             /* what a reader of the figure has to know, or "" */
	uint32_t part_count;       /* events whose sum this is; 0: there is none, and reason says why */
	struct pmu_code part[PMU_MAX_PARTS];
	bool split;       /* counted as PMU_GUEST and PMU_HOST, else as PMU_THREAD */
	bool available;   /* by pmu_plan_probe, and until a thread finds otherwise */
	char reason[256]; /* why not; "" where available */
};

struct pmu_plan {
	char pmu[32]; /* libpfm4's name of this CPU's PMU, or "unknown" */
	const struct pmu_model *model;
	uint32_t event_count;
	struct pmu_event events[PMU_MAX_EVENTS];
};

/*
 * Fill *plan from `list`: "default", roles and libpfm4's event names, with commas. Initializes libpfm4; opens nothing.
 * 0; or -errno with *e set, STATUS_USAGE where a name is not known to libpfm4 on this CPU.
 */
int pmu_plan_make(const char *list, struct pmu_plan *plan, struct error *e);

/* The same from malloc, into *plan; it stays NULL where that fails. */
int pmu_plan_new(const char *list, struct pmu_plan **plan, struct error *e);

/*
 * Ask the kernel, by opening each event on the calling thread and closing it again, which it would count: fills
 * available and reason. `split`: a guest runs on this thread whose events the CPU tells from the host's.
 */
void pmu_plan_probe(struct pmu_plan *plan, bool split);

/*
 * Does the CPU tell a guest's events from the host's under this KVM module? With VMX (VM-entry switches
 * IA32_PERF_GLOBAL_CTRL) and SVM (host-only and guest-only bits of the event selectors); not where guest code runs
 * as code of the host does.
 */
bool pmu_can_split(const char *kvm_module);

/* "guest", "host", "thread"; never NULL: bounds-checked. */
const char *pmu_share_name(enum pmu_share share);

#endif
