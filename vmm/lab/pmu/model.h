/*
 * Roles and models: what is to be counted, and which of a CPU's events counts it. Data in roles.def and events.def.
 */
#ifndef MINIVMM_LAB_PMU_MODEL_H
#define MINIVMM_LAB_PMU_MODEL_H

#include <stddef.h>

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

/* What plays `role` on `model`, or NULL where the model has no event for it. */
const struct pmu_model_event *pmu_model_event(const struct pmu_model *model, enum pmu_role role);

/* All models, for those who check the data. */
extern const struct pmu_model pmu_models[];
extern const size_t pmu_model_count;

/* "cycles", ...; NULL for PMU_ROLE_NONE and anything beyond. */
const char *pmu_role_name(enum pmu_role role);
const char *pmu_role_meaning(enum pmu_role role);

/* The role of that name, or PMU_ROLE_NONE. */
enum pmu_role pmu_role_find(const char *name);

#endif
