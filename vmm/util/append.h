/* For the rest of the move to text.h. */
#include "vmm/util/text.h"
