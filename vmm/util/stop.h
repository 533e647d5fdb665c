/* For the rest of the move to process.h. */
#include "vmm/util/process.h"
