/*
 * Remarks of planning: what was rounded, clipped or left out, told to the user instead of done silently.
 */
#ifndef MINIVMM_CORE_MACHINE_NOTE_H
#define MINIVMM_CORE_MACHINE_NOTE_H

#include "vmm/core/machine/config.h"

/* Append a remark to c->note, "; " between two; one that is there already or does not fit is left out. */
void note_add(struct config *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
