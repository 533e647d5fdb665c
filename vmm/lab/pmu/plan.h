/*
 * Roles and models: what is to be counted, and which of a CPU's events counts it (roles.def, events.def). And the events
 * that a run counts: the user's list, or the CPU model's, as the kernel understands them, and which of them the kernel
 * permits. The plan is part of the record; the vCPU threads read it.
 */
#ifndef MINIVMM_LAB_PMU_PLAN_H
#define MINIVMM_LAB_PMU_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/util/error.h"

enum pmu_role {
#define PMU_ROLE(id, meaning) PMU_ROLE_##id,
#include "vmm/lab/pmu/roles.def"
#undef PMU_ROLE
	PMU_ROLE_COUNT,
	PMU_ROLE_NONE = PMU_ROLE_COUNT, /* an event that was asked for by its own name */
};

struct pmu_model {
	const char *pmus; /* libpfm4's names, with commas; "" for the one that stands for all others */
	const char *title;
	const char *source;
};

struct pmu_model_event {
	const char *events; /* one libpfm4 event without the PMU's name, or two joined by '+' */
	const char *note;   /* what a reader of the figure has to know, or "" */
};

/* The model whose PMU libpfm4 calls `pmu`; the one for all other CPUs where there is none. Never NULL. */
const struct pmu_model *pmu_model_find(const char *pmu);

/* The event that counts `role` on `model`, or NULL where the model has none. */
const struct pmu_model_event *pmu_model_event(const struct pmu_model *model, enum pmu_role role);

/* All models, for tests of the data. */
extern const struct pmu_model pmu_models[];
extern const size_t pmu_model_count;

/* "cycles", ...; NULL for PMU_ROLE_NONE and anything beyond. */
const char *pmu_role_name(enum pmu_role role);
const char *pmu_role_meaning(enum pmu_role role);

/* The role of that name, or PMU_ROLE_NONE. */
enum pmu_role pmu_role_find(const char *name);

/* AMD's longest name spells out eight unit masks. */
#define PMU_NAME_BYTES 320

/* The members of struct perf_event_attr that say which event it is. */
struct pmu_code {
	uint32_t type;
	uint64_t config, config1, config2;
	bool exclude_user, exclude_kernel, exclude_hv; /* by the name's own modifiers (":u", ":k") */
};

/*
 * Initialize libpfm4, which costs nothing before. Main thread only; may be repeated. 0, or -EIO with *e set.
 */
int pmu_encode_init(struct error *e);

/*
 * libpfm4's name of this CPU's own PMU ("skx"), "ix86arch" where it knows only that there is an architectural one,
 * "unknown" where it knows none. By CPUID: it does not mean that the kernel has a PMU to offer.
 */
void pmu_encode_cpu(char *pmu, size_t size);

/*
 * Translate one event name, as libpfm4 spells them, with or without a PMU's name in front. 0, or -EINVAL with
 * libpfm4's reason in `why` (a string constant).
 */
int pmu_encode(const char *name, struct pmu_code *code, const char **why);

#define PMU_MAX_EVENTS 16
#define PMU_MAX_PARTS 2
#define PMU_DEFAULT_LIST "default"

/*
 * Whose events a count holds. A thread's are split into those of the guest and those of the host where the CPU itself
 * counts the two apart; else there is one count of the thread.
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
 * A plan from `list`: "default", roles and libpfm4's event names, with commas. Initializes libpfm4; opens nothing. 0 and
 * *plan, which the caller frees; or -errno with *e set and *plan NULL, STATUS_USAGE where a name is not known to libpfm4 on
 * this CPU.
 */
int pmu_plan_new(const char *list, struct pmu_plan **plan, struct error *e);

/*
 * Ask the kernel, by opening each event on the calling thread and closing it again, which it would count: fills
 * available and reason. `split`: a guest runs on this thread, and the CPU counts its events apart from the host's.
 */
void pmu_plan_probe(struct pmu_plan *plan, bool split);

/*
 * Does the CPU count a guest's events apart from the host's under this KVM module? With VMX (VM-entry switches
 * IA32_PERF_GLOBAL_CTRL) and SVM (host-only and guest-only bits of the event selectors); not where guest code runs
 * as code of the host does.
 */
bool pmu_can_split(const char *kvm_module);

/* "guest", "host", "thread"; never NULL: bounds-checked. */
const char *pmu_share_name(enum pmu_share share);

#endif
