/*
 * Roles and models: what is to be counted, and which of a CPU's events counts it (roles.def, events.def). And libpfm4,
 * which knows every CPU's events by name.
 */
#ifndef MINIVMM_LAB_PMU_MODEL_H
#define MINIVMM_LAB_PMU_MODEL_H

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

#endif
