#include "vmm/core/spec.h"

const struct names backing_names = NAMES_OF("anon", "thp", "hugetlb", "memfd", "file");
const struct names populate_names = NAMES_OF("off", "on", "near", "far", "nodes", "prefault");
const struct names policy_names = NAMES_OF("default", "bind", "preferred", "interleave");
const struct names choice_names = NAMES_OF("default", "on", "off");
