#include "vmm/util/names.h"

#include <string.h>

int name_find(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	}
	return -1;
}

static const char *const second_dimensions[SECOND_COUNT] = {
	[SECOND_UNKNOWN] = "unknown", [SECOND_NONE] = "none", [SECOND_SHADOW] = "shadow",
	[SECOND_EPT] = "ept",         [SECOND_NPT] = "npt",
};

const char *second_dimension_name(enum second_dimension second)
{
	return second_dimensions[(unsigned int)second < SECOND_COUNT ? second : SECOND_UNKNOWN];
}

enum second_dimension second_dimension_find(const char *name)
{
	int found = name != NULL ? name_find(second_dimensions, SECOND_COUNT, name) : -1;

	return found < 0 ? SECOND_UNKNOWN : (enum second_dimension)found;
}
