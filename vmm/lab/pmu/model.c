/* The tables of events.def, and how they are looked up. */
#include "vmm/lab/pmu/plan.h"

#include <stdbool.h>
#include <string.h>

#include "vmm/util/text.h"

enum model_id {
#define PMU_MODEL(id, pmus, title, source) MODEL_##id,
#define PMU_EVENT(model, role, events, note)
#include "vmm/lab/pmu/events.def"
#undef PMU_EVENT
#undef PMU_MODEL
	MODEL_COUNT
};

const struct pmu_model pmu_models[] = {
#define PMU_MODEL(id, pmus, title, source) [MODEL_##id] = { pmus, title, source },
#define PMU_EVENT(model, role, events, note)
#include "vmm/lab/pmu/events.def"
#undef PMU_EVENT
#undef PMU_MODEL
};
const size_t pmu_model_count = MODEL_COUNT;

static const struct pmu_model_event model_events[MODEL_COUNT][PMU_ROLE_COUNT] = {
#define PMU_MODEL(id, pmus, title, source)
#define PMU_EVENT(model, role, events, note) [MODEL_##model][PMU_ROLE_##role] = { events, note },
#include "vmm/lab/pmu/events.def"
#undef PMU_EVENT
#undef PMU_MODEL
};

static const struct {
	const char *name, *meaning;
} roles[PMU_ROLE_COUNT] = {
#define PMU_ROLE(id, meaning) [PMU_ROLE_##id] = { #id, meaning },
#include "vmm/lab/pmu/roles.def"
#undef PMU_ROLE
};

const struct pmu_model *pmu_model_find(const char *pmu)
{
	for (size_t i = 0; i < MODEL_COUNT; i++) {
		if (list_has_word(pmu_models[i].pmus, ",", pmu))
			return &pmu_models[i];
	}
	return &pmu_models[MODEL_other];
}

const struct pmu_model_event *pmu_model_event(const struct pmu_model *model, enum pmu_role role)
{
	const struct pmu_model_event *event;

	if ((unsigned int)role >= PMU_ROLE_COUNT)
		return NULL;
	event = &model_events[model - pmu_models][role];
	return event->events != NULL ? event : NULL;
}

const char *pmu_role_name(enum pmu_role role)
{
	return (unsigned int)role < PMU_ROLE_COUNT ? roles[role].name : NULL;
}

const char *pmu_role_meaning(enum pmu_role role)
{
	return (unsigned int)role < PMU_ROLE_COUNT ? roles[role].meaning : NULL;
}

enum pmu_role pmu_role_find(const char *name)
{
	for (int role = 0; role < PMU_ROLE_COUNT; role++) {
		if (strcmp(roles[role].name, name) == 0)
			return (enum pmu_role)role;
	}
	return PMU_ROLE_NONE;
}
