#include "vmm/util/names.h"

#include <string.h>

const char *name_of(const struct names *names, unsigned int value)
{
	return value < names->count ? names->words[value] : "unknown";
}

int name_find(const struct names *names, const char *word)
{
	for (uint32_t i = 0; i < names->count; i++) {
		if (strcmp(word, names->words[i]) == 0)
			return (int)i;
	}
	return -1;
}

const struct names second_dimension_names = NAMES_OF("unknown", "none", "shadow", "ept", "npt");

const char *second_dimension_name(enum second_dimension second)
{
	return name_of(&second_dimension_names, second);
}

enum second_dimension second_dimension_find(const char *name)
{
	int found = name != NULL ? name_find(&second_dimension_names, name) : -1;

	return found < 0 ? SECOND_UNKNOWN : (enum second_dimension)found;
}
